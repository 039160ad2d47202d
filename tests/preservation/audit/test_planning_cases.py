"""Figures of the planner to the last digit, and at the edge where a policy just holds. What a mutation
test changes in `preservation.audit.planning` is to be noticed by these."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from preservation.audit import planning
from preservation.audit.planning import (
    UNKNOWN,
    Load,
    Rate,
    amount,
    plan_store,
    rate_of,
)
from preservation.audit.policy import DuePolicy, Quiet
from repository.catalogue.records import AuditResultRecord, AuditRunRecord, ObjectRecord
from repository.clock import utc_text
from repository.problems import Severity

DAYTIME = Quiet.parse("07:00-18:00")  # thirteen hours are left
HOUR = 3600
SPREAD = 9  # days of a window of ten


def record(name: str, size: int) -> ObjectRecord:
    values = {one.name: "" for one in fields(ObjectRecord)}
    return ObjectRecord(**{**values, "object_id": name, "byte_count": size})  # type: ignore[arg-type]


def measured(rate: float) -> Rate:
    return Rate(rate, "audits", 1, 1.0)


def test_what_is_not_known_is_nothing() -> None:
    assert Rate(None, "unknown", 0, 0.0) == UNKNOWN
    assert Load({}, {}) == Load({}, {}, 0)
    assert planning.ENOUGH_SECONDS == 20


def test_the_load_of_a_store_is_by_window_and_has_the_largest_copy() -> None:
    records = [record("a", 5), record("b", 70), record("c", 30), record("d", 1)]
    load = Load.of(records, {"b": 30, "d": 30}, 365)
    assert load == Load({365: 2, 30: 2}, {365: 35, 30: 71}, 70)
    assert Load.of([], {}, 365) == Load({}, {}, 0)


def test_a_plan_in_all_its_figures() -> None:
    load = Load({10: 9, 20: 18}, {10: 9 * 10**9, 20: 18 * 10**9}, 7)
    policy = DuePolicy(10, 10**12, quiet=DAYTIME, bytes_per_second=10**6)
    rate = measured(2e6)
    plan = plan_store("s", load, policy, rate)
    assert (plan.store, plan.window_days, plan.copies, plan.bytes) == ("s", 10, 27, 27 * 10**9)
    assert (plan.copies_a_day, plan.bytes_a_day) == (2, 2e9)
    assert (plan.rate, plan.limit, plan.hours_there) == (rate, 10**6, 13)
    assert plan.hours_a_day == 2e9 / 1e6 / 3600  # by the limit, which is the slower one
    assert plan.bytes_possible == 1e6 * 13 * 3600
    assert plan.holds
    assert plan_store("s", load, replace(policy, byte_budget=5), rate).bytes_possible == 5
    unlimited = replace(policy, bytes_per_second=None, byte_budget=None)
    assert plan_store("s", load, unlimited, rate).bytes_possible == 2e6 * 13 * 3600
    assert plan_store("s", load, unlimited, UNKNOWN).bytes_possible is None
    unknown = plan_store("s", load, replace(unlimited, byte_budget=8), UNKNOWN)
    assert (unknown.bytes_possible, unknown.hours_a_day) == (8, None)


def test_a_rate_just_enough_holds_and_one_byte_more_does_not() -> None:
    room = 1000 * 24 * HOUR
    just = Load({10: 1}, {10: room * SPREAD}, 1)
    assert plan_store("s", just, DuePolicy(10), measured(1000)).problems == ()
    more = Load({10: 1}, {10: room * SPREAD + SPREAD}, 1)
    plan = plan_store("s", more, DuePolicy(10), measured(1000))
    (problem,) = plan.problems
    assert not plan.holds
    assert (problem.code, problem.location, problem.severity) == (
        "AUD-PLAN-RATE", "s", Severity.ERROR,
    )  # fmt: skip


def test_what_cannot_be_met_is_told_in_figures() -> None:
    # 36 GB a day; 2 MB/s for thirteen hours are 93.6 GB: enough. 0.5 MB/s are 23.4 GB: not enough.
    load = Load({10: 1}, {10: 9 * 36 * 10**9}, 1)
    policy = DuePolicy(10, quiet=DAYTIME)
    assert plan_store("s", load, policy, measured(2e6)).holds
    (problem,) = plan_store("s", load, policy, measured(0.5e6)).problems
    assert dict(problem.params) == {
        "reason": "medium", "need": "36 GB", "rate": "0.5", "hours": "13", "possible": "23.4 GB",
        "enough": "0.8", "days": problem.params["days"],
    }  # fmt: skip
    # 324 GB at 23.4 GB a day: 13.85 days of reading, 15.4 with a tenth to spare.
    assert problem.params["days"] == "17"
    limited = replace(policy, bytes_per_second=500_000)
    (problem,) = plan_store("s", load, limited, measured(2e6)).problems
    assert (problem.params["reason"], problem.params["days"]) == ("limit", "17")


def params(size: int, rate: float, largest: int = 1) -> dict[str, str]:
    policy = DuePolicy(10, quiet=DAYTIME)
    (problem,) = plan_store(
        "s", Load({10: 1}, {10: size}, largest), policy, measured(rate)
    ).problems
    return dict(problem.params)


def test_figures_are_of_hours_of_sixty_minutes_of_sixty_seconds() -> None:
    # Each just beyond where it is rounded the other way: a second in an hour would be seen.
    assert params(10**12, 23.4501e9 / (13 * HOUR))["possible"] == "23.5 GB"
    assert params(9 * 39_780_468_000, 0.5e6)["enough"] == "0.9"
    day = 1000 * 13 * HOUR  # 1 kB/s
    assert (
        params(round(day * 13.5009), 1000)["days"] == "17"
    )  # 15.001 days, a tenth of them to spare
    assert params(9, 1e6, round(1e6 * HOUR * 13.0499))["hours"] == "13.0"
    assert params(10**18, 1e12)["rate"] == "1000000.0"


def test_a_budget_that_is_too_small_is_told_in_figures() -> None:
    load = Load({10: 1, 30: 1}, {10: 9 * 10**9, 30: 27 * 10**9}, 1)
    policy = DuePolicy(10, 2 * 10**9)
    assert plan_store("s", load, policy, measured(1e9)).problems == ()
    (problem,) = plan_store("s", load, replace(policy, byte_budget=10**9), measured(1e9)).problems
    assert (problem.code, problem.location) == ("AUD-PLAN-BUDGET", "s")
    assert dict(problem.params) == {"need": "2 GB", "budget": "1 GB", "days": "41"}
    (problem,) = plan_store("s", load, replace(policy, byte_budget=0), measured(1e9)).problems
    assert problem.params["days"] == "0"


def test_a_copy_that_runs_into_the_quiet_hours_is_a_warning_from_the_first_byte() -> None:
    room = 10**6 * 13 * HOUR
    policy = DuePolicy(10, quiet=DAYTIME)
    assert plan_store("s", Load({10: 1}, {10: 9}, room), policy, measured(1e6)).problems == ()
    (problem,) = plan_store("s", Load({10: 1}, {10: 9}, room + 1), policy, measured(1e6)).problems
    assert (problem.code, problem.location, problem.severity) == (
        "AUD-PLAN-LARGEST", "s", Severity.WARNING,
    )  # fmt: skip
    assert dict(problem.params) == {"size": "46.8 GB", "hours": "13.0", "quiet": "07:00-18:00"}
    large = Load({10: 1}, {10: 9}, room * 2)
    assert plan_store("s", large, DuePolicy(10), measured(1e6)).problems == ()
    assert [one.code for one in plan_store("s", large, policy, UNKNOWN).problems] == [
        "AUD-PLAN-NO-RATE"
    ]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (1, "1 B"), (999, "999 B"), (999.4, "999 B"), (999.5, "1 kB"),
        (1000, "1 kB"), (1234, "1.23 kB"), (999_400, "999 kB"), (999_500, "1 MB"),
        (5 * 10**9, "5 GB"), (7 * 10**12, "7 TB"), (8 * 10**15, "8 PB"), (9 * 10**17, "900 PB"),
        (2 * 10**18, "2e+03 PB"),
    ],
)  # fmt: skip
def test_amounts_change_their_unit_where_a_person_would(count: float, text: str) -> None:
    assert amount(count) == text


# -- the rate that audits tell

BEGUN = datetime(2026, 11, 22, 1, tzinfo=UTC)


def at(seconds: int) -> str:
    return utc_text(BEGUN + timedelta(seconds=seconds))


def run(**totals: object) -> AuditRunRecord:
    return AuditRunRecord("r", "due", at(0), at(9999), "kho", "success", totals)


def result(store: str, seconds: int, size: int) -> AuditResultRecord:
    return AuditResultRecord("r", "o", store, at(seconds), "intact", 1, 1, 0, 0, 0, 0, 0, size)


def test_a_rate_is_of_several_runs_together_until_enough_was_read() -> None:
    small, large = [result("s", 15, 150)], [result("s", 10, 10), result("s", 185, 400)]
    assert rate_of([(run(), small)], "s") == UNKNOWN
    assert rate_of([(run(), small), (run(), small)], "s") == Rate(10.0, "audits", 300, 30.0)
    told = rate_of([(run(), small), (run(), large), (run(), small)], "s")
    assert told == Rate(560 / 200, "audits", 560, 200.0)  # with 200 seconds that is enough
    almost = [result("s", 184, 410)]
    assert rate_of([(run(), small), (run(), almost), (run(), small)], "s").seconds == 214


def test_runs_that_say_nothing_of_a_stores_medium_are_passed_over() -> None:
    good = [result("s", 100, 1000)]
    cached, other = run(cached=True), [result("t", 50, 10**6)]
    told = rate_of([(cached, good), (run(), other), (run(), []), (run(), good)], "s")
    assert told == Rate(10.0, "audits", 1000, 100.0)
    assert rate_of([(cached, good)], "s") == UNKNOWN
    assert rate_of([(run(), [result("s", 500, 0)])], "s") == UNKNOWN
    assert rate_of([], "s") == UNKNOWN


def test_a_stores_time_begins_where_the_one_before_it_ended() -> None:
    # Nothing was read of the second copy of `s`: how long it took to find that out is no reading.
    results = [result("t", 40, 9), result("s", 40, 0), result("s", 60, 500), result("s", 80, 500),
               result("s", 300, 0), result("t", 90, 9)]  # fmt: skip
    assert rate_of([(run(), results)], "s") == Rate(25.0, "audits", 1000, 40.0)
    between = [result("s", 60, 500), result("t", 70, 9), result("s", 100, 500)]
    assert rate_of([(run(), between)], "s").seconds == 100
    same = [result("t", 60, 9), result("s", 60, 500), result("s", 90, 500)]
    assert rate_of([(run(), same)], "s").seconds == 30


@pytest.mark.parametrize(("seconds", "known"), [(19, False), (20, True)])
def test_twenty_seconds_of_reading_are_enough(seconds: int, known: bool) -> None:
    assert (rate_of([(run(), [result("s", seconds, 5)])], "s") != UNKNOWN) is known
