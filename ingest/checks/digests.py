"""Every checksum that METS gives is the checksum of what was received."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest.checks.context import CheckContext
from ingest.readers.package import ResolvedReference, Tt05Package
from ingest.received import ReceivedBytes
from repository.model import InvalidValue, normalised_hex
from repository.problems import Problem, error, warning


def check(
    package: Tt05Package, received: Mapping[int, ReceivedBytes], context: CheckContext
) -> Iterator[Problem]:
    """ING-DIGEST-MISMATCH, ING-DIGEST-UNKNOWN, ING-DIGEST-ABSENT."""
    judged = set()
    given = {r.member.index for r in package.references if r.member and r.reference.checksum}
    for resolved in package.references:
        member = resolved.member
        if member is None or member.index not in received:
            continue
        promise = (member.index, resolved.algorithm, resolved.reference.checksum.lower())
        if promise in judged:
            continue
        judged.add(promise)
        if resolved.reference.checksum:
            yield from _compare(resolved, received[member.index])
        elif member.index not in given and resolved.reference.element != "listed":
            yield warning(
                "ING-DIGEST-ABSENT", member.name, path=member.name, mets=resolved.reference.mets
            )


def _compare(resolved: ResolvedReference, item: ReceivedBytes) -> Iterator[Problem]:
    reference = resolved.reference
    name = resolved.member.name if resolved.member else resolved.path
    actual = item.digests.get(resolved.algorithm)
    if actual is None:
        yield error(
            "ING-DIGEST-UNKNOWN",
            name,
            path=name,
            algorithm=reference.checksum_type[:50] or "?",
            mets=reference.mets,
        )
        return
    try:
        expected = normalised_hex(reference.checksum)
    except InvalidValue:
        expected = ""
    if expected != actual:
        yield error(
            "ING-DIGEST-MISMATCH",
            name,
            path=name,
            algorithm=resolved.algorithm,
            expected=reference.checksum[:130],
            actual=actual,
            mets=reference.mets,
        )
