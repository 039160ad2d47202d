"""The questions of the catalogue: each a function of a connection that answers with records.

Every list has a stated order that depends on the records alone, never on when or in which order they
were put. Searching is apart (`search.py`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, func, select, text

from repository.catalogue.records import (
    CANARY_FONDS,
    AuditResultRecord,
    AuditRunRecord,
    CopyRecord,
    DocumentRecord,
    EventRecord,
    ExpectedRecord,
    ObjectRecord,
    TransferRecord,
    VersionRecord,
)
from repository.catalogue.tables import (
    audit_results,
    audit_runs,
    copies,
    documents,
    events,
    expected_files,
    names,
    objects,
    outbox,
    payloads,
    transfers,
    versions,
)

_BATCH = 500  # values of one IN list

# Made once: an audit asks it of every copy it looks at.
_EXPECTED = (
    select(expected_files.c.path, expected_files.c.size, expected_files.c.sha512)
    .join(names, names.c.key == expected_files.c.object_key)
    .where(names.c.name == bindparam("of"))
    .order_by(expected_files.c.path)
)

# As the index `copies_unread` has it, or it is not used.
_UNREAD = text("read_at <= written_at")
_NO_CANARY = ~copies.c.object_id.startswith(f"urn:{CANARY_FONDS}:", autoescape=True)

TRANSFER_STATES = ("accepted", "refused", "held-already", "awaiting-decision", "returned")


def object_record(connection: Connection, object_id: str) -> ObjectRecord | None:
    """One object, or None."""
    row = connection.execute(
        select(*OBJECT_COLUMNS).where(objects.c.object_id == object_id)
    ).one_or_none()
    return None if row is None else as_object(row)


def object_page(
    connection: Connection,
    *,
    after: str | None,
    limit: int,
    fonds: str | None,
    modes: Collection[str] | None,
    canaries: bool,
) -> Sequence[ObjectRecord]:
    """At most `limit` objects after `after`, by object_id."""
    seen = visible(fonds, modes, canaries=canaries)
    query = select(*OBJECT_COLUMNS).where(*seen).order_by(objects.c.object_id)
    if after is not None:
        query = query.where(objects.c.object_id > after)
    return [as_object(row) for row in connection.execute(query.limit(limit))]


def object_by_file_code(connection: Connection, fonds: str, file_code: str) -> ObjectRecord | None:
    """The first object of that file code, compared in NFC."""
    query = select(*OBJECT_COLUMNS).where(
        objects.c.fonds_code == fonds,
        objects.c.file_code_nfc == unicodedata.normalize("NFC", file_code),
    )
    row = connection.execute(query.order_by(objects.c.object_id).limit(1)).one_or_none()
    return None if row is None else as_object(row)


def object_of_document(connection: Connection, fonds: str, doc_id: str) -> str | None:
    """The first object with that document, or None."""
    query = (
        select(objects.c.object_id)
        .join(documents, documents.c.object_id == objects.c.object_id)
        .where(objects.c.fonds_code == fonds, documents.c.doc_id == doc_id)
    )
    return connection.execute(query.order_by(objects.c.object_id).limit(1)).scalar()


def objects_with_payload(connection: Connection, sha256s: Collection[str]) -> Mapping[str, str]:
    """Digest to the first object that has it, of those digests that any has."""
    found: dict[str, str] = {}
    wanted = iter(sorted(set(sha256s)))
    while batch := list(islice(wanted, _BATCH)):
        query = (
            select(payloads.c.sha256, func.min(names.c.name))
            .join(names, names.c.key == payloads.c.object_key)
            .where(payloads.c.sha256.in_(batch))
            .group_by(payloads.c.sha256)
        )
        found.update((digest, name) for digest, name in connection.execute(query))
    return found


def documents_of(connection: Connection, object_id: str) -> Sequence[DocumentRecord]:
    """In the order of the dossier."""
    query = select(*_but(documents, "place")).where(documents.c.object_id == object_id)
    rows = connection.execute(query.order_by(documents.c.place))
    return tuple(DocumentRecord(**_with_tuple(row, "files")) for row in rows)


def versions_of(connection: Connection, object_id: str) -> Sequence[VersionRecord]:
    """First version to head."""
    query = select(*_but(versions, "place")).where(versions.c.object_id == object_id)
    rows = connection.execute(query.order_by(versions.c.place))
    return tuple(VersionRecord(**row._mapping) for row in rows)


def expected_of(connection: Connection, object_id: str) -> Sequence[ExpectedRecord]:
    """By path."""
    rows = connection.execute(_EXPECTED, {"of": object_id})
    return tuple(ExpectedRecord(object_id, path, size, sha512) for path, size, sha512 in rows)


def copies_of(connection: Connection, object_id: str) -> Sequence[CopyRecord]:
    """By store."""
    query = select(copies).where(copies.c.object_id == object_id).order_by(copies.c.store)
    return _copies(connection, query)


def copy_page(
    connection: Connection, store: str, *, after: str | None, limit: int
) -> Sequence[CopyRecord]:
    """At most `limit` copies of a store after an object, by object_id."""
    query = select(copies).where(copies.c.store == store).order_by(copies.c.object_id)
    if after is not None:
        query = query.where(copies.c.object_id > after)
    return _copies(connection, query.limit(limit))


def longest_unread(connection: Connection, store: str) -> CopyRecord | None:
    """The copy that was last read before all others, or None where there is no copy."""
    query = select(copies).where(copies.c.store == store, _NO_CANARY)
    found = _copies(connection, query.order_by(copies.c.read_at, copies.c.object_id).limit(1))
    return found[0] if found else None


def any_unread(connection: Connection, store: str) -> bool:
    """Whether no audit has read all of some copy since it was written."""
    query = select(copies.c.object_id).where(copies.c.store == store, _UNREAD, _NO_CANARY)
    return connection.execute(query.limit(1)).first() is not None


def unproven_readings(connection: Connection, store: str) -> Sequence[str]:
    """The copies, by object_id, that are said to have been read after they were written at an instant
    at which no audit read all of them."""
    result, known = audit_results.c, names.c
    proof = (
        select(result.run_key)
        .where(
            result.object_key == known.key,
            result.store == copies.c.store,
            result.checked_at == copies.c.read_at,
            result.unreadable + result.not_checked == 0,
        )
        .correlate(copies, names)
        .exists()
    )
    query = (
        select(copies.c.object_id)
        .outerjoin(names, known.name == copies.c.object_id)
        .where(copies.c.store == store, copies.c.read_at > copies.c.written_at, ~proof)
    )
    return tuple(connection.execute(query.order_by(copies.c.object_id)).scalars())


def transfer(connection: Connection, transfer_id: str) -> TransferRecord | None:
    """One transfer, or None."""
    query = select(transfers).where(transfers.c.transfer_id == transfer_id)
    return next(_transfers(connection, query), None)


def transfer_list(
    connection: Connection, *, limit: int | None, state: str | None
) -> Sequence[TransferRecord]:
    """Last received first."""
    query = select(transfers)
    if state is not None:
        query = query.where(transfers.c.state == state)
    query = query.order_by(transfers.c.received_at.desc(), transfers.c.transfer_id.desc())
    return tuple(_transfers(connection, query.limit(limit)))


def transfer_by_container(connection: Connection, sha256: str) -> TransferRecord | None:
    """The first accepted transfer of these bytes, else the last of any state."""
    same = select(transfers).where(transfers.c.container_sha256 == sha256)
    taken = same.where(transfers.c.state == "accepted").order_by(
        transfers.c.received_at, transfers.c.transfer_id
    )
    latest = same.order_by(transfers.c.received_at.desc(), transfers.c.transfer_id.desc())
    found = next(_transfers(connection, taken.limit(1)), None)
    return found or next(_transfers(connection, latest.limit(1)), None)


def audit_run(connection: Connection, run_id: str) -> AuditRunRecord | None:
    """One run, or None."""
    row = connection.execute(select(audit_runs).where(audit_runs.c.run_id == run_id)).one_or_none()
    return None if row is None else AuditRunRecord(**row._mapping)


def audit_run_list(connection: Connection, *, limit: int | None) -> Sequence[AuditRunRecord]:
    """Last started first."""
    query = select(audit_runs).order_by(audit_runs.c.started_at.desc(), audit_runs.c.run_id.desc())
    return tuple(AuditRunRecord(**row._mapping) for row in connection.execute(query.limit(limit)))


def audit_results_of_run(
    connection: Connection, run_id: str, *, only_not_intact: bool
) -> Sequence[AuditResultRecord]:
    """By object_id and store."""
    query = RESULTS.where(RESULT_RUN.c.name == run_id).order_by(
        RESULT_OBJECT.c.name, audit_results.c.store
    )
    if only_not_intact:
        query = query.where(audit_results.c.verdict != "intact")
    return as_results(connection, query)


def audit_results_of_object(
    connection: Connection, object_id: str, *, limit: int | None
) -> Sequence[AuditResultRecord]:
    """Last checked first."""
    query = RESULTS.where(RESULT_OBJECT.c.name == object_id).order_by(
        audit_results.c.checked_at.desc(), RESULT_RUN.c.name.desc(), audit_results.c.store
    )
    return as_results(connection, query.limit(limit))


def event_list(
    connection: Connection, *, after: int, limit: int | None, object_id: str | None
) -> Sequence[EventRecord]:
    """By sequence."""
    query = select(events).where(events.c.sequence > after)
    if object_id is not None:
        query = query.where(events.c.object_id == object_id)
    return _events(connection, query.order_by(events.c.sequence).limit(limit))


def last_event(connection: Connection, type_: str) -> EventRecord | None:
    """The last event of a type, or None."""
    query = select(events).where(events.c.type == type_).order_by(events.c.sequence.desc())
    found = _events(connection, query.limit(1))
    return found[0] if found else None


def event_by_id(connection: Connection, event_id: str) -> EventRecord | None:
    """One event, or None."""
    found = _events(connection, select(events).where(events.c.event_id == event_id))
    return found[0] if found else None


def outbox_list(connection: Connection, limit: int | None) -> Sequence[EventRecord]:
    """Events not yet in the ledger, by sequence."""
    query = select(events).join(outbox, outbox.c.sequence == events.c.sequence)
    return _events(connection, query.order_by(events.c.sequence).limit(limit))


def event_count(connection: Connection) -> int:
    """How many events there are."""
    return connection.execute(select(func.count()).select_from(events)).scalar_one()


def last_sequence(connection: Connection) -> int:
    """The last sequence given; 0 before the first."""
    return connection.execute(select(func.max(events.c.sequence))).scalar() or 0


def counts(connection: Connection, *, modes: Collection[str] | None) -> Mapping[str, int]:
    """Sums of what may be seen; of transfers and events only when everything may be."""
    # Two questions, because the first is answered from one index alone.
    sums = _sums(connection, visible(None, modes, canaries=True))
    ours = _sums(connection, visible(CANARY_FONDS, modes))
    answer = {name: value - ours[name] for name, value in sums.items()}
    if modes is None:
        by_state = dict.fromkeys(TRANSFER_STATES, 0)
        grouped = select(transfers.c.state, func.count()).group_by(transfers.c.state)
        by_state.update((state, number) for state, number in connection.execute(grouped))
        answer["transfers"] = sum(by_state.values())
        answer |= {f"transfers.{state}": by_state[state] for state in sorted(by_state)}
        answer["events"] = event_count(connection)
    return answer


def _sums(connection: Connection, conditions: list[ColumnElement[bool]]) -> dict[str, int]:
    sums = connection.execute(
        select(
            func.count(),
            *(
                func.coalesce(func.sum(objects.c[name]), 0)
                for name in ("document_count", "file_count", "byte_count")
            ),
        )
        .select_from(objects)
        .where(*conditions)
    ).one()
    summed = ("objects", "documents", "files", "bytes")
    return {name: int(value) for name, value in zip(summed, sums, strict=True)}


def visible(
    fonds: str | None, modes: Collection[str] | None, *, canaries: bool = False
) -> list[ColumnElement[bool]]:
    """The conditions of what a reader may see; no mode at all means nothing."""
    conditions: list[ColumnElement[bool]] = []
    if fonds is not None:
        conditions.append(objects.c.fonds_code == fonds)
    elif not canaries:
        conditions.append(objects.c.fonds_code != CANARY_FONDS)
    if modes is not None:
        conditions.append(objects.c.mode.in_(sorted(set(modes))))
    return conditions


def as_object(row: Row[Any]) -> ObjectRecord:
    """The object of a row that begins with OBJECT_COLUMNS."""
    return ObjectRecord(*row[: len(OBJECT_COLUMNS)])


def _but(table: Table, *left_out: str) -> list[ColumnElement[Any]]:
    return [column for column in table.columns if column.name not in left_out]


OBJECT_COLUMNS = _but(objects, "key", "file_code_nfc")

RESULT_RUN, RESULT_OBJECT = names.alias("run"), names.alias("object")
RESULTS = (
    select(
        RESULT_RUN.c.name.label("run_id"),
        RESULT_OBJECT.c.name.label("object_id"),
        *_but(audit_results, "run_key", "object_key"),
    )
    .join(RESULT_RUN, RESULT_RUN.c.key == audit_results.c.run_key)
    .join(RESULT_OBJECT, RESULT_OBJECT.c.key == audit_results.c.object_key)
)


def _with_tuple(row: Row[Any], column: str) -> dict[str, Any]:
    values = dict(row._mapping)
    values[column] = tuple(values[column])
    return values


def _copies(connection: Connection, query: Select[Any]) -> Sequence[CopyRecord]:
    return tuple(CopyRecord(**row._mapping) for row in connection.execute(query))


def _transfers(connection: Connection, query: Select[Any]) -> Iterator[TransferRecord]:
    for row in connection.execute(query):
        yield TransferRecord(**_with_tuple(row, "problems"))


def as_results(connection: Connection, query: Select[Any]) -> Sequence[AuditResultRecord]:
    """The results of a query that is made of RESULTS."""
    rows = connection.execute(query)
    return tuple(AuditResultRecord(**_with_tuple(row, "files")) for row in rows)


def _events(connection: Connection, query: Select[Any]) -> Sequence[EventRecord]:
    return tuple(EventRecord(**row._mapping) for row in connection.execute(query))
