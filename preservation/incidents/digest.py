"""The day's digest: what a channel of notification is told of incidents, and when. Core.

One message a day for each channel, on change of state, never one a file: what changed since the channel
was last told, in one text. What cannot wait (Kho itself or its evidence failed) is told at the next
tick. A channel that fails is told the same again; what it was told is in the incidents, by event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from preservation.incidents.incident import UNANSWERED, State, is_alarm
from preservation.incidents.telling import told as incident_told
from repository.catalogue.records import IncidentRecord
from repository.clock import VIETNAM, parse_utc, utc_text

ESCALATION: Final = "escalation"
_NAMED = 50  # incidents that one digest describes; it counts the rest
_STATES_VI: Final = {
    State.FOUND: "mới phát hiện, chưa xử lý",
    State.DIAGNOSED: "đã chẩn đoán, chưa xử lý",
    State.REPAIRED: "đã sửa, chờ kiểm tra lại",
    State.VERIFIED: "đã sửa và kiểm tra lại đạt",
    State.VANISHED: "không còn thấy nữa dù chưa ai sửa: cần giải thích",
    State.EXPLAINED: "đã giải thích",
    State.CLOSED: "đã đóng",
}


@dataclass(frozen=True, slots=True)
class Digest:
    """One message: the states it tells, and how it says them."""

    channel: str
    states: dict[str, str]
    subject: str
    text: str
    document: dict[str, Any]


def digest_due(
    incidents: Sequence[IncidentRecord], channel: str, *, archive: str, hour: int, now: datetime
) -> Digest | None:
    """The message a channel is due, or None: nothing changed, or its day's message was sent."""
    changed = [one for one in incidents if _changed(one, channel)]
    urgent = any(is_alarm(one) and State(one.state) in UNANSWERED for one in changed)
    if not changed or not (urgent or _hour_has_come(incidents, channel, hour, now)):
        return None
    still_open = sum(1 for one in incidents if one.state != State.CLOSED)
    mark = "KHẨN: " if urgent else ""
    subject = f"{mark}Kho: {len(changed)} sự cố có thay đổi, {still_open} đang mở"
    return _digest(channel, changed, subject, archive, still_open, now)


def escalation_due(
    incidents: Sequence[IncidentRecord], *, archive: str, hour: int, days: int, now: datetime
) -> Digest | None:
    """The message to those who are told when nobody answers, or None."""
    limit = utc_text(now - timedelta(days=days))
    waiting = [
        one
        for one in incidents
        if State(one.state) in UNANSWERED
        and one.opened_at <= limit
        and _told_at(one, ESCALATION) <= limit
    ]
    if not waiting or not _hour_has_come(incidents, ESCALATION, hour, now):
        return None
    still_open = sum(1 for one in incidents if one.state != State.CLOSED)
    subject = f"Kho: {len(waiting)} sự cố chưa được xử lý sau {days} ngày"
    return _digest(ESCALATION, waiting, subject, archive, still_open, now)


def _changed(one: IncidentRecord, channel: str) -> bool:
    told = one.told.get(channel)
    if told is None:
        return one.state != State.CLOSED  # over before the channel was there
    return bool(told.get("state") != one.state)


def _hour_has_come(
    incidents: Sequence[IncidentRecord], channel: str, hour: int, now: datetime
) -> bool:
    """Whether the day's hour has struck in Vietnam, and the channel was told nothing since."""
    local = now.astimezone(VIETNAM)
    strikes = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if local < strikes:
        strikes -= timedelta(days=1)
    last = max((_told_at(one, channel) for one in incidents), default="")
    return not last or parse_utc(last) < strikes


def _told_at(one: IncidentRecord, channel: str) -> str:
    return str(one.told.get(channel, {}).get("at", ""))


def _digest(
    channel: str,
    told: Sequence[IncidentRecord],
    subject: str,
    archive: str,
    still_open: int,
    now: datetime,
) -> Digest:
    ordered = sorted(told, key=lambda one: (not is_alarm(one), one.opened_at, one.incident_id))
    counts = Counter(_STATES_VI[State(one.state)] for one in ordered)
    lines = [
        archive,
        f"Lập lúc {now.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}.",
        "",
        f"Sự cố có thay đổi: {len(ordered)}. Đang mở: {still_open}.",
        *(f"  {count} {state}" for state, count in counts.most_common()),
        "",
    ]
    for one in ordered[:_NAMED]:
        lines += [
            f"* {one.incident_id}: {_STATES_VI[State(one.state)]} (mở {one.opened_at})",
            f"  {incident_told(one, 'vi')}",
        ]
    if len(ordered) > _NAMED:
        lines.append(f"… và {len(ordered) - _NAMED} sự cố khác: `kho incidents`.")
    document = {
        "type": f"kho.{'escalation' if channel == ESCALATION else 'incidents'}",
        "archive": archive,
        "at": utc_text(now),
        "open": still_open,
        "changed": len(ordered),
        "incidents": [
            {
                "incident_id": one.incident_id,
                "cause": one.cause,
                "state": one.state,
                "object_id": one.object_id,
                "store": one.store,
                "opened_at": one.opened_at,
            }
            for one in ordered[:_NAMED]
        ],
    }
    states = {one.incident_id: one.state for one in ordered}
    return Digest(channel, states, subject, "\n".join([*lines, ""]), document)
