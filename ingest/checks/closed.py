"""Only closed dossiers: an end date, and one that has come (8.3 of the field table)."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from ingest.readers.values import first_day, parse_date
from repository.problems import Problem, error


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-NOT-CLOSED without an endDate, or with one that is still to come."""
    record = package.dossier
    given = record.value("endDate")
    if not given:
        yield error("ING-NOT-CLOSED", record.path, reason="none", path=record.path)
        return
    iso = parse_date(given).iso
    if iso is not None and first_day(iso) > context.today:
        yield error("ING-NOT-CLOSED", record.path, reason="future", path=record.path, value=given)
