"""Coded values are in their lists. A value that is not is kept as given and has no code."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.fields import fields_of
from ingest.readers.package import Tt05Package
from ingest.readers.record import codes_in
from repository.problems import Problem, warning
from schemas.codelists import code_list


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-CODE-UNKNOWN for each value without a code, or whose text the list does not name."""
    for record in package.records():
        for field in fields_of(record.kind):
            if not field.codes:
                continue
            codes = code_list(field.codes)
            for coded in codes_in(record, field.name):
                free_text = coded.code == codes.unknown_text_is and not codes.names_exactly(
                    coded.given
                )
                if coded.code is None or free_text:
                    yield warning(
                        "ING-CODE-UNKNOWN",
                        record.path,
                        path=record.path,
                        field=field.name,
                        value=coded.given[:200],
                    )
