"""Which copies an audit looks at. Pure: what is due is computed from the catalogue's values.

Every byte of every copy is to be read within a window. The plan is to read the whole store once in
nine tenths of it, oldest look first, the same amount every day; the tenth that is left is how long the
clock may stand still without anything becoming late. What is read today is what must be read so that
the rest can follow at that pace. So nothing is remembered between two runs: a run that was stopped is
taken up again, and days that were missed are caught up, by asking again.

*Looked at* is a copy whose files were all read, whatever was found. A look that could not see
everything does not count; such a copy is tried again every day, beside the plan.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from repository.catalogue.records import CopyRecord
from repository.clock import VIETNAM, parse_utc, utc_text

DEFAULT_WINDOW_DAYS = 365  # the law's cycle is three years (Thông tư 05/2025)
DEFAULT_HOUR = 1
CATCH_UP = 2  # days' worth that one day reads at most of what is behind the plan and not yet late
COPY_COST = 4_000_000  # what opening, listing and recording a copy costs, in bytes read meanwhile
_DAY = 86_400
_MORNING = 6 * 3_600  # a day's run may take as long after its hour
_READ = ("intact", "damaged")  # verdicts after which every file of the copy has been read
_SKEW = _DAY  # an instant further ahead than this was written by a clock that went wrong


@dataclass(frozen=True, slots=True)
class DuePolicy:
    """How often every copy is to be read, how much one run may read at most, when the day begins."""

    window_days: int = DEFAULT_WINDOW_DAYS
    byte_budget: int | None = None
    hour: int = DEFAULT_HOUR  # of Vietnam's day

    @property
    def spread_days(self) -> int:
        """The days in which everything is read once when all goes as planned."""
        return max(1, self.window_days * 9 // 10)

    def day(self, now: datetime) -> tuple[datetime, datetime]:
        """The audit's day that `now` is in: from one daily hour to the next."""
        local = now.astimezone(VIETNAM)
        begins = datetime.combine(local.date(), time(self.hour), VIETNAM)
        if begins > local:
            begins -= timedelta(days=1)
        return begins.astimezone(UTC), (begins + timedelta(days=1)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Look:
    """What the history tells of a copy whose last audit did not see all of it.

    `read_at`: when an audit last read every file of it, empty: never. `tried_at`: when files of it
    could last not be read, empty: nobody has tried since it was last read.
    """

    read_at: str = ""
    tried_at: str = ""


def due(
    copies: Iterable[CopyRecord],
    sizes: Mapping[str, int],
    policy: DuePolicy,
    now: datetime,
    *,
    looks: Mapping[str, Look] | None = None,
) -> list[CopyRecord]:
    """The copies of one store to be looked at now, oldest look first.

    All that are late; what the plan wants read before the next daily hour, at most `CATCH_UP` days'
    worth a day; and those that could not be read before, each once a day, one day's worth of them. A
    byte budget cuts this where it ends, but never to nothing: one object larger than the budget is
    still looked at. `looks` has the history of copies whose last audit was incomplete, by object_id;
    without it such a copy counts as last read when it was written.
    """
    begins, ends = (int(instant.timestamp()) for instant in policy.day(now))
    plain: list[_Aged] = []
    stuck: list[_Aged] = []
    spent = 0
    for aged in _aged(copies, sizes, int(now.timestamp()), looks or {}):
        if aged.tried is None:
            plain.append(aged)
            spent += aged.cost if aged.read >= begins and aged.copy.last_checked_at else 0
        elif aged.tried < begins:
            stuck.append(aged)
    plain.sort()
    stuck.sort(key=lambda one: (one.tried or 0, one.object_id))
    share = math.ceil(_cost(plain) / policy.spread_days)
    # What is late, or would be before it could be read tomorrow.
    urgent_before = ends + _MORNING - policy.window_days * _DAY
    urgent = sum(1 for one in plain if one.read < urgent_before)
    wanted = max(urgent, _behind(plain, policy.spread_days, ends))
    chosen = list(_up_to(plain[:wanted], CATCH_UP * share - spent, at_least=urgent))
    # Where the plan has a lull, a little ahead of it: no day is idle because another was busy.
    chosen += _ahead(plain[len(chosen) :], share * 9 // 10 - spent - _cost(chosen))
    retried = list(_up_to(stuck, share, at_least=1))
    # In turns, so that neither what is late nor what is stuck uses up the budget for the other.
    turns = [one for pair in zip_longest(chosen, retried) for one in pair if one is not None]
    return [one.copy for one in sorted(_within(turns, sizes, policy.byte_budget))]


def late(
    copies: Iterable[CopyRecord],
    policy: DuePolicy,
    now: datetime,
    *,
    looks: Mapping[str, Look] | None = None,
) -> list[CopyRecord]:
    """The copies that were not read within the window, the longest unread first."""
    late_before = int(now.timestamp()) - policy.window_days * _DAY
    found = sorted(_aged(copies, {}, int(now.timestamp()), looks or {}))
    return [one.copy for one in found if one.read < late_before]


def looked_at(copy: CopyRecord, look: Look | None = None) -> str:
    """When all of the copy was last read: by an audit, else when it was written and read back."""
    if copy.last_verdict in _READ:
        return copy.last_checked_at
    return (look.read_at if look else "") or copy.written_at


def spent_bytes(
    copies: Iterable[CopyRecord], sizes: Mapping[str, int], policy: DuePolicy, now: datetime
) -> int:
    """How many bytes audits have read of these copies since the day began."""
    begins = utc_text(policy.day(now)[0])
    return sum(sizes.get(one.object_id, 0) for one in copies if one.last_checked_at >= begins)


def sample(items: Iterable[str], percent: float, seed: int) -> list[str]:
    """A random part of the items, at least one: the same seed and items give the same part."""
    ordered = sorted(items)
    count = min(len(ordered), max(1, math.ceil(len(ordered) * percent / 100))) if ordered else 0
    # Not for secrecy: an auditor repeats the draw with the printed seed.
    return sorted(random.Random(seed).sample(ordered, count))  # noqa: S311


class _Aged(NamedTuple):
    """A copy with what its place in the order depends on. Instants in seconds."""

    read: int
    object_id: str
    cost: int
    tried: int | None  # None: nothing kept the last look from being whole
    copy: CopyRecord


def _aged(
    copies: Iterable[CopyRecord], sizes: Mapping[str, int], now: int, looks: Mapping[str, Look]
) -> Iterator[_Aged]:
    for copy in copies:
        look = looks.get(copy.object_id) if copy.last_verdict not in (*_READ, "") else None
        read = _known(looked_at(copy, look), now)
        if read is None:  # an instant that cannot be: what is sure is when it was written
            read = _known(copy.written_at, now) or 0
        cost = sizes.get(copy.object_id, 0) + COPY_COST
        yield _Aged(read, copy.object_id, cost, _tried(copy, look, now), copy)


def _tried(copy: CopyRecord, look: Look | None, now: int) -> int | None:
    if copy.last_verdict in (*_READ, ""):
        return None
    if look is None:
        return _known(copy.last_checked_at, now) or 0
    return (_known(look.tried_at, now) or 0) if look.tried_at else None


def _known(text: str, now: int) -> int | None:
    """The instant, or None when it is none or lies in the future."""
    instant = _instant(text)
    return instant if instant is not None and instant <= now + _SKEW else None


@lru_cache(maxsize=1 << 17)
def _instant(text: str) -> int | None:
    try:
        return int(parse_utc(text).timestamp())
    except ValueError:
        return None


def _behind(ordered: Sequence[_Aged], spread_days: int, ends: int) -> int:
    """How many of the oldest must be read before the day ends, for the rest to follow in time.

    From then on a day's share is read at the beginning of each day: the copy with so many bytes
    before it is read `bytes // share` days later, and must not be older than the spread by then.
    """
    total = _cost(ordered)
    before = total
    most = 0  # what would have to be read already for the copies looked at so far
    for count in range(len(ordered), 0, -1):
        one = ordered[count - 1]
        before -= one.cost
        # (before - done) * spread // total <= slack, solved for what is done by then
        slack = spread_days - max(0, ends - one.read) // _DAY
        if slack < 0:
            return count
        most = max(most, before - ((slack + 1) * total - 1) // spread_days)
        if before < most:
            return count
    return 0


def _up_to(ordered: Sequence[_Aged], cost: int, *, at_least: int) -> Iterator[_Aged]:
    """The first so many, and more until their cost is reached."""
    for count, one in enumerate(ordered):
        if count >= at_least and cost <= 0:
            return
        cost -= one.cost
        yield one


def _ahead(ordered: Sequence[_Aged], cost: int) -> Iterator[_Aged]:
    """The first that cost no more than that together."""
    for one in ordered:
        cost -= one.cost
        if cost < 0:
            return
        yield one


def _cost(some: Iterable[_Aged]) -> int:
    return sum(one.cost for one in some)


def _within(
    ordered: Sequence[_Aged], sizes: Mapping[str, int], budget: int | None
) -> Iterator[_Aged]:
    used = 0
    for count, one in enumerate(ordered):
        used += sizes.get(one.object_id, 0)
        if budget is not None and count and used > budget:
            return
        yield one
