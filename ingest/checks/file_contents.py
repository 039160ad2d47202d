"""What an archive does not like to find in a file: a password, programs, contents kept elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.fact_policy import FactPolicy
from preservation.dossier import Dossier
from repository.problems import Problem, warning


def check(dossier: Dossier, policy: FactPolicy) -> Iterator[Problem]:
    """ING-FILE-ENCRYPTED, ING-FILE-PROGRAM, ING-FILE-EXTERNAL."""
    for file in dossier.files:
        if file.structure is None:
            continue
        path, told = file.received_path, file.structure.properties
        encrypted = told.get("encrypted", "no")
        if encrypted != "no":
            reason = "opens" if file.structure.kind == "pdf" and encrypted == "yes" else "password"
            yield warning("ING-FILE-ENCRYPTED", path, path=path, reason=reason)
        for name in ("macros", "scripts"):
            if told.get(name) == "yes":
                yield warning("ING-FILE-PROGRAM", path, path=path, reason=name)
        if told.get("external", "0") != "0":
            yield warning(
                "ING-FILE-EXTERNAL",
                path,
                path=path,
                count=told["external"],
                first=told.get("external_first", ""),
            )
