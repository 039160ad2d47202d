"""A file's name ends as files of its format do."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.fact_policy import FactPolicy
from preservation.dossier import Dossier
from repository.problems import Problem, warning

_MISMATCH = "extension mismatch"


def check(dossier: Dossier, policy: FactPolicy) -> Iterator[Problem]:
    """ING-FILE-EXTENSION: the bytes are of a format that has other extensions."""
    for file in dossier.files:
        fact = file.format
        if fact is not None and fact.puid != "UNKNOWN" and _MISMATCH in fact.warning:
            path = file.received_path
            yield warning("ING-FILE-EXTENSION", path, path=path, puid=fact.puid, format=fact.name)
