"""The dossier has as many documents as it says it has.

A supplement may state how many it brings, or how many the dossier has then.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.checks.held_object import held_target
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
        number = parse_count(value).value
        if number != found and not _of_the_whole(package, context, number):
            yield error(
                "ING-TOTAL-DOC",
                package.dossier.path,
                path=package.dossier.path,
                value=value,
                found=found,
            )


def _of_the_whole(package: Tt05Package, context: CheckContext, number: int | None) -> bool:
    """Whether a supplement states how many documents the dossier has once it was added."""
    if package.record_status != "SUPPLEMENT" or number is None:
        return False
    if context.held is None:
        return number > len(package.documents)  # nobody to ask here; said by ING-RECORD-STATUS
    held = held_target(package, context)
    if held is None:
        return False
    fresh = [d for d in package.documents if d.doc_id not in held.document_ids]
    return number == held.document_count + len(fresh)
