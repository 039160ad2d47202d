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
from itertools import islice
from pathlib import Path

from preservation import history, indexing
from preservation.indexing import IndexedObject
from preservation.ledger.fetching import continue_ledger
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

    A ledger that is missing or ends too early is continued from a store's copy first. The caller keeps
    writers out. Corrupt when the ledger's chain is broken; Unavailable when the first store is away.
    Then, and after a crash, the catalogue is as it was.
    """
    continue_ledger(ledger, stores)
    journal = Journal(ledger)
    committed = _committed(journal)
    fresh = catalogue.with_name(f".new-{catalogue.name}")
    result = Rebuilt()
    try:
        _remove(fresh)
        create_catalogue(fresh)
        with open_catalogue(fresh) as target:
            for held in _objects(stores, committed, result):
                with target.transaction() as tx:
                    indexing.put_object(tx, held)
                result.objects += 1
                on_object(held.facts.object_id)
            result.events = _replay(target, journal)
        _take_place(fresh, catalogue, now)
    except OSError as problem:
        raise durable.explained(problem, "rebuilding the catalogue") from problem
    finally:
        _remove(fresh)
    return result


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


def _events(journal: Journal) -> Iterator[EventRecord]:
    """The events of the ledger, one at a time: there may be more than fit into memory."""
    for entry in journal.entries():
        if entry.record is not None:
            yield record_to_event(entry.record)


def _committed(journal: Journal) -> dict[str, str]:
    """The root inventory digest the ledger last committed to, for each object."""
    return {
        event.object_id: str(event.detail["inventory_sha512"])
        for event in _events(journal)
        if event.object_id and "inventory_sha512" in event.detail
    }


def _replay(target: Catalogue, journal: Journal) -> int:
    events = _events(journal)
    count = 0
    while batch := list(islice(events, 500)):
        with target.transaction() as tx:
            for event in batch:
                history.apply(tx, event)
                tx.restore_event(event)
        count += len(batch)
    return count


def _take_place(fresh: Path, catalogue: Path, now: datetime) -> None:
    # What SQLite keeps beside a database belongs to the old file and would be applied to the new. What
    # of it was not in the old file yet is kept with it.
    beside = [catalogue.with_name(catalogue.name + suffix) for suffix in ("-wal", "-shm")]
    if catalogue.exists():
        kept = catalogue.with_name(f"{catalogue.stem}.before-rebuild-{now:%Y%m%d-%H%M%S}.sqlite")
        number = 1
        while kept.exists():
            number += 1
            kept = kept.with_name(
                f"{catalogue.stem}.before-rebuild-{now:%Y%m%d-%H%M%S}-{number}.sqlite"
            )
        durable.keep_beside(catalogue, kept)
        if beside[0].exists():
            durable.keep_beside(beside[0], kept.with_name(f"{kept.name}-wal"))
    for path in beside:
        path.unlink(missing_ok=True)
    durable.publish_file(fresh, catalogue)


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
