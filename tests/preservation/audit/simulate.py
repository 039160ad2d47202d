"""Years of audits in minutes: the policy over two simulated stores that grow, fail and are away.

    python -m tests.preservation.audit.simulate [--years 10] [--objects 100000] [--seed 1]

The plan (`worklist.choose`, `worklist.retry`), lateness (`policy.late`) and the silence of the clock
(`heartbeat.alive`) are the program's own; only the copies, the days and the reading are imagined. What
must hold: nothing is older than its window and the grace without an alarm, nothing is late outside of
outages and their catch-up, and there the load of each day is within a fifth of the mean.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean

from preservation import heartbeat
from preservation.audit.policy import GRACE_DAYS, DuePolicy, late
from preservation.audit.worklist import COPY_COST, Aged, choose, due, retry
from preservation.heartbeat import Heartbeat
from repository.catalogue.records import CopyRecord
from repository.clock import utc_text

START = datetime(2027, 1, 1, 18, 0, tzinfo=UTC)  # 01:00 in Vietnam: an audit's day begins
DAY = timedelta(days=1)
GROWTH = 0.05  # of the first holdings, a year
CAPACITY = 4.0  # shares that the medium gives in the hours of one day
UNREADABLE = 2e-6  # of the looks
READ_SECONDS = 20


@dataclass(frozen=True)
class Trouble:
    """Days, counted from the beginning, in which something did not work."""

    begins: int
    days: int
    store: str = ""  # empty: the clock itself

    def now(self, day: int) -> bool:
        return self.begins <= day < self.begins + self.days

    def or_caught_up(self, day: int) -> bool:
        """At twice the pace as many days are needed as were lost; a week more to even out."""
        return self.begins <= day < self.begins + 2 * self.days + 7


def troubles(years: int) -> list[Trouble]:
    """What befalls an archive in so many years: short and long outages, a disk away for a month."""
    found = [Trouble(0, 0)]  # the ages it begins with are not level
    found += [Trouble(day, 2) for day in range(97, 365 * years, 211)]
    found += [Trouble(365 * year + 150, 20) for year in range(0, years, 3)]
    found += [Trouble(365 * year + 200, 30, "far") for year in range(1, years, 4)]
    found += [Trouble(365 * year + 60, 75) for year in range(5, years, 6)]  # beyond the reserve
    found += [Trouble(365 * year + 20, 60, "far") for year in range(7, years, 8)]
    return found


@dataclass
class Day:
    """What one day was like in one store."""

    day: int
    load: float  # in shares
    oldest_days: float
    late: int
    late_though_readable: int
    alarms: int
    trouble: bool


@dataclass
class SimulatedStore:
    """The copies of one store as the plan sees them."""

    name: str
    policy: DuePolicy
    rng: random.Random
    plain: list[Aged] = field(default_factory=list)
    stuck: list[tuple[Aged, int]] = field(default_factory=list)  # and when it can be read again
    total: int = 0
    count: int = 0

    def add(self, read: int) -> None:
        """A new dossier, written and read back."""
        cost = int(self.rng.lognormvariate(16, 0.6)) + COPY_COST
        insort(self.plain, Aged(read, f"urn:{self.count:07}", cost, audited=False))
        self.count += 1
        self.total += cost

    @property
    def share(self) -> float:
        return self.total / self.policy.spread_days

    def audit(self, now: datetime) -> float:
        """One day's reading. Returns its load in shares."""
        at = int(now.timestamp())
        chosen = list(choose(self.plain, self.policy.window_days, self.policy, now))
        plain_stuck = [one for one, _ in self.stuck]
        again = retry(plain_stuck, self.plain, self.policy.window_days, self.policy, now)
        capacity, load = CAPACITY * self.share, 0
        read: list[Aged] = []
        taken = 0
        for one in chosen:
            if load and load + one.cost > capacity:
                break  # quiet hours begin; asked again tomorrow
            load += one.cost
            taken += 1
            when = at + READ_SECONDS * taken
            if self.rng.random() < UNREADABLE:
                self.stuck.append(
                    (one._replace(tried=when), at + 86_400 * self.rng.choice((3, 60)))
                )
            else:
                read.append(one._replace(read=when, audited=True))
        del self.plain[:taken]
        readable = {one.object_id: until for one, until in self.stuck}
        for one in again:
            load += one.cost
            self.stuck = [pair for pair in self.stuck if pair[0].object_id != one.object_id]
            if readable[one.object_id] <= at:
                read.append(one._replace(read=at, audited=True, tried=None))
            else:
                self.stuck.append((one._replace(tried=at), readable[one.object_id]))
        self.plain += read
        self.plain.sort()
        return load / self.share

    def oldest(self) -> int:
        return min(self.plain[0].read, *(one.read for one, _ in self.stuck), sys.maxsize)

    def records(self, before: int) -> Iterator[CopyRecord]:
        """The copies last read before an instant, as the catalogue would have them."""
        for one in (*self.plain, *(one for one, _ in self.stuck)):
            if one.read < before:
                yield self.record(one)

    def record(self, one: Aged) -> CopyRecord:
        text = utc_text(datetime.fromtimestamp(one.read, UTC))
        tried = utc_text(datetime.fromtimestamp(one.tried, UTC)) if one.tried else ""
        verdict = "incomplete" if one.tried else "intact" if one.audited else ""
        checked = tried or (text if one.audited else "")
        return CopyRecord(
            one.object_id, self.name, "v1", text, "direct", checked, verdict, text, tried
        )  # fmt: skip


@dataclass
class Simulation:
    """Two stores, one clock, and what befalls them."""

    years: int
    objects: int
    seed: int = 1
    days: dict[str, list[Day]] = field(default_factory=dict)
    compared: int = 0

    def run(self, folder: Path) -> Simulation:
        policy = DuePolicy(365)
        befalling = troubles(self.years)
        stores = [SimulatedStore(n, policy, random.Random(self.seed)) for n in ("near", "far")]
        for store in stores:
            for number in range(self.objects):
                age = policy.spread_days * (1 - number / self.objects) * DAY
                store.add(int((START - age).timestamp()))
        sign = folder / heartbeat.FILE
        for day in range(365 * self.years):
            now = START + day * DAY
            silent = any(one.now(day) for one in befalling if not one.store)
            if not silent:
                _beat(sign, now, any(one.now(day + 1) for one in befalling if not one.store))
            for store in stores:
                new = int(self.objects * GROWTH / 365 * (day + 1)) - int(
                    self.objects * GROWTH / 365 * day
                )
                for _ in range(new):
                    store.add(int((now - timedelta(hours=10)).timestamp()))
                own = [one for one in befalling if one.store in ("", store.name)]
                away = any(one.now(day) for one in own if one.store)
                if not silent and day % 97 == 0 and self.objects <= 5_000:
                    self._compare(store, now)
                load = 0.0 if silent or away else store.audit(now)
                evening = now + timedelta(hours=23)
                before = int(evening.timestamp()) - policy.window_days * 86_400
                old = list(store.records(before)) if store.oldest() < before else []
                overdue = late(old, policy, evening)
                alarms = [away, bool(late(old, policy, evening, grace_days=GRACE_DAYS))]
                if silent:
                    alarms.append(heartbeat.alive(sign, evening).alarm)
                    assert alarms[-1], f"day {day}: the clock is silent and nobody is told"
                self.days.setdefault(store.name, []).append(
                    Day(
                        day,
                        load,
                        (evening.timestamp() - store.oldest()) / 86_400,
                        len(overdue),
                        sum(1 for one in overdue if not one.tried_at),
                        sum(alarms),
                        any(one.or_caught_up(day) for one in own),
                    )
                )
        return self

    def _compare(self, store: SimulatedStore, now: datetime) -> None:
        """That the plan over catalogue records is the one that is simulated."""
        everything = [*store.plain, *(one for one, _ in store.stuck)]
        sizes = {one.object_id: one.cost - COPY_COST for one in everything}
        asked = due([store.record(one) for one in everything], sizes, store.policy, now)
        chosen = choose(store.plain, store.policy.window_days, store.policy, now)
        stuck = [one for one, _ in store.stuck]
        again = retry(stuck, store.plain, store.policy.window_days, store.policy, now)
        assert {one.object_id for one in asked} == {one.object_id for one in (*chosen, *again)}
        self.compared += 1

    def judge(self, *, smooth: int = 1) -> dict[str, float]:
        """What was shown; AssertionError where it was not. `smooth`: days of which loads are means."""
        window, worst, deviation, overdue = 365, 0.0, 0.0, 0
        for name, days in self.days.items():
            for one in days:
                assert one.alarms or one.oldest_days <= window + GRACE_DAYS, (name, one)
                worst = max(worst, one.oldest_days)
                overdue = max(overdue, one.late)
            calm = [one for one in days if not one.trouble]
            assert not any(one.late_though_readable for one in calm), name
            loads = [
                fmean(one.load for one in calm[at : at + smooth])
                for at in range(0, len(calm) - smooth + 1, smooth)
            ]
            mean = fmean(loads)
            deviation = max(deviation, *(abs(load - mean) / mean for load in loads))
            assert deviation <= 0.2, (name, mean, max(loads), min(loads))
        every = [one for days in self.days.values() for one in days]
        return {
            "days": len(every),
            "days of trouble and catch-up": sum(one.trouble for one in every),
            "most late at once": overdue,
            "oldest byte, days": round(worst, 1),
            "deviation of a calm day's load": round(deviation, 3),
            "most load of a day, shares": round(max(one.load for one in every), 2),
        }


def _beat(sign: Path, now: datetime, last: bool) -> None:
    """The clock's sign of life, where it is going to be asked for."""
    if last:
        promise = utc_text(now + timedelta(minutes=5))
        at = utc_text(now)
        heartbeat.beat(sign, Heartbeat(at, heartbeat.SCHEDULE, promise, at, promise, ""))


def main() -> None:
    """Run it and print what was shown."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        shown = Simulation(asked.years, asked.objects, asked.seed).run(Path(folder)).judge()
    for name, value in {**shown, "seconds": round(time.monotonic() - begun)}.items():
        print(f"{name:34} {value:>12,}")


if __name__ == "__main__":
    main()
