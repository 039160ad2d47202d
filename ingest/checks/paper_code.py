"""A digitised dossier names the paper one it was made from."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from repository.problems import Problem, warning
from schemas.codelists import code_list


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-PAPER-CODE when confidenceLevel is 02 (digitised) and paperFileCode is empty."""
    record = package.dossier
    origin = code_list("confidenceLevel").code(record.value("confidenceLevel"))
    if origin == "02" and not record.value("paperFileCode"):
        yield warning("ING-PAPER-CODE", record.path, path=record.path)
