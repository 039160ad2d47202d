"""No file in which a virus was found is taken in."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.fact_policy import FactPolicy
from preservation.dossier import Dossier, VirusVerdict
from preservation.formats.virus_test_file import NAME
from repository.problems import Problem, error


def check(dossier: Dossier, policy: FactPolicy) -> Iterator[Problem]:
    """ING-VIRUS, ING-VIRUS-TEST-FILE."""
    for file in dossier.files:
        fact = file.virus
        if fact is None or fact.verdict is not VirusVerdict.FOUND:
            continue
        path = file.received_path
        if fact.detail == NAME:
            yield error("ING-VIRUS-TEST-FILE", path, path=path)
        else:
            yield error(
                "ING-VIRUS",
                path,
                path=path,
                name=fact.detail,
                tool=fact.tool,
                database=fact.database,
            )
