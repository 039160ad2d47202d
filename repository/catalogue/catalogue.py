"""The catalogue: an index of what storage holds, the history of audits, and the outbox of events.

Never the truth: `preservation.rebuild` makes it again from one storage root and the ledger, and then it
gives identical answers. What is asked is in `reading.py` and `search.py`, what is changed in
`writing.py`, the file itself in `schema.py` and `engine.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from repository.catalogue import audit_reading, coverage_reading, desk_reading, reading, search
from repository.catalogue import engine as sqlite
from repository.catalogue import incidents as incident_questions
from repository.catalogue.records import (
    AuditMonthRecord,
    AuditResultRecord,
    AuditRunRecord,
    CopyRecord,
    DocumentRecord,
    EventRecord,
    ExpectedRecord,
    IncidentRecord,
    ListedDossierRecord,
    ListedOutcome,
    ObjectRecord,
    RegistrationRecord,
    SearchHit,
    TransferRecord,
    VersionRecord,
)
from repository.catalogue.schema import check_current, create_catalogue, is_older, migrate
from repository.catalogue.writing import Transaction

__all__ = [
    "Catalogue",
    "Transaction",
    "create_catalogue",
    "is_older",
    "migrate",
    "open_catalogue",
]

_PAGE = 500  # records fetched at a time where an answer may be the whole archive


def open_catalogue(path: Path, *, read_only: bool = False) -> Catalogue:
    """Open an existing catalogue.

    NotFound when there is none; Misconfigured, with what to do, when its tables are not those of this
    program or it is no catalogue. `read_only`: no method can write, whatever the permissions are.
    """
    check_current(path, read_only=read_only)
    return Catalogue(sqlite.make_engine(path, "ro" if read_only else "rw"))


class Catalogue:
    """Questions and changes. Usable from several threads; other processes open their own.

    A question sees one state of the catalogue, that of its moment; the two that walk the whole archive
    (`objects`, `copies_of_store`) see a state per page. Any method may raise Locked, Unavailable or
    Corrupt; nothing is changed then.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self) -> None:
        """Give the file back. Nothing may be asked afterwards."""
        self._engine.dispose()

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One change, whole or not at all: kept on leaving the block, undone by any exception or a
        crash. Other writers wait, so do nothing slow inside. Not to be nested: the inner one would
        wait for the outer."""
        with sqlite.writing(self._engine) as connection:
            yield Transaction(connection)

    # --- objects ------------------------------------------------------------------------------

    def object(self, object_id: str) -> ObjectRecord | None:
        """One object, or None when it is not held."""
        with sqlite.reading(self._engine) as connection:
            return reading.object_record(connection, object_id)

    def objects(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        fonds: str | None = None,
        modes: Collection[str] | None = None,
        canaries: bool = True,
    ) -> Iterator[ObjectRecord]:
        """Objects by object_id, after one, of one fonds, of these modes only; where no fonds is named
        `canaries` says whether those that drills harm are among them."""
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            with sqlite.reading(self._engine) as connection:
                page = reading.object_page(
                    connection,
                    after=after,
                    limit=size,
                    fonds=fonds,
                    modes=modes,
                    canaries=canaries,
                )
            yield from page
            if len(page) < size:
                return
            after, left = page[-1].object_id, None if left is None else left - size

    def documents(self, object_id: str) -> Sequence[DocumentRecord]:
        """The documents of an object in the order of the dossier."""
        with sqlite.reading(self._engine) as connection:
            return reading.documents_of(connection, object_id)

    def versions(self, object_id: str) -> Sequence[VersionRecord]:
        """The versions of an object, first to head."""
        with sqlite.reading(self._engine) as connection:
            return reading.versions_of(connection, object_id)

    def expected(self, object_id: str) -> Sequence[ExpectedRecord]:
        """Every file each copy of an object must have, by path."""
        with sqlite.reading(self._engine) as connection:
            return reading.expected_of(connection, object_id)

    def object_by_file_code(self, fonds: str, file_code: str) -> ObjectRecord | None:
        """The dossier of that code in a fonds; codes are compared in NFC."""
        with sqlite.reading(self._engine) as connection:
            return reading.object_by_file_code(connection, fonds, file_code)

    def object_of_document(self, fonds: str, doc_id: str) -> str | None:
        """The object_id of the dossier in a fonds that has a document of this docId at its head."""
        with sqlite.reading(self._engine) as connection:
            return reading.object_of_document(connection, fonds, doc_id)

    def objects_with_payload(self, sha256s: Collection[str]) -> Mapping[str, str]:
        """Of these digests those of payload files held, each with the first object_id that has it."""
        with sqlite.reading(self._engine) as connection:
            return reading.objects_with_payload(connection, sha256s)

    def search(
        self,
        text: str,
        *,
        limit: int,
        after: str | None = None,
        fonds: str | None = None,
        modes: Collection[str] | None = None,
    ) -> Sequence[SearchHit]:
        """Objects that answer what a person typed, best first; every string is a valid query.

        `after` is the object_id of the last hit of the page before; NotFound when it is no hit any
        more. What is outside `fonds` and `modes` has no influence on the answer, scores included.
        """
        with sqlite.reading(self._engine) as connection:
            return search.search_objects(
                connection, text, limit=limit, after=after, fonds=fonds, modes=modes
            )

    def counts(self, *, modes: Collection[str] | None = None) -> Mapping[str, int]:
        """Sums: objects, documents, files, bytes; without `modes` also transfers, `transfers.STATE`
        for each state, and events."""
        with sqlite.reading(self._engine) as connection:
            return reading.counts(connection, modes=modes)

    # --- copies -------------------------------------------------------------------------------

    def copies(self, object_id: str) -> Sequence[CopyRecord]:
        """The copies of an object, by store."""
        with sqlite.reading(self._engine) as connection:
            return reading.copies_of(connection, object_id)

    def copies_of_store(
        self, store: str, *, after: str | None = None, limit: int | None = None
    ) -> Iterator[CopyRecord]:
        """The copies in a store, by object_id."""
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            with sqlite.reading(self._engine) as connection:
                page = reading.copy_page(connection, store, after=after, limit=size)
            yield from page
            if len(page) < size:
                return
            after, left = page[-1].object_id, None if left is None else left - size

    def longest_unread(self, store: str) -> CopyRecord | None:
        """The copy of a store that was last read before all others, whatever was tried since; None
        where there is no copy. Canaries are left out, here and in `any_unread`."""
        with sqlite.reading(self._engine) as connection:
            return reading.longest_unread(connection, store)

    def any_unread(self, store: str) -> bool:
        """Whether no audit has read all of some copy in a store since it was written."""
        with sqlite.reading(self._engine) as connection:
            return reading.any_unread(connection, store)

    def unproven_readings(self, store: str) -> Sequence[str]:
        """The copies of a store, by object_id, of which it is said that they were read after they were
        written, and no audit's result says so: somebody else wrote that."""
        with sqlite.reading(self._engine) as connection:
            return reading.unproven_readings(connection, store)

    # --- transfers ----------------------------------------------------------------------------

    def transfers(
        self, limit: int | None = None, state: str | None = None
    ) -> Sequence[TransferRecord]:
        """Transfers, last received first."""
        with sqlite.reading(self._engine) as connection:
            return reading.transfer_list(connection, limit=limit, state=state)

    def transfer(self, transfer_id: str) -> TransferRecord | None:
        """One transfer, or None."""
        with sqlite.reading(self._engine) as connection:
            return reading.transfer(connection, transfer_id)

    def transfer_by_container(self, sha256: str) -> TransferRecord | None:
        """The transfer that brought these bytes: the first accepted one, else the last of any state."""
        with sqlite.reading(self._engine) as connection:
            return reading.transfer_by_container(connection, sha256)

    # --- what was announced -------------------------------------------------------------------

    def registration(self, registration_id: str) -> RegistrationRecord | None:
        """One registration, or None."""
        with sqlite.reading(self._engine) as connection:
            return desk_reading.registration(connection, registration_id)

    def registrations(self, year: int | None = None) -> Sequence[RegistrationRecord]:
        """What agencies announced, the latest year first."""
        with sqlite.reading(self._engine) as connection:
            return desk_reading.registration_list(connection, year)

    def listed(self, registration_id: str) -> Sequence[ListedDossierRecord]:
        """The rows of one file list, in its order."""
        with sqlite.reading(self._engine) as connection:
            return desk_reading.listed(connection, registration_id)

    def outcomes(self, of: RegistrationRecord) -> Sequence[ListedOutcome]:
        """Each row of a file list with what became of it, in its order."""
        with sqlite.reading(self._engine) as connection:
            return tuple(desk_reading.outcomes(connection, of))

    def unlisted(self, fonds: str, year: int) -> Sequence[ObjectRecord]:
        """Held dossiers of a fonds that ended in a year and stand in none of its lists."""
        with sqlite.reading(self._engine) as connection:
            return tuple(desk_reading.unlisted(connection, fonds, year))

    # --- audits -------------------------------------------------------------------------------

    def audit_runs(self, limit: int | None = None) -> Sequence[AuditRunRecord]:
        """Audit runs, last started first."""
        with sqlite.reading(self._engine) as connection:
            return reading.audit_run_list(connection, limit=limit)

    def audit_run(self, run_id: str) -> AuditRunRecord | None:
        """One audit run, or None."""
        with sqlite.reading(self._engine) as connection:
            return reading.audit_run(connection, run_id)

    def audit_results(
        self, run_id: str, *, only_not_intact: bool = False
    ) -> Sequence[AuditResultRecord]:
        """What a run found, by object_id and store."""
        with sqlite.reading(self._engine) as connection:
            return reading.audit_results_of_run(connection, run_id, only_not_intact=only_not_intact)

    def object_ids(self) -> Sequence[str]:
        """The id of every held object, in order."""
        with sqlite.reading(self._engine) as connection:
            return audit_reading.object_ids(connection)

    def audit_totals(self, run_id: str) -> Mapping[str, int]:
        """The sums over all results of a run, and their number as `rows`."""
        with sqlite.reading(self._engine) as connection:
            return audit_reading.totals_of_run(connection, run_id)

    def found_since(
        self, object_ids: Sequence[str], store: str, since: str, runs: Sequence[str]
    ) -> Mapping[str, AuditResultRecord]:
        """What these runs found in these copies since then, where every file was looked at."""
        with sqlite.reading(self._engine) as connection:
            return audit_reading.found_since(connection, object_ids, store, since, runs)

    def expected_of_many(self, object_ids: Sequence[str]) -> Mapping[str, Sequence[ExpectedRecord]]:
        """What each of these objects must hold, by path, in one question."""
        with sqlite.reading(self._engine) as connection:
            return audit_reading.expected_of_many(connection, object_ids)

    def audit_history(
        self, object_id: str, *, limit: int | None = None
    ) -> Sequence[AuditResultRecord]:
        """What all runs found in the copies of an object, last first."""
        with sqlite.reading(self._engine) as connection:
            return reading.audit_results_of_object(connection, object_id, limit=limit)

    def looks_not_intact(self, store: str) -> Mapping[str, AuditResultRecord]:
        """What the last look at each copy of a store that is not intact found, by object_id."""
        with sqlite.reading(self._engine) as connection:
            return coverage_reading.looks_not_intact(connection, store)

    def audit_months(self, store: str) -> Sequence[AuditMonthRecord]:
        """What audits read of a store in each month, the first month first."""
        with sqlite.reading(self._engine) as connection:
            return coverage_reading.audit_months(connection, store)

    # --- incidents ----------------------------------------------------------------------------

    def incidents(
        self,
        *,
        only_open: bool = False,
        object_id: str | None = None,
        store: str | None = None,
        limit: int | None = None,
    ) -> Sequence[IncidentRecord]:
        """Incidents, last opened first; `object_id` empty: those that are of no object."""
        with sqlite.reading(self._engine) as connection:
            return incident_questions.incident_list(
                connection, only_open=only_open, object_id=object_id, store=store, limit=limit
            )

    def incident(self, incident_id: str) -> IncidentRecord | None:
        """One incident, or None."""
        with sqlite.reading(self._engine) as connection:
            return incident_questions.incident(connection, incident_id)

    def stores_of_run(self, run_id: str) -> Sequence[str]:
        """The stores of which an audit run has results, by name."""
        with sqlite.reading(self._engine) as connection:
            return incident_questions.stores_of_run(connection, run_id)

    def incident_counts(self) -> Mapping[str, int]:
        """How many incidents are in each state."""
        with sqlite.reading(self._engine) as connection:
            return incident_questions.incident_counts(connection)

    # --- events -------------------------------------------------------------------------------

    def events(
        self, *, after: int = 0, limit: int | None = None, object_id: str | None = None
    ) -> Sequence[EventRecord]:
        """Events after a sequence, in order, of one object if asked."""
        with sqlite.reading(self._engine) as connection:
            return reading.event_list(connection, after=after, limit=limit, object_id=object_id)

    def event_counts(self) -> Mapping[str, Mapping[str, int]]:
        """How many events there are, by type and outcome."""
        with sqlite.reading(self._engine) as connection:
            return coverage_reading.event_counts(connection)

    def last_event(self, type_: str) -> EventRecord | None:
        """The last event of a type, or None."""
        with sqlite.reading(self._engine) as connection:
            return reading.last_event(connection, type_)

    def event(self, event_id: str) -> EventRecord | None:
        """One event by its id, or None."""
        with sqlite.reading(self._engine) as connection:
            return reading.event_by_id(connection, event_id)

    def event_count(self) -> int:
        """How many events are recorded."""
        with sqlite.reading(self._engine) as connection:
            return reading.event_count(connection)

    def last_sequence(self) -> int:
        """The sequence of the last event, 0 when there is none."""
        with sqlite.reading(self._engine) as connection:
            return reading.last_sequence(connection)

    def outbox(self, limit: int | None = None) -> Sequence[EventRecord]:
        """Events the ledger does not have yet, in order."""
        with sqlite.reading(self._engine) as connection:
            return reading.outbox_list(connection, limit)
