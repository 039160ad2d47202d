"""Every size that METS gives is the size of what was received."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from ingest.received import ReceivedBytes
from repository.problems import Problem, error, warning


def check(
    package: Tt05Package, received: Mapping[int, ReceivedBytes], context: CheckContext
) -> Iterator[Problem]:
    """ING-SIZE-MISMATCH; ING-SIZE-ABSENT once, with how many; ING-FILE-EMPTY for empty documents."""
    judged = set()
    absent = []
    for resolved in package.references:
        member, reference = resolved.member, resolved.reference
        if member is None or member.index not in received or reference.element == "mptr":
            continue
        if not reference.size and reference.element in ("listed", "manifest"):
            continue  # lists give none, and their reader says so once
        if not reference.size:
            absent.append(member.name)
            continue
        actual = received[member.index].size
        wrong = not reference.size.isascii() or not reference.size.isdigit()
        if (wrong or int(reference.size[:30]) != actual) and (
            member.index,
            reference.size,
        ) not in judged:
            judged.add((member.index, reference.size))
            yield error(
                "ING-SIZE-MISMATCH",
                member.name,
                path=member.name,
                expected=reference.size[:40],
                actual=actual,
                mets=reference.mets,
            )
    if absent:
        yield warning("ING-SIZE-ABSENT", absent[0], path=absent[0], count=len(absent))
    for member in package.data_files():
        if member.index in received and not received[member.index].size:
            yield warning("ING-FILE-EMPTY", member.name, path=member.name)
