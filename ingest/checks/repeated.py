"""Elements stand once, and are known. Of several values the first counts; all are kept."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.fields import fields_of
from ingest.readers.package import Tt05Package
from repository.problems import Problem, error, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-FIELD-REPEATED (an error for two different file codes), ING-FIELD-UNKNOWN."""
    for record in package.records():
        for field in fields_of(record.kind):
            values = record.values(field.name)
            if len(values) > 1 and not field.repeats:
                two_codes = field.name == "fileCode" and len(set(values)) > 1
                make = error if two_codes else warning
                shown = " | ".join(value[:80] for value in values[:4])
                yield make(
                    "ING-FIELD-REPEATED",
                    record.path,
                    path=record.path,
                    field=field.name,
                    value=shown,
                )
        if not package.is_tt05:
            continue  # other shapes have columns and elements of their own, told by their readers
        for written in dict.fromkeys(e.written for e in record.elements if not e.name):
            yield warning("ING-FIELD-UNKNOWN", record.path, path=record.path, field=written[:100])
