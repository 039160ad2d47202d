"""Documents of a package: their records, their files, their order.

A document is a record that a representation's METS names. Its files are those METS links to it, else
those that carry its name. Attachments that METS puts beside the links go to the document whose name
they carry. A document that a second representation has again stays one document.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ingest.container import Member
from ingest.member_names import clash_key
from ingest.readers.desk import Desk, kind_of
from ingest.readers.mets import Link, Mets
from ingest.readers.package import DocumentFacts, ResolvedReference, is_data
from ingest.readers.simpledc import Record
from ingest.readers.values import parse_count
from preservation.dossier import DocumentKind

_STUB: Final = ".fetch.txt"
_MAIN_ENDING: Final = re.compile(r"(?:[._]signed)?\.[^.]*[^.0-9][^.]*(?:\.fetch\.txt)?")
_SEPARATORS: Final = "._- "
_MAX_TARGETS: Final = 12


@dataclass(frozen=True, slots=True)
class Documents:
    """What was found: documents in the order of the dossier, and what belongs to none."""

    documents: tuple[DocumentFacts, ...]
    attachments: tuple[Member, ...]
    unnamed_records: tuple[Record, ...]  # records that no METS names, or that repeat a document


def read_documents(
    desk: Desk,
    representations: Sequence[Mets],
    references: Iterable[ResolvedReference],
    dossier: Record,
) -> Documents:
    """Every document of every representation. Records that cannot be read are errors of the desk."""
    by_mets: dict[str, list[ResolvedReference]] = {}
    for resolved in references:
        by_mets.setdefault(resolved.reference.mets, []).append(resolved)
    found = _Found(described={dossier.member_index})
    for mets in representations:
        found.add(desk, mets, by_mets.get(mets.path, []))
    for member in desk.container.members:
        if member.index not in found.described and _may_be_record(member.name):
            record = desk.record(member, kind_of(member.name))
            if record is not None:
                found.spare.append(record)
    documents = _with_loose_attachments(found.documents, found)
    loose = tuple(m for m in found.attachments if m.index not in found.linked)
    return Documents(in_order(documents), loose, tuple(found.spare))


def stated_ordinal(document: DocumentFacts) -> int | None:
    """The place in the dossier that docOrdinal, docCode (7 digits) or docId (last part) states."""
    stated = parse_count(document.record.value("docOrdinal")).value
    if stated is not None:
        return stated
    match = re.search(r"\.([0-9]{7})\Z", document.record.value("docCode"))
    if match is None:
        match = re.search(r"\.([0-9]{1,6})\Z", document.doc_id)
    return int(match[1]) if match else None


@dataclass
class _Found:
    """What was read so far."""

    described: set[int]  # members that are records
    documents: list[DocumentFacts] = field(default_factory=list)
    positions: dict[str, tuple[str, int]] = field(default_factory=dict)  # docId → METS, place
    attachments: list[Member] = field(default_factory=list)
    linked: set[int] = field(default_factory=set)  # members that are a document's
    spare: list[Record] = field(default_factory=list)

    def add(self, desk: Desk, mets: Mets, references: list[ResolvedReference]) -> None:
        """Take in the documents of one representation."""
        by_id = {i: r.member for r in references if r.member for i in r.reference.ids}
        links = _links_of_records(mets.links, by_id)
        data = [
            r.member
            for r in references
            if r.member and r.reference.element == "file" and not is_record(r.member.name)
        ]
        names = _NameIndex(data)
        for resolved in references:
            member = resolved.member
            if member is None or resolved.reference.element == "mptr":
                continue
            if member.index in self.described or not is_record(member.name):
                continue
            self.described.add(member.index)
            record = desk.record(member, kind_of(member.name))
            if record is not None:
                own = links.get(member.index, [])
                self._add_document(desk, mets, record, own, by_id, names)
        loose = (by_id.get(i) for i in mets.loose_attachment_ids)
        self.attachments.extend(m for m in dict.fromkeys(loose) if m is not None)

    def _add_document(
        self,
        desk: Desk,
        mets: Mets,
        record: Record,
        links: list[Link],
        by_id: dict[str, Member],
        names: _NameIndex,
    ) -> None:
        doc_id = record.value("docId") or _name_part(record.path)
        wanted = (by_id.get(i) for link in links for i in (*link.file_ids, *link.attachment_ids))
        files = tuple(dict.fromkeys(m for m in wanted if m is not None))
        paired = "mets" if files else ""
        if not files:
            called = names.called(_names_of(record, doc_id))
            files = tuple(m for m in called if m.index not in self.linked)
            paired = "name" if files else ""
        self.linked.update(m.index for m in files)
        holey = any(link.holey for link in links)
        facts = _facts(desk, record, doc_id, files, paired, holey)
        first = self.positions.get(doc_id)
        if first is not None and first[0] != mets.path:
            before = self.documents[first[1]]
            together = tuple(dict.fromkeys((*before.files, *files)))
            self.documents[first[1]] = replace(before, files=together)
            self.spare.append(record)
            return
        # Two records of one docId in one representation are two documents; a rule tells of it.
        self.positions.setdefault(doc_id, (mets.path, len(self.documents)))
        self.documents.append(facts)


class _NameIndex:
    """Files by what their names begin with, up to each of the last separators."""

    def __init__(self, members: Iterable[Member]) -> None:
        self._by_stem: dict[str, list[tuple[str, Member]]] = {}
        for member in members:
            last = clash_key(member.name.rsplit("/", 1)[-1])
            ends = [i for i, char in enumerate(last) if char in "._"][-4:]
            for end in ends:
                self._by_stem.setdefault(last[:end], []).append((last[end:], member))

    def called(self, names: Sequence[str]) -> list[Member]:
        """The files that have one of these names and then only an extension."""
        found = [
            member
            for name in names
            for rest, member in self._by_stem.get(name, ())
            if _MAIN_ENDING.fullmatch(rest)
        ]
        return list(dict.fromkeys(found))


def is_record(name: str) -> bool:
    """Whether a member lies where records of documents lie, or is called like one."""
    parts = clash_key(name).split("/")
    if not parts[-1].endswith(".xml") or parts[0] != "representations" or is_data(name):
        return False
    return parts[-1].startswith("ead") or parts[-3:-1] == ["metadata", "descriptive"]


def _may_be_record(name: str) -> bool:
    """Whether a member that METS does not name could still describe something (and be secret)."""
    parts = clash_key(name).split("/")
    if not parts[-1].endswith(".xml") or parts[0] == "schemas" or is_data(name):
        return False
    return parts[-1].startswith("ead") or parts[-3:-1] == ["metadata", "descriptive"]


def _links_of_records(links: Iterable[Link], by_id: dict[str, Member]) -> dict[int, list[Link]]:
    found: dict[int, list[Link]] = {}
    for link in links:
        for record_id in link.record_ids:
            member = by_id.get(record_id)
            if member is not None:
                found.setdefault(member.index, []).append(link)
    return found


def _facts(
    desk: Desk, record: Record, doc_id: str, files: tuple[Member, ...], paired: str, holey: bool
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
            return replace(facts, link_text=text, link_targets=_targets(text))
    return facts


def _targets(text: str) -> tuple[str, ...]:
    """What in a stub may be a docId, the likeliest first: all of it, a word, the value of an element
    or key, the name of a file without its extension, a docCode's ordinal without its zeros."""
    words = [text, *re.split(r"[\s,;|]+", text), *re.split(r"[\s<>\"'{},;|]+", text)]
    found = dict.fromkeys(words[:_MAX_TARGETS])
    if "://" not in text:
        for word in list(found):
            last = re.split(r"[/\\]", word)[-1]
            stem = re.sub(r"\.[A-Za-z][A-Za-z0-9]{1,4}\Z", "", last)
            plain = re.sub(r"\.0{1,6}([1-9][0-9]*)\Z", r".\1", stem)
            found |= dict.fromkeys((last, stem, plain))
    return tuple(word for word in found if word)


def _with_loose_attachments(documents: list[DocumentFacts], found: _Found) -> list[DocumentFacts]:
    """Attachments beside the links, given to the document whose name they carry; the longest wins."""
    wanted = [m for m in found.attachments if m.index not in found.linked]
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
            if stem[end] in _SEPARATORS and stem[:end] in owners:
                added.setdefault(owners[stem[:end]], []).append(member)
                found.linked.add(member.index)
                break
    return [
        replace(document, files=(*document.files, *added.get(position, ())))
        for position, document in enumerate(documents)
    ]


def in_order(documents: list[DocumentFacts]) -> tuple[DocumentFacts, ...]:
    """By the ordinals the records state when they state one each, else as METS lists them."""
    ordinals = [stated_ordinal(d) for d in documents]
    known = [o for o in ordinals if o is not None]
    if len(known) == len(documents) == len(set(known)):
        pairs = sorted(zip(known, range(len(documents)), strict=True))
        documents = [documents[position] for _, position in pairs]
    return tuple(replace(d, ordinal=number) for number, d in enumerate(documents, 1))


def _name_part(path: str) -> str:
    """What a record's file carries after `EAD_doc_`: a name also where there is no docId."""
    last = path.rsplit("/", 1)[-1]
    match = re.match(r"ead_(?:doc|pic|media)[_-]?(.*)\.xml\Z", last, re.IGNORECASE)
    return unicodedata.normalize("NFC", match[1]) if match else ""


def _names_of(record: Record, doc_id: str) -> list[str]:
    names = (clash_key(doc_id), clash_key(_name_part(record.path)))
    return list(dict.fromkeys(name for name in names if name))
