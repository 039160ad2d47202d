"""From one object in storage to its place in the catalogue.

The same reading serves right after a commit and in `kho rebuild`, from the same bytes, so both give the
same rows. Nothing here comes from anywhere but the object itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from preservation.dossier import Document, Dossier, FileRole, ReceivedFile
from preservation.package.record_json import read_record
from repository.bag.info import parse_bag_info
from repository.catalogue.records import (
    DocumentRecord,
    ExpectedRecord,
    ObjectRecord,
    VersionRecord,
)
from repository.catalogue.writing import Transaction
from repository.digest import digest_bytes
from repository.errors import Corrupt
from repository.model import LogicalPath, ObjectId, VersionNumber
from repository.search_text import SearchText
from repository.store import ObjectFacts, Store

PROFILE_LABEL = "Kho-AIP-Profile"
RECORD_PATH = LogicalPath("data/metadata/other/dossier.json")


_SHOWN = ("pages", "text_layer", "encrypted", "pdfa_claimed", "pdfa_validated")
_SHOWN_OF_SIGNATURES = (
    "verdict", "reason", "kind", "signer", "organisation", "issuer", "signed_at", "stamped_at",
    "coverage", "later_changes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IndexedObject:
    """One object, read from storage and ready for the catalogue."""

    facts: ObjectFacts
    dossier: Dossier
    profiles: dict[str, str]  # version → Kho-AIP-Profile


def read_object(store: Store, object_id: ObjectId) -> IndexedObject:
    """Read what the catalogue needs of one object. NotFound, Corrupt, Unavailable."""
    facts = store.facts(object_id)
    record = read_logical(store, facts, facts.head.version, RECORD_PATH)
    profiles = {}
    for version in facts.versions:
        number = VersionNumber.parse(version.version)
        bag_info = read_logical(store, facts, number, LogicalPath("bag-info.txt"))
        profiles[version.version] = _profile(bag_info)
    try:
        return IndexedObject(facts, read_record(record), profiles)
    except ValueError as problem:
        raise Corrupt(f"The record of {object_id} cannot be understood: {problem}") from problem


def put_object(tx: Transaction, held: IndexedObject) -> None:
    """Put everything the catalogue knows of one object in place of what it knew before."""
    content = {
        file.stored_path: file.digests["sha256"]
        for file in held.dossier.files
        if file.role is not FileRole.METADATA or _describes(file)
    }
    tx.put_object(
        _object(held),
        [_document(held.dossier, document) for document in held.dossier.documents],
        _versions(held),
        _expected(held),
        content,
        _search_text(held.dossier),
    )


def _describes(file: ReceivedFile) -> bool:
    """Whether a received metadata file is a description, and not METS or a schema, which each packing
    makes anew: descriptions make the content by which the same dossier is recognised."""
    return "metadata/descriptive/" in file.received_path.casefold()


def _profile(bag_info: bytes) -> str:
    """The projection's version a bag says it was written under; empty when it says none."""
    elements, _ = parse_bag_info(bag_info)
    return dict(elements).get(PROFILE_LABEL, "")


def _object(held: IndexedObject) -> ObjectRecord:
    dossier, facts = held.dossier, held.facts
    head = str(facts.head.version)
    return ObjectRecord(
        object_id=facts.object_id,
        fonds_code=dossier.fonds_code,
        agency_name=dossier.agency_name,
        file_code=dossier.file_code,
        arc_file_code=dossier.arc_file_code,
        title=dossier.title,
        mode=dossier.effective_mode,
        maintenance=dossier.maintenance.code or dossier.maintenance.given,
        start_date=dossier.start_date.iso or "",
        end_date=dossier.end_date.iso or "",
        document_count=len(dossier.documents),
        file_count=len(facts.expected),
        byte_count=sum(file.size for file in facts.expected),
        head=head,
        profile=held.profiles[head],
        transfer_id=dossier.submission.transfer_id,
        first_held_at=facts.versions[0].created,
        updated_at=facts.versions[-1].created,
    )


def _document(dossier: Dossier, document: Document) -> DocumentRecord:
    return DocumentRecord(
        object_id=dossier.object_id,
        ordinal=document.ordinal,
        kind=document.kind.value,
        doc_id=document.doc_id,
        doc_code=document.doc_code,
        title=document.title,
        type_code=document.type_name.code or document.type_name.given if document.type_name else "",
        code_number=document.code_number,
        code_notation=document.code_notation,
        issued_date=(document.issued_date.iso or "") if document.issued_date else "",
        organ_name=document.organ_name,
        mode=document.mode.code or document.mode.given,
        pages=document.number_of_page.value if document.number_of_page else None,
        files=tuple(_file(dossier.file(file_id)) for file_id in document.file_ids),
    )


def _file(file: ReceivedFile) -> dict[str, object]:
    return {
        "path": file.stored_path,
        "role": file.role.value,
        "name": file.received_path.rsplit("/", 1)[-1],
        "size": file.size,
        "sha256": file.digests["sha256"],
        "sha512": file.digests["sha512"],
        "mime": file.mime_given,
        "puid": file.format.puid if file.format else "",
        **_looks(file),
    }


def _looks(file: ReceivedFile) -> dict[str, object]:
    """What was found in the file, as far as pages show it; nothing of a look that was not taken."""
    looks: dict[str, object] = {}
    if file.structure is not None:
        told = file.structure.properties
        looks["structure"] = file.structure.verdict.value
        looks["properties"] = {name: told[name] for name in _SHOWN if name in told}
    if file.virus is not None:
        looks["virus"] = {
            "verdict": file.virus.verdict.value,
            "tool": file.virus.tool,
            "database": file.virus.database,
        }
    if file.signatures is not None:
        looks["signatures"] = {
            "not_checked": file.signatures.not_checked,
            "checked_at": file.signatures.checked_at,
            "found": [
                {name: getattr(one, name) for name in _SHOWN_OF_SIGNATURES}
                for one in file.signatures.found
            ],
        }
    return looks


def _versions(held: IndexedObject) -> list[VersionRecord]:
    return [
        VersionRecord(
            object_id=held.facts.object_id,
            version=version.version,
            created=version.created,
            message=version.message,
            user_name=version.user_name,
            inventory_sha512=version.inventory_sha512,
            profile=held.profiles[version.version],
        )
        for version in held.facts.versions
    ]


def _expected(held: IndexedObject) -> list[ExpectedRecord]:
    return [
        ExpectedRecord(held.facts.object_id, file.path, file.size, file.sha512)
        for file in held.facts.expected
    ]


def _search_text(dossier: Dossier) -> SearchText:
    documents = dossier.documents
    codes = [dossier.file_code, dossier.arc_file_code, dossier.paper_file_code]
    for document in documents:
        codes += [document.doc_id, document.doc_code]
        if document.code_number or document.code_notation:
            codes.append(f"{document.code_number}/{document.code_notation}".strip("/"))
    agencies = [dossier.agency_name, *(document.organ_name for document in documents)]
    keywords = [*dossier.keywords, *(word for d in documents for word in d.keywords)]
    return SearchText(
        title=dossier.title,
        codes=" ".join(dict.fromkeys(code for code in codes if code)),
        people_and_agencies="\n".join(dict.fromkeys(name for name in agencies if name)),
        subjects="\n".join(document.title for document in documents if document.title),
        body="\n".join(dict.fromkeys([dossier.description, *keywords])),
    )


def read_logical(
    store: Store, facts: ObjectFacts, version: VersionNumber, path: LogicalPath
) -> bytes:
    """The bytes of one file of a version's state, proven to be what the inventory says. Corrupt."""
    digest = facts.inventory.state(version).get(path)
    if digest is None:
        raise Corrupt(f"{facts.object_id} {version} has no {path}: it was not made by Kho.")
    with store.open(facts.object_id, facts.inventory.content_path(digest)) as stream:
        data = stream.read()
    if digest_bytes(data, ["sha512"])["sha512"] != digest:
        raise Corrupt(f"{path} of {facts.object_id} {version} in {store.name} is damaged.")
    return data
