"""An OBJID that is held already comes again as NEW only with the same content.

The metadata phase answers when METS gives a SHA-256 for every file outside the metadata; else the
payload phase does (`check_received`). Exactly one of the two speaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ingest.checks.context import CheckContext
from ingest.readers.package import Tt05Package, object_id_of
from ingest.readers.record import roles_of
from ingest.received import ReceivedBytes
from preservation.dossier import FileRole, HeldDossier
from repository.problems import Problem, error, info

_UPDATES = ("SUPPLEMENT", "REPLACEMENT")


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-HELD-ALREADY or ING-OBJECT-HELD, by the digests that METS declares."""
    declared = _declared(package)
    if declared is not None:
        yield from _judge(package, context, declared)


def check_received(
    package: Tt05Package, received: Mapping[int, ReceivedBytes], context: CheckContext
) -> Iterator[Problem]:
    """The same by the digests of what was received, where METS did not declare them all."""
    if _declared(package) is None:
        wanted = _payload(package)
        digests = {i: received[i].digests["sha256"] for i in wanted if i in received}
        yield from _judge(package, context, digests)


def held_target(package: Tt05Package, context: CheckContext) -> HeldDossier | None:
    """The held dossier that this package is, or that its supplement or replacement is meant for."""
    if context.held is None or not package.fonds_code:
        return None
    held = context.held.by_object_id(object_id_of(package, context.archive_code))
    if held is None and package.record_status in _UPDATES and package.file_code:
        held = context.held.by_file_code(package.fonds_code, package.file_code)
    return held


def is_same_content(
    package: Tt05Package, context: CheckContext, held: HeldDossier, digests: Mapping[int, str]
) -> bool:
    """Whether nothing that the archive remembers of the held dossier differs.

    `digests` has the SHA-256 of every file of the content, descriptions included. The files of
    documents must be those of the held dossier; every other one must be held too.
    """
    documents = {d.doc_id for d in package.documents if d.doc_id}
    own = {digests[m.index] for d in package.documents for m in d.files if m.index in digests}
    payload = set(held.payload_sha256)
    others = set(digests.values()) - own - payload
    known = context.held.by_payload_digest(frozenset(others)) if context.held and others else {}
    return (
        own <= payload <= set(digests.values())
        and others <= known.keys()
        and package.title == held.title
        and package.file_code == held.file_code
        and documents == {d for d in held.document_ids if d}
    )


def _judge(
    package: Tt05Package, context: CheckContext, digests: Mapping[int, str]
) -> Iterator[Problem]:
    held = held_target(package, context)
    if held is None or package.record_status == "SUPPLEMENT":  # `supplement` tells of those
        return
    place = package.root.path
    if is_same_content(package, context, held, digests):
        yield info("ING-HELD-ALREADY", place, object_id=held.object_id, version=held.head)
    elif package.record_status not in _UPDATES:
        yield error("ING-OBJECT-HELD", place, object_id=held.object_id, title=held.title)


def _payload(package: Tt05Package) -> list[int]:
    """The members that make the content: documents' files and the descriptions of them.

    METS and schemas are made anew by each packing and say nothing of their own.
    """
    described = {record.member_index for record in package.records()}
    roles = roles_of(package)
    return [i for i, role in roles.items() if role is not FileRole.METADATA or i in described]


def _declared(package: Tt05Package) -> Mapping[int, str] | None:
    """The SHA-256 that METS gives for each file outside the metadata; None when it lacks one."""
    given: dict[int, str] = {}
    for resolved in package.references:
        if resolved.member is not None and resolved.algorithm == "sha256":
            given[resolved.member.index] = resolved.reference.checksum.strip().lower()
    wanted = _payload(package)
    if any(index not in given for index in wanted):
        return None
    return {index: given[index] for index in wanted}
