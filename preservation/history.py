"""What happened, told once: the one way in which an event changes the catalogue.

Live work and `kho rebuild` both go through `apply`, so a catalogue made again from storage and ledger
answers as the first one did. What storage itself tells (objects, versions, files) comes from
`preservation.indexing`; here is only what storage cannot tell: transfers, copies, audits.

`detail` of each event type, as written to the ledger for ever:

    ingestion, refusal, duplicate receipt, decision   {"transfer": {…TransferRecord}}
    transfer registration                             {"registration": {…}, "listed": [[…]]}
    quarantine purge                                  {"purge": {…}}
    ingestion, metadata modification, replication     {"copies": [{…CopyRecord}], "version", …}
    repair begun, repair                              {"repair": {…}}; done: also as replication
    reconciliation                                    {"reconciliation": {…}}
    store addition, attachment, detachment            {"store": {…}}
    fixity audit begun / ended                        {"run": {…AuditRunRecord}}
    fixity check                                      {"run_id", "results": [[…AuditResultRecord]]}
    incident opened / diagnosed / repaired / …        {"incident": {…IncidentRecord after it}}
    notice sent                                       {"told": {"channel", "at", "states", …}}
    audit policy change                               {"policy": {"old", "new", …}}
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol

from preservation.events import EventType, Outcome
from preservation.ledger.chain import fits
from repository.catalogue.records import (
    AuditResultRecord,
    AuditRunRecord,
    CopyRecord,
    EventRecord,
    IncidentRecord,
    ListedDossierRecord,
    RegistrationRecord,
    TransferRecord,
)
from repository.clock import utc_text
from repository.digest import digest_bytes
from repository.errors import Refused
from repository.store import LEDGER, STORAGE_ROOT

# Thousands of files are named in one event: their values are taken, not copied one by one.
_EVENT_FIELDS = tuple(field.name for field in fields(EventRecord))
_EVENT = attrgetter(*_EVENT_FIELDS)
_RESULT = attrgetter(*(field.name for field in fields(AuditResultRecord)))


class HistoryWriter(Protocol):
    """The part of a catalogue transaction that history needs."""

    def put_copy(self, record: CopyRecord, *, written_in_part: bool = False) -> None: ...

    def mark_copies_checked(
        self, looks: Sequence[tuple[str, str, str, str]], *, read_all: bool
    ) -> None: ...

    def put_transfer(self, record: TransferRecord) -> None: ...

    def put_registration(self, record: RegistrationRecord) -> None: ...

    def put_listed_dossiers(self, records: Sequence[ListedDossierRecord]) -> None: ...

    def put_audit_run(self, record: AuditRunRecord) -> None: ...

    def put_audit_results(self, records: Sequence[AuditResultRecord]) -> None: ...

    def put_incident(self, record: IncidentRecord) -> None: ...

    def incident(self, incident_id: str) -> IncidentRecord | None: ...

    def append_event(self, event: EventRecord) -> EventRecord: ...


def new_event(
    type_: EventType,
    *,
    at: datetime,
    agent: str,
    outcome: Outcome,
    object_id: str = "",
    transfer_id: str = "",
    detail: Mapping[str, Any] | None = None,
) -> EventRecord:
    """An event that has not been recorded yet."""
    return EventRecord(
        event_id=str(uuid.uuid4()),
        type=type_.value,
        at=utc_text(at),
        agent=agent,
        outcome=outcome.value,
        object_id=object_id,
        transfer_id=transfer_id,
        detail=dict(detail or {}),
    )


def record(tx: HistoryWriter, event: EventRecord) -> EventRecord:
    """Apply the event and put it in the outbox, in the caller's transaction: both or neither.

    Refused when it is too long for the ledger: nothing is recorded that could never be published.
    """
    if not fits(event_values(event)):
        raise Refused(f"The {event.type} has more to say than an entry of the ledger can hold.")
    apply(tx, event)
    return tx.append_event(event)


def event_values(event: EventRecord) -> dict[str, Any]:
    """The event as the ledger keeps it. Its detail is the event's own and not a copy of it."""
    return dict(zip(_EVENT_FIELDS, _EVENT(event), strict=True))


def apply(tx: HistoryWriter, event: EventRecord) -> None:
    """Bring the catalogue to the state after the event. Applying it again changes nothing."""
    detail = event.detail
    if "transfer" in detail:
        tx.put_transfer(TransferRecord(**detail["transfer"]))
    if "registration" in detail:
        tx.put_registration(RegistrationRecord(**detail["registration"]))
    if "listed" in detail:
        tx.put_listed_dossiers(
            [ListedDossierRecord(detail["registration_id"], *row) for row in detail["listed"]]
        )
    for copy in detail.get("copies", ()):
        written = CopyRecord(**copy)
        # All of it was read back, unless it was there already and only a version was added.
        tx.put_copy(
            replace(written, read_at=written.written_at, tried_at=""),
            written_in_part=event.type != EventType.REPAIR,
        )
    if "incident" in detail:
        tx.put_incident(IncidentRecord(**detail["incident"]))
    if "told" in detail:
        _tell(tx, detail["told"])
    if "run" in detail:
        tx.put_audit_run(AuditRunRecord(**detail["run"]))
    if "results" in detail:
        results = [AuditResultRecord(detail["run_id"], *row) for row in detail["results"]]
        tx.put_audit_results(results)
        looks: dict[bool, list[tuple[str, str, str, str]]] = {True: [], False: []}
        for result in results:
            if result.object_id in (STORAGE_ROOT, LEDGER) or result.store.startswith("("):
                continue  # no copy of an object
            if result.verdict == "incomplete" and not result.unreadable:
                continue  # nobody looked at it all: what was last known of the copy is still known
            read_all = result.expected > 0 and not result.unreadable + result.not_checked
            looks[read_all].append(
                (result.object_id, result.store, result.checked_at, result.verdict)
            )
        for read_all, marked in looks.items():
            tx.mark_copies_checked(marked, read_all=read_all)


def _tell(tx: HistoryWriter, told: Mapping[str, Any]) -> None:
    """What a channel of notification was told of each incident."""
    for incident_id, state in told["states"].items():
        incident = tx.incident(incident_id)
        if incident is None:
            continue
        now = {"state": state, "at": told["at"]}
        tx.put_incident(replace(incident, told={**incident.told, told["channel"]: now}))


def transfer_detail(transfer: TransferRecord) -> dict[str, Any]:
    """What an event says of a transfer."""
    return {"transfer": asdict(transfer)}


def registration_detail(registration: RegistrationRecord) -> dict[str, Any]:
    """What an event says of an announcement. Its list's rows follow in this and further events."""
    return {"registration": asdict(registration)}


def listed_detail(registration_id: str, rows: Iterable[ListedDossierRecord]) -> dict[str, Any]:
    """What an event says of rows of a file list: without the registration's id."""
    return {
        "registration_id": registration_id,
        "listed": [list(astuple(row))[1:] for row in rows],
    }


def copies_detail(
    copies: Iterable[CopyRecord], version: str, inventory: str, files: str = ""
) -> dict[str, Any]:
    """What an event says of the copies that were written and read back.

    `files`: by `files_digest`, where every file of the object is known to who records.
    """
    return {
        "copies": [asdict(copy) for copy in copies],
        "version": version,
        "inventory_sha512": inventory,
        **({"files_sha512": files} if files else {}),
    }


def files_digest(files: Iterable[tuple[str, str]]) -> str:
    """One digest (sha512) for the path and the sha512 of every file of an object, in any order.

    Over their number and then all paths and all digests, each ended by a null byte, which no path in
    a store has: so rows that are not exactly these, whatever they hold, have another.
    """
    rows = sorted(files)
    texts = (str(len(rows)), *[path for path, _ in rows], *[digest for _, digest in rows], "")
    data = "\0".join(texts).encode("utf-8", "surrogatepass")
    return digest_bytes(data, ["sha512"])["sha512"]


def run_detail(run: AuditRunRecord) -> dict[str, Any]:
    """What an event says of an audit run."""
    return {"run": asdict(run)}


def results_detail(run_id: str, results: Iterable[AuditResultRecord]) -> dict[str, Any]:
    """What an event says of a batch of audit results: a row each, without the run's id."""
    return {"run_id": run_id, "results": [list(_RESULT(result))[1:] for result in results]}
