"""Reader of TT 05/2025 `SIP_hoso`: the metadata of a container, before any payload byte is copied.

`read_metadata` reads METS, EAD and EAD_doc/pic/media and joins them to the members: the file table, the
links of documents to files, the agents. It tolerates every deviation known from real packages
(docs/intake-rules.md); the rules in `ingest.checks` report them. Only what cannot be read at all is
reported here. Of the payload it reads nothing but `.fetch.txt` stubs, in memory.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote

from ingest.container import ContainerFault, Member, ZipContainer
from ingest.findings import bounded
from ingest.member_names import clash_key
from ingest.readers.mets import Link, Mets, Reference, parse_mets
from ingest.readers.package import (
    DocumentFacts,
    ResolvedReference,
    Tt05Package,
    agency_code_of,
    algorithms_by_member,
    object_id_of,
)
from ingest.readers.record import to_dossier
from ingest.readers.simpledc import Record, parse_record
from ingest.readers.values import clean_text, parse_count
from ingest.readers.xml_names import attribute
from ingest.received import ReceivedBytes, TransferFacts
from preservation.dossier import DocumentKind
from repository.problems import Problem, Report, error
from schemas.xml import MalformedXml, parse_xml

__all__ = [
    "ReceivedBytes",
    "TransferFacts",
    "Tt05Package",
    "object_id_of",
    "read_metadata",
    "to_dossier",
]

MAX_STUB: Final = 64 * 1024
MAX_TAGS: Final = 4_000_000  # a tree of more would not fit in memory
MAX_ALL_METADATA: Final = 512 * 1024 * 1024
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_STUB: Final = ".fetch.txt"


def read_metadata(container: ZipContainer) -> tuple[Tt05Package | None, Report]:
    """The package, or None with at least one error that says why it cannot be understood.

    A package may also come with errors: then it is to be refused, and may be checked further so that
    the sender learns of everything at once. Raises Unavailable when the medium fails.
    """
    desk = _Desk(container)
    root = desk.mets("METS.xml")
    representations = desk.representations()
    dossier = desk.dossier(root) if root is not None else None
    if root is None or dossier is None or not representations:
        return None, bounded(desk.problems)
    references = tuple(
        desk.resolve(reference)
        for mets in (root, *representations)
        for reference in mets.references
    )
    documents, attachments, loose = _documents(desk, representations, references)
    fonds, source, agency = _fonds(root, representations, dossier)
    package = Tt05Package(
        container_name=container.name,
        top=container.top,
        members=container.members,
        root=root,
        representations=representations,
        references=references,
        dossier=dossier,
        documents=documents,
        loose_records=loose,
        loose_attachments=attachments,
        fonds_code=fonds,
        fonds_source=source,
        agency_name=agency,
        schema_names=desk.schema_names(),
        algorithms=algorithms_by_member(references),
    )
    return package, bounded(desk.problems)


@dataclass
class _Desk:
    """One reading: finds members, reads small XML, keeps what went wrong."""

    container: ZipContainer
    problems: list[Problem] = field(default_factory=list)
    read_bytes: int = 0

    def __post_init__(self) -> None:
        self.limits = self.container.limits
        self.exact = {m.name: m for m in self.container.members}
        self.alike = {clash_key(m.name): m for m in self.container.members}

    def mets(self, path: str) -> Mets | None:
        """That METS; None, with an error, when it is missing or cannot be read."""
        member = self.exact.get(path) or self.alike.get(clash_key(path))
        if member is None:
            self.problems.append(error("ING-METS-MISSING", path, path=path))
            return None
        data = self.xml(member, self.limits.max_metadata)
        if data is None:
            return None
        try:
            return parse_mets(data, path=member.name, limit=self.limits.max_metadata)
        except MalformedXml as fault:
            self._malformed(member, fault)
            return None

    def representations(self) -> tuple[Mets, ...]:
        """Every representation's METS, rep1 first. An error when there is none that can be read."""
        found = []
        for key, member in self.alike.items():
            parts = key.split("/")
            if len(parts) == 3 and parts[0] == "representations" and parts[2] == "mets.xml":
                found.append((parts[1] != "rep1", parts[1], member.name))
        if not found:
            path = "representations/rep1/METS.xml"
            self.problems.append(error("ING-METS-MISSING", path, path=path))
        read = [self.mets(name) for _, _, name in sorted(found)]
        return tuple(mets for mets in read if mets is not None)

    def dossier(self, root: Mets) -> Record | None:
        """The dossier's own record: where the circular puts it, else what the root METS names."""
        member = self.alike.get("metadata/descriptive/ead.xml")
        if member is None:
            named = [self.resolve(r).member for r in root.references if r.element == "mdRef"]
            member = next((m for m in named if m and _kind_of(m.name) is None), None)
        if member is None:
            path = "metadata/descriptive/EAD.xml"
            self.problems.append(error("ING-EAD-MISSING", path, path=path))
            return None
        return self.record(member, None)

    def record(self, member: Member, kind: DocumentKind | None) -> Record | None:
        """One flat record; None, with an error, when it cannot be read."""
        data = self.xml(member, self.limits.max_record)
        if data is None:
            return None
        try:
            return parse_record(
                data,
                path=member.name,
                member_index=member.index,
                kind=kind,
                limit=self.limits.max_record,
            )
        except MalformedXml as fault:
            self._malformed(member, fault)
            return None

    def xml(self, member: Member, limit: int) -> bytes | None:
        """The bytes of a metadata file; None, with an error, when damaged or too much."""
        self.read_bytes += member.size
        if self.read_bytes > MAX_ALL_METADATA:
            self.problems.append(_too_much(member, self.read_bytes, MAX_ALL_METADATA))
            return None
        try:
            data = self.container.read_small(member, limit)
        except ContainerFault as fault:
            self.problems.append(fault.problem)
            return None
        tags = data.count(b"<")
        if tags > MAX_TAGS:
            self.problems.append(_too_much(member, tags, MAX_TAGS))
            return None
        return data

    def resolve(self, reference: Reference) -> ResolvedReference:
        """The member that a reference names, looked for in ever more tolerant ways."""
        folder = reference.mets.rpartition("/")[0]
        outside = False
        first = ""
        for href in _spellings(reference.href):
            path = _inside(folder, href)
            if path is None:
                outside = True
                continue
            first = first or path
            member = self.exact.get(path)
            if member is not None:
                return ResolvedReference(reference, path, member, "exact")
            member = self.alike.get(clash_key(path))
            if member is not None:
                same = unicodedata.normalize("NFC", path) == unicodedata.normalize(
                    "NFC", member.name
                )
                return ResolvedReference(reference, path, member, "form" if same else "case")
        return ResolvedReference(reference, first, None, "outside" if outside else "none")

    def stub(self, member: Member) -> str | None:
        """The text of a link stub; None, with an error, when it is damaged or no stub."""
        try:
            data = self.container.read_small(member, MAX_STUB)
        except ContainerFault as fault:
            self.problems.append(fault.problem)
            return None
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        return clean_text(data.decode(encoding, errors="replace"))

    def schema_names(self) -> Mapping[str, frozenset[str]]:
        """Element names that the sender's own EAD schemas declare; unreadable schemas are left out."""
        found = {}
        for key, member in self.alike.items():
            last = key.rsplit("/", 1)[-1]
            if key.startswith("schemas/") and last.startswith("ead") and last.endswith(".xsd"):
                names = self._declared(member)
                if names:
                    found[last] = names
        return found

    def _declared(self, member: Member) -> frozenset[str]:
        if member.size > self.limits.max_record:
            return frozenset()
        try:
            root = parse_xml(
                self.container.read_small(member, self.limits.max_record),
                limit=self.limits.max_record,
            )
        except (MalformedXml, ContainerFault):
            return frozenset()  # a damaged stream is found again, and reported, while copying
        return frozenset(attribute(e, "name") for e in root.iter("{*}element")) - {"simpledc", ""}

    def _malformed(self, member: Member, fault: MalformedXml) -> None:
        self.problems.append(
            error(
                "ING-XML-MALFORMED",
                member.name,
                path=member.name,
                line=fault.line,
                detail=fault.reason,
            )
        )


def _documents(
    desk: _Desk, representations: tuple[Mets, ...], references: tuple[ResolvedReference, ...]
) -> tuple[tuple[DocumentFacts, ...], tuple[Member, ...], tuple[Record, ...]]:
    """Documents in the order of the dossier, attachments of none, and records that no METS names."""
    documents: list[DocumentFacts] = []
    attachments: list[Member] = []
    described: set[int] = set()
    linked: set[int] = set()
    for mets in representations:
        own = [r for r in references if r.reference.mets == mets.path]
        found, loose = _of_representation(desk, mets, own, described, linked)
        documents.extend(found)
        attachments.extend(loose)
    unnamed = []
    for member in desk.container.members:
        if member.index not in described and _is_record(member.name):
            record = desk.record(member, _kind_of(member.name))
            if record is not None:
                unnamed.append(record)
    documents = _with_loose_attachments(documents, attachments, linked)
    return (
        _in_order(documents),
        tuple(m for m in attachments if m.index not in linked),
        tuple(unnamed),
    )


def _of_representation(
    desk: _Desk,
    mets: Mets,
    references: list[ResolvedReference],
    described: set[int],
    linked: set[int],
) -> tuple[list[DocumentFacts], list[Member]]:
    by_id = {i: r.member for r in references if r.member for i in r.reference.ids}
    links: dict[int, list[Link]] = {}
    for link in mets.links:
        for record_id in link.record_ids:
            member = by_id.get(record_id)
            if member is not None:
                links.setdefault(member.index, []).append(link)
    data = [
        r.member
        for r in references
        if r.member is not None and r.reference.element == "file" and not _is_record(r.member.name)
    ]
    documents = []
    for reference in references:
        member = reference.member
        if member is None or reference.reference.element == "mptr" or member.index in described:
            continue
        if not _is_record(member.name):
            continue
        described.add(member.index)
        record = desk.record(member, _kind_of(member.name))
        if record is None:
            continue
        own = links.get(member.index, [])
        names = [i for link in own for i in (*link.file_ids, *link.attachment_ids)]
        files = list(dict.fromkeys(m for m in (by_id.get(i) for i in names) if m is not None))
        paired = "mets" if files else ""
        doc_id = _doc_id(record)
        if not files:
            files = [m for m in _named_after(record, doc_id, data) if m.index not in linked]
            paired = "name" if files else ""
        linked.update(m.index for m in files)
        documents.append(
            _facts(desk, record, doc_id, tuple(files), paired, any(link.holey for link in own))
        )
    loose_ids = [by_id.get(i) for i in mets.loose_attachment_ids]
    return documents, [m for m in dict.fromkeys(loose_ids) if m is not None]


def _facts(
    desk: _Desk, record: Record, doc_id: str, files: tuple[Member, ...], paired: str, holey: bool
) -> DocumentFacts:
    facts = DocumentFacts(
        ordinal=0,
        kind=record.kind or DocumentKind.TEXT,
        record=record,
        doc_id=doc_id,
        files=files,
        paired_by=paired,
    )
    if files and (holey or files[0].name.casefold().endswith(_STUB)):
        text = desk.stub(files[0])
        if text is not None:
            targets = tuple(dict.fromkeys((text, *re.split(r"[\s,;|]+", text))))
            return replace(facts, link_text=text, link_targets=targets[:20])
    return facts


def _with_loose_attachments(
    documents: list[DocumentFacts], attachments: list[Member], linked: set[int]
) -> list[DocumentFacts]:
    """Attachments beside the links go to the document whose name they carry, the longest winning."""
    wanted = [m for m in attachments if m.index not in linked]
    if not wanted:
        return documents
    owners: dict[str, int] = {}
    for position, document in enumerate(documents):
        for name in _names_of(document.record, document.doc_id):
            owners.setdefault(name, position)
    added: dict[int, list[Member]] = {}
    for member in wanted:
        stem = clash_key(member.name.rsplit("/", 1)[-1])
        for end in range(len(stem) - 1, 0, -1):
            if stem[end] in "._- " and stem[:end] in owners:
                added.setdefault(owners[stem[:end]], []).append(member)
                linked.add(member.index)
                break
    return [
        replace(document, files=(*document.files, *added.get(position, ())))
        for position, document in enumerate(documents)
    ]


def _in_order(documents: list[DocumentFacts]) -> tuple[DocumentFacts, ...]:
    """By the ordinals the records state when they state one each, else as METS lists them."""
    ordinals = [stated_ordinal(d) for d in documents]
    known = [o for o in ordinals if o is not None]
    if len(known) == len(documents) == len(set(known)):
        pairs = sorted(zip(known, range(len(documents)), strict=True))
        documents = [documents[position] for _, position in pairs]
    return tuple(replace(d, ordinal=number) for number, d in enumerate(documents, 1))


def stated_ordinal(document: DocumentFacts) -> int | None:
    """The place in the dossier that docOrdinal, docCode (7 digits) or docId (last part) states."""
    stated = parse_count(document.record.value("docOrdinal")).value
    if stated is not None:
        return stated
    match = re.search(r"\.([0-9]{7})\Z", document.record.value("docCode"))
    if match is None:
        match = re.search(r"\.([0-9]{1,6})\Z", document.doc_id)
    return int(match[1]) if match else None


def _doc_id(record: Record) -> str:
    """docId, or the name that the record's file carries after `EAD_doc_` (pictures have no docId)."""
    return record.value("docId") or _name_part(record.path)


def _name_part(path: str) -> str:
    last = path.rsplit("/", 1)[-1]
    match = re.match(r"ead_(?:doc|pic|media)[_-]?(.*)\.xml\Z", last, re.IGNORECASE)
    return unicodedata.normalize("NFC", match[1]) if match else ""


def _names_of(record: Record, doc_id: str) -> list[str]:
    names = (clash_key(doc_id), clash_key(_name_part(record.path)))
    return list(dict.fromkeys(name for name in names if name))


def _named_after(record: Record, doc_id: str, data: Iterable[Member]) -> list[Member]:
    """Files called after the document: the one with only an extension first, then its attachments."""
    names = _names_of(record, doc_id)
    main = []
    for member in data:
        last = clash_key(member.name.rsplit("/", 1)[-1])
        for name in names:
            rest = last[len(name) :] if last.startswith(name) else ""
            if re.fullmatch(r"\.[^.]+(?:\.fetch\.txt)?", rest) and not rest[1:].isdigit():
                main.append(member)
                break
            if rest.startswith((".signed.", "_signed.")):
                main.append(member)
                break
    return main


def _is_record(name: str) -> bool:
    """Whether a member lies where records of documents lie, or is called like one."""
    parts = clash_key(name).split("/")
    if not parts[-1].endswith(".xml") or parts[0] != "representations":
        return False
    return parts[-1].startswith("ead") or parts[-3:-1] == ["metadata", "descriptive"]


def _kind_of(name: str) -> DocumentKind | None:
    last = clash_key(name).rsplit("/", 1)[-1]
    if last.startswith("ead_pic"):
        return DocumentKind.PICTURE
    if last.startswith("ead_media"):
        return DocumentKind.MEDIA
    if last.startswith("ead_doc") or name.casefold().startswith("representations/"):
        return DocumentKind.TEXT
    return None


def _fonds(root: Mets, representations: tuple[Mets, ...], dossier: Record) -> tuple[str, str, str]:
    """(fonds code, where it came from, agency's name). The circular puts both in rep1's agent."""
    agents = [a for mets in (*representations, root) for a in mets.agents]
    agency = next((a.name for a in agents if a.type.upper() == "ORGANIZATION" and a.name), "")
    for agent in agents:
        code = agent.note("IDENTIFICATIONCODE")
        if code:
            return code, "note", agency or agent.name
    stand_in = agency_code_of(dossier.value("fileCode"))
    return stand_in, "agency" if stand_in else "", agency


def _spellings(href: str) -> list[str]:
    """The href as written, percent-decoded, with `/` for `\\`; in the order they are tried."""
    decoded = unquote(href, errors="strict") if _decodes(href) else href
    return list(dict.fromkeys((href, decoded, href.replace("\\", "/"), decoded.replace("\\", "/"))))


def _decodes(href: str) -> bool:
    try:
        unquote(href, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _inside(folder: str, href: str) -> str | None:
    """The path inside the package, or None when the href leaves it or is an address elsewhere."""
    if href[:5].lower() == "file:":
        href = href[5:]
        href = href.lstrip("/") if href.startswith("///") else href
    if not href or href.startswith("/") or _SCHEME.match(href):
        return None
    parts = folder.split("/") if folder else []
    for part in href.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _too_much(member: Member, value: int, limit: int) -> Problem:
    return error("ING-BOMB", member.name, reason="metadata", value=value, limit=limit)
