"""Values are no longer than the circular allows. They are kept whole, whatever their length."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.fields import fields_of
from ingest.readers.package import Tt05Package
from ingest.readers.values import clean_text
from repository.problems import Problem, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-FIELD-LENGTH for each value that is too long."""
    for record in package.records():
        limits = {field.name: field.length for field in fields_of(record.kind)}
        for element in record.elements:
            length = len(clean_text(element.given))
            if element.name and length > limits[element.name]:
                yield warning(
                    "ING-FIELD-LENGTH",
                    record.path,
                    path=record.path,
                    field=element.written or element.name,
                    length=length,
                    limit=limits[element.name],
                )
