"""The planner: figures that add up, and policies that cannot hold named as such."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.audit.planning import UNKNOWN, Load, Rate, amount, plan_store, rate_of
from preservation.audit.policy import DuePolicy, Quiet
from repository.catalogue.records import AuditResultRecord, AuditRunRecord
from repository.clock import utc_text
from schemas.problem_texts import problem_text

TERABYTE = 10**12
DAYTIME = Quiet.parse("07:00-18:00")


def load(size: int, copies: int = 1000, window: int = 365, largest: int = 10**9) -> Load:
    return Load({window: copies}, {window: size}, largest)


def measured(rate: float) -> Rate:
    return Rate(rate, "audits", int(rate * 100), 100.0)


def test_a_day_is_told_in_bytes_and_hours_at_the_measured_rate() -> None:
    plan = plan_store("primary", load(328 * 360 * 10**9), DuePolicy(), measured(100e6))
    assert plan.bytes_a_day == 360e9
    assert plan.hours_a_day == 1.0
    assert plan.copies_a_day == pytest.approx(1000 / 328)
    assert plan.holds
    assert plan.problems == ()


def test_a_slow_medium_cannot_hold_a_large_archive_and_the_figures_say_so() -> None:
    policy = DuePolicy(window_days=100, quiet=DAYTIME)
    plan = plan_store("primary", load(90 * TERABYTE, window=100), policy, measured(20e6))
    assert not plan.holds
    (problem,) = plan.problems
    assert problem.code == "AUD-PLAN-RATE"
    assert problem.params["hours"] == "13"
    assert problem.params["enough"] == "21.4"
    text = problem_text(problem.code, problem.params, "en")
    assert "1 TB a day" in text
    days = int(problem.params["days"])
    longer = DuePolicy(window_days=days, quiet=DAYTIME)
    assert plan_store("primary", load(90 * TERABYTE, window=days), longer, measured(20e6)).holds


def test_a_limit_below_what_is_needed_is_told_as_the_limits_fault() -> None:
    policy = DuePolicy(bytes_per_second=1_000_000)
    for rate in (UNKNOWN, measured(500e6)):
        plan = plan_store("primary", load(100 * TERABYTE), policy, rate)
        problem = next(one for one in plan.problems if one.code == "AUD-PLAN-RATE")
        assert problem.params["reason"] == "limit"
        assert "limit" in problem_text(problem.code, problem.params, "en")


def test_a_budget_below_a_days_share_cannot_hold() -> None:
    plan = plan_store("p", load(328 * 10**9), DuePolicy(byte_budget=10**9 - 1), measured(1e9))
    assert [one.code for one in plan.problems] == ["AUD-PLAN-BUDGET"]
    assert plan_store("p", load(328 * 10**9), DuePolicy(byte_budget=10**9), measured(1e9)).holds


def test_without_a_rate_no_hours_are_told_and_nothing_is_claimed() -> None:
    plan = plan_store("p", load(TERABYTE), DuePolicy(), UNKNOWN)
    assert (plan.hours_a_day, plan.bytes_possible) == (None, None)
    assert [one.code for one in plan.problems] == ["AUD-PLAN-NO-RATE"]


def test_one_dossier_that_runs_into_the_quiet_hours_is_told() -> None:
    plan = plan_store("p", load(10**9, largest=TERABYTE), DuePolicy(quiet=DAYTIME), measured(1e7))
    assert [one.code for one in plan.problems] == ["AUD-PLAN-LARGEST"]
    assert plan.holds


@given(
    st.dictionaries(st.integers(1, 1095), st.integers(0, 10**15), min_size=1, max_size=4),
    st.none() | st.floats(1, 1e10),
    st.none() | st.integers(1, 10**10),
    st.none() | st.integers(1, 10**15),
    st.none() | st.builds(Quiet, st.integers(0, 700), st.integers(701, 1439)),
)
def test_a_policy_holds_exactly_when_a_day_has_room_for_a_days_share(
    sizes, rate, limit, budget, quiet
) -> None:
    policy = DuePolicy(bytes_per_second=limit, byte_budget=budget, quiet=quiet)
    known = UNKNOWN if rate is None else measured(rate)
    plan = plan_store("p", Load(dict.fromkeys(sizes, 1), sizes), policy, known)
    room = plan.bytes_possible
    assert plan.holds is (room is None or plan.bytes_a_day <= room)
    for problem in plan.problems:
        for language in ("vi", "en"):
            assert "{" not in problem_text(problem.code, problem.params, language)


# --- the rate that audits tell

BEGUN = datetime(2026, 11, 22, 1, tzinfo=UTC)


def at(seconds: int) -> str:
    return utc_text(BEGUN + timedelta(seconds=seconds))


def run() -> AuditRunRecord:
    return AuditRunRecord("r", "due", at(0), at(9999), "kho", "success")


def result(store: str, seconds: int, size: int) -> AuditResultRecord:
    return AuditResultRecord("r", "o", store, at(seconds), "intact", 1, 1, 0, 0, 0, 0, 0, size)


def test_each_stores_rate_is_of_its_own_part_of_a_run() -> None:
    results = [
        result("fast", 10, 1000), result("fast", 20, 1000),
        result("slow", 60, 100), result("slow", 120, 100),
    ]  # fmt: skip
    assert rate_of([(run(), results)], "fast").bytes_per_second == 100
    assert rate_of([(run(), results)], "slow").bytes_per_second == 2
    assert rate_of([(run(), results)], "absent") == UNKNOWN


def test_too_little_reading_gives_no_rate() -> None:
    assert rate_of([(run(), [result("p", 19, 10**9)])], "p") == UNKNOWN
    assert rate_of([(run(), [result("p", 20, 10**9)])], "p").source == "audits"
    assert rate_of([(run(), [result("p", 500, 0)])], "p") == UNKNOWN


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (23_800_000, "23.8 MB")]
)
def test_amounts_are_for_people(count: int, text: str) -> None:
    assert amount(count) == text
