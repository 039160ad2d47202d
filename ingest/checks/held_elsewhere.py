"""The same file code or the same file under another identifier: held twice under two names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package, object_id_of
from ingest.received import ReceivedBytes
from repository.problems import Problem, error, info, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-FILECODE-HELD: an error for a new dossier, told for a supplement or replacement."""
    if context.held is None or not package.fonds_code or not package.file_code:
        return
    held = context.held.by_file_code(package.fonds_code, package.file_code)
    if held is None or held.object_id == object_id_of(package, context.archive_code):
        return
    make = info if package.record_status in ("SUPPLEMENT", "REPLACEMENT") else error
    yield make(
        "ING-FILECODE-HELD",
        package.dossier.path,
        value=package.file_code,
        object_id=held.object_id,
        title=held.title,
    )


def check_received(
    package: Tt05Package, received: Mapping[int, ReceivedBytes], context: CheckContext
) -> Iterator[Problem]:
    """ING-PAYLOAD-HELD for each document file that another object has byte for byte."""
    if context.held is None:
        return
    members = {
        received[m.index].digests["sha256"]: m.name
        for m in package.data_files()
        if m.index in received and m.size
    }
    own = object_id_of(package, context.archive_code)
    for digest, object_id in sorted(context.held.by_payload_digest(frozenset(members)).items()):
        if object_id != own and digest in members:
            name = members[digest]
            yield warning("ING-PAYLOAD-HELD", name, path=name, object_id=object_id)
