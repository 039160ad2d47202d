"""METS and the container spell names alike; where case or form differ, they are joined anyway."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from repository.problems import Problem, info, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-NAME-CASE (another case), ING-NAME-FORM (NFC against NFD); ING-NAME-PLACE (from
    another folder); one finding each."""
    for how, code, make in (
        ("case", "ING-NAME-CASE", warning),
        ("form", "ING-NAME-FORM", info),
        ("place", "ING-NAME-PLACE", warning),
    ):
        found = [r for r in package.references if r.how == how and r.member is not None]
        if found and found[0].member is not None:
            yield make(
                code,
                found[0].member.name,
                path=found[0].member.name,
                href=found[0].reference.href if how == "place" else found[0].path,
                count=len(found),
            )
