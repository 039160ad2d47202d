"""To hold: a planned version goes into every required store, and the catalogue learns of it.

Hops 6 and 7 of the life of a dossier, used for new dossiers and later versions alike. The order is:
note the intention → commit to each store, each read back → record in one transaction with the event →
ledger → forget the intention. Killed anywhere, `recover` finishes when one store has the version, and
undoes when none has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import assert_never

from preservation import history, indexing
from preservation.events import EventType, Outcome
from preservation.indexing import IndexedObject
from preservation.work import WorkFolder, WorkNote, WorkState
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import CopyRecord, TransferRecord
from repository.clock import Clock, utc_text
from repository.digest import digest_bytes
from repository.errors import ArchiveError, Corrupt, Locked
from repository.model import LogicalPath, ObjectId, VersionNumber
from repository.store import Receipt, Recovered, Store, VersionPlan


@dataclass(frozen=True, slots=True)
class HoldingServices:
    """What holding works with. `stores` in the order they are written; the first is read from."""

    catalogue: Catalogue
    stores: Sequence[Store]
    clock: Clock
    work: WorkFolder
    publish: Callable[[], None]
    step: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Holding:
    """What is to be recorded once the version is held: the event's type, who, and the transfer."""

    type: EventType
    operator: str
    transfer: TransferRecord | None
    reason: str = ""


def require_stores(services: HoldingServices) -> None:
    """Unavailable unless every store is there: what cannot be kept as required is not taken."""
    for store in services.stores:
        store.check_available()


def hold(services: HoldingServices, work_id: str, plan: VersionPlan, holding: Holding) -> None:
    """Commit the plan to every store and record it. The caller holds the work's lock.

    After return the version is in every store, was read back from each, and is in the catalogue
    with its event. After an exception or a crash `recover` makes it so, or as if it never began.
    """
    version = plan.follows.next() if plan.follows else VersionNumber(1)
    before = services.work.note(work_id)
    waited = before is not None and before.state is WorkState.AWAITING
    note = WorkNote(
        work_id,
        WorkState.COMMITTING,
        plan.object_id,
        str(version),
        {
            "type": holding.type.value,
            "operator": holding.operator,
            "transfer": asdict(holding.transfer) if holding.transfer else None,
            "reason": holding.reason,
            "content": _planned_content(plan),
            # To what it goes back when it is undone: a person's decision is asked for again.
            "waiting": dict(before.detail) if before and waited else None,
        },
    )
    services.work.write(note)
    services.step("intention noted")
    receipts: list[Receipt] = []
    for store in services.stores:
        try:
            _bring_up(services, store, plan)
            receipts.append(store.commit(plan))
        except ArchiveError:
            if not receipts:
                _undo_if_nowhere(services, note)
            raise
        services.step(f"committed to {store.name}")
    _record(services, plan.object_id, receipts, holding)
    services.step("recorded")
    services.publish()
    services.step("published")
    services.work.end(work_id)


def _bring_up(services: HoldingServices, store: Store, plan: VersionPlan) -> None:
    """Give a store that was added since, or was not required, what this version follows.

    Only where the catalogue knows that it has not had it: what it had and lost is for `kho repair`.
    """
    if plan.follows is None or store is services.stores[0]:
        return
    held = {copy.store: copy.head for copy in services.catalogue.copies(plan.object_id)}
    had = held.get(store.name)
    if had is None or VersionNumber.parse(had) < plan.follows:
        store.replicate(services.stores[0], plan.object_id)


def recover(services: HoldingServices) -> list[Recovered]:
    """Finish or undo everything that dead workers left: in the ledger, the stores and the work folder.

    What somebody alive is doing is left alone, and so is what waits for a person. What cannot be
    finished now (a store is away, two copies differ) stays noted and is told as postponed: it keeps
    nobody from other work. Conflict when the catalogue is an old one, Corrupt when the ledger is
    broken; then nothing was touched.
    """
    services.publish()
    done: list[Recovered] = []
    for store in services.stores:
        try:
            done += store.recover()
        except ArchiveError as problem:
            done.append(Recovered(store.name, "", "postponed", problem.operator))
    services.work.sweep()
    for found in services.work.all():
        try:
            with services.work.resume(found.work_id) as note:
                if note is not None:
                    done += _settle(services, note)
        except Locked:
            continue
        except ArchiveError as problem:
            done.append(Recovered("", found.object_id, "postponed", problem.operator))
    return done


def _settle(services: HoldingServices, note: WorkNote) -> list[Recovered]:
    match note.state:
        case WorkState.RECEIVING:
            return [_undo(services, note)]
        case WorkState.AWAITING:
            transfer = services.catalogue.transfer(note.work_id)
            if transfer is not None and transfer.state == "awaiting-decision":
                return []
            # Killed before it was recorded, or after a person returned it.
            return [_undo(services, note)]
        case WorkState.COMMITTING:
            return [_finish_or_undo(services, note)]
        case _:
            assert_never(note.state)


def _undo(services: HoldingServices, note: WorkNote) -> Recovered:
    waiting = note.detail.get("waiting")
    if waiting:
        services.work.write(WorkNote(note.work_id, WorkState.AWAITING, note.object_id, "", waiting))
        told = "nothing was written; it waits for a decision again"
    else:
        services.work.end(note.work_id)
        told = "nothing was written"
    return Recovered("", note.object_id, "undone", f"{note.work_id}: {told}")


def _finish_or_undo(services: HoldingServices, note: WorkNote) -> Recovered:
    object_id = ObjectId(note.object_id)
    version = VersionNumber.parse(note.version)
    # Asked of every store before anything is undone: one that is away may have it.
    has = [(store, _has(store, object_id, version, note)) for store in services.stores]
    holders = [store for store, held in has if held]
    if not holders:
        return _undo(services, note)
    copies = services.catalogue.copies(object_id)
    if not any(VersionNumber.parse(copy.head) >= version for copy in copies):
        _finish(services, object_id, holders[0], note)
    services.publish()
    services.work.end(note.work_id)
    return Recovered("", object_id, "finished", f"{note.work_id}: {version} is held")


def _undo_if_nowhere(services: HoldingServices, note: WorkNote) -> None:
    """Give the room back at once when nothing was written: the disk may be full, or somebody else was
    first. What cannot be told now is told by `recover`."""
    object_id, version = ObjectId(note.object_id), VersionNumber.parse(note.version)
    with suppress(ArchiveError):
        if not any(_has(store, object_id, version, note) for store in services.stores):
            _undo(services, note)


def _has(store: Store, object_id: ObjectId, version: VersionNumber, note: WorkNote) -> bool:
    """Whether the store has the version that this work wrote, and not one that another work wrote."""
    head = store.head(object_id)
    if head is None or head.version < version:
        return False
    facts = store.facts(object_id)
    created = next(v.created for v in facts.versions if v.version == str(version))
    return note.detail.get("content") == _content(created, facts.inventory.state(version))


def _planned_content(plan: VersionPlan) -> str:
    return _content(plan.created, {file.logical_path: file.sha512 for file in plan.files})


def _content(created: str, state: Mapping[LogicalPath, str]) -> str:
    """One digest of a version's moment and whole state: two works never plan the same."""
    lines = [created, *sorted(f"{digest} {path}" for path, digest in state.items())]
    return digest_bytes("\n".join(lines).encode("utf-8"), ["sha256"])["sha256"]


def _finish(services: HoldingServices, object_id: ObjectId, holder: Store, note: WorkNote) -> None:
    source = holder.facts(object_id).head
    receipts = [
        Receipt(store.name, source, "cached", 0, 0)
        if store is holder
        else store.replicate(holder, object_id)
        for store in services.stores
    ]
    transfer = note.detail.get("transfer")
    holding = Holding(
        type=EventType(note.detail["type"]),
        operator=str(note.detail["operator"]),
        transfer=TransferRecord(**transfer) if transfer else None,
        reason=str(note.detail.get("reason", "")),
    )
    _record(services, object_id, receipts, holding)


def _record(
    services: HoldingServices,
    object_id: ObjectId,
    receipts: Sequence[Receipt],
    holding: Holding,
) -> None:
    now = services.clock.now()
    held = indexing.read_object(services.stores[0], object_id)
    for receipt in receipts:
        if receipt.head != held.facts.head:
            raise Corrupt(
                f"{object_id} in {receipt.store} is not what {services.stores[0].name} has. "
                "Nothing was recorded; audit both."
            )
    copies = [_copy(object_id, receipt, now) for receipt in receipts]
    event = history.new_event(
        holding.type,
        at=now,
        agent=holding.operator,
        outcome=Outcome.SUCCESS,
        object_id=object_id,
        transfer_id=holding.transfer.transfer_id if holding.transfer else "",
        detail={
            **_transfer_detail(held, holding, now),
            **history.copies_detail(
                copies,
                str(held.facts.head.version),
                held.facts.head.inventory_sha512,
                history.files_digest((file.path, file.sha512) for file in held.facts.expected),
            ),
            **({"reason": holding.reason} if holding.reason else {}),
        },
    )
    with services.catalogue.transaction() as tx:
        indexing.put_object(tx, held)
        history.record(tx, event)


def _copy(object_id: ObjectId, receipt: Receipt, now: datetime) -> CopyRecord:
    return CopyRecord(
        object_id=object_id,
        store=receipt.store,
        head=str(receipt.head.version),
        written_at=utc_text(now),
        read_back=receipt.read_back,
        last_checked_at="",
        last_verdict="",
    )


def _transfer_detail(held: IndexedObject, holding: Holding, now: datetime) -> dict[str, object]:
    if holding.transfer is None:
        return {}
    transfer = replace(
        holding.transfer,
        object_id=held.facts.object_id,
        version=str(held.facts.head.version),
        finished_at=utc_text(now),
    )
    return history.transfer_detail(transfer)
