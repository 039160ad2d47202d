"""The clock's sign of life: a small file that says when it was last heard, and when it will be again.

Whoever keeps the audits going writes it: `kho schedule` every minute, `kho audit --due` when it ends.
It carries two promises, when the next sign comes at the latest and when the next audit has made
progress at the latest; a promise that was broken is silence, and silence is an alarm. A clock that
ticks while its audits do not go on is silent too. What cannot be read is no sign of life.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from repository import durable
from repository.clock import parse_utc, utc_text

FILE = "heartbeat.json"
SCHEDULE = "kho schedule"
AUDIT_DUE = "kho audit --due"
FIRST_DAY = timedelta(days=1)  # how long a new archive may be without a clock before it is an alarm
_SKEW = timedelta(minutes=10)
_LONGEST_PROMISE = timedelta(days=8)
_FILE_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One sign of life. Instants are UTC text; `failing` has the works that failed last time."""

    at: str
    by: str
    expected_by: str
    audited_at: str  # when an audit last made progress, empty: not yet
    audit_expected_by: str
    next_audit: str
    failing: Mapping[str, str] = field(default_factory=dict)
    process: int = 0
    machine: str = ""


class Silence(StrEnum):
    """Why the clock is not known to be alive."""

    NONE = ""
    NO_SIGN = "no-sign"  # there never was one
    LATE = "late"  # the next sign did not come
    NO_AUDIT = "no-audit"  # signs come, but audits do not go on
    FUTURE = "future"  # the sign is from a time that is yet to come: some clock is wrong
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Alive:
    """Whether the clock lives, when it was last heard, and if it does not, why that is said."""

    state: Literal["alive", "silent", "never"]
    last: str
    reason: Silence
    detail: str
    failing: Mapping[str, str]
    next_audit: str
    alarm: bool  # a person must look


def beat(path: Path, sign: Heartbeat) -> None:
    """Write a sign of life durably, and who writes it. Unavailable, Misconfigured when it cannot."""
    note = {**asdict(sign), "process": os.getpid(), "machine": socket.gethostname()}
    data = json.dumps(note, ensure_ascii=False, indent=1).encode() + b"\n"
    try:
        durable.write_durably(path, data)
    except OSError as problem:
        raise durable.explained(problem, "writing the clock's sign of life") from problem


def read(path: Path) -> Heartbeat | None:
    """The last sign; None when there never was one. ValueError, OSError when it cannot be read."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_FILE_LIMIT + 1)
    except FileNotFoundError:
        return None
    if len(data) > _FILE_LIMIT:
        raise ValueError(f"{path.name} is too long")
    return _parse(json.loads(data))


def alive(path: Path, now: datetime, *, made_at: datetime | None = None) -> Alive:
    """Judge the last sign at `path`. Never raises for what it finds there: that is the answer.

    `made_at`: when the archive was made; on its first day it is no alarm that no clock ever ran.
    """
    try:
        sign = read(path)
    except (ValueError, OSError, RecursionError) as problem:
        return _silent("", Silence.UNREADABLE, str(problem), None)
    if sign is None:
        alarm = made_at is None or not timedelta(0) <= now - made_at < FIRST_DAY
        return Alive("never", "", Silence.NO_SIGN, "", {}, "", alarm)
    if parse_utc(sign.at) > now + _SKEW:
        return _silent(sign.at, Silence.FUTURE, sign.at, sign)
    if now > _promised(sign.at, sign.expected_by):
        return _silent(sign.at, Silence.LATE, sign.expected_by, sign)
    if now > _promised(sign.at, sign.audit_expected_by):
        return _silent(sign.at, Silence.NO_AUDIT, sign.audited_at, sign)
    return Alive(
        "alive", sign.at, Silence.NONE, "", sign.failing, sign.next_audit, bool(sign.failing)
    )


def after_audit(path: Path, now: datetime, failed: str = "") -> None:
    """The sign of an `audit --due` that ended, for archives that cron keeps going, once a day.

    Nothing is written while `kho schedule` has been heard within two days: its silence must not be
    covered up by somebody's audit.
    """
    try:
        former = read(path)
    except (ValueError, OSError, RecursionError):
        former = None  # whatever it was, it was no sign of life
    if (
        former is not None
        and former.by == SCHEDULE
        and timedelta(0) <= now - parse_utc(former.at) < timedelta(days=2)
    ):
        return
    promise = utc_text(now + timedelta(hours=26))
    failing = {"audit": failed} if failed else {}
    at = utc_text(now)
    beat(path, Heartbeat(at, AUDIT_DUE, promise, at, promise, "", failing))


def _parse(value: Any) -> Heartbeat:
    known = set(Heartbeat.__dataclass_fields__)
    well_formed = (
        isinstance(value, dict)
        and set(value) == known
        and isinstance(value["failing"], dict)
        and isinstance(value["process"], int)
        and all(isinstance(value[name], str) for name in known - {"failing", "process"})
        and all(isinstance(text, str) for text in value["failing"].values())
    )
    if not well_formed:
        raise ValueError("not a sign of life")
    sign = Heartbeat(**value)
    for instant in (sign.at, sign.expected_by, sign.audit_expected_by):
        parse_utc(instant)
    return sign


def _promised(at: str, promise: str) -> datetime:
    """The promise, but no longer ahead than anybody may promise."""
    return min(parse_utc(promise), parse_utc(at) + _LONGEST_PROMISE)


def _silent(last: str, reason: Silence, detail: str, sign: Heartbeat | None) -> Alive:
    failing = sign.failing if sign else {}
    return Alive("silent", last, reason, detail, failing, "", True)
