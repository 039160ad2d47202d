"""Page counts are numbers, and the dossier's is the sum of its documents'."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from ingest.readers.values import parse_count
from repository.problems import Problem, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-PAGES, reason `unreadable` or `sum`."""
    for record in package.records():
        for name in ("numberOfPage", "numberOfPaper"):
            given = record.value(name)
            if given and parse_count(given).value is None:
                yield warning(
                    "ING-PAGES",
                    record.path,
                    path=record.path,
                    reason="unreadable",
                    field=name,
                    value=given[:100],
                )
    stated = parse_count(package.dossier.given("numberOfPage")).value
    # Pictures and recordings have no pages; a document that gives none leaves the sum unknown.
    texts = [d.record for d in package.documents if d.kind.value == "text"]
    counts = [parse_count(record.given("numberOfPage")).value for record in texts]
    known = [count for count in counts if count is not None]
    if stated is not None and texts and len(known) == len(counts) and sum(known) != stated:
        path = package.dossier.path
        yield warning("ING-PAGES", path, path=path, reason="sum", value=stated, found=sum(known))
