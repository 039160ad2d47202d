"""Elements the circular makes mandatory are there.

Without a file code or a title a dossier cannot be found again, so that refuses. The end date is judged
by `closed`, the total by `totals`, the paper code by `paper_code`. The rest is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingest.checks.context import CheckContext
from ingest.readers.fields import fields_of
from ingest.readers.package import Tt05Package
from ingest.readers.simpledc import Record
from repository.problems import Problem, error, warning
from schemas.codelists import code_list

_REFUSES: Final = frozenset({"fileCode", "title"})
_JUDGED_ELSEWHERE: Final = frozenset({"endDate", "totalDoc"})


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-FIELD-MISSING for each element that is absent or empty."""
    for record in package.records():
        part = "dossier" if record.kind is None else "document"
        wanted = [f.name for f in fields_of(record.kind) if f.mandatory]
        for name in [*wanted, *_conditional(record)]:
            if name in _JUDGED_ELSEWHERE and record.kind is None:
                continue
            if f"{part}.{name}" in package.absent:
                continue
            if not record.value(name):
                refuses = record.kind is None and name in _REFUSES
                make = error if refuses else warning
                yield make("ING-FIELD-MISSING", record.path, path=record.path, field=name)


def _conditional(record: Record) -> Iterator[str]:
    """Elements that are mandatory because of what another says."""
    if code_list("riskRecovery").code(record.value("riskRecovery")) == "1":
        yield "riskRecoveryStatus"
    origin = code_list("confidenceLevel").code(record.value("confidenceLevel"))
    if record.kind is None and origin == "02":
        yield "numberOfPaper"
