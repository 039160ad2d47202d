"""Reader of one dossier of a list: its rows and files as a package like any other. Core.

The rows stand where EAD stands in a package of the circular: a record of the dossier and one for each
document, whose path is the file that the rows are kept in. Rules judge it as they judge METS and EAD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ingest.container import Member
from ingest.findings import bounded
from ingest.lists.dossiers import ListedDocument, ListedDossier, ListedFile
from ingest.readers.documents import in_order
from ingest.readers.mets import Mets, Reference
from ingest.readers.package import (
    DocumentFacts,
    ResolvedReference,
    Tt05Package,
    agency_code_of,
    algorithm_of,
    algorithms_by_member,
)
from ingest.readers.simpledc import Record
from preservation.dossier import DocumentKind
from repository.problems import Problem, Report, error, warning

ROWS: Final = "danh-muc-trich.csv"  # what the rows of one dossier are kept as
ROWS_INDEX: Final = -1  # of that member, which no container has


def records_of(listed: ListedDossier, path: str, member_index: int) -> Iterator[Record]:
    """The dossier's record, then one for each document."""
    yield Record(path, member_index, None, "simpledc", listed.elements)
    for document in listed.documents:
        yield Record(path, member_index, DocumentKind.TEXT, "simpledc", document.elements)


def read_listed(
    listed: ListedDossier,
    *,
    container_name: str,
    members: Sequence[Member],
    references: Sequence[ResolvedReference] = (),
    shape: str,
) -> tuple[Tt05Package, Report]:
    """The package. `members` are the dossier's files, the file of its rows and, where it may be kept,
    the list; `references` what else names them (a bag's manifests).
    """
    by_name = {member.name: member for member in members}
    rows = next(m for m in members if m.index == ROWS_INDEX)
    records = list(records_of(listed, rows.name, rows.index))
    named = [_named(m, listed.sheet) for m in (rows, by_name.get(listed.sheet)) if m is not None]
    documents = []
    for document, record in zip(listed.documents, records[1:], strict=True):
        resolved = [_resolved(file, listed.sheet, by_name) for file in document.files]
        named += resolved
        documents.append(_facts(document, record, resolved))
    together = (*named, *references)
    package = Tt05Package(
        container_name=container_name,
        top="",
        members=tuple(members),
        root=_mets(rows.name, named),
        representations=(_mets(listed.sheet, ()),),
        references=together,
        dossier=records[0],
        documents=in_order(documents),
        loose_records=(),
        loose_attachments=(),
        fonds_code=listed.fonds_code or agency_code_of(listed.file_code),
        fonds_source="note" if listed.fonds_code else "agency",
        agency_name=listed.agency_name,
        schema_names={},
        algorithms=algorithms_by_member(together),
        shape=shape,
        absent=listed.absent,
    )
    return package, bounded([*listed.problems, *_found(listed, package)])


def _found(listed: ListedDossier, package: Tt05Package) -> Iterator[Problem]:
    """What the list lets no one be sure of: no checksums, columns it lacks, paths read tolerantly."""
    unsure = [m for m in package.data_files() if not package.sender_algorithms(m)]
    if unsure:
        yield warning("ING-DIGEST-NONE", listed.sheet, path=unsure[0].name, count=len(unsure))
    if listed.absent:
        told = sorted(name for name in listed.absent if name.split(".")[1] in _WANTED)
        if told:
            yield warning("ING-LIST-LACKS", listed.sheet, columns=", ".join(told))
    tolerant = [f for d in listed.documents for f in d.files if f.how == "suffix"]
    if tolerant:
        yield warning(
            "ING-LIST-PATH",
            tolerant[0].name,
            path=tolerant[0].name,
            href=tolerant[0].given[:300],
            count=len(tolerant),
        )
    for document in listed.documents:
        for file in document.files:
            if file.how == "several":
                yield error(
                    "ING-LIST-SEVERAL", listed.sheet, row=document.row, href=file.given[:300]
                )


_WANTED: Final = frozenset(
    {"maintenance", "mode", "language", "startDate", "riskRecovery", "issuedDate", "subject",
     "organName", "typeName", "numberOfPage"}
)  # fmt: skip


def _facts(
    document: ListedDocument, record: Record, resolved: Sequence[ResolvedReference]
) -> DocumentFacts:
    files = tuple(dict.fromkeys(r.member for r in resolved if r.member is not None))
    by_name = any(f.how == "name" for f in document.files)
    return DocumentFacts(
        ordinal=0,
        kind=DocumentKind.TEXT,
        record=record,
        doc_id=record.value("docId"),
        files=files,
        paired_by="" if not files else "name" if by_name else "mets",
    )


def _resolved(file: ListedFile, sheet: str, by_name: Mapping[str, Member]) -> ResolvedReference:
    member = by_name.get(file.name) if file.name else None
    reference = Reference(
        mets=sheet,
        element="listed",
        ids=(),
        use="",
        href=file.given or file.name,
        checksum=file.checksum,
        checksum_type=algorithm_of("", file.checksum),
    )
    how = file.how if file.how in ("exact", "case", "form", "outside") else "exact"
    return ResolvedReference(reference, file.name, member, how if member else file.how)


def _named(member: Member, sheet: str) -> ResolvedReference:
    reference = Reference(mets=sheet, element="listed", ids=(), use="", href=member.name)
    return ResolvedReference(reference, member.name, member, "exact")


def _mets(path: str, references: Sequence[ResolvedReference]) -> Mets:
    """What a list says where METS would: nothing but that it is there, and the files it names."""
    return Mets(
        path=path,
        objid="",
        label="",
        type="",
        profile="",
        package_type="SIP",
        record_status="",
        created="",
        agents=(),
        alt_record_ids=(),
        references=tuple(r.reference for r in references),
        links=(),
        loose_attachment_ids=(),
    )
