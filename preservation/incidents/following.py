"""What follows from audits: incidents opened, found again, verified, in the audit's own transaction.

`follow` is handed to `preservation.audit.run` and is called for each batch of results inside the
transaction that records it, so no damage is ever recorded without its incident. Damage that a drill
planted in a canary is the drill's to judge and opens nothing (`preservation.drills`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from preservation import history
from preservation.audit.selection import CATALOGUE_PLACE
from preservation.incidents.incident import (
    Cause,
    Finding,
    State,
    Step,
    files_named,
    finding_of_damage,
    is_about_incident,
    step_of_intact,
    step_of_repair,
    steps_of_finding,
)
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import AuditResultRecord, EventRecord, IncidentRecord
from repository.catalogue.writing import Transaction
from repository.clock import Clock, parse_utc
from repository.store import LEDGER, STORAGE_ROOT

BY = "kho"  # who opens incidents and finds them mended: the program itself
DEADLINE = timedelta(days=3)  # where nothing is set: how long files of a copy may be unreadable
_LOOKS = 200  # how far back the looks at one object are asked for


@dataclass(frozen=True, slots=True)
class IncidentServices:
    """What care of incidents works with. `planted`: whether a drill harmed this copy on purpose."""

    catalogue: Catalogue
    clock: Clock
    planted: Callable[[str, str], bool] = lambda _object, _store: False
    deadline: timedelta = DEADLINE


def follow(
    services: IncidentServices, tx: Transaction, results: Sequence[AuditResultRecord]
) -> None:
    """Bring the incidents to what these results say, in the transaction that records them."""
    now = services.clock.now()
    open_ones: dict[str, list[IncidentRecord]] = {}
    for one in tx.open_incidents_of([result.object_id for result in results]):
        open_ones.setdefault(one.object_id, []).append(one)
    for result in results:
        ours = [one for one in open_ones.get(result.object_id, ()) if one.store == result.store]
        for step in _steps(services, result, ours, now):
            record_step(tx, step, by=BY, at=now)
            known = open_ones.setdefault(result.object_id, [])
            known[:] = [k for k in known if k.incident_id != step.incident.incident_id]
            known.append(step.incident)


def open_finding(services: IncidentServices, finding: Finding, *, by: str = BY) -> list[Step]:
    """Open an incident, or add to the one that is open about the same. Returns what changed."""
    now = services.clock.now()
    with services.catalogue.transaction() as tx:
        found = [one for one in tx.open_incidents_of([finding.object_id]) if _near(one, finding)]
        steps = steps_of_finding(found, finding, new_id=new_id(now), now=now)
        for step in steps:
            record_step(tx, step, by=by, at=now)
    return steps


def repaired(
    tx: Transaction,
    object_id: str,
    store: str,
    repair: dict[str, Any],
    *,
    by: str,
    reason: str,
    now: datetime,
) -> list[IncidentRecord]:
    """The copy was rebuilt: say so in every open incident about it. In the repair's transaction."""
    changed = []
    for one in tx.open_incidents_of([object_id]):
        if one.store == store and State(one.state) is not State.EXPLAINED:
            step = step_of_repair(one, repair, by=by, reason=reason, now=now)
            record_step(tx, step, by=by, at=now)
            changed.append(step.incident)
    return changed


def record_step(tx: Transaction, step: Step, *, by: str, at: datetime) -> None:
    """Record one change of an incident as its event."""
    event = history.new_event(
        step.type,
        at=at,
        agent=by,
        outcome=step.outcome,
        object_id=_about(step.incident),
        detail={"incident": asdict(step.incident)},
    )
    history.record(tx, event)


def events_of(catalogue: Catalogue, incident: IncidentRecord) -> list[EventRecord]:
    """Everything that happened to an incident, in order."""
    found, after = [], 0
    while page := catalogue.events(object_id=_about(incident), after=after, limit=_LOOKS):
        found += [event for event in page if is_about_incident(event, incident.incident_id)]
        after = page[-1].sequence
    return found


def _about(incident: IncidentRecord) -> str:
    """The object its events are of: none, where it is about what belongs to no object."""
    return "" if incident.object_id in (STORAGE_ROOT, LEDGER) else incident.object_id


def new_id(now: datetime) -> str:
    """A new incident's name: the day, and something nobody can guess or give twice."""
    return f"INC-{now:%Y%m%d}-{secrets.token_hex(4)}"


def _steps(
    services: IncidentServices,
    result: AuditResultRecord,
    open_ones: Sequence[IncidentRecord],
    now: datetime,
) -> list[Step]:
    if services.planted(result.object_id, result.store):
        return []
    if result.verdict == "intact":
        steps = [step_of_intact(one, result.run_id, now=now) for one in open_ones]
        return [step for step in steps if step is not None]
    found = finding_of_damage(result)
    if found is None and result.unreadable:
        found = _unreadable(services, result, open_ones, now)
    if found is None:
        return []
    if found.cause is Cause.DAMAGE and (cause := _cause(result)) is not Cause.DAMAGE:
        why = "; ".join(sorted({str(file["reason"]) for file in result.files}))
        found = replace(found, cause=cause, detail={**(found.detail or {}), "why": why})
    diagnosis = diagnosis_of(result)
    if diagnosis:
        detail = {**(found.detail or {}), "diagnosis": diagnosis}
        found = replace(found, diagnosis=str(diagnosis.get("kind", "")), detail=detail)
    return steps_of_finding(open_ones, found, new_id=new_id(now), now=now)


def _unreadable(
    services: IncidentServices,
    result: AuditResultRecord,
    open_ones: Sequence[IncidentRecord],
    now: datetime,
) -> Finding | None:
    """Files that could not be read are tried again; an incident once that went on for too long."""
    since = parse_utc(result.checked_at)
    for look in services.catalogue.audit_history(result.object_id, limit=_LOOKS):
        if look.store != result.store or look.run_id == result.run_id:
            continue
        if look.verdict == "intact" or not look.unreadable:
            if look.not_checked == look.expected:
                continue  # nobody looked: it says nothing
            break
        since = min(since, parse_utc(look.checked_at))
    known = any(one.cause == Cause.UNREADABLE for one in open_ones)
    if now - since < services.deadline and not known:
        return None
    return Finding(
        Cause.UNREADABLE,
        result.object_id,
        result.store,
        (),
        result.run_id,
        detail={
            "expected": result.expected,
            "counts": {"unreadable": result.unreadable},
            "files": files_named(result),
            "since": min(since, now).strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    )


def diagnosis_of(result: AuditResultRecord) -> dict[str, Any]:
    """What the audit says the damage looks like; it stands beside its first finding."""
    told = result.files[0].get("diagnosis") if result.files else None
    return dict(told) if isinstance(told, Mapping) else {}


def _cause(result: AuditResultRecord) -> Cause:
    """What a result is about: a copy, a store's ledger, or what two judges say differently."""
    if result.object_id == LEDGER:
        return Cause.LEDGER
    if result.store == CATALOGUE_PLACE:
        return Cause.CATALOGUE
    if result.store.startswith("("):
        return Cause.SECOND_OPINION
    return Cause.DAMAGE


def _near(one: IncidentRecord, finding: Finding) -> bool:
    return one.store == finding.store
