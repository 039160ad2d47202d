"""What a policy asks of a medium, in bytes and hours a day, and whether it can be held. Pure.

Told before a policy is saved, and by `kho doctor` when the archive has grown. The rate is one that
was measured: by the audits themselves, else by reading a sample now; which of the two is always said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from preservation.audit.policy import DuePolicy, spread
from repository.catalogue.records import AuditResultRecord, AuditRunRecord, ObjectRecord
from repository.clock import parse_utc
from repository.problems import Problem, error, info, warning

ENOUGH_SECONDS: Final = 20  # of reading, for a rate: instants are known to the second only
_MEGABYTE: Final = 1_000_000
_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class Load:
    """What lies in one store: copies and bytes for each window in days, and the largest copy."""

    copies: Mapping[int, int]
    bytes: Mapping[int, int]
    largest: int = 0

    @classmethod
    def of(
        cls, records: Iterable[ObjectRecord], windows: Mapping[str, int], window_days: int
    ) -> Load:
        """The load of these objects; `windows` has those that are not the store's."""
        copies: dict[int, int] = {}
        sizes: dict[int, int] = {}
        largest = 0
        for record in records:
            days = windows.get(record.object_id, window_days)
            copies[days] = copies.get(days, 0) + 1
            sizes[days] = sizes.get(days, 0) + record.byte_count
            largest = max(largest, record.byte_count)
        return cls(copies, sizes, largest)


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast a store was read. `source`: by past audits, by a sample read now, or not known."""

    bytes_per_second: float | None
    source: Literal["audits", "sample", "unknown"]
    bytes: int = 0
    seconds: float = 0.0


UNKNOWN: Final = Rate(None, "unknown")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a day of audits is in one store. Hours are None where no rate is known."""

    store: str
    window_days: int
    copies: int
    bytes: int
    copies_a_day: float
    bytes_a_day: float
    rate: Rate
    limit: int | None  # bytes a second that the policy allows
    hours_a_day: float | None
    hours_there: float
    bytes_possible: float | None  # in a day, at that rate, in those hours, within the budget
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing keeps the promise from being kept."""
        return not any(problem.severity == "error" for problem in self.problems)


def plan_store(store: str, load: Load, policy: DuePolicy, rate: Rate) -> Plan:
    """What the policy asks of one store, and what of it cannot be met."""
    bytes_a_day = sum(size / spread(days) for days, size in load.bytes.items())
    speeds = [one for one in (rate.bytes_per_second, policy.bytes_per_second) if one is not None]
    speed = min(speeds) if speeds else None
    seconds_there = policy.reading_hours * 3600
    possible = speed * seconds_there if speed is not None else None
    if policy.byte_budget is not None:
        possible = min(policy.byte_budget, math.inf if possible is None else possible)
    return Plan(
        store=store,
        window_days=policy.window_days,
        copies=sum(load.copies.values()),
        bytes=sum(load.bytes.values()),
        copies_a_day=sum(count / spread(days) for days, count in load.copies.items()),
        bytes_a_day=bytes_a_day,
        rate=rate,
        limit=policy.bytes_per_second,
        hours_a_day=bytes_a_day / speed / 3600 if speed else None,
        hours_there=policy.reading_hours,
        bytes_possible=possible,
        problems=tuple(_problems(store, load, policy, rate, speed, bytes_a_day)),
    )


def rate_of(runs: Iterable[tuple[AuditRunRecord, Sequence[AuditResultRecord]]], store: str) -> Rate:
    """How fast audits read a store: bytes of whole looks over the time they took, the last runs first.

    A run reads its stores one after the other, so a store's time begins where the one before it ended.
    Too little reading gives no rate: instants are known to the second only.
    """
    read, took = 0, 0.0
    for run, results in runs:
        if run.totals.get("cached"):
            continue  # through the page cache: how fast the medium is was not seen
        ours = sorted(one.checked_at for one in results if one.store == store and one.byte_count)
        if not ours:
            continue
        others = [one.checked_at for one in results if one.store != store]
        begins = max([run.started_at, *(at for at in others if at <= ours[0])])
        took += (parse_utc(ours[-1]) - parse_utc(begins)).total_seconds()
        read += sum(one.byte_count for one in results if one.store == store)
        if took >= 10 * ENOUGH_SECONDS:
            break
    if took < ENOUGH_SECONDS or not read:
        return UNKNOWN
    return Rate(read / took, "audits", read, took)


def _problems(
    store: str,
    load: Load,
    policy: DuePolicy,
    rate: Rate,
    speed: float | None,
    bytes_a_day: float,
) -> Iterator[Problem]:
    hours = policy.reading_hours
    if rate.bytes_per_second is None:
        yield info("AUD-PLAN-NO-RATE", store)
    if speed is not None and bytes_a_day > speed * hours * 3600:
        yield error(
            "AUD-PLAN-RATE",
            store,
            reason="limit" if policy.bytes_per_second == speed else "medium",
            need=amount(bytes_a_day),
            rate=f"{speed / _MEGABYTE:.1f}",
            hours=f"{hours:g}",
            possible=amount(speed * hours * 3600),
            enough=f"{bytes_a_day / (hours * 3600) / _MEGABYTE:.1f}",
            days=_days_needed(load, speed * hours * 3600),
        )
    if policy.byte_budget is not None and bytes_a_day > policy.byte_budget:
        yield error(
            "AUD-PLAN-BUDGET",
            store,
            need=amount(bytes_a_day),
            budget=amount(policy.byte_budget),
            days=_days_needed(load, policy.byte_budget),
        )
    if speed is not None and policy.quiet and load.largest > speed * hours * 3600:
        yield warning(
            "AUD-PLAN-LARGEST",
            store,
            size=amount(load.largest),
            hours=f"{load.largest / speed / 3600:.1f}",
            quiet=policy.quiet,
        )


def _days_needed(load: Load, bytes_a_day: float) -> int:
    """The shortest window for everything that so many bytes a day can hold."""
    total = sum(load.bytes.values())
    return math.ceil(total / bytes_a_day * 10 / 9) + 1 if bytes_a_day else 0


def amount(count: float) -> str:
    """A number of bytes for people, in decimal units."""
    unit = 0
    while count >= 999.5 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return f"{count:.3g} {_UNITS[unit]}"
