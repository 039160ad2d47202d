"""Which copies an audit looks at. Pure: what is due is computed from the catalogue's values.

Every byte of every copy is to be read within a window. Each day's share is a level slice, the oldest
look first, so that the load is the same every day and nothing waits to be late; what is late already
goes before everything else.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from repository.catalogue.records import CopyRecord
from repository.clock import utc_text

DEFAULT_WINDOW_DAYS = 365  # the law's cycle is three years (Thông tư 05/2025)


@dataclass(frozen=True, slots=True)
class DuePolicy:
    """How often every copy is to be read, and how much one run may read at most."""

    window_days: int = DEFAULT_WINDOW_DAYS
    byte_budget: int | None = None


def due(
    copies: Sequence[CopyRecord],
    sizes: Mapping[str, int],
    policy: DuePolicy,
    now: datetime,
) -> list[CopyRecord]:
    """The copies of one store to be looked at today, in the order they should be.

    All that are late, then the oldest, up to the day's slice; cut where the budget ends, but never
    empty when something is due: one object larger than the budget is still looked at.
    """
    ordered = sorted(copies, key=lambda copy: (looked_at(copy), copy.object_id))
    late_before = utc_text(now - timedelta(days=policy.window_days))
    late = sum(1 for copy in ordered if looked_at(copy) < late_before)
    today = utc_text(now)[:10]
    done_today = sum(1 for copy in ordered if copy.last_checked_at[:10] == today)
    slice_ = max(0, math.ceil(len(ordered) / policy.window_days) - done_today)
    chosen = ordered[: max(late, slice_)]
    return _within(chosen, sizes, policy.byte_budget)


def looked_at(copy: CopyRecord) -> str:
    """When the copy's bytes were last read: by an audit, else when they were written and read back."""
    return copy.last_checked_at or copy.written_at


def sample(items: Iterable[str], percent: float, seed: int) -> list[str]:
    """A random part of the items, at least one: the same seed and items give the same part."""
    ordered = sorted(items)
    count = min(len(ordered), max(1, math.ceil(len(ordered) * percent / 100))) if ordered else 0
    # Not for secrecy: an auditor repeats the draw with the printed seed.
    return sorted(random.Random(seed).sample(ordered, count))  # noqa: S311


def _within(
    copies: Sequence[CopyRecord], sizes: Mapping[str, int], budget: int | None
) -> list[CopyRecord]:
    if budget is None:
        return list(copies)
    chosen: list[CopyRecord] = []
    used = 0
    for copy in copies:
        used += sizes.get(copy.object_id, 0)
        if chosen and used > budget:
            break
        chosen.append(copy)
    return chosen
