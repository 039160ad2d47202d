"""Identifiers of documents differ from each other and follow the file code.

Codes are opaque: how they are built varies between offices, so nothing here refuses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from repository.problems import Problem, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-DOC-TWICE for a repeated docId or docCode, ING-DOC-CODE for one of another file code."""
    ids = Counter(d.doc_id for d in package.documents if d.doc_id)
    codes = Counter(c for d in package.documents if (c := d.record.value("docCode")))
    for name, counted in (("docId", ids), ("docCode", codes)):
        for value, times in counted.items():
            if times > 1:
                yield warning(
                    "ING-DOC-TWICE", package.dossier.path, field=name, value=value, count=times
                )
    strange = [
        code for code in codes if package.file_code and not code.startswith(package.file_code)
    ]
    if strange:
        yield warning(
            "ING-DOC-CODE",
            package.dossier.path,
            value=strange[0],
            file_code=package.file_code,
            count=len(strange),
        )
