"""Repair: a damaged or lost copy of a dossier rebuilt from proven bytes.

What the bytes must be comes from the catalogue, held against the ledger; where they still are is found
by reading them (`repository.rebuild_copy`); the store puts the new copy in the place of the old one and
keeps the old one aside. When some file is intact nowhere, that is said and nothing is touched.

    REPAIR_BEGUN event → the exchange → copy's row with REPAIR event → an audit, by the caller

Open incidents about the copy are *repaired* in the transaction that records the repair, and
*verified* in the one that records the audit.

Killed anywhere: a beginning without an end shows in the ledger, the store finishes or undoes the
exchange at the next command, and repairing again tells how it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from preservation.audit.commitments import LedgerCommitments
from preservation.audit.evidence import proven_inventory
from preservation.audit.expectation import expectation
from preservation.audit.fixity import CopyVerdict, compare
from preservation.copies import (
    CopyServices,
    against_ledger,
    expected_files,
    record_copy,
    record_fact,
)
from preservation.events import EventType, Outcome
from preservation.incidents import following
from repository.catalogue.records import ExpectedRecord
from repository.catalogue.writing import Transaction
from repository.digest import digest_bytes
from repository.errors import Conflict, Corrupt, Locked, NotFound
from repository.model import ObjectId, VersionNumber
from repository.problems import Problem, Report, error, info, warning
from repository.rebuild_copy import RebuildableStore, RebuildPlan, plan_rebuild
from repository.store import STORAGE_ROOT, Head, Receipt

_NAMED = 50  # files named in an event or a report; the counts tell the rest


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What a repair would do, complete before anything is written: a dry run prints it."""

    object_id: ObjectId
    store: str
    needed: bool
    rebuild: RebuildPlan
    damaged: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def possible(self) -> bool:
        return not Report.of(self.problems).has_errors


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of one copy. `intact`: nothing was wrong with it. `refused`: nothing was touched."""

    object_id: str
    store: str
    action: Literal["intact", "planned", "rebuilt", "refused"]
    files: int
    bytes: int
    sources: Mapping[str, int]
    damaged: tuple[str, ...]
    missing: tuple[str, ...]
    kept_aside: str
    problems: tuple[Problem, ...]


def repair(
    services: CopyServices,
    object_ids: Sequence[str],
    store: str,
    *,
    operator: str,
    reason: str,
    dry_run: bool = False,
) -> Iterator[Repaired]:
    """Repair the copies of these objects in one store, and tell of each.

    NotFound for an object that is not held, Unavailable when the store is away, Corrupt when the
    ledger is broken: all before anything is touched. The caller publishes first and audits after.
    """
    services.stores[store].check_available()
    for object_id in object_ids:
        if object_id != STORAGE_ROOT and services.catalogue.object(object_id) is None:
            raise NotFound(f"Nothing is held as {object_id}. `kho list` shows what is.")
    commitments = LedgerCommitments(services.ledger)
    commitments.refresh()
    committed = {
        object_id: found for object_id in object_ids if (found := commitments.of(object_id))
    }
    for object_id in object_ids:
        if object_id == STORAGE_ROOT:
            yield _repair_root(services, store, operator, reason, dry_run=dry_run)
            continue
        plan = plan_repair(services, ObjectId(object_id), store, committed)
        if not plan.needed:
            if not dry_run:
                _note_intact(services, plan, operator, reason)
            yield _told(plan, "intact")
        elif not plan.possible:
            if not dry_run:
                _note_refused(services, plan, operator, reason)
            yield _told(plan, "refused")
        elif dry_run:
            yield _told(plan, "planned")
        else:
            yield _rebuild(services, plan, operator, reason)
    services.publish()


def plan_repair(
    services: CopyServices, object_id: ObjectId, store: str, committed: Mapping[str, Sequence[str]]
) -> RepairPlan:
    """Read the copy, and when it is not intact, where its bytes still are. Writes nothing.

    Locked while somebody is writing the object.
    """
    target = services.stores[store]
    _check_calm(services, object_id)
    expected = expected_files(services.catalogue, object_id)
    problems = []
    rows = [ExpectedRecord(object_id, file.path, file.size, file.sha512) for file in expected]
    last = {name: digests[-1] for name, digests in committed.items()}
    if wrong := against_ledger(object_id, expected, last):
        problems.append(wrong)
    elif object_id not in committed:
        problems.append(warning("REP-LEDGER-SILENT", object_id))
    elif wrong := _against_inventory(services, rows, object_id, store, committed[object_id]):
        problems.append(wrong)
    own = plan_rebuild(object_id, expected, [target])
    judged = compare(rows, own.seen[store])
    if judged.verdict is CopyVerdict.INTACT and not problems:
        return RepairPlan(object_id, store, False, own, (), ())
    if _is_ahead(services, target, object_id):
        problems.append(error("REP-AHEAD", object_id, store=store))
    # The other stores first, in their order; the damaged copy gives what is intact only there.
    others = [one for name, one in services.stores.items() if name != store]
    plan = plan_rebuild(object_id, expected, [*others, target])
    for name, why in plan.away.items():
        problems.append(warning("REP-STORE-AWAY", object_id, store=name, why=why))
    if plan.missing:
        paths = ", ".join(file.path for file in plan.missing[:5])
        problems.append(
            error("REP-NO-SOURCE", object_id, count=len(plan.missing), paths=paths, store=store)
        )
    elif len(plan.sources()) > 1:
        problems.append(info("REP-UNION", object_id, stores=", ".join(plan.sources())))
    damaged = tuple(
        f"{finding.verdict.value} {finding.path}".strip() for finding in judged.findings
    )
    return RepairPlan(object_id, store, True, plan, damaged, tuple(problems))


def _against_inventory(
    services: CopyServices,
    rows: Sequence[ExpectedRecord],
    object_id: ObjectId,
    store: str,
    committed: Sequence[str],
) -> Problem | None:
    """An error when a row says otherwise than the inventory that the ledger committed to: a repair by
    such a row would put a forged file in the place of the right one.

    Where no store has that inventory any more nothing can be rebuilt anyhow.
    """
    others = [one for name, one in services.stores.items() if name != store]
    inventory = proven_inventory([services.stores[store], *others], object_id, committed)
    found = expectation(object_id, rows, committed, inventory)
    if found.finding is None:
        return None
    path = found.finding.path
    ours = next((row.sha512 for row in rows if row.path == path), "")
    theirs = next((row.sha512 for row in found.files if row.path == path), "")
    where = f"{object_id} {path}"
    return error("CPY-LEDGER", where, found=ours[:16] or "-", expected=theirs[:16] or "-")


def _rebuild(services: CopyServices, plan: RepairPlan, operator: str, reason: str) -> Repaired:
    record_fact(
        services,
        EventType.REPAIR_BEGUN,
        operator=operator,
        outcome=Outcome.SUCCESS,
        detail={"repair": _detail(plan, reason)},
        object_id=plan.object_id,
    )
    begun_with = expected_files(services.catalogue, plan.object_id)

    def still_wanted() -> None:
        _check_calm(services, plan.object_id)
        if expected_files(services.catalogue, plan.object_id) != begun_with:
            raise Conflict(f"{plan.object_id} got a new version meanwhile. Repair again.")

    note = {"object_id": str(plan.object_id), "operator": operator, "reason": reason}
    done = services.stores[plan.store].rebuild(plan.rebuild, note=note, still_wanted=still_wanted)
    detail = {**_detail(plan, reason), "kept_aside": done.kept_aside}
    detail["incidents"] = _incidents(services, plan.object_id, plan.store)
    told = {name: detail[name] for name in ("files", "sources", "damaged_count", "kept_aside")}
    record_copy(
        services,
        EventType.REPAIR,
        done.receipt,
        plan.object_id,
        operator=operator,
        detail={"repair": detail},
        also=_answering(services, plan.object_id, plan.store, told, operator, reason),
    )
    return _told(plan, "rebuilt", done.kept_aside)


def _repair_root(
    services: CopyServices, store: str, operator: str, reason: str, *, dry_run: bool
) -> Repaired:
    """The storage root's own files, whose bytes are known."""
    target = services.stores[store]
    wanted = target.expected_root()
    seen = target.observe_root(
        lambda folder: not any(name.startswith(f"{folder}/") for name in wanted)
    )
    found = {file.path: file.sha512 for file in seen.files}
    damaged = tuple(
        name
        for name, data in wanted.items()
        if found.get(name) != digest_bytes(data, ["sha512"])["sha512"]
    )
    action: Literal["intact", "planned", "rebuilt"] = "planned" if damaged else "intact"
    if damaged and not dry_run:
        note = {"object_id": str(STORAGE_ROOT), "operator": operator, "reason": reason}
        target.rebuild_root(note=note)
        detail = {
            "object_id": str(STORAGE_ROOT),
            "store": store,
            "damaged": list(damaged),
            "incidents": _incidents(services, STORAGE_ROOT, store),
        }
        record_fact(
            services,
            EventType.REPAIR,
            operator=operator,
            outcome=Outcome.SUCCESS,
            detail={"repair": {**detail, "reason": reason}},
            also=_answering(
                services,
                STORAGE_ROOT,
                store,
                {"files": len(damaged), "damaged_count": len(damaged)},
                operator,
                reason,
            ),
        )
        action = "rebuilt"
    size = sum(map(len, wanted.values()))
    return Repaired(STORAGE_ROOT, store, action, len(wanted), size, {}, damaged, (), "", ())


# -- what is recorded and told


def _note_intact(services: CopyServices, plan: RepairPlan, operator: str, reason: str) -> None:
    """An intact copy of which the catalogue has no row, or an older one: a repair that died late."""
    record = services.catalogue.object(plan.object_id)
    assert record is not None
    copies = {copy.store: copy.head for copy in services.catalogue.copies(plan.object_id)}
    if copies.get(plan.store) == record.head:
        return
    head = Head(VersionNumber.parse(record.head), plan.rebuild.root_inventory_sha512)
    record_copy(
        services,
        EventType.REPLICATION,
        Receipt(plan.store, head, "cached", 0, 0),
        plan.object_id,
        operator=operator,
        detail={"reason": reason},
    )


def _note_refused(services: CopyServices, plan: RepairPlan, operator: str, reason: str) -> None:
    record_fact(
        services,
        EventType.REPAIR,
        operator=operator,
        outcome=Outcome.FAILURE,
        detail={
            "repair": {
                **_detail(plan, reason),
                "incidents": _incidents(services, plan.object_id, plan.store),
            }
        },
        object_id=plan.object_id,
    )


def _incidents(services: CopyServices, object_id: str, store: str) -> list[str]:
    """The open incidents that a repair of this copy answers."""
    found = services.catalogue.incidents(only_open=True, object_id=object_id, store=store)
    return sorted(one.incident_id for one in found)


def _answering(
    services: CopyServices,
    object_id: str,
    store: str,
    told: dict[str, Any],
    operator: str,
    reason: str,
) -> Callable[[Transaction], None]:
    """What says in those incidents, in the repair's own transaction, that their copy was rebuilt."""

    def answer(tx: Transaction) -> None:
        now = services.clock.now()
        following.repaired(tx, object_id, store, told, by=operator, reason=reason, now=now)

    return answer


def _detail(plan: RepairPlan, reason: str) -> dict[str, Any]:
    missing = plan.rebuild.missing
    return {
        "store": plan.store,
        "reason": reason,
        "files": len(plan.rebuild.files),
        "sources": plan.rebuild.sources(),
        "damaged_count": len(plan.damaged),
        "damaged": list(plan.damaged[:_NAMED]),
        "missing_count": len(missing),
        "missing": [str(file.path) for file in missing[:_NAMED]],
        "problems": [problem.as_dict() for problem in plan.problems],
    }


def _told(
    plan: RepairPlan, action: Literal["intact", "planned", "rebuilt", "refused"], kept: str = ""
) -> Repaired:
    return Repaired(
        object_id=plan.object_id,
        store=plan.store,
        action=action,
        files=len(plan.rebuild.files),
        bytes=plan.rebuild.byte_count(),
        sources=plan.rebuild.sources(),
        damaged=plan.damaged,
        missing=tuple(str(file.path) for file in plan.rebuild.missing),
        kept_aside=kept,
        problems=plan.problems,
    )


def _check_calm(services: CopyServices, object_id: ObjectId) -> None:
    if object_id in services.in_progress():
        raise Locked(
            f"{object_id} is being written, or was when its writer died. Run any writing command "
            "to have that finished, then repair again."
        )


def _is_ahead(services: CopyServices, target: RebuildableStore, object_id: ObjectId) -> bool:
    """Whether the store has a valid later version than the catalogue knows: then it is not damaged."""
    record = services.catalogue.object(object_id)
    try:
        head = target.head(object_id)
    except Corrupt:
        return False
    return (
        record is not None and head is not None and head.version > VersionNumber.parse(record.head)
    )
