"""The dossier record: what a dossier (hồ sơ) is, as one immutable value.

A reader of any shape of submission makes one; the package is planned from one; `dossier.json` is one,
written down (JSON Schema: `schemas/json/dossier.schema.json`). It holds what was received in two forms
side by side: the value as given, character for character, and the value as understood. What could not
be understood is kept as given and is never guessed.

Field names follow Thông tư 05/2025/TT-BNV, annexes I and III, in snake_case; `docs/glossary.md` lists
them with the original terms. Times are UTC text (`repository.clock.utc_text`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SCHEME_TT05 = "tt05-2025"


class DocumentKind(StrEnum):
    """Which of the three record forms describes a document (EAD_doc, EAD_pic, EAD_media)."""

    TEXT = "text"
    PICTURE = "picture"
    MEDIA = "media"


class FileRole(StrEnum):
    """Why a received file is here."""

    MAIN = "main"  # the document itself
    ATTACHMENT = "attachment"  # named inside its document's MetadataLink
    LINK = "link"  # a .fetch.txt stub that names a document sent earlier
    METADATA = "metadata"  # METS, EAD, schemas and documentation of the submission
    UNREFERENCED = "unreferenced"  # received, but named by no METS: kept and reported


@dataclass(frozen=True, slots=True)
class Coded:
    """A value from a code list: as given, and the code it stands for (None: not in the list)."""

    given: str
    code: str | None


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date that may lack day or month: as given, and ISO 8601 (`2020`, `2020-05`, `2020-05-17`).

    `iso` is None when what was given is not a date. Precision is the number of parts in `iso`.
    """

    given: str
    iso: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number: as given, and its value (None when it is not one)."""

    given: str
    value: int | None


@dataclass(frozen=True, slots=True)
class SenderDigest:
    """A checksum the sender wrote for a file, compared with ours while the file was copied."""

    algorithm: str
    value: str
    source: str  # where it was written, e.g. `representations/rep1/METS.xml`


@dataclass(frozen=True, slots=True)
class FormatFact:
    """What a format identifier said about a file on one day."""

    puid: str  # PRONOM identifier, or `UNKNOWN`
    name: str
    version: str
    mime: str
    basis: str
    tool: str
    signature: str
    warning: str = ""


class StructureVerdict(StrEnum):
    """What came of reading a file to its end as what it seems to be."""

    NO_DAMAGE_FOUND = "no-damage-found"
    DAMAGED = "damaged"
    NOT_CHECKED = "not-checked"  # the check could not be done or did not come to an end
    NO_CHECK = "no-check"  # there is no check for this kind of file


@dataclass(frozen=True, slots=True)
class StructureFact:
    """What reading a file whole said about it on the day of intake.

    `properties` are facts of the content by name, such as `pages`, `encrypted`, `pdfa_claimed` and
    `pdfa_validated`; `docs/file-checks.md` lists them.
    """

    verdict: StructureVerdict
    kind: str  # pdf, image, office, zip, ole, xml; empty: none that is checked
    tool: str
    checked_at: str
    problems: tuple[str, ...] = ()  # the tool's words: damage, or why it was not checked
    properties: Mapping[str, str] = field(default_factory=dict)


class VirusVerdict(StrEnum):
    """What a virus scanner said. There is no "clean"."""

    NOTHING_FOUND = "nothing-found"
    FOUND = "found"
    NOT_CHECKED = "not-checked"


@dataclass(frozen=True, slots=True)
class VirusFact:
    """What a virus scanner said about a file on one day, and with which signatures."""

    verdict: VirusVerdict
    tool: str
    database: str
    checked_at: str
    detail: str = ""  # what was found, or why it was not checked


class SignatureVerdict(StrEnum):
    """The three main indications of ETSI EN 319 102-1."""

    VALID = "VALID"
    INVALID = "INVALID"
    INDETERMINATE = "INDETERMINATE"


@dataclass(frozen=True, slots=True)
class SignatureFact:
    """One digital signature in a file, as it was judged on the day of intake.

    `chain` and the check's `revocation` name certificates and revocation data by sha256; the bytes
    stand in `Dossier.validation_data`.
    """

    verdict: SignatureVerdict
    reason: str  # the sub-indication of ETSI EN 319 102-1, or one of ours; empty when VALID
    kind: str  # pades, pades-timestamp, xades, xmldsig
    place: str  # the field of the PDF, or where the element stands
    signer: str
    organisation: str
    issuer: str
    serial: str
    signed_at: str  # as the signer said
    stamped_at: str  # as a time-stamp that was judged good said
    stamped_by: str
    algorithm: str
    coverage: str  # whole-file, revision, part, document, detached
    later_changes: str  # none, updates, form-filling, annotations, other; empty: not judged
    value: str = ""  # the signature value, base64
    chain: tuple[str, ...] = ()  # from the signer's certificate to the root, as far as it was found


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """All signatures of one file, and with what they were judged. Never judged again in place."""

    checked_at: str
    tool: str
    trust: str  # how many roots there were, and their common digest
    not_checked: str = ""  # why they could not be judged; empty when they were
    found: tuple[SignatureFact, ...] = ()
    revocation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """One file as it came, and where it is kept.

    `received_path` is the member's name inside the submission, decoded; `received_path_base64` is set
    when the exact bytes of the name differ from its UTF-8 form or the name had to be escaped to be
    stored. `stored_path` is the logical path in the bag (`data/…`), empty until the package is planned.
    """

    file_id: str  # `f0001`…, unique in the dossier, stable over versions
    role: FileRole
    received_path: str
    size: int
    digests: Mapping[str, str]  # sha512 and sha256, lower-case hex
    sender_digests: tuple[SenderDigest, ...] = ()
    received_path_base64: str | None = None
    stored_path: str = ""
    mime_given: str = ""
    created_given: str = ""
    modified_given: str = ""
    format: FormatFact | None = None
    structure: StructureFact | None = None
    virus: VirusFact | None = None
    signatures: SignatureCheck | None = None  # None: a file that carries no signature


@dataclass(frozen=True, slots=True)
class Document:
    """One document (tài liệu) of a dossier: table 8.4 of the facts, EAD_doc/pic/media of the circular.

    `given` holds every element as received, in order, also those that have an attribute here.
    """

    ordinal: int  # 1…n in the order of the dossier
    kind: DocumentKind
    doc_id: str
    doc_code: str
    title: str  # subject; for pictures imageTitle or eventName, for media movieTitle or eventName
    mode: Coded
    metadata_path: str  # received path of its EAD_* file
    file_ids: tuple[str, ...]  # main file first, then attachments
    type_name: Coded | None = None
    code_number: str = ""
    code_notation: str = ""
    issued_date: PartialDate | None = None
    organ_name: str = ""
    languages: tuple[Coded, ...] = ()
    number_of_page: Count | None = None
    confidence_level: Coded | None = None
    keywords: tuple[str, ...] = ()
    linked_document: str = ""  # docId named by a .fetch.txt stub
    linked_object: str = ""  # the held object that has it, once resolved
    given: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """How the dossier came to us: one transfer, and who answered for taking it."""

    transfer_id: str
    shape: str  # `tt05-sip-zip`
    container_name: str
    container_size: int
    container_sha256: str
    received_at: str
    operator: str
    objid_given: str
    record_status: str  # NEW, SUPPLEMENT, REPLACEMENT, TEST, OTHER
    created_given: str = ""
    software_name: str = ""
    software_version: str = ""
    agreement: str = ""  # altRecordID SUBMISSIONAGREEMENT: mã đăng ký yêu cầu nộp
    members: int = 0


@dataclass(frozen=True, slots=True)
class Custody:
    """The act of taking the dossier in: the named policy or person that decided, when and why."""

    decided_by: str
    decided_at: str
    reason: str


@dataclass(frozen=True, slots=True)
class Supplement:
    """A later transfer that added documents: how it came, which files it brought, who took it in."""

    submission: Submission
    file_ids: tuple[str, ...]
    custody: Custody | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """One closed electronic dossier: table 8.3 of the facts, EAD.xml of the circular."""

    object_id: str  # urn:{mã phông}:uuid-{UUID}
    fonds_code: str
    agency_name: str
    file_code: str
    title: str
    maintenance: Coded
    mode: Coded
    languages: tuple[Coded, ...]
    start_date: PartialDate
    end_date: PartialDate
    total_doc: Count
    submission: Submission
    documents: tuple[Document, ...]
    files: tuple[ReceivedFile, ...]
    archive_code: str = ""  # mã cơ quan lưu trữ of this archive
    arc_file_code: str = ""  # mã hồ sơ lưu trữ, assigned at commit
    keywords: tuple[str, ...] = ()
    number_of_paper: Count | None = None
    number_of_page: Count | None = None
    physical_condition: Coded | None = None
    infor_sign: str = ""
    confidence_level: Coded | None = None
    paper_file_code: str = ""
    risk_recovery: Coded | None = None
    risk_recovery_status: Coded | None = None
    description: str = ""
    custody: Custody | None = None
    given: tuple[tuple[str, str], ...] = ()
    scheme_version: str = SCHEME_TT05
    supplements: tuple[Supplement, ...] = ()  # in the order they came
    # Certificates, CRLs and OCSP responses the signatures were judged with: sha256 → DER in base64.
    validation_data: Mapping[str, str] = field(default_factory=dict)

    def file(self, file_id: str) -> ReceivedFile:
        """The file of that id. KeyError when the record is not consistent."""
        for candidate in self.files:
            if candidate.file_id == file_id:
                return candidate
        raise KeyError(file_id)

    @property
    def effective_mode(self) -> str:
        """The strictest mode of the dossier and its documents (01 < 02 < 03); unknown counts as 02."""
        codes = [self.mode.code or "02", *((d.mode.code or "02") for d in self.documents)]
        return max(codes)


NO_CODE = Coded("", None)


@dataclass(frozen=True, slots=True)
class HeldDossier:
    """What the archive knows of a dossier it holds, for judging a new submission against it."""

    object_id: str
    head: str
    file_code: str
    fonds_code: str
    title: str
    payload_sha256: frozenset[str] = field(default_factory=frozenset)
    document_ids: frozenset[str] = field(default_factory=frozenset)
    document_count: int = 0
