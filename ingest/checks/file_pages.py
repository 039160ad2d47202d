"""The number of pages a record gives is that of the PDF or picture it describes."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.fact_policy import FactPolicy
from preservation.dossier import Document, Dossier
from repository.problems import Problem, warning


def check(dossier: Dossier, policy: FactPolicy) -> Iterator[Problem]:
    """ING-PAGES-DIFFER, for documents whose one file has pages that can be counted."""
    for document in dossier.documents:
        stated = document.number_of_page.value if document.number_of_page else None
        if stated is None or len(document.file_ids) != 1:
            continue
        found = _pages(dossier, document)
        if found is not None and found != stated:
            path = document.metadata_path
            yield warning("ING-PAGES-DIFFER", path, path=path, value=stated, found=found)


def _pages(dossier: Dossier, document: Document) -> int | None:
    fact = dossier.file(document.file_ids[0]).structure
    if fact is None or fact.kind != "pdf":
        return None
    given = fact.properties.get("pages", "")
    return int(given) if given.isdecimal() else None
