"""A drill: each kind of damage planted in a canary, found by a real audit, mended by a real repair.

    note in the ledger → plant → audit: the right verdict on the right files → repair → audit → note

Nothing is asked of planted damage that is not asked of real damage: the same `audit` and the same
`repair` run over it. Two kinds cannot be planted in one object and are simulated, which the result
says: a mount that is gone (the same store, opened where its disk is not), and a clock that jumps. A
kind that was not found, or not mended, fails the drill and opens the loudest incident. Killed anywhere,
the next drill or the clock's next tick mends what was left (`mend_left`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from preservation import history
from preservation.audit.run import AuditServices, AuditSummary, Selection, audit
from preservation.audit.selection import BUSY
from preservation.copies import CopyServices
from preservation.drills import planting
from preservation.drills.jumps import judge_clock_jump
from preservation.drills.notes import all_left, canaries
from preservation.drills.planting import Damage
from preservation.drills.standing_in import Unreadable
from preservation.drills.verdicts import judge
from preservation.events import EventType, Outcome
from preservation.incidents.following import IncidentServices, open_finding
from preservation.incidents.incident import Cause, Finding
from preservation.repair import Repaired, repair
from repository import durable, locks
from repository.catalogue.records import AuditResultRecord, EventRecord
from repository.clock import utc_text
from repository.errors import ArchiveError, Locked, NotFound, Refused, Unavailable
from repository.model import ObjectId
from repository.store import Store


class Simulated(StrEnum):
    """The kinds that are not planted in stored bytes."""

    MOUNT_GONE = "mount-gone"
    CLOCK_JUMP = "clock-jump"


KINDS: tuple[str, ...] = (*(one.value for one in Damage), *(one.value for one in Simulated))


@dataclass(frozen=True, slots=True)
class DrillServices:
    """What a drill works with.

    `places`: the folder of each store that can be drilled. `elsewhere`: the same store as it is when
    nothing, or another disk, is mounted in its place; its folder is the one given. `workplace`: a
    folder of the archive's own for that. `may_forbid`: whether this account can be kept from reading.
    """

    auditing: AuditServices
    caring: CopyServices
    incidents: IncidentServices
    places: Mapping[str, Path]
    elsewhere: Callable[[str, Path], Store]
    workplace: Path
    may_forbid: bool


@dataclass(frozen=True, slots=True)
class Drilled:
    """What became of one kind in one store."""

    kind: str
    store: str
    object_id: str
    how: Literal["planted", "simulated"]
    found: bool
    mended: bool
    verdict: str  # what the audit said, in counts
    why: str = ""  # what failed

    @property
    def passed(self) -> bool:
        return self.found and self.mended


@dataclass(slots=True)
class DrillSummary:
    """A whole drill."""

    drill_id: str
    results: list[Drilled] = field(default_factory=list)
    stores_unavailable: list[str] = field(default_factory=list)
    not_drilled: list[str] = field(default_factory=list)  # somebody was at work, or it went away
    stopped: bool = False

    @property
    def failed(self) -> list[Drilled]:
        return [one for one in self.results if not one.passed]

    @property
    def outcome(self) -> Outcome:
        if self.failed:
            return Outcome.FAILURE
        if self.stores_unavailable or self.not_drilled or self.stopped or not self.results:
            return Outcome.INCOMPLETE
        return Outcome.SUCCESS


def drill(
    services: DrillServices,
    kinds: Sequence[str],
    *,
    operator: str,
    on_result: Callable[[Drilled], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> DrillSummary:
    """Drill these kinds in every store that is there. NotFound when there are no canaries, Locked
    while another drill goes on, Refused when there is no second store to mend from.

    After return every canary is intact, or an incident says which is not. A store that is away is
    listed, not drilled, and the drill is incomplete.
    """
    catalogue = services.auditing.catalogue
    ours = canaries(catalogue)
    if not ours:
        raise NotFound("There are no canaries to drill with: `kho drill --make-canaries`.")
    if len(services.auditing.stores) < 2:
        raise Refused("A drill needs a second store to mend from.")
    summary = DrillSummary(f"DRL-{services.auditing.clock.now():%Y%m%d}-{secrets.token_hex(3)}")
    with _alone(services):
        _mend_all(services, operator)
        for name in services.places:
            try:
                services.auditing.stores[name].check_available()
            except (Unavailable, KeyError):
                summary.stores_unavailable.append(name)
                continue
            for number, kind in enumerate(kinds):
                if stop():
                    summary.stopped = True
                    break
                try:
                    one = _drill_one(services, kind, name, ours[number % len(ours)], operator)
                except (Locked, Unavailable) as problem:
                    # No failure of ours; what was planted by then is noted, and mended next time.
                    summary.not_drilled.append(f"{kind} in {name}: {problem.operator}")
                    continue
                summary.results.append(one)
                on_result(one)
        # The last look of a drill is one at all canaries, as they are to stay.
        everywhere = dict.fromkeys(services.auditing.stores, ours)
        _look(services.auditing, everywhere, "after a drill", operator)
        _record(services, summary, ours[0], operator, whole=set(kinds) >= set(KINDS))
    for one in summary.failed:
        open_finding(services.incidents, _finding(one, summary.drill_id))
    services.auditing.publish()
    return summary


def mend_left(services: DrillServices, *, operator: str) -> list[Drilled]:
    """Mend what a drill that was killed left harmed. Nothing while a drill goes on."""
    if not all_left(services.auditing.catalogue, list(services.places)):
        return []
    with _alone(services):
        return _mend_all(services, operator)


def _drill_one(
    services: DrillServices, kind: str, store: str, object_id: str, operator: str
) -> Drilled:
    try:
        if kind == Simulated.MOUNT_GONE:
            return _mount_gone(services, store, object_id, operator)
        if kind == Simulated.CLOCK_JUMP:
            found, told = judge_clock_jump(
                services.auditing.catalogue,
                store,
                services.auditing.clock.now(),
                services.workplace,
            )
            why = "" if found else told
            return Drilled(kind, store, object_id, "simulated", found, found, told, why)
        return _damage(services, Damage(kind), store, object_id, operator)
    except (Locked, Unavailable):
        raise
    except ArchiveError as failure:
        return Drilled(kind, store, object_id, "planted", False, False, "", failure.operator)


def _damage(
    services: DrillServices, damage: Damage, store: str, object_id: str, operator: str
) -> Drilled:
    catalogue, target = services.auditing.catalogue, services.auditing.stores[store]
    # Refused here, before the note: what cannot be shown to be a canary is not even named in one.
    facts = planting.check_canary(catalogue, target, ObjectId(object_id))
    simulated = damage is Damage.UNREADABLE and not services.may_forbid
    plant_id = _note_planting(services, damage, store, object_id, operator)
    auditing = services.auditing
    if simulated:
        path = planting.document_of(facts)
        planted = planting.Planted(damage, (path,))
        auditing = replace(auditing, stores={store: Unreadable(target, path)})
    else:
        place = services.places[store]
        planted = planting.plant(catalogue, target, place, ObjectId(object_id), damage)
    summary = _look(auditing, {store: [object_id]}, f"drill {damage}", operator)
    result = _result(services, summary, object_id, store)
    nobody_looked = result is not None and {file["reason"] for file in result.files} == {BUSY}
    found, verdict = judge(damage, planted.paths, result)
    mended, why = True, "" if found else f"the audit said: {verdict}"
    if not simulated:
        mended, failed = _mend(services, store, object_id, operator)
        why = "; ".join(filter(None, (why, failed)))
    if mended or not nobody_looked:
        _note_end(services, plant_id, store, object_id, operator, mended=mended, found=found)
    if nobody_looked:
        # Another audit was at work on it: neither found nor overlooked, so it is not drilled. What
        # nobody saw mended stays noted, and is mended next time.
        raise Locked(f"The planted damage could not be looked at: {verdict}")
    how: Literal["planted", "simulated"] = "simulated" if simulated else "planted"
    return Drilled(damage.value, store, object_id, how, found, mended, verdict, why)


def _mount_gone(services: DrillServices, store: str, object_id: str, operator: str) -> Drilled:
    """Everything not checked, nothing missing: with nothing in the store's place, and with another's
    disk there."""
    told, good = [], True
    with _empty_place(services) as folder:
        for what, place in (("nothing there", folder / "gone"), ("another disk", folder / "other")):
            away = services.elsewhere(store, place)
            auditing = replace(services.auditing, stores={store: away})
            summary = _look(auditing, {store: [object_id]}, f"drill mount-gone: {what}", operator)
            sums = summary.sums
            good &= (
                sums.expected == sums.not_checked > 0
                and sums.missing == 0
                and list(summary.stores_unavailable) == [store]
            )
            told.append(f"{what}: not checked {sums.not_checked}, missing {sums.missing}")
    verdict = "; ".join(told)
    why = "" if good else f"the audit said: {verdict}"
    return Drilled("mount-gone", store, object_id, "simulated", good, good, verdict, why)


def _mend(services: DrillServices, store: str, object_id: str, operator: str) -> tuple[bool, str]:
    """Repair, audit again, clear away what was our own damage. Whether all is intact, or why not."""
    done: list[Repaired] = list(
        repair(services.caring, [object_id], store, operator=operator, reason="drill")
    )
    for one in done:
        if one.kept_aside:
            planting.clear_aside(services.places[store], one.kept_aside, ObjectId(object_id))
    actions = ", ".join(one.action for one in done)
    after = _look(services.auditing, {store: [object_id]}, "drill: mended", operator)
    result = _result(services, after, object_id, store)
    if result is not None and result.verdict == "intact":
        return True, ""
    return (
        False,
        f"after the repair ({actions}) the copy is {result.verdict if result else 'unknown'}",
    )


def _mend_all(services: DrillServices, operator: str) -> list[Drilled]:
    done = []
    for event in all_left(services.auditing.catalogue, list(services.places)):
        note = event.detail["planted"]
        store, object_id = str(note["store"]), event.object_id
        try:
            mended, why = _mend(services, store, object_id, operator)
        except ArchiveError as failure:
            mended, why = False, failure.operator
        kind, plant_id = str(note["kind"]), str(note["plant_id"])
        one = Drilled(kind, store, object_id, "planted", True, mended, "left by a drill", why)
        if mended:  # else it stays noted, and is tried again
            _note_end(services, plant_id, store, object_id, operator, mended=True, found=True)
        else:
            open_finding(services.incidents, _finding(one, "left"))
        done.append(one)
    return done


def _look(
    auditing: AuditServices, copies: Mapping[str, Sequence[str]], note: str, operator: str
) -> AuditSummary:
    chosen = Selection(kind="named", copies=copies, roots=False, note=note)
    return audit(auditing, chosen, operator=operator)


def _result(
    services: DrillServices, summary: AuditSummary, object_id: str, store: str
) -> AuditResultRecord | None:
    for result in services.auditing.catalogue.audit_results(summary.run_id):
        if (result.object_id, result.store) == (object_id, store):
            return result
    return None


# -- notes


def _note_planting(
    services: DrillServices, damage: Damage, store: str, object_id: str, operator: str
) -> str:
    plant_id = secrets.token_hex(8)
    note = {"plant_id": plant_id, "store": store, "kind": damage.value}
    _event(services, EventType.DRILL_PLANTED, object_id, operator, {"planted": note})
    services.auditing.publish()  # in the ledger before a byte is touched
    return plant_id


def _note_end(
    services: DrillServices,
    plant_id: str,
    store: str,
    object_id: str,
    operator: str,
    *,
    mended: bool,
    found: bool,
) -> None:
    note = {"plant_id": plant_id, "store": store, "mended": mended, "found": found}
    outcome = Outcome.SUCCESS if mended and found else Outcome.FAILURE
    _event(services, EventType.DRILL_ENDED, object_id, operator, {"ended": note}, outcome)


def _record(
    services: DrillServices, summary: DrillSummary, first: str, operator: str, *, whole: bool
) -> None:
    told: dict[str, Any] = {
        "drill_id": summary.drill_id,
        "at": utc_text(services.auditing.clock.now()),
        "results": [asdict(one) for one in summary.results],
        "stores_unavailable": summary.stores_unavailable,
        "not_drilled": summary.not_drilled,
        "stopped": summary.stopped,
        "whole": whole,  # of every kind
    }
    _event(services, EventType.DRILL, first, operator, {"drill": told}, summary.outcome)


def _event(
    services: DrillServices,
    type_: EventType,
    object_id: str,
    operator: str,
    detail: Mapping[str, Any],
    outcome: Outcome = Outcome.SUCCESS,
) -> EventRecord:
    event = history.new_event(
        type_,
        at=services.auditing.clock.now(),
        agent=operator,
        outcome=outcome,
        object_id=object_id,
        detail=detail,
    )
    with services.auditing.catalogue.transaction() as tx:
        return history.record(tx, event)


def _finding(one: Drilled, drill_id: str) -> Finding:
    why = f"{one.kind}: {'not mended' if one.found else 'NOT FOUND'}. {one.why}".strip()
    return Finding(
        Cause.DRILL, one.object_id, one.store, (one.kind,), detail={"why": why, "drill": drill_id}
    )


@contextmanager
def _alone(services: DrillServices) -> Iterator[None]:
    """One drill at a time. Locked while another goes on."""
    with locks.held(services.workplace / "drill.lock", "The drill of this archive", wait=0):
        yield


@contextmanager
def _empty_place(services: DrillServices) -> Iterator[Path]:
    """A folder with nothing in it, and beside it one with another store's note."""
    folder = services.workplace / "drill-mount"
    durable.remove_staging(folder)
    (folder / "gone").mkdir(parents=True)
    (folder / "other" / "root").mkdir(parents=True)
    (folder / "other" / "store.json").write_text('{"store_id": "of-another-disk", "format": 1}\n')
    try:
        yield folder
    finally:
        durable.remove_staging(folder)
