"""The changes of the catalogue, inside one transaction.

Each `put_` replaces what stood under the same identity, so that putting the same values again, in any
order, leads to the same answers. Only the sequence of events is given here; everything else was
decided before. There is one writer at a time (`engine.writing`), which is what makes
"delete, then insert" and "the last sequence plus one" safe.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update

from repository.catalogue import incidents as incident_questions
from repository.catalogue import search
from repository.catalogue.records import (
    AuditResultRecord,
    AuditRunRecord,
    CopyRecord,
    DocumentRecord,
    EventRecord,
    ExpectedRecord,
    IncidentRecord,
    ListedDossierRecord,
    ObjectRecord,
    RegistrationRecord,
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
    incidents,
    listed_dossiers,
    names,
    objects,
    outbox,
    payloads,
    registrations,
    search_texts,
    transfers,
    versions,
)
from repository.errors import NotFound
from repository.model import VersionNumber
from repository.search_text import SearchText

_BATCH = 500  # rows of one statement

# Made once: an audit marks every copy it looked at.
_MARK = (
    update(copies)
    .where(copies.c.object_id == bindparam("of"), copies.c.store == bindparam("within"))
    .values(last_checked_at=bindparam("looked"), last_verdict=bindparam("verdict"))
)
# Of every copy they are taken; its `files` are plain values already, from JSON or as JSON takes them.
_FOUND = tuple(
    name.name for name in fields(AuditResultRecord) if name.name not in ("run_id", "object_id")
)
_FOUND_OF = attrgetter(*_FOUND)
_FORGET_FOUND = delete(audit_results).where(
    audit_results.c.run_key == bindparam("run"),
    audit_results.c.store == bindparam("in_store"),
    audit_results.c.object_key.in_(bindparam("some", expanding=True)),
)
_MARK_READ = _MARK.values(read_at=bindparam("looked"), tried_at="")
_MARK_TRIED = _MARK.values(tried_at=bindparam("looked"))


class Transaction:
    """What `Catalogue.transaction()` hands out. Nothing of it stays unless all of it does.

    Not for two threads at once, and of no use after its `with` block.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put_object(
        self,
        record: ObjectRecord,
        documents: Sequence[DocumentRecord],
        versions: Sequence[VersionRecord],
        expected: Sequence[ExpectedRecord],
        payload_sha256: Mapping[str, str],
        search_text: SearchText,
    ) -> None:
        """Replace everything the catalogue says of one object, except its copies and audits.

        `payload_sha256` maps a payload file's path to its digest; only the digests are kept. ValueError
        when a record is of another object.
        """
        parts: tuple[DocumentRecord | VersionRecord | ExpectedRecord, ...]
        parts = (*documents, *versions, *expected)
        if any(part.object_id != record.object_id for part in parts):
            raise ValueError(f"a record of another object was put under {record.object_id}")
        key = self._key(record.object_id)
        self._remove_object(key, record.object_id)
        self._insert(
            objects,
            [
                {
                    **_values(record),
                    "key": key,
                    "file_code_nfc": unicodedata.normalize("NFC", record.file_code),
                }
            ],
        )
        self._put_parts(key, documents, versions, expected)
        self._insert(
            payloads,
            [{"sha256": d, "object_key": key} for d in sorted(set(payload_sha256.values()))],
        )
        self._insert(search_texts, [{**_values(search_text), "object_key": key}])
        search.index_object(self._connection, key, search_text, record, documents)

    def put_copy(self, record: CopyRecord, *, written_in_part: bool = False) -> None:
        """Replace what is known of one copy, its last check included.

        `written_in_part`: only a new version was written; of a copy that is known already, when all of
        it was last read stays what it was, and so does a verdict that is not `intact`.
        """
        if written_in_part:
            record = self._with_former_look(record)
        self._replace(copies, {"object_id": record.object_id, "store": record.store}, record)

    def mark_copy_checked(
        self, object_id: str, store: str, at: str, verdict: str, *, read_all: bool = False
    ) -> None:
        """Record the last look at a copy, and whether it left no file out. NotFound when the catalogue
        knows no such copy."""
        done = self._connection.execute(
            _MARK_READ if read_all else _MARK_TRIED,
            {"of": object_id, "within": store, "looked": at, "verdict": verdict},
        )
        if done.rowcount != 1:
            raise NotFound(f"The catalogue knows no copy of {object_id} in the store {store}.")

    def mark_copies_checked(
        self, looks: Sequence[tuple[str, str, str, str]], *, read_all: bool
    ) -> None:
        """As `mark_copy_checked`, of many: object, store, instant, verdict. A copy that the catalogue
        does not know (it should be there and was never made) has nothing to be marked."""
        names = ("of", "within", "looked", "verdict")
        if looks:
            self._connection.execute(
                _MARK_READ if read_all else _MARK_TRIED,
                [dict(zip(names, look, strict=True)) for look in looks],
            )

    def put_transfer(self, record: TransferRecord) -> None:
        """Replace what is known of one transfer."""
        self._replace(transfers, {"transfer_id": record.transfer_id}, record)

    def put_registration(self, record: RegistrationRecord) -> None:
        """Replace what an agency announced; the rows of its list are put afterwards, anew."""
        identity = {"registration_id": record.registration_id}
        self._replace(registrations, identity, record)
        self._connection.execute(
            delete(listed_dossiers).where(
                listed_dossiers.c.registration_id == record.registration_id
            )
        )

    def put_listed_dossiers(self, records: Sequence[ListedDossierRecord]) -> None:
        """Replace rows of file lists, each in its place."""
        for record in records:
            self._connection.execute(
                delete(listed_dossiers).where(
                    listed_dossiers.c.registration_id == record.registration_id,
                    listed_dossiers.c.place == record.place,
                )
            )
        self._insert(
            listed_dossiers,
            [
                {
                    **_values(record),
                    "file_code_nfc": unicodedata.normalize("NFC", record.file_code),
                }
                for record in records
            ],
        )

    def put_audit_run(self, record: AuditRunRecord) -> None:
        """Replace one audit run; its results are put apart, before or after."""
        self._replace(audit_runs, {"run_id": record.run_id}, record)

    def put_audit_results(self, records: Sequence[AuditResultRecord]) -> None:
        """Replace what runs found in copies. May be called many times in one run."""
        for start in range(0, len(records), _BATCH):
            batch = records[start : start + _BATCH]
            keys = self._keys({r.run_id for r in batch} | {r.object_id for r in batch})
            rows = {}
            for record in batch:
                run_key, object_key = keys[record.run_id], keys[record.object_id]
                row = dict(zip(_FOUND, _FOUND_OF(record), strict=True))
                row |= {"run_key": run_key, "object_key": object_key}
                rows[run_key, object_key, record.store] = row
            of_one: dict[tuple[int, str], list[int]] = {}
            for run_key, object_key, store in rows:
                of_one.setdefault((run_key, store), []).append(object_key)
            for (run_key, store), some in of_one.items():
                self._connection.execute(
                    _FORGET_FOUND, {"run": run_key, "in_store": store, "some": some}
                )
            self._insert(audit_results, list(rows.values()))

    def put_incident(self, record: IncidentRecord) -> None:
        """Replace what is known of one incident."""
        self._replace(incidents, {"incident_id": record.incident_id}, record)

    def incident(self, incident_id: str) -> IncidentRecord | None:
        """One incident, as this transaction sees it."""
        return incident_questions.incident(self._connection, incident_id)

    def open_incidents_of(self, object_ids: Collection[str]) -> Sequence[IncidentRecord]:
        """The incidents of these objects that are not closed, as this transaction sees them."""
        return incident_questions.open_incidents_of(self._connection, object_ids)

    def append_event(self, event: EventRecord) -> EventRecord:
        """Record an event after the last one, and put it in the outbox.

        Sequences have no gap: one that was given and rolled back is given again. Conflict when an event
        of this id was recorded before.
        """
        last = self._connection.execute(select(func.max(events.c.sequence))).scalar() or 0
        recorded = replace(event, sequence=last + 1)
        self._insert(events, [_values(recorded)])
        self._insert(outbox, [{"sequence": recorded.sequence}])
        return recorded

    def restore_event(self, event: EventRecord) -> None:
        """Record an event that the ledger has already, in its place. Conflict when the place or the id
        is taken; ValueError when it has no place."""
        if event.sequence < 1:
            raise ValueError("an event of the ledger has a sequence from 1")
        self._insert(events, [_values(event)])

    def mark_published(self, up_to_sequence: int) -> None:
        """The ledger has every event up to this one: take them out of the outbox."""
        self._connection.execute(delete(outbox).where(outbox.c.sequence <= up_to_sequence))

    def _with_former_look(self, record: CopyRecord) -> CopyRecord:
        former = self._connection.execute(
            select(copies).where(
                copies.c.object_id == record.object_id, copies.c.store == record.store
            )
        ).one_or_none()
        if former is None:
            return record
        kept = {"read_at": former.read_at or former.written_at, "tried_at": former.tried_at}
        if former.last_verdict not in ("", "intact"):
            kept["last_checked_at"] = former.last_checked_at
            kept["last_verdict"] = former.last_verdict
        return replace(record, **kept)

    def _put_parts(
        self,
        key: int,
        of_documents: Sequence[DocumentRecord],
        of_versions: Sequence[VersionRecord],
        of_expected: Sequence[ExpectedRecord],
    ) -> None:
        in_order = sorted(of_documents, key=lambda d: d.ordinal)
        self._insert(documents, [{**_values(d), "place": n} for n, d in enumerate(in_order)])
        by_number = sorted(of_versions, key=lambda v: VersionNumber.parse(v.version))
        self._insert(versions, [{**_values(v), "place": n} for n, v in enumerate(by_number)])
        self._insert(
            expected_files,
            [
                {"object_key": key, "path": e.path, "size": e.size, "sha512": e.sha512}
                for e in of_expected
            ],
        )

    def _remove_object(self, key: int, object_id: str) -> None:
        held = select(objects.c.key).where(objects.c.key == key)
        if self._connection.execute(held).first() is None:
            return
        search.remove_object(self._connection, key)
        for table in (search_texts, payloads, expected_files):
            self._connection.execute(delete(table).where(table.c.object_key == key))
        for table in (documents, versions, objects):
            self._connection.execute(delete(table).where(table.c.object_id == object_id))

    def _replace(self, table: Table, identity: Mapping[str, str], record: Any) -> None:
        self._connection.execute(
            delete(table).where(*(table.c[column] == value for column, value in identity.items()))
        )
        self._insert(table, [_values(record)])

    def _insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)

    def _key(self, name: str) -> int:
        return self._keys({name})[name]

    def _keys(self, wanted: set[str]) -> dict[str, int]:
        found = self._known_keys(wanted)
        missing = sorted(wanted - found.keys())
        if missing:
            self._insert(names, [{"name": name} for name in missing])
            found |= self._known_keys(set(missing))
        return found

    def _known_keys(self, wanted: set[str]) -> dict[str, int]:
        rows = self._connection.execute(
            select(names.c.name, names.c.key).where(names.c.name.in_(sorted(wanted)))
        )
        return {str(name): int(key) for name, key in rows}


def _values(record: Any) -> dict[str, Any]:
    """A record's fields as column values; mappings and sequences inside stay plain JSON values."""
    return {field.name: _plain(getattr(record, field.name)) for field in fields(record)}


def _plain(value: Any) -> Any:
    if value is None or type(value) in _PLAIN:  # nearly every value: an audit writes very many
        return value
    if isinstance(value, str):
        return str(value)  # the typed strings of `model.py` and of enumerations
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return value


_PLAIN = frozenset({str, int, bool, float})
