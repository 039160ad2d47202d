"""One audit run: every chosen copy looked at, judged, looked at again where it looked wrong, recorded.

The run is recorded when it begins, in batches while it goes on, and when it ends; so one that was
killed shows as a run without an end, and nothing that was found is lost. A store that is away, or has
another's disk in its place, makes its copies *not checked* and is listed; none of its files is called
missing. Audits write to the catalogue and the ledger, never to an object.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

from preservation import history
from preservation.audit.fixity import CopyJudgement, CopyVerdict, Sums, compare, not_checked
from preservation.events import EventType, Outcome
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import (
    AuditResultRecord,
    AuditRunRecord,
    ExpectedRecord,
)
from repository.catalogue.writing import Transaction
from repository.clock import Clock, utc_text
from repository.digest import digest_bytes
from repository.errors import Corrupt, Locked, Misconfigured, Unavailable
from repository.model import ObjectId
from repository.store import STORAGE_ROOT, Observation, Store

BATCH = 64  # copies of objects recorded in one transaction, and in one entry of the ledger
NAMED = 1000  # files that one result names; its sums count them all


@dataclass(frozen=True, slots=True)
class Selection:
    """What to audit: which copies of which objects, and whether the storage roots themselves."""

    kind: Literal["all", "due", "named", "sample"]
    copies: Mapping[str, Sequence[str]]  # store name → object ids
    roots: bool  # also what lies in the storage root outside of every object
    note: str = ""


@dataclass(frozen=True, slots=True)
class AuditServices:
    """What a run works with. `in_progress` names the objects that somebody is writing now.

    `following` is called in the transaction that records a batch of results: what follows from them
    (incidents) is recorded with them or not at all. It may read the catalogue and must do nothing slow.
    """

    catalogue: Catalogue
    stores: Mapping[str, Store]
    clock: Clock
    in_progress: Callable[[], Collection[str]]
    publish: Callable[[], None]
    following: Callable[[Transaction, Sequence[AuditResultRecord]], None] = lambda *_: None


@dataclass(slots=True)
class AuditSummary:
    """The sums of a run. `broken` says why they cannot be relied on, when they cannot."""

    run_id: str
    sums: Sums = field(default_factory=Sums)
    objects: int = 0
    copies: int = 0
    bytes: int = 0
    stores_unavailable: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        verdict = self.sums.verdict()
        if verdict is CopyVerdict.DAMAGED:
            return Outcome.FAILURE
        if verdict is CopyVerdict.INCOMPLETE or self.stores_unavailable:
            return Outcome.INCOMPLETE
        return Outcome.SUCCESS

    def totals(self) -> dict[str, object]:
        return {
            "objects": self.objects,
            "copies": self.copies,
            "bytes": self.bytes,
            **self.sums.as_dict(),
            "stores_unavailable": sorted(self.stores_unavailable),
        }


def audit(
    services: AuditServices,
    selection: Selection,
    *,
    operator: str,
    medium: bool = True,
    on_result: Callable[[AuditResultRecord], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> AuditSummary:
    """Audit the selection and return its sums; `on_result` hears of each copy as it is judged.

    `stop` is asked between copies: what was not looked at by then is counted as not checked. After
    a crash the batches recorded so far stay recorded.
    """
    begun = services.clock.now()
    run = _begin(services, selection, operator, begun)
    summary = AuditSummary(run.run_id)
    objects: set[str] = set()
    batch: list[AuditResultRecord] = []
    for result in _results(services, selection, run.run_id, summary, medium=medium, stop=stop):
        _count(summary, objects, result)
        on_result(result)
        batch.append(result)
        if len(batch) >= BATCH or sum(len(one.files) for one in batch) >= NAMED:
            _record_results(services, run, batch, operator)
            batch = []
    if batch:
        _record_results(services, run, batch, operator)
    summary.objects = len(objects)
    _end(services, run, summary, operator)
    return summary


def _results(
    services: AuditServices,
    selection: Selection,
    run_id: str,
    summary: AuditSummary,
    *,
    medium: bool,
    stop: Callable[[], bool],
) -> Iterator[AuditResultRecord]:
    for name, object_ids in selection.copies.items():
        store = services.stores[name]
        done = 0
        reason = "stopped"
        try:
            for result in _store_results(services, store, object_ids, run_id, medium, stop):
                done += 1
                yield result
            if done == len(object_ids) and selection.roots and not stop():
                yield _root_result(services, store, run_id, medium=medium)
        except Unavailable as problem:
            summary.stores_unavailable.append(name)
            reason = problem.operator
        for object_id in object_ids[done:]:
            expected = services.catalogue.expected(object_id)
            yield _result(services, run_id, object_id, name, not_checked(expected, reason))


def _store_results(
    services: AuditServices,
    store: Store,
    object_ids: Sequence[str],
    run_id: str,
    medium: bool,
    stop: Callable[[], bool],
) -> Iterator[AuditResultRecord]:
    wanted = (ObjectId(object_id) for object_id in object_ids)
    for seen in store.observe(wanted, medium=medium):
        judgement = compare(services.catalogue.expected(seen.object_id), seen)
        if judgement.verdict is not CopyVerdict.INTACT:
            judgement = _second_look(services, store, seen.object_id)
        yield _result(services, run_id, seen.object_id, store.name, judgement)
        if stop():
            return


def _second_look(services: AuditServices, store: Store, object_id: ObjectId) -> CopyJudgement:
    """Judge again with nobody at work on the object, by OpenSSL, against a fresh expectation.

    A writer may have changed the object between the expectation and the look, and a fast engine's
    mismatch is not a verdict until OpenSSL agrees.
    """
    try:
        with store.settled(object_id):
            if object_id in services.in_progress():
                return not_checked(services.catalogue.expected(object_id), "being written")
            return _confirmed(services, store, object_id)
    except (Locked, Misconfigured) as problem:
        return not_checked(services.catalogue.expected(object_id), problem.operator)
    except Corrupt:  # so badly damaged that nobody can settle it: nobody is writing it either
        return _confirmed(services, store, object_id)


def _confirmed(services: AuditServices, store: Store, object_id: ObjectId) -> CopyJudgement:
    expected = services.catalogue.expected(object_id)
    return compare(expected, next(iter(store.observe([object_id], confirm=True))))


def _root_result(
    services: AuditServices, store: Store, run_id: str, *, medium: bool
) -> AuditResultRecord:
    """The storage root's own files, and everything in it that belongs to no held object."""
    judgement = _judge_root(services, store, medium=medium)
    if judgement.verdict is not CopyVerdict.INTACT:
        judgement = _judge_root(services, store, medium=medium)
    return _result(services, run_id, STORAGE_ROOT, store.name, judgement)


def _judge_root(services: AuditServices, store: Store, *, medium: bool) -> CopyJudgement:
    ids = [record.object_id for record in services.catalogue.objects()]
    ids += services.in_progress()
    known = {store.object_path(ObjectId(object_id)) for object_id in ids}
    seen: Observation = store.observe_root(known.__contains__, medium=medium)
    expected = [
        ExpectedRecord(STORAGE_ROOT, path, len(data), digest_bytes(data, ["sha512"])["sha512"])
        for path, data in store.expected_root().items()
    ]
    return compare(expected, seen)


def _result(
    services: AuditServices, run_id: str, object_id: str, store: str, judged: CopyJudgement
) -> AuditResultRecord:
    return AuditResultRecord(
        run_id=run_id,
        object_id=object_id,
        store=store,
        checked_at=utc_text(services.clock.now()),
        verdict=judged.verdict.value,
        **judged.sums.as_dict(),
        byte_count=judged.byte_count,
        files=tuple(
            {"path": finding.path, "verdict": finding.verdict.value, "reason": finding.reason}
            for finding in judged.findings[:NAMED]
        ),
    )


def _count(summary: AuditSummary, objects: set[str], result: AuditResultRecord) -> None:
    summary.sums += Sums(
        expected=result.expected,
        intact=result.intact,
        altered=result.altered,
        missing=result.missing,
        unreadable=result.unreadable,
        not_checked=result.not_checked,
        unexpected=result.unexpected,
    )
    summary.bytes += result.byte_count
    if result.object_id != STORAGE_ROOT:
        summary.copies += 1
        objects.add(result.object_id)


# -- recording


def _begin(
    services: AuditServices, selection: Selection, operator: str, now: datetime
) -> AuditRunRecord:
    run = AuditRunRecord(
        run_id=f"AUD-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        kind=selection.kind,
        started_at=utc_text(now),
        finished_at="",
        operator=operator,
        outcome="",
        totals={"note": selection.note} if selection.note else {},
    )
    _record(services, EventType.AUDIT_BEGUN, operator, Outcome.SUCCESS, history.run_detail(run))
    services.publish()
    return run


def _record_results(
    services: AuditServices,
    run: AuditRunRecord,
    results: Sequence[AuditResultRecord],
    operator: str,
) -> None:
    outcome = _batch_outcome(results)
    detail = history.results_detail(run.run_id, results)
    event = history.new_event(
        EventType.AUDIT_RESULTS,
        at=services.clock.now(),
        agent=operator,
        outcome=outcome,
        detail=detail,
    )
    with services.catalogue.transaction() as tx:
        history.record(tx, event)
        services.following(tx, results)


def _end(
    services: AuditServices, run: AuditRunRecord, summary: AuditSummary, operator: str
) -> None:
    ended = AuditRunRecord(
        **{
            **asdict(run),
            "finished_at": utc_text(services.clock.now()),
            "outcome": summary.outcome.value,
            "totals": {**run.totals, **summary.totals()},
        }
    )
    _record(services, EventType.AUDIT_ENDED, operator, summary.outcome, history.run_detail(ended))
    services.publish()


def _record(
    services: AuditServices,
    type_: EventType,
    operator: str,
    outcome: Outcome,
    detail: Mapping[str, object],
) -> None:
    event = history.new_event(
        type_, at=services.clock.now(), agent=operator, outcome=outcome, detail=detail
    )
    with services.catalogue.transaction() as tx:
        history.record(tx, event)


def _batch_outcome(results: Iterable[AuditResultRecord]) -> Outcome:
    verdicts = {result.verdict for result in results}
    if CopyVerdict.DAMAGED.value in verdicts:
        return Outcome.FAILURE
    if CopyVerdict.INCOMPLETE.value in verdicts:
        return Outcome.INCOMPLETE
    return Outcome.SUCCESS
