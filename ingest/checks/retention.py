"""A historical archive takes what is kept for ever (maintenance 01)."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from repository.problems import Problem, warning
from schemas.codelists import code_list


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-NOT-PERMANENT for the dossier, and for the documents that say less than it does."""
    if not context.historical_archive:
        return
    codes = code_list("maintenance")
    dossier = codes.code(package.dossier.value("maintenance"))
    if dossier not in (None, "01"):
        path = package.dossier.path
        yield warning("ING-NOT-PERMANENT", path, path=path, value=_shown(dossier or ""))
        return
    for document in package.documents:
        code = codes.code(document.record.value("maintenance"))
        if code not in (None, "01"):
            path = document.record.path
            yield warning("ING-NOT-PERMANENT", path, path=path, value=_shown(code or ""))


def _shown(code: str) -> str:
    return f"{code} {code_list('maintenance').label(code, 'vi')}"
