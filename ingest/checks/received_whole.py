"""Every member of the container was received, with as many bytes as it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package
from ingest.received import ReceivedBytes
from repository.problems import Problem, error


def check(
    package: Tt05Package, received: Mapping[int, ReceivedBytes], context: CheckContext
) -> Iterator[Problem]:
    """ING-NOT-RECEIVED for each member without bytes, or with another number of them."""
    for member in package.members:
        item = received.get(member.index)
        if item is None or item.size != member.size:
            yield error("ING-NOT-RECEIVED", member.name, path=member.name)
