"""Rebuild: the catalogue made again from one storage root and the ledger.

Objects come from storage, everything else from the ledger's events through `history.apply`, as when it
first happened; so every answer is the same as before. An object whose root inventory is not the one the
ledger committed to is never taken as the new truth: another store is asked for it, and when none has
it, it is left out and named in the findings.

The new catalogue is filled beside the old one and takes its place in one step at the end. The old one
is kept beside it. Killed at any point, the old one is still there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from preservation import history, indexing
from preservation.indexing import IndexedObject
from preservation.ledger.chain import ChainHead
from preservation.ledger.journal import Journal
from preservation.ledger.sequencer import record_to_event
from repository import durable
from repository.catalogue.catalogue import Catalogue, create_catalogue, open_catalogue
from repository.catalogue.records import EventRecord
from repository.errors import Corrupt, NotFound, Unavailable
from repository.model import ObjectId
from repository.problems import Problem, Report, error, warning
from repository.store import Store


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild did. Errors among the problems mean that something held is not in it."""

    objects: int = 0
    events: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def report(self) -> Report:
        return Report.of(self.problems)


def rebuild(
    catalogue: Path,
    ledger: Path,
    stores: Sequence[Store],
    *,
    now: datetime,
    on_object: Callable[[str], None] = lambda _: None,
) -> Rebuilt:
    """Make the catalogue at `catalogue` again. `stores`: the one to read first, then others.

    The caller keeps writers out. Corrupt when the ledger's chain is broken; Unavailable when the
    first store is away. Then, and after a crash, the catalogue is as it was.
    """
    fetch_missing_ledger(ledger, stores)
    events = [
        record_to_event(entry.record)
        for entry in Journal(ledger).entries()
        if entry.record is not None
    ]
    fresh = catalogue.with_name(f".new-{catalogue.name}")
    _remove(fresh)
    create_catalogue(fresh)
    result = Rebuilt()
    with open_catalogue(fresh) as target:
        committed = _committed(events)
        for held in _objects(stores, committed, result):
            with target.transaction() as tx:
                indexing.put_object(tx, held)
            result.objects += 1
            on_object(held.facts.object_id)
        _replay(target, events)
        result.events = len(events)
    _take_place(fresh, catalogue, now)
    return result


def fetch_missing_ledger(ledger: Path, stores: Sequence[Store]) -> str:
    """When the ledger's folder has no journal at all, bring it from the store that has most of it.

    Returns the store's name, or nothing when there was a journal. Every entry is proven before it is
    taken for the ledger. A journal that is there is never touched.
    """
    if Journal(ledger).head() != ChainHead():
        return ""
    best: tuple[int, str, dict[str, bytes]] = (0, "", {})
    for store in stores:
        try:
            segments = {name: store.read_evidence(name) for name in store.evidence()}
        except Unavailable:
            continue
        size = sum(map(len, segments.values()))
        if size > best[0]:
            best = (size, store.name, segments)
    for name, data in best[2].items():
        durable.write_durably(ledger / name, data)
    Journal(ledger).head()
    return best[1]


def _objects(
    stores: Sequence[Store], committed: Mapping[str, str], result: Rebuilt
) -> Iterator[IndexedObject]:
    """Every object of the first store, and those the ledger knows that only others still have."""
    seen = set()
    for entry in stores[0].walk():
        if entry.object_id is None:
            result.problems.append(error("REB-STRAY", entry.path, reason=entry.note))
            continue
        seen.add(str(entry.object_id))
        held = _object(stores, entry.object_id, committed, result)
        if held is not None:
            yield held
    for object_id in sorted(set(committed) - seen):
        held = _object(stores, ObjectId(object_id), committed, result)
        if held is not None:
            yield held


def _object(
    stores: Sequence[Store], object_id: ObjectId, committed: Mapping[str, str], result: Rebuilt
) -> IndexedObject | None:
    reasons = []
    for store in stores:
        try:
            held = indexing.read_object(store, object_id)
        except (NotFound, Corrupt, Unavailable) as problem:
            reasons.append(f"{store.name}: {problem.operator}")
            continue
        if object_id not in committed:
            result.problems.append(
                warning("REB-UNRECORDED", object_id, version=str(held.facts.head.version))
            )
            return held
        if held.facts.head.inventory_sha512 == committed[object_id]:
            for reason in reasons:
                result.problems.append(warning("REB-OTHER-STORE", object_id, reason=reason))
            return held
        reasons.append(f"{store.name}: the root inventory is not the one in the ledger")
    result.problems.append(error("REB-NOT-INDEXED", object_id, reason="; ".join(reasons)))
    return None


def _committed(events: Sequence[EventRecord]) -> dict[str, str]:
    """The root inventory digest the ledger last committed to, for each object."""
    return {
        event.object_id: str(event.detail["inventory_sha512"])
        for event in events
        if event.object_id and "inventory_sha512" in event.detail
    }


def _replay(target: Catalogue, events: Sequence[EventRecord]) -> None:
    for start in range(0, len(events), 500):
        with target.transaction() as tx:
            for event in events[start : start + 500]:
                history.apply(tx, event)
                tx.restore_event(event)


def _take_place(fresh: Path, catalogue: Path, now: datetime) -> None:
    if catalogue.exists():
        kept = catalogue.with_name(f"{catalogue.stem}.before-rebuild-{now:%Y%m%d-%H%M%S}.sqlite")
        durable.keep_beside(catalogue, kept)
    # What SQLite keeps beside a database belongs to the old file and would be applied to the new.
    for suffix in ("-wal", "-shm"):
        catalogue.with_name(catalogue.name + suffix).unlink(missing_ok=True)
    durable.publish_file(fresh, catalogue)


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
