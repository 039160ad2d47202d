"""The clock: the one place that asks what time it is.

Every operation reads it once, at its entry, and hands the instant down, so that all records of one
operation agree. Times are kept in UTC; packages and pages show Vietnam's +07:00, which has no summer
time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

VIETNAM = timezone(timedelta(hours=7))


class Clock(Protocol):
    """Something that tells the time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC, without fractions of a second lost or added."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still until it is told otherwise: for tests and simulations."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by


def utc_text(instant: datetime) -> str:
    """ISO 8601 in UTC with seconds and `Z`: how instants are stored and compared as text."""
    return instant.astimezone(UTC).isoformat(timespec="seconds")[: len("2026-11-22T08:00:00")] + "Z"


def vietnam_text(instant: datetime) -> str:
    """ISO 8601 with seconds and +07:00: how packages carry instants (Thông tư 05/2025)."""
    return instant.astimezone(VIETNAM).strftime("%Y-%m-%dT%H:%M:%S+07:00")


def parse_utc(text: str) -> datetime:
    """The instant that `utc_text` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
