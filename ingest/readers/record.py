"""From a read package and its received bytes to the Dossier record. Core: values to values.

Every value stands twice, as given and as understood; what is not understood stays as given. Nothing is
judged here, nothing invented: a picture has no docId, so the name of its record stands for it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from ingest.container import Member
from ingest.readers.package import DocumentFacts, Tt05Package, is_data, object_id_of
from ingest.readers.simpledc import Record
from ingest.readers.values import clean_text, parse_code, parse_count, parse_date
from ingest.received import ReceivedBytes, TransferFacts
from preservation.dossier import (
    Coded,
    Count,
    Document,
    DocumentKind,
    Dossier,
    FileRole,
    PartialDate,
    ReceivedFile,
    SenderDigest,
    Submission,
)

_TITLES: Final[Mapping[DocumentKind, tuple[str, ...]]] = {
    DocumentKind.TEXT: ("subject",),
    DocumentKind.PICTURE: ("imageTitle", "eventName"),
    DocumentKind.MEDIA: ("movieTitle", "eventName"),
}
_TYPES: Final[Mapping[DocumentKind, str]] = {
    DocumentKind.TEXT: "typeName",
    DocumentKind.PICTURE: "typePic",
    DocumentKind.MEDIA: "typeMedia",
}
_DATES: Final[Mapping[DocumentKind, str]] = {
    DocumentKind.TEXT: "issuedDate",
    DocumentKind.PICTURE: "photoTime",
    DocumentKind.MEDIA: "recordDate",
}
_MAKERS: Final[Mapping[DocumentKind, str]] = {
    DocumentKind.TEXT: "organName",
    DocumentKind.PICTURE: "photographer",
    DocumentKind.MEDIA: "recorder",
}


def to_dossier(
    package: Tt05Package,
    received: Mapping[int, ReceivedBytes],
    *,
    transfer: TransferFacts,
    links: Mapping[str, str] | None = None,
) -> Dossier:
    """The record of this package. `received` has every member, by index; KeyError when one lacks.

    `links` tells for the docId of a link document which held object has what it names
    (`ingest.checks.resolve_links`).
    """
    record = package.dossier
    files = tuple(_files(package, received))
    file_ids = {index: item.file_id for index, item in received.items()}
    return Dossier(
        object_id=object_id_of(package, transfer.archive_code),
        fonds_code=package.fonds_code,
        agency_name=package.agency_name,
        file_code=package.file_code,
        title=record.value("title"),
        maintenance=parse_code("maintenance", record.given("maintenance")),
        mode=strictest_mode(record),
        languages=codes_in(record, "language"),
        start_date=parse_date(record.given("startDate")),
        end_date=parse_date(record.given("endDate")),
        total_doc=parse_count(record.given("totalDoc")),
        submission=_submission(package, transfer),
        documents=tuple(_document(d, file_ids, links or {}) for d in package.documents),
        files=files,
        archive_code=transfer.archive_code,
        keywords=_keywords(record),
        number_of_paper=_count(record, "numberOfPaper"),
        number_of_page=_count(record, "numberOfPage"),
        physical_condition=_code(record, "format"),
        infor_sign=record.value("inforSign"),
        confidence_level=_code(record, "confidenceLevel"),
        paper_file_code=record.value("paperFileCode"),
        risk_recovery=_code(record, "riskRecovery"),
        risk_recovery_status=_code(record, "riskRecoveryStatus"),
        description=record.value("description"),
        given=record.as_given(),
    )


def strictest_mode(record: Record) -> Coded:
    """The terms of use; of several values the strictest, so that none is overlooked."""
    found = [parse_code("mode", value) for value in record.values("mode")]
    if len(found) > 1:
        return max(found, key=lambda coded: coded.code or "02")
    return parse_code("mode", record.given("mode"))


def document_title(document: DocumentFacts) -> str:
    """What the document is called: subject, picture's or recording's title, else the event."""
    names = _TITLES[document.kind]
    return next((v for v in map(document.record.value, names) if v), "")


def _submission(package: Tt05Package, transfer: TransferFacts) -> Submission:
    agents = package.root.agents
    software = next((a for a in agents if a.other_type.upper() == "SOFTWARE"), None)
    return Submission(
        transfer_id=transfer.transfer_id,
        shape=package.shape,
        container_name=transfer.container_name,
        container_size=transfer.container_size,
        container_sha256=transfer.container_sha256,
        received_at=transfer.received_at,
        operator=transfer.operator,
        objid_given=package.root.objid,
        record_status=package.record_status,
        created_given=package.root.created,
        software_name=software.name if software else "",
        software_version=software.note("SOFTWARE VERSION") if software else "",
        agreement=package.agreement(),
        members=len(package.members),
    )


def _document(
    document: DocumentFacts, file_ids: Mapping[int, str], links: Mapping[str, str]
) -> Document:
    record = document.record
    kind = document.kind
    date_name = _DATES[kind]
    return Document(
        ordinal=document.ordinal,
        kind=kind,
        doc_id=document.doc_id,
        doc_code=record.value("docCode"),
        title=document_title(document),
        mode=strictest_mode(record),
        metadata_path=record.path,
        file_ids=tuple(file_ids[m.index] for m in document.files),
        type_name=_code(record, _TYPES[kind]),
        code_number=record.value("codeNumber"),
        code_notation=record.value("codeNotation"),
        issued_date=_date(record, date_name),
        organ_name=record.value(_MAKERS[kind]),
        languages=codes_in(record, "language"),
        number_of_page=_count(record, "numberOfPage"),
        confidence_level=_code(record, "confidenceLevel"),
        keywords=_keywords(record),
        linked_document=_linked(document),
        linked_object=links.get(document.doc_id, ""),
        given=record.as_given(),
    )


def _linked(document: DocumentFacts) -> str:
    """The docId a stub names: all of a SIP's stub, the last part of an AIP's (urn, size, path, id)."""
    if document.link_text is None:
        return ""
    parts = document.link_text.split()
    return parts[-1] if len(parts) > 1 else document.link_text


def _files(package: Tt05Package, received: Mapping[int, ReceivedBytes]) -> list[ReceivedFile]:
    roles = roles_of(package)
    promises: dict[int, list[SenderDigest]] = {}
    facts: dict[int, tuple[str, str]] = {}
    for resolved in package.references:
        member, reference = resolved.member, resolved.reference
        if member is None:
            continue
        if reference.checksum:
            algorithm = resolved.algorithm
            name = algorithm if algorithm != "?" else reference.checksum_type
            digest = SenderDigest(name, reference.checksum, reference.mets)
            if digest not in promises.setdefault(member.index, []):
                promises[member.index].append(digest)
        if reference.element != "mptr":
            facts.setdefault(member.index, (reference.mime, reference.created))
    files = []
    for member in package.members:
        item = received[member.index]
        mime, created = facts.get(member.index, ("", ""))
        files.append(
            ReceivedFile(
                file_id=item.file_id,
                role=roles[member.index],
                received_path=member.name,
                size=item.size,
                digests={name: item.digests[name] for name in ("sha512", "sha256")},
                sender_digests=tuple(promises.get(member.index, ())),
                received_path_base64=_exact_name(member, package.top),
                mime_given=mime,
                created_given=created,
                modified_given=member.modified,
            )
        )
    return files


def named_members(package: Tt05Package) -> set[int]:
    """Members that the sender's description names. A bag's manifests name all there is: not they."""
    return {
        r.member.index
        for r in package.references
        if r.member is not None and r.reference.element != "manifest"
    }


def roles_of(package: Tt05Package) -> dict[int, FileRole]:
    """Why each member is here, by its index."""
    named = named_members(package)
    roles = {
        m.index: FileRole.METADATA if m.index in named else FileRole.UNREFERENCED
        for m in package.members
    }
    for resolved in package.references:
        member = resolved.member
        if member is not None and is_data(member.name) and member.index in named:
            # Named among the data but by no document: kept beside the documents, as what it may be.
            roles[member.index] = FileRole.ATTACHMENT
    for member in package.members:
        if member.name == package.root.path:
            roles[member.index] = FileRole.METADATA  # nothing can name the METS that names the rest
    for document in package.documents:
        for position, member in enumerate(document.files):
            roles[member.index] = FileRole.ATTACHMENT if position else FileRole.MAIN
        if document.link_text is not None:
            roles[document.files[0].index] = FileRole.LINK
    for member in package.loose_attachments:
        roles[member.index] = FileRole.ATTACHMENT
    return roles


def _exact_name(member: Member, top: str) -> str | None:
    """The bytes of the whole name in base64 when they are not simply the name in UTF-8."""
    plain = {member.name.encode(), f"{top}/{member.name}".encode()}
    if member.raw_name in plain:
        return None
    return base64.b64encode(member.raw_name).decode("ascii")


def _code(record: Record, name: str) -> Coded | None:
    given = record.given(name)
    return parse_code(name, given) if given else None


def codes_in(record: Record, name: str) -> tuple[Coded, ...]:
    """Every value; `01; 02` in one element counts as two when the whole is no code."""
    found = []
    for value in record.values(name):
        whole = parse_code(name, value)
        parts = [p.strip() for p in value.replace(";", ",").split(",") if p.strip()]
        each = [parse_code(name, part) for part in parts]
        split = len(each) > 1 and whole.code is None and all(c.code for c in each)
        found.extend(each if split else [whole])
    return tuple(found)


def _count(record: Record, name: str) -> Count | None:
    given = record.given(name)
    return parse_count(given) if given else None


def _date(record: Record, name: str) -> PartialDate | None:
    given = record.given(name)
    return parse_date(given) if given else None


def _keywords(record: Record) -> tuple[str, ...]:
    words = (w for value in record.values("keyword") for w in value.replace(",", ";").split(";"))
    return tuple(dict.fromkeys(clean_text(word) for word in words if word.strip()))
