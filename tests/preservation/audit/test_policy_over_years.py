"""The plan over a simulated year: 10,000 copies, growth, and a clock that stood still."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from preservation.audit.policy import DuePolicy, late
from preservation.audit.worklist import COPY_COST, due
from repository.catalogue.records import CopyRecord
from repository.clock import utc_text

START = datetime(2026, 1, 1, 18, 0, tzinfo=UTC)
POLICY = DuePolicy(365)


class SimulatedStore:
    """The copies of one store, read by a clock that ticks once a day and may stand still."""

    def __init__(self, count: int, seed: int) -> None:
        self._random = random.Random(seed)
        self.copies: dict[str, CopyRecord] = {}
        self.sizes: dict[str, int] = {}
        for number in range(count):
            self.add(START - timedelta(days=POLICY.spread_days * (1 - number / count)))

    def add(self, at: datetime) -> None:
        name = f"urn:{len(self.copies):06}"
        self.copies[name] = CopyRecord(name, "primary", "v1", utc_text(at), "direct", "", "")
        self.sizes[name] = int(self._random.lognormvariate(16, 0.6))

    def share(self) -> float:
        """A day's share, in the policy's own measure."""
        total = sum(self.sizes.values()) + COPY_COST * len(self.copies)
        return total / POLICY.spread_days

    def live(self, days: range, growth: int, standing: Collection[int] = ()) -> list[float]:
        """The load of each day in shares; at the end of each day nothing chosen is left undone."""
        loads = []
        for day in days:
            now = START + timedelta(days=day)
            for _ in range(growth):
                self.add(now - timedelta(hours=10))
            if day in standing:
                loads.append(0.0)
                continue
            chosen = due(self.copies.values(), self.sizes, POLICY, now)
            if day % 5 == 0 or len(days) < 5:
                overdue = late(self.copies.values(), POLICY, now)
                assert chosen[: len(overdue)] == overdue
                self.overdue = len(overdue)
            for number, one in enumerate(chosen):
                at = utc_text(now + timedelta(seconds=20 * number))
                self.copies[one.object_id] = replace(one, last_checked_at=at, last_verdict="intact")
            load = sum(self.sizes[one.object_id] + COPY_COST for one in chosen)
            loads.append(load / self.share())
        return loads


def level(loads: list[float]) -> bool:
    mean = sum(loads) / len(loads)
    return all(abs(load - mean) <= 0.2 * mean for load in loads)


def test_a_growing_store_is_read_level_never_late_and_catches_up_after_thirty_days() -> None:
    store = SimulatedStore(10_000, seed=1)
    steady = store.live(range(20), growth=1)
    assert level(steady), steady
    assert store.overdue == 0
    store.live(range(20, 50), growth=1, standing=range(20, 50))
    catching_up = store.live(range(50, 85), growth=1)
    assert store.overdue == 0  # thirty days are within the reserve of a tenth
    assert max(catching_up) <= 2.2
    after = store.live(range(85, 101), growth=1)
    assert level(after), after
    assert store.overdue == 0


def test_after_sixty_days_the_late_are_read_first_and_at_once_and_the_load_is_level_again() -> None:
    store = SimulatedStore(2_000, seed=2)
    store.live(range(60), growth=0, standing=range(60))
    first = store.live(range(60, 61), growth=0)
    assert store.overdue > 100
    assert first[0] > 10
    store.live(range(61, 62), growth=0)
    assert store.overdue == 0
    store.live(range(62, 110), growth=0)
    assert level_by_week(store.live(range(110, 180), growth=0))


def test_every_copy_is_read_once_a_window_through_a_whole_year() -> None:
    store = SimulatedStore(700, seed=3)
    loads = store.live(range(POLICY.spread_days + 10), growth=0)
    assert store.overdue == 0
    assert all(one.last_checked_at for one in store.copies.values())
    assert level_by_week(loads[60:])  # it was not even when the year began
    assert 0.95 < sum(loads) / len(loads) < 1.1  # and hardly more often than it must


def level_by_week(loads: list[float]) -> bool:
    """Few copies a day: an object more or less is a large part of a day, a small one of a week."""
    weeks = [sum(loads[at : at + 7]) / 7 for at in range(0, len(loads) - 6, 7)]
    return level(weeks)
