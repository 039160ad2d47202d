"""What an archive promises of its audits, and when the promise is broken. Pure.

Every byte of every copy is to be read within a window (the law's cycle is three years, Thông tư
05/2025/TT-BNV; ours is one, where nothing else is set). A store may have a window of its own, and so
may a class of dossiers. What is late is said here and nowhere else: pages, reports, `status` and the
clock all ask this module. Which copies are read today is in `worklist`.

*Looked at* is a copy whose files were all read, whatever was found. A look that could not see
everything does not count, and a date in the future is not believed.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from repository.catalogue.records import CopyRecord, ObjectRecord
from repository.clock import VIETNAM, parse_utc, utc_text

DEFAULT_WINDOW_DAYS: Final = 365
LONGEST_WINDOW_DAYS: Final = 1095  # Thông tư 05/2025: every document within three years
DEFAULT_HOUR: Final = 1
SUNDAY: Final = 6
GRACE_DAYS: Final = 7  # a sweep of the late comes by within it; what is late after it is an alarm
_READ = ("intact", "damaged")  # verdicts after which every file of the copy has been read
_SKEW = timedelta(days=1)  # an instant further ahead than this was written by a clock gone wrong
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of Vietnam's day in which audits do not read; past midnight when they end before they
    begin. In minutes of the day."""

    begins: int
    ends: int

    @classmethod
    def parse(cls, text: str) -> Quiet:
        """From `07:00-18:00`. ValueError for anything else, and where no hour is left to read in."""
        found = _HOURS.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} are no hours such as 07:00-18:00")
        begins, ends = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
        if begins == ends:
            raise ValueError(f"{text!r} leaves no hour, or all of them: leave it out for none")
        return cls(begins, ends)

    def __str__(self) -> str:
        return "-".join(f"{at // 60:02}:{at % 60:02}" for at in (self.begins, self.ends))

    @property
    def hours(self) -> float:
        """How many of them a day has."""
        return (self.ends - self.begins) % 1440 / 60

    def holds(self, now: datetime) -> bool:
        """Whether it is quiet at this instant."""
        local = now.astimezone(VIETNAM)
        return (local.hour * 60 + local.minute - self.begins) % 1440 < (
            self.ends - self.begins
        ) % 1440


@dataclass(frozen=True, slots=True)
class DuePolicy:
    """What is promised of one store: how often every copy is read, how much a day, when, how fast.

    `byte_budget`: negative says that the day's is used up. `sweep`: the day of the week (Monday is 0)
    on which everything late is tried, budget or not.
    """

    window_days: int = DEFAULT_WINDOW_DAYS
    byte_budget: int | None = None
    hour: int = DEFAULT_HOUR  # of Vietnam's day
    quiet: Quiet | None = None
    bytes_per_second: int | None = None
    sweep: int | None = SUNDAY

    @property
    def spread_days(self) -> int:
        """The days in which everything is read once when all goes as planned."""
        return spread(self.window_days)

    @property
    def reading_hours(self) -> float:
        """The hours of a day in which audits may read."""
        return 24 - (self.quiet.hours if self.quiet else 0)

    def day(self, now: datetime) -> tuple[datetime, datetime]:
        """The audit's day that `now` is in: from one daily hour to the next."""
        local = now.astimezone(VIETNAM)
        begins = datetime.combine(local.date(), time(self.hour), VIETNAM)
        if begins > local:
            begins -= timedelta(days=1)
        return begins.astimezone(UTC), (begins + timedelta(days=1)).astimezone(UTC)

    def sweeps(self, now: datetime) -> bool:
        """Whether the audit's day that `now` is in is the one of the sweep."""
        return self.day(now)[0].astimezone(VIETNAM).weekday() == self.sweep


@dataclass(frozen=True, slots=True)
class AuditClass:
    """Dossiers with a window of their own: those that match in all that is given."""

    name: str
    window_days: int
    fonds: frozenset[str] = frozenset()
    retention: frozenset[str] = frozenset()  # `maintenance` of the dossier, as the catalogue has it
    modes: frozenset[str] = frozenset()

    def takes(self, record: ObjectRecord) -> bool:
        """Whether a dossier belongs to this class."""
        asked = (
            (self.fonds, record.fonds_code),
            (self.retention, record.maintenance),
            (self.modes, record.mode),
        )
        return all(not wanted or value in wanted for wanted, value in asked)


@dataclass(frozen=True, slots=True)
class AuditPolicy:
    """What is promised of all stores. The first class that takes a dossier gives its window; where a
    store has a window of its own (`own_windows`), the stricter of the two holds."""

    default: DuePolicy = field(default_factory=DuePolicy)
    stores: Mapping[str, DuePolicy] = field(default_factory=dict)
    own_windows: Collection[str] = ()
    classes: Sequence[AuditClass] = ()

    def of(self, store: str) -> DuePolicy:
        """What is promised of one store, but for the windows of classes."""
        return self.stores.get(store, self.default)

    def window(self, store: str, record: ObjectRecord | None) -> int:
        """Within how many days the copy of a dossier in a store is read again."""
        own = self.of(store).window_days
        taking = (one for one in self.classes if record is not None and one.takes(record))
        class_ = next(taking, None)
        if class_ is None:
            return own
        return min(own, class_.window_days) if store in self.own_windows else class_.window_days

    def windows(self, store: str, records: Iterable[ObjectRecord]) -> dict[str, int]:
        """The windows in a store, by object_id; only those that are not the store's own."""
        if not self.classes:
            return {}
        own = self.of(store).window_days
        found = ((record.object_id, self.window(store, record)) for record in records)
        return {object_id: days for object_id, days in found if days != own}


def spread(window_days: int) -> int:
    """The days in which everything is read once: nine tenths of a window. The rest is how long the
    clock may stand still without anything becoming late."""
    return max(1, window_days * 9 // 10)


def looked_at(copy: CopyRecord) -> str:
    """When all of the copy was last read: by an audit, else when it was written and read back."""
    if copy.read_at:
        return copy.read_at
    return copy.last_checked_at if copy.last_verdict in _READ else copy.written_at


def believed(copy: CopyRecord, now: datetime) -> str:
    """As `looked_at`; where that is no instant, or one yet to come: when it was written; else empty."""
    at = int(now.timestamp())
    for text in (looked_at(copy), copy.written_at):
        if seconds(text, at) is not None:
            return text
    return ""


def late_before(window_days: int, now: datetime) -> str:
    """A copy that was last read before this is late."""
    return utc_text(now - timedelta(days=window_days))


def is_late(copy: CopyRecord, window_days: int, now: datetime) -> bool:
    """Whether a copy was not read within its window."""
    return believed(copy, now) < late_before(window_days, now)


def late(
    copies: Iterable[CopyRecord],
    policy: DuePolicy,
    now: datetime,
    *,
    windows: Mapping[str, int] | None = None,
    grace_days: int = 0,
) -> list[CopyRecord]:
    """The copies of one store not read within the window and the grace, the longest unread first."""
    own = windows or {}
    before = {
        days: late_before(days + grace_days, now) for days in {policy.window_days, *own.values()}
    }
    found = []
    for copy in copies:
        read = believed(copy, now)
        if read < before[own.get(copy.object_id, policy.window_days)]:
            found.append((read, copy.object_id, copy))
    return [copy for _, _, copy in sorted(found, key=lambda one: one[:2])]


def seconds(text: str, now: int) -> int | None:
    """An instant in seconds, or None when it is none or lies in the future."""
    instant = _instant(text)
    return instant if instant is not None and instant <= now + _SKEW.total_seconds() else None


@lru_cache(maxsize=1 << 17)
def _instant(text: str) -> int | None:
    try:
        return int(parse_utc(text).timestamp())
    except ValueError:
        return None


def sample(items: Iterable[str], percent: float, seed: int) -> list[str]:
    """A random part of the items, at least one: the same seed and items give the same part."""
    ordered = sorted(items)
    count = min(len(ordered), max(1, math.ceil(len(ordered) * percent / 100))) if ordered else 0
    # Not for secrecy: an auditor repeats the draw with the printed seed.
    return sorted(random.Random(seed).sample(ordered, count))  # noqa: S311
