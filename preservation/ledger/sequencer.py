"""From the catalogue's outbox into the journal, and from the journal into every store.

One process at a time does this (a lock in the ledger's folder). Killed anywhere, the next call goes on:
what the journal has already is recognised by its sequence number and event id, what a store has already
by its length. A store that is away gets its entries when it is back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from preservation.ledger.chain import BrokenChain, ChainHead, follow, whole_lines
from preservation.ledger.journal import SEGMENT, Journal
from repository import durable, locks
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import EventRecord
from repository.errors import Conflict, Corrupt, NotFound, Unavailable
from repository.store import Store

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Published:
    """How far the journal goes now, and which stores could not be given it, with the reason."""

    head: ChainHead
    behind: Mapping[str, str]


def publish(catalogue: Catalogue, folder: Path, stores: Sequence[Store]) -> Published:
    """Bring the journal up to the catalogue and every store up to the journal.

    Conflict when the catalogue is older than the journal, or the journal than a store's copy of it (an
    old one was put back): `kho rebuild` mends that. Corrupt when the journal is damaged; a store whose
    copy cannot be continued is told in `behind`.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(locks.held(folder / "sequencer.lock", "The ledger"))
        except OSError as problem:
            raise durable.explained(problem, "locking the ledger") from problem
        journal = Journal(folder)
        for store in stores:
            _refuse_old(journal, store)
        while events := catalogue.outbox(_BATCH):
            fresh = _not_yet_written(journal, events)
            if fresh:
                journal.append([event_to_record(event) for event in fresh])
            with catalogue.transaction() as tx:
                tx.mark_published(events[-1].sequence)
        if catalogue.last_sequence() < journal.head().seq:
            raise Conflict(
                f"The catalogue ends at event {catalogue.last_sequence()}, the ledger at "
                f"{journal.head().seq}: the catalogue is an old one. Run `kho rebuild`."
            )
        return Published(journal.head(), _copy_to_stores(journal, stores))


def _refuse_old(journal: Journal, store: Store) -> None:
    """Conflict when the store has entries that follow our last one: ours is an old ledger, and
    whatever it was given now would be a second history."""
    try:
        has = store.evidence()
        ours = journal.segments()
        longer = sorted(
            name for name, size in has.items() if SEGMENT.match(name) and size > ours.get(name, 0)
        )
        if not longer:
            return
        rest = store.read_evidence(longer[0])[ours.get(longer[0], 0) :]
        next(follow(journal.head(), whole_lines(rest)))
    except (Unavailable, NotFound, BrokenChain, StopIteration):
        return  # away, or no continuation of ours: its own copy is then what is wrong
    raise Conflict(
        f"The copy of the ledger in store {store.name} goes on after ours ends: an old ledger was put "
        "back. Run `kho rebuild`, which takes over what is missing."
    )


def event_to_record(event: EventRecord) -> dict[str, Any]:
    """The event as the journal keeps it. `record_to_event` reads it."""
    return asdict(event)


def record_to_event(record: Mapping[str, Any]) -> EventRecord:
    """The event that `event_to_record` wrote. Corrupt when the record is not one."""
    try:
        return EventRecord(**record)
    except TypeError as problem:
        raise Corrupt(f"A record in the ledger is not an event: {problem}.") from problem


def _not_yet_written(journal: Journal, events: Iterable[EventRecord]) -> list[EventRecord]:
    head = journal.head().seq
    waiting = list(events)
    fresh = [event for event in waiting if event.sequence > head]
    if fresh and fresh[0].sequence != head + 1:
        raise Corrupt(
            f"The ledger ends at {head}, the catalogue goes on at {fresh[0].sequence}: events in "
            "between are in neither. Fetch the ledger from a store's copy."
        )
    written = {event.sequence: event.event_id for event in waiting if event.sequence <= head}
    if written:
        for entry in journal.entries():
            known = written.pop(entry.seq, None)
            if known and entry.record is not None and entry.record.get("event_id") != known:
                raise Conflict(
                    f"Event {entry.seq} of the catalogue is not the one in the ledger. "
                    "Run `kho rebuild`."
                )
    return fresh


def _copy_to_stores(journal: Journal, stores: Iterable[Store]) -> dict[str, str]:
    behind = {}
    for store in stores:
        try:
            has = store.evidence()
            for name, size in journal.segments().items():
                start = has.get(name, 0)
                if start < size:
                    store.put_evidence(name, journal.read_segment(name, start, size), start)
        except (Unavailable, Conflict) as problem:
            behind[store.name] = problem.operator
    return behind
