"""Every file in the package is named by METS. One that is not is kept, and reported."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package, is_data
from ingest.readers.record import named_members
from repository.problems import Problem, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-FILE-UNREFERENCED; ING-DATA-UNDESCRIBED for data of no document."""
    named = named_members(package)
    described = {m.index for m in package.data_files()}
    for member in package.members:
        if member.index not in named and member.name != package.root.path:
            yield warning("ING-FILE-UNREFERENCED", member.name, path=member.name)
        elif is_data(member.name) and member.index not in described:
            yield warning("ING-DATA-UNDESCRIBED", member.name, path=member.name)
