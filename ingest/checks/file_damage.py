"""Every file can be read to its end as what it seems to be."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.fact_policy import FactPolicy
from preservation.dossier import Dossier, StructureFact, StructureVerdict
from repository.problems import Problem, warning


def check(dossier: Dossier, policy: FactPolicy) -> Iterator[Problem]:
    """ING-FILE-DAMAGED (as the archive weighs it), ING-FILE-NOT-CHECKED."""
    for file in dossier.files:
        fact = file.structure
        if fact is None:
            continue
        path = file.received_path
        if fact.verdict is StructureVerdict.DAMAGED:
            what = "; ".join(fact.problems[:3])
            yield Problem("ING-FILE-DAMAGED", policy.damaged, path, {"path": path, "what": what})
        elif fact.verdict is StructureVerdict.NOT_CHECKED and not _locked(fact):
            why = "; ".join(fact.problems[:3])
            yield warning("ING-FILE-NOT-CHECKED", path, path=path, why=why)


def _locked(fact: StructureFact) -> bool:
    """Under a password: another rule tells that."""
    return fact.properties.get("encrypted", "no") != "no"
