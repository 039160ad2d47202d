"""The bodies of the read-only API, as readers and their programs rely on them.

Frozen and closed: a field that is not declared here never leaves. Names are snake_case; instants are
ISO 8601 in UTC; a value that is not known, or that this reader may not see, is null. Conversion from
the archive's own records is in `api/presenters.py`.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Access = Literal["open", "conditional", "secret"]
Links = dict[str, str]


class Body(BaseModel):
    """What all bodies share: frozen, and nothing undeclared in them."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(Body):
    """One text in both languages."""

    vi: str
    en: str


# --- objects


class ObjectSummary(Body):
    """One dossier in a list. Of a conditional dossier this is all that an anonymous reader gets."""

    object_id: str
    title: str
    fonds_code: str
    agency_name: str
    file_code: str
    arc_file_code: str
    start_date: str | None = Field(description="ISO 8601, possibly only a year or a month.")
    end_date: str | None
    document_count: int
    file_count: int
    byte_count: int
    access: Access
    links: Links


class DocumentFile(Body):
    """One received file of a document."""

    path: str = Field(description="Its logical path in the head version.")
    name: str
    role: str
    size: int | None
    sha256: str | None
    sha512: str | None
    media_type: str
    links: Links


class DocumentBody(Body):
    """One document of a dossier, in the dossier's order."""

    ordinal: int
    kind: str
    doc_id: str
    doc_code: str
    title: str
    type_code: str
    code_number: str
    code_notation: str
    issued_date: str | None
    organ_name: str
    pages: int | None
    access: Access
    files: tuple[DocumentFile, ...]


class ObjectBody(ObjectSummary):
    """One dossier. What is null on a conditional dossier is not for an anonymous reader."""

    access_note: Bilingual | None = Field(description="Why access is limited, and how to ask.")
    maintenance: str | None
    head: str | None
    profile: str | None
    first_held_at: str | None
    updated_at: str | None
    transfer_id: str | None = Field(description="For auditors.")
    documents: tuple[DocumentBody, ...] | None


class ObjectPage(Body):
    """A page of dossiers by object_id."""

    items: tuple[ObjectSummary, ...]
    next: str | None = Field(description="The address of the next page; null on the last one.")


class LinkTarget(Body):
    """One target of a link, after RFC 9264."""

    href: str
    type: str | None = None


class LinkContext(BaseModel):
    """The links of one thing, after RFC 9264; member names are link relations."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    anchor: str
    cite_as: tuple[LinkTarget, ...] = Field(serialization_alias="cite-as")
    describedby: tuple[LinkTarget, ...]
    item: tuple[LinkTarget, ...]


class Linkset(Body):
    """All links of an object in one document (RFC 9264)."""

    linkset: tuple[LinkContext, ...]


# --- versions and files


class VersionBody(Body):
    """One version: it never changes."""

    object_id: str
    version: str
    created: str
    message: str
    user_name: str
    profile: str
    inventory_sha512: str
    is_head: bool
    links: Links


class VersionList(Body):
    """All versions, first to head."""

    object_id: str
    items: tuple[VersionBody, ...]


class FileBody(Body):
    """One file of a version's state."""

    path: str
    content_path: str = Field(description="Where the bytes lie below the object's folder.")
    size: int
    sha512: str
    sha256: str | None
    media_type: str
    links: Links


class FileList(Body):
    """Every file of a version's state, by path."""

    object_id: str
    version: str
    count: int
    byte_count: int
    items: tuple[FileBody, ...]


# --- history


class EventBody(Body):
    """One event of the archive's history."""

    sequence: int = Field(description="Its place in the ledger.")
    event_id: str
    type: str
    at: str
    agent: str
    outcome: str
    object_id: str | None
    transfer_id: str | None = Field(description="For auditors.")
    detail: dict[str, Any] | None = Field(description="For auditors.")


class EventPage(Body):
    """Events by sequence."""

    items: tuple[EventBody, ...]
    next: str | None


class CopyBody(Body):
    """One copy in one store, and when every byte of it was last looked at."""

    store: str
    head: str
    written_at: str
    read_back: str = Field(description="How it was read back after writing.")
    last_checked_at: str | None = Field(description="Null: never audited.")
    verdict: str | None = Field(description="intact, damaged or incomplete; null: never audited.")


class FileFinding(Body):
    """One file that was not found intact."""

    path: str
    verdict: str
    reason: str | None = Field(description="For auditors.")


class AuditResultBody(Body):
    """What one audit found in one copy of one object."""

    run_id: str
    object_id: str
    store: str
    checked_at: str
    verdict: str
    expected: int
    intact: int
    altered: int
    missing: int
    unreadable: int
    not_checked: int
    unexpected: int
    byte_count: int
    files: tuple[FileFinding, ...]
    links: Links


class FixityBody(Body):
    """What is known of the integrity of an object: each copy, and its audits, last first."""

    object_id: str
    copies: tuple[CopyBody, ...]
    history: tuple[AuditResultBody, ...]


class AuditRunBody(Body):
    """One audit run. Sums count closed dossiers too, so they are for auditors."""

    run_id: str
    kind: str
    started_at: str
    finished_at: str | None = Field(description="Null: the run is going on, or was interrupted.")
    outcome: str | None
    stores_unavailable: tuple[str, ...]
    operator: str | None = Field(description="For auditors.")
    totals: dict[str, Any] | None = Field(description="For auditors.")
    links: Links


class AuditRunPage(Body):
    """Audit runs, last started first."""

    items: tuple[AuditRunBody, ...]
    next: str | None


class AuditRunDetail(AuditRunBody):
    """One run with a page of the copies that are not intact (for auditors; else null)."""

    results: tuple[AuditResultBody, ...] | None
    next: str | None


# --- search


class SnippetPart(Body):
    """A piece of the text found; `matched` where it answers the query."""

    text: str
    matched: bool


class HitBody(Body):
    """One dossier found."""

    object: ObjectSummary
    snippet: tuple[SnippetPart, ...]
    score: float


class SearchPage(Body):
    """Dossiers found, best first."""

    query: str
    items: tuple[HitBody, ...]
    next: str | None


# --- transfers, for auditors


class FindingBody(Body):
    """One finding of the intake rules."""

    code: str
    severity: str
    location: str
    params: dict[str, str]
    text: Bilingual


class TransferBody(Body):
    """One transfer: what came, what was found, what was decided."""

    transfer_id: str
    source: str
    shape: str
    container_sha256: str
    received_at: str
    finished_at: str | None
    operator: str
    state: str
    object_id: str | None
    version: str | None
    title: str
    decided_by: str | None
    reason: str | None
    due: str | None  # the last day on which it is to be decided; null once it is
    problems: tuple[FindingBody, ...]
    links: Links


class TransferPage(Body):
    """Transfers, last received first."""

    items: tuple[TransferBody, ...]
    next: str | None


# --- the archive itself


class StoreBody(Body):
    """One store, and the copy in it that was unchecked the longest."""

    name: str
    primary: bool
    never_checked: bool = Field(
        description="It has copies that no audit has read since they were written."
    )
    oldest_check_at: str | None = Field(
        description="When that copy was last read: by an audit, or back when it was written. A look "
        "that could not read all of it does not count."
    )
    oldest_object_id: str | None = Field(description="For auditors.")


class StatusBody(Body):
    """What is held and how well it is looked after, as far as this reader may see."""

    archive_name: str
    counts: dict[str, int]
    stores: tuple[StoreBody, ...]
    newest_audit: AuditRunBody | None
    links: Links


class HealthBody(Body):
    """Whether the service can answer now."""

    status: Literal["ok", "unwell"]
    catalogue: bool
    primary_store: bool


class IndexBody(Body):
    """Where everything is."""

    archive_name: str
    links: Links


class ProblemText(Body):
    """The explanation of a kind of problem in one language."""

    title: str
    text: str


class ProblemPage(Body):
    """The explanation of a kind of problem."""

    code: str
    status: int
    vi: ProblemText
    en: ProblemText
