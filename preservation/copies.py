"""Copies follow: a store that was away, or is new, is given what it has not.

What is copied was committed to by the ledger, and its source says so in every file it lists.
`replicate` reads, writes, flushes and reads back; the copy's row and the event come into the catalogue
together. A copy that is there and damaged is not mended here but by `preservation.repair`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from preservation import history
from preservation.events import EventType, Outcome
from preservation.ledger.committed import committed_inventories
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import CopyRecord, ObjectRecord
from repository.catalogue.writing import Transaction
from repository.clock import Clock, utc_text
from repository.errors import Conflict, Corrupt, Locked, NotFound, Unavailable
from repository.model import ContentPath, ExpectedFile, ObjectId
from repository.problems import Problem, error, info
from repository.rebuild_copy import RebuildableStore
from repository.store import Receipt

_IN_A_ROW = 5  # failures after which it is the store that fails, and not its objects


@dataclass(frozen=True, slots=True)
class CopyServices:
    """What care of copies works with. `stores` in their order; `in_progress`: being written now."""

    catalogue: Catalogue
    stores: Mapping[str, RebuildableStore]
    ledger: Path
    clock: Clock
    in_progress: Callable[[], Collection[str]]
    publish: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of one copy that was behind."""

    object_id: str
    store: str
    action: Literal["copied", "planned", "postponed", "failed"]
    version: str
    bytes_written: int
    problem: Problem | None = None


def behind(catalogue: Catalogue, store: str) -> list[ObjectRecord]:
    """The objects whose head version the store has not, as the catalogue knows."""
    heads = {copy.object_id: copy.head for copy in catalogue.copies_of_store(store)}
    return [record for record in catalogue.objects() if heads.get(record.object_id) != record.head]


def catch_up(
    services: CopyServices,
    store: str,
    *,
    operator: str,
    reason: str = "",
    dry_run: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Followed]:
    """Give the store every head version it has not. Unavailable when it is away.

    After each `copied` the copy is on the medium, was read back, and is in the catalogue with its
    event. What cannot be copied is named and keeps nothing else from being copied.
    """
    services.stores[store].check_available()
    waiting = behind(services.catalogue, store)
    if not waiting:
        return
    committed = committed_inventories(services.ledger)
    failed = 0
    for record in waiting:
        if stop():
            break
        if dry_run:
            yield Followed(record.object_id, store, "planned", record.head, record.byte_count)
            continue
        done = follow(services, record, store, committed, operator=operator, reason=reason)
        failed = failed + 1 if done.action == "failed" else 0
        yield done
        if failed >= _IN_A_ROW:
            services.publish()
            raise Unavailable(
                f"{failed} dossiers in a row could not be copied to {store}; the last: "
                f"{dict(done.problem.params) if done.problem else ''}. Check the store."
            )
    services.publish()


def follow(
    services: CopyServices,
    record: ObjectRecord,
    store: str,
    committed: Mapping[str, str],
    *,
    operator: str,
    reason: str = "",
) -> Followed:
    """Bring one store's copy of one object to the catalogue's head."""
    object_id, target = ObjectId(record.object_id), services.stores[store]
    if object_id in services.in_progress():
        told = info("CPY-IN-PROGRESS", object_id, store=store)
        return Followed(object_id, store, "postponed", record.head, 0, told)
    expected = expected_files(services.catalogue, object_id)
    if wrong := against_ledger(object_id, expected, committed):
        return Followed(object_id, store, "failed", record.head, 0, wrong)
    reasons: list[str] = []
    for name, source in services.stores.items():
        if name == store:
            continue
        try:
            if set(source.facts(object_id).expected) != set(expected):
                reasons.append(f"{name}: not what the catalogue has")
                continue
            receipt = target.replicate(source, object_id)
        except Locked as problem:
            told = info("CPY-LOCKED", object_id, store=store, why=problem.operator)
            return Followed(object_id, store, "postponed", record.head, 0, told)
        except (NotFound, Corrupt, Conflict, Unavailable) as problem:
            target.check_available()
            reasons.append(f"{name}: {problem.operator}")
            continue
        record_copy(
            services,
            EventType.REPLICATION,
            receipt,
            object_id,
            operator=operator,
            detail={"source": name, **({"reason": reason} if reason else {})},
        )
        return Followed(object_id, store, "copied", record.head, receipt.bytes_written)
    told = error("CPY-FAILED", object_id, store=store, why="; ".join(reasons) or "-")
    return Followed(object_id, store, "failed", record.head, 0, told)


def expected_files(catalogue: Catalogue, object_id: str) -> list[ExpectedFile]:
    """What every copy of the object must hold, as the catalogue has it."""
    return [
        ExpectedFile(ContentPath(file.path), file.size, file.sha512)
        for file in catalogue.expected(object_id)
    ]


def against_ledger(
    object_id: str, expected: Sequence[ExpectedFile], committed: Mapping[str, str]
) -> Problem | None:
    """An error when the catalogue expects another root inventory than the ledger committed to.

    An object the ledger never spoke of (it was found by `kho rebuild`) has only the catalogue.
    """
    digest = next((file.sha512 for file in expected if file.path == "inventory.json"), "")
    wanted = committed.get(object_id, digest)
    if not digest or digest != wanted:
        return error("CPY-LEDGER", object_id, found=digest[:16] or "-", expected=wanted[:16] or "-")
    return None


def record_copy(
    services: CopyServices,
    type_: EventType,
    receipt: Receipt,
    object_id: str,
    *,
    operator: str,
    detail: Mapping[str, Any],
    also: Callable[[Transaction], None] = lambda _: None,
) -> None:
    """The copy's row, as written and read back now, and its event, in one transaction.

    `also` records in the same transaction what follows from it.
    """
    now = services.clock.now()
    head = receipt.head
    copy = CopyRecord(
        object_id=object_id,
        store=receipt.store,
        head=str(head.version),
        written_at=utc_text(now),
        read_back=receipt.read_back,
        last_checked_at="",
        last_verdict="",
    )
    event = history.new_event(
        type_,
        at=now,
        agent=operator,
        outcome=Outcome.SUCCESS,
        object_id=object_id,
        detail={
            **history.copies_detail([copy], str(head.version), head.inventory_sha512),
            **detail,
        },
    )
    with services.catalogue.transaction() as tx:
        history.record(tx, event)
        also(tx)


def record_fact(
    services: CopyServices,
    type_: EventType,
    *,
    operator: str,
    outcome: Outcome,
    detail: Mapping[str, Any],
    object_id: str = "",
    also: Callable[[Transaction], None] = lambda _: None,
) -> None:
    """An event that changes nothing else (but what `also` records with it), told to the ledger at
    once."""
    event = history.new_event(
        type_,
        at=services.clock.now(),
        agent=operator,
        outcome=outcome,
        object_id=object_id,
        detail=detail,
    )
    with services.catalogue.transaction() as tx:
        history.record(tx, event)
        also(tx)
    services.publish()
