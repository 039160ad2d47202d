"""What is mutated, and by which tests it is to be noticed: the code that decides verdicts, totals and
exit statuses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutator import Mutant, mutants
from tests.mutation.running import ROOT

_AUDIT = "tests/preservation/audit"
_LEDGER = "tests/preservation/ledger"


@dataclass(frozen=True, slots=True)
class Target:
    """One module. `functions`: only these, and what takes effect at import (an empty name)."""

    module: str
    tests: tuple[str, ...]
    functions: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        return ROOT / f"{self.module.replace('.', '/')}.py"

    def mutants(self) -> list[Mutant]:
        return mutants(self.module, self.path.read_text("utf-8"), self.functions)

    def there(self) -> list[str]:
        """Its tests, of those that there are."""
        return [path for path in self.tests if (ROOT / path).exists()]


_RUNS = (
    f"{_AUDIT}/test_looking_cases.py",
    f"{_AUDIT}/test_rivals_cases.py",
    f"{_AUDIT}/test_run.py",
)
_LOGS = (f"{_LEDGER}/test_verifying_cases.py", f"{_LEDGER}/test_signing.py")

TARGETS = (
    # What is judged, and by what.
    Target("preservation.audit.fixity", (f"{_AUDIT}/test_fixity_cases.py",)),
    Target("preservation.audit.expectation", (f"{_AUDIT}/test_expectation_cases.py",)),
    Target("preservation.audit.diagnosis", (f"{_AUDIT}/test_diagnosis_cases.py",)),
    Target("preservation.audit.commitments", (f"{_AUDIT}/test_beside_cases.py",)),
    Target("preservation.audit.looking", _RUNS),
    Target("preservation.audit.beside", (f"{_AUDIT}/test_beside_cases.py",)),
    Target("preservation.audit.leases", (f"{_AUDIT}/test_beside_cases.py",)),
    # What is summed, recorded, and becomes an exit status.
    Target("preservation.audit.run", _RUNS),
    Target(
        "preservation.audit.recording",
        (f"{_AUDIT}/test_run_cases.py", f"{_AUDIT}/test_beside_cases.py"),
    ),
    Target("preservation.audit.selection", (f"{_AUDIT}/test_run_cases.py",)),
    Target(
        "preservation.audit.sampling",
        (f"{_AUDIT}/test_sampling_cases.py", f"{_AUDIT}/test_sampling.py"),
    ),
    Target("kho.exits", (f"{_AUDIT}/test_run_cases.py",)),
    Target("kho.cli.audit", (f"{_AUDIT}/test_status_cases.py",)),
    # What is due, late, planned, covered.
    Target("preservation.audit.policy", (f"{_AUDIT}/test_policy_cases.py",)),
    Target(
        "preservation.audit.worklist",
        (f"{_AUDIT}/test_worklist_cases.py", f"{_AUDIT}/test_policy_cases.py"),
    ),
    Target("preservation.audit.lacking", (f"{_AUDIT}/test_beside_cases.py",)),
    Target(
        "kho.selecting",
        (
            f"{_AUDIT}/test_selecting_cases.py",
            f"{_AUDIT}/test_status_cases.py",
            f"{_AUDIT}/test_run.py",
        ),
    ),
    Target("preservation.audit.coverage", (f"{_AUDIT}/test_coverage_cases.py",)),
    Target(
        "preservation.audit.planning",
        (
            f"{_AUDIT}/test_planning_cases.py",
            f"{_AUDIT}/test_planning_edges_cases.py",
            f"{_AUDIT}/test_planning.py",
        ),
    ),
    # The ledger: its tree, what it committed to, whether it is whole, what it proves.
    Target("preservation.ledger.tree", (f"{_LEDGER}/test_tree_cases.py",)),
    Target(
        "preservation.ledger.committed",
        (f"{_LEDGER}/test_committed.py",),
    ),
    Target(
        "preservation.ledger.comparing",
        (*_LOGS, f"{_LEDGER}/test_catalogue_cases.py"),
    ),
    Target(
        "preservation.ledger.verifying",
        (f"{_LEDGER}/test_verifying_cases.py", f"{_LEDGER}/test_telling_cases.py"),
    ),
    Target(
        "preservation.ledger.proving",
        (f"{_LEDGER}/test_verifying_cases.py", f"{_LEDGER}/test_proving_cases.py"),
    ),
)
