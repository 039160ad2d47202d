"""What the catalogue answers with: frozen values, never rows.

Every value here can be made again from one storage root and the ledger (`preservation.rebuild`), so no
record holds a row number, a local time of insertion or anything else that would differ after it.
Times are UTC text. `detail`, `problems` and `totals` are plain JSON values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# Objects of this fonds are ours, for drills (`preservation.drills`). Readers are never shown them, and
# lists, sums and exports leave them out unless they are asked for by this name.
CANARY_FONDS = "KHO.CANARY"

Json = Any  # JSON text turned into Python values; the outer edges give it a schema


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """One held object at its head version, as `kho list` and the API show it."""

    object_id: str
    fonds_code: str
    agency_name: str
    file_code: str
    arc_file_code: str
    title: str
    mode: str  # effective mode: 01 public, 02 conditional, 03 secret
    maintenance: str
    start_date: str  # ISO, possibly partial, or empty
    end_date: str
    document_count: int
    file_count: int  # files under the object root
    byte_count: int
    head: str
    profile: str
    transfer_id: str
    first_held_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """One document of a held object at its head version."""

    object_id: str
    ordinal: int
    kind: str
    doc_id: str
    doc_code: str
    title: str
    type_code: str
    code_number: str
    code_notation: str
    issued_date: str
    organ_name: str
    mode: str
    pages: int | None
    files: Sequence[Mapping[str, Json]] = field(default_factory=tuple)  # path, size, sha256, sha512


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One version of a held object."""

    object_id: str
    version: str
    created: str
    message: str
    user_name: str
    inventory_sha512: str
    profile: str


class ExpectedRecord(NamedTuple):  # an audit makes very many, and this is the quickest to make
    """One file that every copy of an object must have, with what its bytes must be."""

    object_id: str
    path: str  # relative to the object root
    size: int
    sha512: str


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """One copy of one object in one store, and when it was last looked at."""

    object_id: str
    store: str
    head: str
    written_at: str
    read_back: str  # direct, evicted, cached: how the bytes were read back after writing
    last_checked_at: str  # empty: never audited
    last_verdict: str  # intact, damaged, incomplete; empty: never audited
    # When all of it was last looked at: by an audit that left no file out, else when it was written and
    # read back. A later version that is written beside what is there does not make the rest younger.
    read_at: str = ""
    tried_at: str = ""  # when an audit since then could not look at all of it; empty: none


@dataclass(frozen=True, slots=True)
class TransferRecord:
    """One transfer: what came, what was found, what was decided."""

    transfer_id: str
    source: str
    shape: str
    container_sha256: str
    received_at: str
    finished_at: str
    operator: str
    state: str  # accepted, refused, held-already, awaiting-decision, returned
    object_id: str
    version: str
    title: str
    decided_by: str
    reason: str
    problems: Sequence[Mapping[str, Json]] = field(default_factory=tuple)
    fonds_code: str = ""  # empty where it was not read, or must not be written down (a secret)
    agency_name: str = ""
    file_code: str = ""
    agreement: str = ""  # mã đăng ký yêu cầu nộp


@dataclass(frozen=True, slots=True)
class RegistrationRecord:
    """What an agency announced that it will hand over: one file list, of one year."""

    registration_id: str
    agency_code: str
    agency_name: str
    level: str  # province, commune, other
    fonds_code: str
    year: int
    announced: int  # how many dossiers; of a list, its rows
    expected_by: str  # ISO date, or empty
    registered_at: str
    registered_by: str
    source: str = ""  # the list's own name; empty when there is none
    source_sha256: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ListedDossierRecord:
    """One row of an agency's file list (danh mục hồ sơ)."""

    registration_id: str
    place: int  # its row's place in the list, from 1
    file_code: str
    title: str
    maintenance: str = ""
    form: str = ""  # electronic, paper; empty: the list does not say
    closed: str = ""  # ISO date, possibly partial, or empty
    note: str = ""


@dataclass(frozen=True, slots=True)
class ListedOutcome:
    """A row of a file list and what became of it."""

    listed: ListedDossierRecord
    state: str  # held, awaiting-decision, refused, returned, not-come
    object_id: str
    transfer_id: str  # the last transfer of that code, where one is known


@dataclass(frozen=True, slots=True)
class AuditRunRecord:
    """One audit run with its sums (design section 5)."""

    run_id: str
    kind: str  # all, due, named, sample
    started_at: str
    finished_at: str
    operator: str
    outcome: str
    totals: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditResultRecord:
    """What one run found in one copy of one object. `files` lists only what is not intact."""

    run_id: str
    object_id: str
    store: str
    checked_at: str
    verdict: str  # intact, damaged, incomplete
    expected: int
    intact: int
    altered: int
    missing: int
    unreadable: int
    not_checked: int
    unexpected: int
    byte_count: int
    files: Sequence[Mapping[str, Json]] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """One incident: what is wrong with one copy, store or record, and how far its care has come.

    `cause` and `state` are those of `preservation.incidents.incident`. `kinds` tells incidents of
    one copy apart. `told` says what each channel of notification was last told.
    """

    incident_id: str
    cause: str
    object_id: str  # empty: it is about a store, the ledger or the clock
    store: str
    state: str
    opened_at: str
    changed_at: str  # when its state last changed
    seen_at: str  # when it was last found
    seen_count: int
    diagnosis: str  # the kind of the hint; empty: none
    by: str  # who changed its state last
    reason: str  # what a person said of it last
    run_id: str  # the audit that last found it
    kinds: Sequence[str] = field(default_factory=tuple)
    detail: Mapping[str, Json] = field(default_factory=dict)
    told: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditMonthRecord:
    """What audits read of one store in one month."""

    store: str
    month: str  # 2026-11, UTC
    looks: int  # at copies, and at the storage root
    files: int
    byte_count: int
    damaged: int  # files
    not_seen: int  # files that could not be read or were not checked


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event. `sequence` is its place in the ledger, given when it is recorded, from 1."""

    event_id: str
    type: str
    at: str
    agent: str
    outcome: str
    object_id: str = ""
    transfer_id: str = ""
    detail: Mapping[str, Json] = field(default_factory=dict)
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One object found, best first; `snippet` has the matched words between U+0001 and U+0002."""

    record: ObjectRecord
    snippet: str
    score: float
