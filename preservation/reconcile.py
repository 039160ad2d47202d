"""Reconciliation: catalogue, ledger and every store compared both ways, cheaply.

By names, heads, inventories and sizes; no content is hashed: that is what audits are for. What is found
is told as problems (`REC-…`). What is merely behind can be caught up (`preservation.copies`); what is
damaged or lost is for `kho repair`, what the catalogue lacks for `kho rebuild`, what nobody knows for a
person: nothing here takes anything away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from preservation.copies import CopyServices, expected_files, follow, record_fact
from preservation.events import EventType, Outcome
from preservation.ledger.committed import committed_inventories
from repository.catalogue.records import CopyRecord, ObjectRecord
from repository.errors import Corrupt, NotFound, Unavailable
from repository.model import ExpectedFile, ObjectId, VersionNumber
from repository.problems import Problem, Report, Severity, error, info, warning
from repository.store import ObjectFacts, RootEntry

BEHIND = frozenset({"REC-NOT-COPIED", "REC-BEHIND"})  # what `fix` catches up


@dataclass(slots=True)
class Reconciled:
    """What was compared and found. `fixed` are copies caught up; their problems are not in the list."""

    objects: int = 0
    copies: int = 0
    fixed: int = 0
    stores_unavailable: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def report(self) -> Report:
        return Report.of(self.problems)

    def codes(self) -> dict[str, int]:
        return dict(sorted(Counter(self.report.codes()).items()))

    @property
    def outcome(self) -> Outcome:
        if any(problem.severity is not Severity.INFO for problem in self.problems):
            return Outcome.FAILURE
        return Outcome.INCOMPLETE if self.stores_unavailable else Outcome.SUCCESS

    def totals(self) -> dict[str, Any]:
        return {
            "objects": self.objects,
            "copies": self.copies,
            "fixed": self.fixed,
            "problems": len(self.problems),
            "codes": self.codes(),
            "stores_unavailable": self.stores_unavailable,
        }


def reconcile(
    services: CopyServices,
    stores: Collection[str],
    *,
    operator: str,
    fix: bool = False,
    resting: Collection[str] = (),
    on_problem: Callable[[Problem], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Reconciled:
    """Compare, catch up what is behind when `fix`, record that it was done, and tell what is left.

    A store that is away is listed and none of its copies is called missing; one that is `resting` may
    be away. Corrupt when the ledger is broken.
    """
    result = Reconciled()
    committed = committed_inventories(services.ledger)
    records = {record.object_id: record for record in services.catalogue.objects()}
    result.objects = len(records)

    def tell(problem: Problem) -> None:
        result.problems.append(problem)
        on_problem(problem)

    for problem in _against_ledger(services, records, committed):
        tell(problem)
    for problem in _unknown_stores(services):
        tell(problem)
    for name in stores:
        try:
            for problem in _store(services, name, records, committed, result, stop):
                if fix and problem.code in BEHIND:
                    record = records[problem.location]
                    done = follow(services, record, name, committed, operator=operator)
                    if done.action == "copied":
                        result.fixed += 1
                        continue
                    if done.problem is not None:
                        tell(done.problem)
                tell(problem)
        except Unavailable as problem:
            if name not in resting:
                result.stores_unavailable.append(name)
                tell(info("REC-STORE-AWAY", name, why=problem.operator))
    record_fact(
        services,
        EventType.RECONCILIATION,
        operator=operator,
        outcome=result.outcome,
        detail={"reconciliation": {"stores": list(stores), "fix": fix, **result.totals()}},
    )
    return result


def _against_ledger(
    services: CopyServices, records: Mapping[str, ObjectRecord], committed: Mapping[str, str]
) -> Iterator[Problem]:
    for object_id in sorted(committed.keys() - records.keys()):
        yield error("REC-NOT-IN-CATALOGUE", object_id)
    for object_id in sorted(records.keys() - committed.keys()):
        yield warning("REC-NOT-IN-LEDGER", object_id)


def _unknown_stores(services: CopyServices) -> Iterator[Problem]:
    """Copies that the catalogue has in a store the settings do not name."""
    counts: Counter[str] = Counter()
    for record in services.catalogue.objects():
        for copy in services.catalogue.copies(record.object_id):
            if copy.store not in services.stores:
                counts[copy.store] += 1
    for name, count in sorted(counts.items()):
        yield warning("REC-UNKNOWN-STORE", name, count=count)


def _store(
    services: CopyServices,
    name: str,
    records: Mapping[str, ObjectRecord],
    committed: Mapping[str, str],
    result: Reconciled,
    stop: Callable[[], bool],
) -> Iterator[Problem]:
    """Both ways between one store and the catalogue."""
    store = services.stores[name]
    found = {entry.path: entry for entry in store.walk()}
    rows = {copy.object_id: copy for copy in services.catalogue.copies_of_store(name)}
    known = {store.object_path(ObjectId(object_id)): object_id for object_id in records}
    writing = services.in_progress()
    for path, entry in sorted(found.items()):
        if path not in known and entry.object_id not in writing:
            yield _stray(name, entry, records)
    for path, object_id in sorted(known.items(), key=lambda pair: pair[1]):
        if stop():
            return
        result.copies += 1
        if object_id in writing:
            yield info("REC-IN-PROGRESS", object_id, store=name)
            continue
        record, row = records[object_id], rows.get(object_id)
        if path not in found:
            yield _absent(name, object_id, row)
            continue
        yield from _copy(services, name, record, committed)


def _stray(store: str, entry: RootEntry, records: Mapping[str, ObjectRecord]) -> Problem:
    if entry.object_id is None:
        return error("REC-STRAY", entry.path, store=store, why=entry.note)
    if entry.object_id in records:
        return error("REC-MISPLACED", entry.path, store=store, object=entry.object_id)
    return error("REC-UNKNOWN-OBJECT", entry.object_id, store=store, path=entry.path)


def _absent(store: str, object_id: str, row: CopyRecord | None) -> Problem:
    """What was never copied is behind; what was and is gone is lost."""
    if row is None:
        return warning("REC-NOT-COPIED", object_id, store=store)
    return error("REC-LOST", object_id, store=store, written=row.written_at)


def _copy(
    services: CopyServices, name: str, record: ObjectRecord, committed: Mapping[str, str]
) -> Iterator[Problem]:
    object_id = ObjectId(record.object_id)
    try:
        facts = services.stores[name].facts(object_id)
    except (Corrupt, NotFound) as problem:
        yield error("REC-DAMAGED", object_id, store=name, why=problem.operator)
        return
    wanted = VersionNumber.parse(record.head)
    if facts.head.version < wanted:
        earlier = {
            version.version: version.inventory_sha512
            for version in services.catalogue.versions(object_id)
        }
        if earlier.get(str(facts.head.version)) == facts.head.inventory_sha512:
            found = str(facts.head.version)
            yield warning("REC-BEHIND", object_id, store=name, found=found, expected=record.head)
        else:
            yield error("REC-DIFFERS", object_id, store=name, version=str(facts.head.version))
    elif facts.head.version > wanted:
        found = str(facts.head.version)
        yield error("REC-AHEAD", object_id, store=name, found=found, expected=record.head)
    elif facts.head.inventory_sha512 != committed.get(object_id, facts.head.inventory_sha512):
        yield error("REC-LEDGER", object_id, store=name, version=record.head)
    else:
        yield from _files(name, facts, expected_files(services.catalogue, object_id))


def _files(store: str, facts: ObjectFacts, expected: list[ExpectedFile]) -> Iterator[Problem]:
    """Names, sizes and recorded digests of a copy's files against the catalogue's."""
    here = {file.path: file for file in facts.expected}
    wrong = [file.path for file in expected if here.get(file.path) != file]
    wrong += sorted(here.keys() - {file.path for file in expected})
    if wrong:
        yield error(
            "REC-FILES", facts.object_id, store=store, count=len(wrong), paths=", ".join(wrong[:5])
        )
