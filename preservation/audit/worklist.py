"""Which copies are read today. Pure: computed from the catalogue's values, each time again.

The plan is to read the whole store once in nine tenths of the window, oldest look first, the same
amount every day. What is read today is what must be read so that the rest can follow at that pace. So
nothing is remembered between two runs: a run that was stopped is taken up again, and days that were
missed are caught up, by asking again. Classes with windows of their own are planned each for itself.

A copy that could not be read in full is tried again every day, beside the plan. Once a week everything
late is tried, whatever the day's budget.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate, zip_longest
from typing import Final, NamedTuple

from preservation.audit.policy import DuePolicy, looked_at, seconds, spread
from repository.catalogue.records import CopyRecord
from repository.clock import utc_text

CATCH_UP: Final = (
    2  # days' worth that one day reads at most of what is behind the plan and not late
)
COPY_COST: Final = (
    4_000_000  # what opening, listing, recording a copy costs, in bytes read meanwhile
)
_DAY = 86_400
_MORNING = 6 * 3_600  # a day's run may take as long after its hour


class Aged(NamedTuple):
    """A copy as the plan sees it. Instants in seconds; ordered by age."""

    read: int  # when all of it was last looked at
    object_id: str
    cost: int  # bytes, and what the copy itself costs
    audited: bool  # by an audit, not only when it was written
    tried: int | None = (
        None  # when an audit last could not look at all of it; None: nothing kept it
    )


def due(
    copies: Iterable[CopyRecord],
    sizes: Mapping[str, int],
    policy: DuePolicy,
    now: datetime,
    *,
    windows: Mapping[str, int] | None = None,
) -> list[CopyRecord]:
    """The copies of one store to be looked at now, the nearest to the end of its window first.

    All that are late; what the plan wants read before the next daily hour, at most `CATCH_UP` days'
    worth a day; and those that could not be read before, each once a day, one day's worth of them. A
    byte budget cuts this where it ends, but never to nothing: one object larger than the budget is
    still looked at. On the day of the sweep what is late is not cut. `windows`: those of objects that
    have not the store's.
    """
    by_id = {}
    plain: dict[int, list[Aged]] = {}
    stuck: dict[int, list[Aged]] = {}
    own, at = windows or {}, int(now.timestamp())
    for copy in copies:
        by_id[copy.object_id] = copy
        aged = age(copy, sizes.get(copy.object_id, 0), at)
        days = own.get(copy.object_id, policy.window_days)
        (plain if aged.tried is None else stuck).setdefault(days, []).append(aged)
    chosen: list[tuple[int, Aged]] = []
    retried: list[tuple[int, Aged]] = []
    for days in sorted({*plain, *stuck}):
        group = sorted(plain.get(days, ()))
        ends = days * _DAY
        chosen += [(one.read + ends, one) for one in choose(group, days, policy, now)]
        again = retry(stuck.get(days, ()), group, days, policy, now)
        retried += [(one.read + ends, one) for one in again]
    # In turns, so that neither what is late nor what is stuck uses up the budget for the other.
    turns = [
        one for pair in zip_longest(sorted(chosen), retried) for one in pair if one is not None
    ]
    swept = at if policy.sweeps(now) else None
    within = sorted(_within(turns, sizes, policy.byte_budget, swept))
    return [by_id[one.object_id] for _, one in within]


def age(copy: CopyRecord, size: int, now: int) -> Aged:
    """The copy as the plan sees it."""
    read = seconds(looked_at(copy), now)
    if read is None:  # an instant that cannot be: what is sure is when it was written
        read = seconds(copy.written_at, now) or 0
    tried = None
    if copy.last_verdict == "incomplete" or copy.tried_at:
        tried = seconds(copy.tried_at or copy.last_checked_at, now) or 0
    return Aged(read, copy.object_id, size + COPY_COST, bool(copy.last_checked_at), tried)


def choose(
    ordered: Sequence[Aged], window_days: int, policy: DuePolicy, now: datetime
) -> Sequence[Aged]:
    """Of the copies of one window, oldest first and none of them stuck: those to be read now."""
    begins, ends = (int(instant.timestamp()) for instant in policy.day(now))
    before = list(accumulate((one.cost for one in ordered), initial=0))
    share = math.ceil(before[-1] / spread(window_days))
    spent = _spent(ordered, begins)
    # What is late, or would be before it could be read tomorrow.
    urgent = _older(ordered, ends + _MORNING - window_days * _DAY)
    wanted = max(urgent, _behind(ordered, before, spread(window_days), ends))
    # No more than the catch-up allows, the one object that reaches it included.
    allowed = bisect_left(before, CATCH_UP * share - spent)
    count = max(urgent, min(wanted, allowed))
    # Where the plan has a lull, a little ahead of it: no day is idle because another was busy.
    room = share * 9 // 10 - spent
    while count < len(ordered) and before[count + 1] <= room:
        count += 1
    return ordered[:count]


def retry(
    stuck: Collection[Aged],
    plain: Collection[Aged],
    window_days: int,
    policy: DuePolicy,
    now: datetime,
) -> list[Aged]:
    """Of those that could not be read, the ones to try again: not tried today, the longest ago first.

    A day's worth; on the day of the sweep also all of them that are late.
    """
    begins = int(policy.day(now)[0].timestamp())
    waiting = sorted(
        (one for one in stuck if (one.tried or 0) < begins),
        key=lambda one: (one.tried or 0, one.object_id),
    )
    every = sum(one.cost for group in (plain, stuck) for one in group)
    left = math.ceil(every / spread(window_days))
    late_before = int(now.timestamp()) - window_days * _DAY
    sweeping = policy.sweeps(now)
    chosen = []
    for count, one in enumerate(waiting):
        if count == 0 or left > 0 or (sweeping and one.read < late_before):
            chosen.append(one)
        left -= one.cost
    return chosen


def spent_bytes(
    copies: Iterable[CopyRecord], sizes: Mapping[str, int], policy: DuePolicy, now: datetime
) -> int:
    """How many bytes audits have read of these copies since the day began."""
    begins = utc_text(policy.day(now)[0])
    return sum(sizes.get(one.object_id, 0) for one in copies if one.last_checked_at >= begins)


def _spent(ordered: Sequence[Aged], begins: int) -> int:
    """What today's audits have read already."""
    spent = 0
    for one in reversed(ordered):
        if one.read < begins:
            break
        spent += one.cost if one.audited else 0
    return spent


def _behind(ordered: Sequence[Aged], before: Sequence[int], spread_days: int, ends: int) -> int:
    """How many of the oldest must be read before the day ends, for the rest to follow in time.

    From then on a day's share is read at the beginning of each day: the copy with so many bytes
    before it is read `bytes // share` days later, and must not be older than the spread by then.
    """
    total = before[-1]
    hopeless = _older(ordered, ends - (spread_days + 1) * _DAY + 1)
    done = 0  # what must be read by then, of all that is older than the youngest of each day
    youngest = hopeless
    for slack in range(spread_days + 1):
        # Those that `slack` days are left to: the last of them has the most before it.
        following = (
            len(ordered)
            if slack == spread_days
            else _older(ordered, ends - (spread_days - slack) * _DAY + 1)
        )
        if following > youngest:
            done = max(done, before[following - 1] - ((slack + 1) * total - 1) // spread_days)
            youngest = following
    return max(hopeless, bisect_left(before, done) if done > 0 else 0)


def _older(ordered: Sequence[Aged], instant: int) -> int:
    """How many were last read before an instant."""
    return bisect_left(ordered, instant, key=lambda one: one.read)


def _within(
    ordered: Sequence[tuple[int, Aged]],
    sizes: Mapping[str, int],
    budget: int | None,
    swept: int | None,
) -> Iterator[tuple[int, Aged]]:
    """What the budget allows; what should have been read before `swept` is not cut."""
    used = 0
    any_yet = False
    full = budget is not None and budget < 0
    for end, one in ordered:
        size = sizes.get(one.object_id, 0)
        late = swept is not None and end < swept
        full = full or (budget is not None and any_yet and not late and used + size > budget)
        if late or not full:
            used += size
            any_yet = True
            yield end, one
