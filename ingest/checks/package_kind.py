"""The package is a SIP_hoso: METS says SIP, and its records are the circular's flat ones."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from repository.problems import Problem, error, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-NOT-TT05: an error for a DIP and for records of another schema, else a warning."""
    kind = package.root.package_type.upper()
    if kind == "DIP":
        yield error("ING-NOT-TT05", package.root.path, reason="dip", value=kind)
    elif kind != "SIP":
        yield warning("ING-NOT-TT05", package.root.path, reason="kind", value=kind)
    for record in package.records():
        if record.root != "simpledc":
            understood = any(element.name for element in record.elements)
            make = warning if understood else error
            yield make(
                "ING-NOT-TT05",
                record.path,
                reason="root",
                path=record.path,
                value=record.root[:100],
            )
    if len(package.representations) > 1:
        count = len(package.representations)
        yield warning("ING-REPRESENTATIONS", "representations", count=count)
