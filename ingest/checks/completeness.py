"""Every file that METS names is in the package."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.member_names import printable
from ingest.readers.package import Tt05Package
from repository.problems import Problem, error


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-FILE-MISSING for each reference without a member (`outside`: it leaves the package)."""
    told = set()
    for resolved in package.references:
        if resolved.member is not None:
            continue
        href = printable(resolved.reference.href)
        path = printable(resolved.path) or href
        if path in told:
            continue
        told.add(path)
        reason = "outside" if resolved.how == "outside" else "none"
        yield error(
            "ING-FILE-MISSING",
            path,
            path=path,
            href=href,
            mets=resolved.reference.mets,
            reason=reason if href else "empty",
        )
