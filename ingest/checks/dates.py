"""Dates can be read, stand in order and lie in the dossier's time.

Closure rests on the end date, so one that cannot be read refuses; other dates are kept as given.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.fields import Shape, fields_of
from ingest.readers.package import DocumentFacts, Tt05Package
from ingest.readers.simpledc import Record
from ingest.readers.values import first_day, last_day, parse_date
from repository.problems import Problem, error, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-DATE-UNREADABLE, ING-DATE-ORDER, ING-DATE-RANGE."""
    for record in package.records():
        yield from _unreadable(record)
    start = parse_date(package.dossier.given("startDate")).iso
    end = parse_date(package.dossier.given("endDate")).iso
    if start and end and first_day(start) > last_day(end):
        yield error(
            "ING-DATE-ORDER",
            package.dossier.path,
            start=package.dossier.value("startDate"),
            end=package.dossier.value("endDate"),
        )
        return
    for document in package.documents:
        yield from _out_of_range(document, start, end, context)


def _unreadable(record: Record) -> Iterator[Problem]:
    for field in fields_of(record.kind):
        if field.shape is Shape.DATE:
            given = record.value(field.name)
            if given and parse_date(given).iso is None:
                make = error if field.name == "endDate" else warning
                yield make(
                    "ING-DATE-UNREADABLE",
                    record.path,
                    path=record.path,
                    field=field.name,
                    value=given,
                )


def _out_of_range(
    document: DocumentFacts, start: str | None, end: str | None, context: CheckContext
) -> Iterator[Problem]:
    for name in ("issuedDate", "photoTime", "recordDate"):
        given = document.record.value(name)
        iso = parse_date(given).iso
        if iso is None:
            continue
        reason = ""
        if first_day(iso) > context.today:
            reason = "future"
        elif end and first_day(iso) > last_day(end):
            reason = "after"
        elif start and last_day(iso) < first_day(start):
            reason = "before"
        if reason:
            path = document.record.path
            yield warning("ING-DATE-RANGE", path, path=path, reason=reason, field=name, value=given)
