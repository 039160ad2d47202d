"""One reading of a container's metadata: finds members, reads small XML, keeps what went wrong.

Everything is bounded: each file, all of them together, the size of each tree. What cannot be read is
one error and None; nothing but a failing medium raises.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ingest.container import Container, ContainerFault, Member
from ingest.member_names import clash_key
from ingest.readers.mets import Mets, Reference, parse_mets
from ingest.readers.package import ResolvedReference
from ingest.readers.references import far_paths, path_inside, spellings
from ingest.readers.simpledc import Record, parse_record
from ingest.readers.values import clean_text
from ingest.readers.xml_names import attribute
from preservation.dossier import DocumentKind
from repository.problems import Problem, error
from schemas.xml import MalformedXml, parse_xml

MAX_STUB: Final = 64 * 1024
MAX_TAGS: Final = 4_000_000  # a tree of more would not fit in memory
MAX_ALL_METADATA: Final = 512 * 1024 * 1024


@dataclass
class Desk:
    """One reading: finds members, reads small XML, keeps what went wrong."""

    container: Container
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
            member = next((m for m in named if m and kind_of(m.name) is None), None)
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
        for href in spellings(reference.href):
            path = path_inside(folder, href)
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
        for path in far_paths(folder, self.container.top, reference.href):
            member = self.exact.get(path) or self.alike.get(clash_key(path))
            if member is not None:
                return ResolvedReference(reference, path, member, "place")
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


def kind_of(name: str) -> DocumentKind | None:
    """Which record form a file is by its name; None for the dossier's own."""
    last = clash_key(name).rsplit("/", 1)[-1]
    if last.startswith("ead_pic"):
        return DocumentKind.PICTURE
    if last.startswith("ead_media"):
        return DocumentKind.MEDIA
    if last.startswith("ead_doc") or name.casefold().startswith("representations/"):
        return DocumentKind.TEXT
    return None


def _too_much(member: Member, value: int, limit: int) -> Problem:
    return error("ING-BOMB", member.name, reason="metadata", value=value, limit=limit)
