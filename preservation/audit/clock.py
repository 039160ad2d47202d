"""What the clock does when it ticks. Each tick asks the catalogue what there is to do, and does it.

Nothing is remembered between ticks, so a tick that was killed is done again by asking again. Work is
cut into runs small enough to stop between; what a run found is recorded by the run. When ticks
happen, and in which threads, is decided in `kho/scheduling.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from preservation.audit import spooled
from preservation.audit.lacking import lacking
from preservation.audit.policy import GRACE_DAYS, AuditPolicy, late
from preservation.audit.readings import copies_as_read
from preservation.audit.run import AuditServices, AuditSummary, Selection, audit
from preservation.audit.schedule import Batch, plan_batches
from preservation.audit.spooled import Kind, Note, TakenNotes
from preservation.audit.worklist import due, spent_bytes
from repository import durable
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import ObjectRecord
from repository.clock import utc_text
from repository.errors import Unavailable
from repository.store import STORAGE_ROOT

REPORTED_AT_ONCE = 64  # dossiers looked at in one tick because somebody reported them
_RUNS_A_DAY = 500  # how far back today's runs are looked for


@dataclass(frozen=True, slots=True)
class ClockServices:
    """What the ticks work with. A byte budget of the policy is a day's, and of each store."""

    auditing: AuditServices
    policy: AuditPolicy
    spool: Path
    operator: str
    # Told of the copies of a store, by object_id, whose last reading no audit made.
    doubted: Callable[[str, Sequence[str]], None] = lambda _store, _ids: None

    def quiet(self, store: str, now: datetime) -> bool:
        """Whether audits are not to read this store now."""
        hours = self.policy.of(store).quiet
        return hours is not None and hours.holds(now)


def audit_due(
    services: ClockServices,
    *,
    stop: Callable[[], bool] = lambda: False,
    heard: Callable[[AuditSummary], None] = lambda _: None,
) -> list[AuditSummary]:
    """Audit what is due now in every store that is there; `heard` is told of each run as it ends.

    The storage roots themselves are looked at once a day. A store that is away is noted once a day and
    none of its copies is touched, so they stay as old as they are. In its quiet hours a store is not
    asked at all, and a run that meets them stops before its next object. A copy that is said to have
    been read when no audit read it is due at once, and told.
    """
    auditing, now = services.auditing, services.auditing.clock.now()
    held = list(auditing.catalogue.objects())
    quiet = quiet_stores(services)
    chosen: dict[str, list[str]] = {}
    roots = []
    for name, store in auditing.stores.items():
        if name in quiet:
            continue
        try:
            store.check_available()
        except Unavailable:
            if not _noted_away(services, name, now):
                roots.append(name)
            continue
        if doubted := auditing.catalogue.unproven_readings(name):
            services.doubted(name, doubted)
        chosen[name] = worklist(auditing.catalogue, name, services.policy, now, held=held)
        if not _root_seen(services, name, now):
            roots.append(name)
            ids = [record.object_id for record in held]
            chosen[name] += lacking(auditing.catalogue, name, auditing.required, ids)
    done = []
    sizes = {record.object_id: record.byte_count for record in held}
    for batch in plan_batches(chosen, sizes, roots):
        if stop():
            break
        if _quiet(services, batch):
            continue  # another batch may be of stores where it is not
        selection = Selection("due", batch.copies, roots=batch.roots)
        halted = partial(_halted, services, batch, stop)
        done.append(audit(auditing, selection, operator=services.operator, stop=halted))
        heard(done[-1])
    return done


def quiet_stores(services: ClockServices) -> frozenset[str]:
    """The stores that audits do not read now."""
    now = services.auditing.clock.now()
    return frozenset(name for name in services.auditing.stores if services.quiet(name, now))


def any_there(services: ClockServices, quiet: Collection[str]) -> bool:
    """Whether any store that audits may read now answers."""
    for name, store in services.auditing.stores.items():
        if name in quiet:
            continue
        try:
            store.check_available()
        except Unavailable:
            continue
        return True
    return False


def beyond_grace(services: ClockServices) -> dict[str, int]:
    """How many copies of each store were last read before their window and its grace began; only the
    stores that have such."""
    auditing, now = services.auditing, services.auditing.clock.now()
    held = list(auditing.catalogue.objects())
    found = {}
    for name in auditing.stores:
        windows = services.policy.windows(name, held)
        copies = copies_as_read(auditing.catalogue, name)
        policy = services.policy.of(name)
        found[name] = len(late(copies, policy, now, windows=windows, grace_days=GRACE_DAYS))
    return {name: count for name, count in found.items() if count}


def worklist(
    catalogue: Catalogue,
    store: str,
    policy: AuditPolicy,
    now: datetime,
    *,
    held: Sequence[ObjectRecord] | None = None,
    budget: int | None = None,
) -> list[str]:
    """What is due in one store, by object_id, the nearest to the end of its window first.

    Within `budget` bytes, else within what is left of the day's. `held`: all objects, where the caller
    has them at hand.
    """
    records = list(catalogue.objects()) if held is None else held
    sizes = {record.object_id: record.byte_count for record in records}
    copies = list(copies_as_read(catalogue, store))
    promised = policy.of(store)
    if budget is not None:
        promised = replace(promised, byte_budget=budget)
    elif promised.byte_budget is not None:
        left = promised.byte_budget - spent_bytes(copies, sizes, promised, now)
        promised = replace(promised, byte_budget=left if left > 0 else -1)
    windows = policy.windows(store, records)
    return [copy.object_id for copy in due(copies, sizes, promised, now, windows=windows)]


def _halted(services: ClockServices, batch: Batch, stop: Callable[[], bool]) -> bool:
    return stop() or _quiet(services, batch)


def _quiet(services: ClockServices, batch: Batch) -> bool:
    """Whether it is quiet in one of the batch's stores."""
    now = services.auditing.clock.now()
    return any(services.quiet(name, now) for name in batch.copies)


def audit_reported(
    services: ClockServices, *, stop: Callable[[], bool] = lambda: False
) -> tuple[AuditSummary | None, list[str]]:
    """Audit every copy of the dossiers that the read service reported since their last look.

    Returns the run, if there was one, and the names of files in the spool that were refused. Quiet
    hours do not put it off: damage that somebody met is looked at now. A report is removed only after
    an audit has looked at what it names. Unavailable, Misconfigured when the spool cannot be used.
    """
    taken, refused = _take(services.spool, "damage")
    now = utc_text(services.auditing.clock.now())
    waiting = {
        note: None
        for notes in taken
        for note in notes.notes
        if _unseen(services.auditing.catalogue, note, now)
    }
    wanted = list(dict.fromkeys(note.object_id for note in waiting))[:REPORTED_AT_ONCE]
    summary = _audit_named(services, wanted, stop) if wanted and not stop() else None
    looked = set(wanted) if summary is not None and not stop() else set()
    for notes in taken:
        if all(note not in waiting or note.object_id in looked for note in notes.notes):
            _settle(notes)
    return summary, refused


def wishes(services: ClockServices) -> tuple[list[str], Callable[[], None]]:
    """The dossiers that readers wished access copies of, and what forgets the wishes once acted on.

    Unavailable, Misconfigured when the spool cannot be used.
    """
    taken, _ = _take(services.spool, "wishes")
    ids = dict.fromkeys(note.object_id for notes in taken for note in notes.notes)
    catalogue = services.auditing.catalogue
    known = [object_id for object_id in ids if catalogue.object(object_id) is not None]

    def forget() -> None:
        for notes in taken:
            _settle(notes)

    return known, forget


def _take(spool: Path, kind: Kind) -> tuple[list[TakenNotes], list[str]]:
    try:
        return spooled.take(spool, kind)
    except OSError as problem:
        raise durable.explained(problem, "taking notes from the spool") from problem


def _settle(notes: TakenNotes) -> None:
    try:
        spooled.settle(notes)
    except OSError as problem:
        raise durable.explained(problem, "removing notes from the spool") from problem


def audit_suspected(
    services: ClockServices, object_ids: Sequence[str], *, stop: Callable[[], bool] = lambda: False
) -> AuditSummary | None:
    """Audit every copy of dossiers that somebody met damaged, unless that is known already."""
    catalogue = services.auditing.catalogue
    news = [
        object_id
        for object_id in object_ids
        if all(copy.last_verdict != "damaged" for copy in catalogue.copies(object_id))
    ]
    if not news or stop():
        return None
    return _audit_named(services, news[:REPORTED_AT_ONCE], stop)


def _audit_named(
    services: ClockServices, wanted: Sequence[str], stop: Callable[[], bool]
) -> AuditSummary:
    catalogue = services.auditing.catalogue
    copies: dict[str, list[str]] = {name: [] for name in services.auditing.stores}
    for object_id in wanted:
        for copy in catalogue.copies(object_id):
            if copy.store in copies:
                copies[copy.store].append(object_id)
    selection = Selection("named", copies, roots=False, note="met damaged while being read")
    return audit(services.auditing, selection, operator=services.operator, stop=stop)


def _unseen(catalogue: Catalogue, report: Note, now: str) -> bool:
    """Whether the copy that is reported is ours and was not looked at since."""
    for copy in catalogue.copies(report.object_id):
        if copy.store == report.store:
            return copy.last_checked_at <= min(report.at, now)
    return False


def _root_seen(services: ClockServices, name: str, now: datetime) -> bool:
    begins = utc_text(services.policy.default.day(now)[0])
    few = 8 * len(services.auditing.stores)
    return any(
        result.store == name and begins <= result.checked_at
        for result in services.auditing.catalogue.audit_history(STORAGE_ROOT, limit=few)
    )


def _noted_away(services: ClockServices, name: str, now: datetime) -> bool:
    begins = utc_text(services.policy.default.day(now)[0])
    return any(
        run.kind == "due"
        and run.started_at >= begins
        and name in run.totals.get("stores_unavailable", ())
        for run in services.auditing.catalogue.audit_runs(_RUNS_A_DAY)
    )
