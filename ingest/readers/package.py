"""What a TT 05 `SIP_hoso` says of itself, as one value: facts only, nothing judged. Core.

`ingest.readers.tt05` makes it from a container; `ingest.checks` judges it; `ingest.readers.record`
turns it, with the received bytes, into a Dossier.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ingest.container import Member
from ingest.readers.mets import Mets, Reference
from ingest.readers.simpledc import Record
from ingest.readers.values import clean_text
from preservation.dossier import DocumentKind
from repository.digest import SUPPORTED

SHAPE: Final = "tt05-sip-zip"
# Fixed for ever: identifiers made from it stand in objects (docs/intake-rules.md).
NAMESPACE: Final = uuid.UUID("6f0d2f0e-7a0c-5d1e-9a55-6b1f6c0a4b05")
_UUID: Final = re.compile(
    r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])"
)
# QCVN 102 order (000.00.04.H27) and the order of QĐ 20/2020 (H27.14.2), before the year of a file code.
_AGENCY: Final = re.compile(
    r"(?P<code>[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}|[A-Z][0-9]{2}(?:\.[0-9A-Z]{1,4})*?)"
    r"\.(?:19|20)[0-9]{2}\."
)
# What METS and manifests call them, without marks, → our names. `SHA-2 256` and the like occur.
_ALGORITHMS: Final[Mapping[str, str]] = {
    "sha": "sha1",
    **{f"sha2{bits}": f"sha{bits}" for bits in ("224", "256", "384", "512")},
    **{re.sub("[^a-z0-9]", "", name): name for name in SUPPORTED},
}
_LENGTHS: Final[Mapping[str, int]] = {
    "sha256": 64,
    "sha512": 128,
    "sha1": 40,
    "md5": 32,
    "sha384": 96,
    "sha224": 56,
}


@dataclass(frozen=True, slots=True)
class ResolvedReference:
    """A reference of a METS, joined to the member it names.

    `member` is None when there is none. `how` says what it took: `exact`, `case`, `form` (NFC against
    NFD), `place` (from another folder than that of its METS); `outside` when the name leaves the
    package or is an address elsewhere.
    """

    reference: Reference
    path: str  # inside the package, as understood; empty when there is none
    member: Member | None
    how: str

    @property
    def algorithm(self) -> str:
        """Our name of the checksum's algorithm: empty without a checksum, `?` when unknown."""
        return algorithm_of(self.reference.checksum_type, self.reference.checksum)


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """One document as METS and its record tell it. Files are members, the main one first."""

    ordinal: int
    kind: DocumentKind
    record: Record
    doc_id: str  # as understood; from the record's file name when the record has none
    files: tuple[Member, ...]
    paired_by: str  # mets, name; empty when no file was found
    link_text: str | None = None  # the content of its .fetch.txt, when it is one
    link_targets: tuple[str, ...] = ()  # what in that content may be a docId


@dataclass(frozen=True, slots=True)
class Tt05Package:
    """One package, read but not judged."""

    container_name: str
    top: str
    members: tuple[Member, ...]
    root: Mets
    representations: tuple[Mets, ...]
    references: tuple[ResolvedReference, ...]
    dossier: Record
    documents: tuple[DocumentFacts, ...]
    loose_records: tuple[Record, ...]  # records that no METS names: kept, judged for secrecy only
    loose_attachments: tuple[Member, ...]  # attachments that belong to no one document
    fonds_code: str
    fonds_source: str  # note, agency (stands in), receiver, or empty
    agency_name: str
    schema_names: Mapping[str, frozenset[str]]  # schema file (folded name) → element names it has
    algorithms: Mapping[int, frozenset[str]]  # member → algorithms of its checksums that we know
    shape: str = SHAPE
    # Elements this shape has no place for, as dossier.NAME and document.NAME: told once, not each time.
    absent: frozenset[str] = frozenset()

    @property
    def is_tt05(self) -> bool:
        """Whether METS and records of the circular describe it, whatever it was carried in."""
        return self.shape.startswith("tt05-")

    @property
    def file_code(self) -> str:
        """Mã hồ sơ as understood."""
        return self.dossier.value("fileCode")

    @property
    def title(self) -> str:
        """Tiêu đề hồ sơ as understood."""
        return self.dossier.value("title")

    @property
    def record_status(self) -> str:
        """RECORDSTATUS of the root METS, upper case; NEW when it says nothing."""
        return (self.root.record_status or "NEW").upper()

    def records(self) -> Iterator[Record]:
        """Every descriptive record in the package, named by METS or not."""
        yield self.dossier
        for document in self.documents:
            yield document.record
        yield from self.loose_records

    def data_files(self) -> Iterator[Member]:
        """Files of documents: main, attachments, link stubs, and attachments of no one document."""
        for document in self.documents:
            yield from document.files
        yield from self.loose_attachments

    def sender_algorithms(self, member: Member) -> frozenset[str]:
        """Algorithms in which METS gives this member's checksum: digest with them while copying."""
        return self.algorithms.get(member.index, frozenset())

    def agreement(self) -> str:
        """Mã đăng ký yêu cầu nộp, from altRecordID SUBMISSIONAGREEMENT."""
        for kind, value in self.root.alt_record_ids:
            if kind.upper() == "SUBMISSIONAGREEMENT":
                return value
        return ""


def object_id_of(package: Tt05Package, archive_code: str) -> str:
    """`urn:{mã phông}:uuid-{UUID}`: the OBJID's UUID, else one made of archive, fonds and file code.

    The same package always has the same identifier.
    """
    given = objid_uuid(package.root.objid)
    if given is None:
        name = "\n".join((archive_code, package.fonds_code, clean_text(package.file_code)))
        given = uuid.uuid5(NAMESPACE, name)
    return f"urn:{package.fonds_code}:uuid-{str(given).upper()}"


def is_data(name: str) -> bool:
    """Whether a member lies among the data of a representation."""
    parts = name.casefold().split("/")
    return len(parts) >= 4 and parts[0] == "representations" and parts[2] == "data"


def objid_uuid(objid: str) -> uuid.UUID | None:
    """The UUID inside an OBJID; None when it holds none, or the nil UUID of a template."""
    match = _UUID.search(objid)
    found = uuid.UUID(match[0]) if match else None
    return found if found is not None and found.int else None


def agency_code_of(file_code: str) -> str:
    """The agency's code at the head of a file code, either order; empty when none is recognised."""
    match = _AGENCY.match(file_code)
    return match["code"] if match else ""


def algorithms_by_member(references: Iterable[ResolvedReference]) -> Mapping[int, frozenset[str]]:
    """For each member that METS gives checksums for, their algorithms, unknown ones left out."""
    found: dict[int, set[str]] = {}
    for resolved in references:
        if resolved.member is not None and resolved.algorithm in SUPPORTED:
            found.setdefault(resolved.member.index, set()).add(resolved.algorithm)
    return {index: frozenset(names) for index, names in found.items()}


def algorithm_of(checksum_type: str, checksum: str) -> str:
    """Our name for a METS CHECKSUMTYPE; without one, what the length of the checksum leaves."""
    if not checksum:
        return ""
    last = re.split("[#:]", checksum_type.casefold())[-1]  # of `…/xmlenc#sha256`, `urn:…:sha-256`
    folded = re.sub(r"[^a-z0-9]", "", last)
    if folded and folded != "sha2":  # a family; the length says which of it
        return _ALGORITHMS.get(folded, "?")
    return next((name for name, length in _LENGTHS.items() if length == len(checksum)), "?")
