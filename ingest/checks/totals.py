"""The dossier has as many documents as it says it has."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from ingest.readers.values import parse_count
from repository.problems import Problem, error


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-TOTAL-DOC when totalDoc is absent, no number, or another number; ING-NO-DOCUMENT."""
    found = len(package.documents)
    if found == 0:
        yield error("ING-NO-DOCUMENT", package.dossier.path)
    stated = package.dossier.values("totalDoc")
    if not stated:
        yield error(
            "ING-TOTAL-DOC",
            package.dossier.path,
            reason="none",
            path=package.dossier.path,
            found=found,
        )
    for value in stated:
        if parse_count(value).value != found:
            yield error(
                "ING-TOTAL-DOC",
                package.dossier.path,
                path=package.dossier.path,
                value=value,
                found=found,
            )
