"""What is mutated, and by which tests it is to be noticed: the code that decides verdicts, totals and
exit statuses."""

from __future__ import annotations

from dataclasses import dataclass

from tests.mutation.mutator import Mutant, mutants
from tests.mutation.running import ROOT

_AUDIT = "tests/preservation/audit"


@dataclass(frozen=True, slots=True)
class Target:
    """One module. `functions`: only these, and what takes effect at import (an empty name)."""

    module: str
    tests: tuple[str, ...]
    functions: tuple[str, ...] = ()

    def mutants(self) -> list[Mutant]:
        path = ROOT / f"{self.module.replace('.', '/')}.py"
        return mutants(self.module, path.read_text("utf-8"), self.functions)


_RUNS = (f"{_AUDIT}/test_run.py", f"{_AUDIT}/test_run_cases.py")

TARGETS = (
    Target(
        "preservation.audit.fixity",
        (f"{_AUDIT}/test_fixity_cases.py",),
    ),
    Target(
        "preservation.audit.policy",
        (f"{_AUDIT}/test_policy_cases.py",),
    ),
    Target(
        "preservation.audit.worklist",
        (f"{_AUDIT}/test_policy_cases.py", f"{_AUDIT}/test_policy.py"),
    ),
    Target(
        "preservation.audit.expectation",
        (f"{_AUDIT}/test_expectation_cases.py",),
    ),
    Target(
        "preservation.audit.diagnosis",
        (f"{_AUDIT}/test_diagnosis_cases.py",),
    ),
    Target(
        "preservation.audit.coverage",
        (f"{_AUDIT}/test_coverage_cases.py",),
    ),
    Target(
        "kho.exits",
        (f"{_AUDIT}/test_run_cases.py",),
    ),
    Target(
        "preservation.audit.selection",
        (f"{_AUDIT}/test_run_cases.py",),
        ("AuditSummary.outcome", "AuditSummary.totals"),
    ),
    Target(
        "preservation.audit.recording",
        (f"{_AUDIT}/test_run_cases.py",),
        ("sums_of", "_lost", "_batch_outcome", "to_record", "resumed"),
    ),
    Target(
        "preservation.audit.run",
        _RUNS,
        ("_Run._count", "_Run._take_up", "_Run._store", "_Run._add", "_is_beside"),
    ),
    Target(
        "preservation.audit.looking",
        _RUNS,
        (
            "Looker._plain",
            "Looker._judged",
            "Looker._vouched",
            "Looker._confirmed",
            "Looker._count_unread",
            "catalogue_result",
        ),
    ),
    Target("preservation.ledger.tree", ("tests/preservation/ledger/test_tree.py",)),
)
