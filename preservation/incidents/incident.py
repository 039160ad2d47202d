"""What an incident is, and how what happens changes it. Core.

    found → diagnosed → repaired → verified ┐
      │         └──────→ explained ─────────┼→ closed (by a person, with a reason)
      └────────→ vanished ──────────────────┘

One incident for each copy and cause, however often it is found. An audit that finds the same damage
adds to it; damage of another kind in the same copy opens another. An incident is a projection of its
events: each of them holds the whole incident as it is afterwards, and `history.apply` puts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from preservation.events import EventType, Outcome
from repository.catalogue.records import AuditResultRecord, EventRecord, IncidentRecord
from repository.clock import utc_text
from repository.errors import Refused
from repository.problems import Problem, error, warning

FILES_NAMED = 20  # files that one incident names; its counts tell the rest


class Cause(StrEnum):
    """Why it was opened. Stable words, stored for ever."""

    DAMAGE = "damage"  # files altered, missing or unexpected in a copy
    UNREADABLE = "unreadable"  # files of a copy could not be read for too long
    STORE_AWAY = "store away"
    LEDGER = "ledger"  # a copy of the ledger, or the ledger itself, is not what it must be
    CATALOGUE = "catalogue"  # the catalogue says otherwise than the ledger
    SECOND_OPINION = "second opinion"  # another program judges otherwise than we
    DRILL = "drill"  # planted damage was not found, or could not be mended
    SILENCE = "silence"  # the clock stood still: nothing was looked at


class State(StrEnum):
    """How far its care has come."""

    FOUND = "found"
    DIAGNOSED = "diagnosed"
    REPAIRED = "repaired"
    VERIFIED = "verified"  # repaired, and every byte read again since
    VANISHED = "vanished"  # found no more though nobody repaired it: to be explained
    EXPLAINED = "explained"
    CLOSED = "closed"


# What must be told at once, and not with the day's digest: here Kho itself, or its evidence, failed.
ALARMS: Final = frozenset({Cause.DRILL, Cause.LEDGER, Cause.CATALOGUE, Cause.SECOND_OPINION})
# In these states nobody has mended or explained it yet.
UNANSWERED: Final = frozenset({State.FOUND, State.DIAGNOSED})
_CLOSABLE: Final = frozenset({State.VERIFIED, State.EXPLAINED, State.VANISHED})
_KINDS: Final = ("altered", "missing", "unexpected")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found wrong, ready to open an incident or to be added to one."""

    cause: Cause
    object_id: str = ""
    store: str = ""
    kinds: tuple[str, ...] = ()
    run_id: str = ""
    diagnosis: str = ""
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One change of an incident: the event's type and outcome, and the incident after it."""

    type: EventType
    outcome: Outcome
    incident: IncidentRecord


def same(incident: IncidentRecord, finding: Finding) -> bool:
    """Whether an open incident is about what was found: then nothing new is opened."""
    return (incident.cause, incident.object_id, incident.store) == (
        finding.cause.value,
        finding.object_id,
        finding.store,
    ) and (not finding.kinds or not set(finding.kinds).isdisjoint(incident.kinds))


def steps_of_finding(
    open_ones: Sequence[IncidentRecord], finding: Finding, *, new_id: str, now: datetime
) -> list[Step]:
    """What a finding changes: open incidents it is found again in, and one for what is new in it."""
    at = utc_text(now)
    alike = [one for one in open_ones if same(one, finding)]
    steps = [_found_again(one, finding, at) for one in alike]
    known = {kind for one in alike for kind in one.kinds}
    new = tuple(kind for kind in finding.kinds if kind not in known)
    if not alike or new:
        steps += _opened(replace(finding, kinds=new or finding.kinds), new_id, at)
    return steps


def step_of_intact(incident: IncidentRecord, run_id: str, *, now: datetime) -> Step | None:
    """What it means for an open incident that all of its copy was read and is intact now."""
    at, state = utc_text(now), State(incident.state)
    if state is State.REPAIRED:
        after, type_ = State.VERIFIED, EventType.INCIDENT_VERIFIED
    elif state in UNANSWERED:
        after, type_ = State.VANISHED, EventType.INCIDENT_VANISHED
    else:
        return None
    detail = {**incident.detail, "intact_at": at, "intact_run": run_id}
    changed = replace(incident, state=after.value, changed_at=at, detail=detail)
    return Step(type_, Outcome.SUCCESS, changed)


def step_of_repair(
    incident: IncidentRecord, repair: Mapping[str, Any], *, by: str, reason: str, now: datetime
) -> Step:
    """Its copy was rebuilt; that it is intact is for an audit to say."""
    at = utc_text(now)
    told = {"at": at, "by": by, "reason": reason, **repair}
    changed = replace(
        incident,
        state=State.REPAIRED.value,
        changed_at=at,
        by=by,
        reason=reason,
        detail={**incident.detail, "repair": told},
    )
    return Step(EventType.INCIDENT_REPAIRED, Outcome.SUCCESS, changed)


def step_of_explaining(incident: IncidentRecord, *, by: str, reason: str, now: datetime) -> Step:
    """A person says what it was. Refused once it is closed."""
    if incident.state == State.CLOSED:
        raise Refused(f"{incident.incident_id} is closed already.")
    at = utc_text(now)
    changed = replace(
        incident,
        state=State.EXPLAINED.value,
        changed_at=at,
        by=by,
        reason=reason,
        detail={**incident.detail, "explained": {"at": at, "by": by, "reason": reason}},
    )
    return Step(EventType.INCIDENT_EXPLAINED, Outcome.SUCCESS, changed)


def step_of_closing(incident: IncidentRecord, *, by: str, reason: str, now: datetime) -> Step:
    """A person ends it. Refused while nothing was mended and proven, or explained."""
    if incident.state == State.CLOSED:
        raise Refused(f"{incident.incident_id} is closed already.")
    if State(incident.state) not in _CLOSABLE:
        raise Refused(
            f"{incident.incident_id} is {incident.state}: it can be closed once the copy was repaired "
            "and audited intact, or once somebody has explained it (`kho incidents explain`)."
        )
    at = utc_text(now)
    changed = replace(
        incident,
        state=State.CLOSED.value,
        changed_at=at,
        by=by,
        reason=reason,
        detail={**incident.detail, "closed": {"at": at, "by": by, "reason": reason}},
    )
    return Step(EventType.INCIDENT_CLOSED, Outcome.SUCCESS, changed)


def finding_of_damage(result: AuditResultRecord) -> Finding | None:
    """What one result of an audit says is damaged; None when that is nothing."""
    counts = {kind: getattr(result, kind) for kind in (*_KINDS, "unreadable", "not_checked")}
    kinds = tuple(kind for kind in _KINDS if counts[kind])
    if not kinds:
        return None
    return Finding(
        Cause.DAMAGE,
        result.object_id,
        result.store,
        kinds,
        result.run_id,
        detail={"expected": result.expected, "counts": counts, "files": files_named(result)},
    )


def files_named(result: AuditResultRecord) -> list[dict[str, str]]:
    """The first files that were not intact, as an incident names them."""
    return [
        {"path": str(f["path"]), "verdict": str(f["verdict"]), "reason": str(f["reason"])}
        for f in result.files[:FILES_NAMED]
    ]


def is_alarm(incident: IncidentRecord) -> bool:
    """Whether it must be told at once."""
    return Cause(incident.cause) in ALARMS


def lasts_days(incident: IncidentRecord, now: datetime, since: datetime) -> float:
    """For how many days it has been open."""
    return max(0.0, (now - since).total_seconds() / 86400)


def as_problem(incident: IncidentRecord) -> Problem:
    """An incident as a finding, with its text in both languages."""
    code = f"INC-{incident.cause.upper().replace(' ', '-')}"
    make = error if is_alarm(incident) or incident.state in UNANSWERED else warning
    return make(
        code,
        incident.incident_id,
        store=incident.store or "-",
        object=incident.object_id or "-",
        kinds=", ".join(incident.kinds) or "-",
        why=str(incident.detail.get("why", "")) or "-",
    )


def _opened(finding: Finding, new_id: str, at: str) -> list[Step]:
    incident = IncidentRecord(
        incident_id=new_id,
        cause=finding.cause.value,
        object_id=finding.object_id,
        store=finding.store,
        state=State.FOUND.value,
        opened_at=at,
        changed_at=at,
        seen_at=at,
        seen_count=1,
        diagnosis="",
        by="",
        reason="",
        run_id=finding.run_id,
        kinds=finding.kinds,
        detail=dict(finding.detail or {}),
    )
    steps = [Step(EventType.INCIDENT_OPENED, Outcome.FAILURE, incident)]
    if finding.diagnosis:
        diagnosed = replace(incident, state=State.DIAGNOSED.value, diagnosis=finding.diagnosis)
        steps.append(Step(EventType.INCIDENT_DIAGNOSED, Outcome.SUCCESS, diagnosed))
    return steps


def _found_again(incident: IncidentRecord, finding: Finding, at: str) -> Step:
    """The newest finding stands; when it was thought mended or gone, it is found once more."""
    state = State(incident.state)
    if state in (State.REPAIRED, State.VERIFIED, State.VANISHED):
        state = State.FOUND
    changed = replace(
        incident,
        state=state.value,
        changed_at=at if state.value != incident.state else incident.changed_at,
        seen_at=at,
        seen_count=incident.seen_count + 1,
        run_id=finding.run_id,
        diagnosis=finding.diagnosis or incident.diagnosis,
        detail={**incident.detail, **(finding.detail or {})},
    )
    return Step(EventType.INCIDENT_FOUND_AGAIN, Outcome.FAILURE, changed)


def event_detail(step: Step) -> dict[str, Any]:
    """What the event of a step says."""
    from dataclasses import asdict

    return {"incident": asdict(step.incident)}


def is_about_incident(event: EventRecord, incident_id: str) -> bool:
    """Whether an event changed this incident."""
    told = event.detail.get("incident")
    return isinstance(told, Mapping) and told.get("incident_id") == incident_id
