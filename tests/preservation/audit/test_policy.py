"""What is due: rules one by one, and properties that hold for any archive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from preservation.audit.policy import (
    CATCH_UP,
    COPY_COST,
    DuePolicy,
    Look,
    due,
    late,
    looked_at,
    sample,
    spent_bytes,
)
from repository.catalogue.records import CopyRecord
from repository.clock import utc_text

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)  # 01:00 in Vietnam: a day of audits begins
YEAR = DuePolicy()


def ago(days: float) -> str:
    return utc_text(NOW - timedelta(days=days))


def copy(
    name: str = "urn:a", *, written: float = 300, checked: float | None = None, verdict: str = ""
) -> CopyRecord:
    return CopyRecord(
        object_id=name,
        store="primary",
        head="v1",
        written_at=ago(written),
        read_back="direct",
        last_checked_at="" if checked is None else ago(checked),
        last_verdict=verdict or ("" if checked is None else "intact"),
    )


def ids(copies: list[CopyRecord]) -> list[str]:
    return [one.object_id for one in copies]


verdicts = st.sampled_from(["", "intact", "damaged", "incomplete"])


@st.composite
def archives(draw: st.DrawFn) -> list[CopyRecord]:
    count = draw(st.integers(0, 40))
    made = []
    for number in range(count):
        written = draw(st.integers(0, 2000)) + draw(st.sampled_from([0.0, 0.3, 0.999]))
        verdict = draw(verdicts)
        checked = None if not verdict else draw(st.floats(0, written))
        made.append(copy(f"urn:{number}", written=written, checked=checked, verdict=verdict))
    return made


policies = st.builds(
    DuePolicy,
    window_days=st.integers(1, 1095),
    byte_budget=st.none() | st.integers(0, 10**10),
    hour=st.integers(0, 23),
)
sizes_of = st.integers(0, 10**9)


@given(archives(), policies, st.randoms())
def test_what_is_due_are_copies_of_the_store_each_once_oldest_look_first(
    copies, policy, random
) -> None:
    chosen = due(copies, {}, policy, NOW)
    assert len(set(ids(chosen))) == len(chosen)
    assert set(chosen) <= set(copies)
    ages = [looked_at(one) for one in chosen]
    assert ages == sorted(ages)
    shuffled = list(copies)
    random.shuffle(shuffled)
    assert due(shuffled, {}, policy, NOW) == chosen


@given(archives(), st.integers(1, 1095))
def test_everything_late_is_due_unless_it_was_tried_in_vain_today_or_is_retried_in_turn(
    copies, window
) -> None:
    policy = DuePolicy(window)
    overdue = late(copies, policy, NOW)
    readable = {one.object_id for one in overdue if one.last_verdict != "incomplete"}
    assert readable <= set(ids(due(copies, {}, policy, NOW)))


@given(archives(), policies)
def test_no_copy_waits_while_a_younger_one_is_taken(copies, policy) -> None:
    chosen = set(ids(due(copies, {}, replace(policy, byte_budget=None), NOW)))
    plain = [one for one in copies if one.last_verdict != "incomplete"]
    taken = [looked_at(one) for one in plain if one.object_id in chosen]
    left = [looked_at(one) for one in plain if one.object_id not in chosen]
    assert not taken or not left or max(taken) <= min(left)


@given(archives(), policies, st.data())
def test_a_budget_is_kept_but_never_stops_everything(copies, policy, data) -> None:
    sizes = {one.object_id: data.draw(sizes_of) for one in copies}
    free = due(copies, sizes, replace(policy, byte_budget=None), NOW)
    chosen = due(copies, sizes, policy, NOW)
    assert set(ids(chosen)) <= set(ids(free))
    assert bool(chosen) == bool(free)
    if policy.byte_budget is not None and len(chosen) > 1:
        assert sum(sizes[name] for name in ids(chosen)) <= policy.byte_budget


@given(archives(), st.integers(1, 400))
def test_what_is_left_can_follow_at_an_even_pace_and_none_becomes_late(copies, window) -> None:
    """After what is due was read, a day's share a day is enough, unless the catch-up is limited."""
    policy = DuePolicy(window)
    plain = [one for one in copies if one.last_verdict != "incomplete"]
    chosen = set(ids(due(plain, {}, policy, NOW)))
    share = -(-COPY_COST * len(plain) // policy.spread_days) if plain else 0
    today = sum(1 for one in plain if one.last_checked_at >= ago(0))
    if COPY_COST * (len(chosen) + today) >= CATCH_UP * share:
        return  # more would be due; tomorrow goes on with it
    rest = sorted((one for one in plain if one.object_id not in chosen), key=looked_at)
    before = 0
    for one in rest:
        read_in = 1 + before * policy.spread_days // (COPY_COST * len(plain))
        age = NOW - datetime.fromisoformat(looked_at(one)) + timedelta(days=read_in)
        assert age.days <= policy.spread_days
        before += COPY_COST


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 25),
    st.lists(st.integers(0, 100), min_size=1, max_size=40),
    st.integers(0, 20),
)
def test_with_a_clock_that_runs_every_day_nothing_is_ever_late(
    window, days, sizes, minutes
) -> None:
    policy = DuePolicy(window)
    size_of = {f"urn:{number}": size * 1_000_000 for number, size in enumerate(sizes)}
    copies = {name: copy(name, written=0) for name in size_of}
    for day in range(days):
        now = NOW + timedelta(days=day)
        assert late(copies.values(), policy, now) == []
        for one in due(copies.values(), size_of, policy, now):
            at = utc_text(now + timedelta(minutes=minutes))
            copies[one.object_id] = replace(one, last_checked_at=at, last_verdict="intact")


def test_a_day_begins_at_the_hour_of_vietnam() -> None:
    begins, ends = DuePolicy(hour=1).day(NOW)
    assert (begins, ends) == (NOW, NOW + timedelta(days=1))
    assert DuePolicy(hour=1).day(NOW - timedelta(seconds=1))[1] == NOW
    assert DuePolicy(hour=0).day(NOW)[0] == NOW - timedelta(hours=1)


def test_a_second_question_on_the_same_day_asks_for_nothing_more() -> None:
    copies = {f"urn:{n}": copy(f"urn:{n}", written=n * 1.1) for n in range(300)}
    first = due(copies.values(), {}, YEAR, NOW)
    assert first
    at = utc_text(NOW + timedelta(minutes=30))
    for one in first:
        copies[one.object_id] = replace(one, last_checked_at=at, last_verdict="intact")
    for hour in range(1, 24):
        assert due(copies.values(), {}, YEAR, NOW + timedelta(hours=hour)) == []


def test_a_run_that_was_stopped_is_taken_up_by_asking_again() -> None:
    copies = {f"urn:{n}": copy(f"urn:{n}", written=300) for n in range(3000)}
    first = due(copies.values(), {}, YEAR, NOW)
    done, left = first[: len(first) // 2], first[len(first) // 2 :]
    for one in done:
        copies[one.object_id] = replace(one, last_checked_at=utc_text(NOW), last_verdict="intact")
    assert due(copies.values(), {}, YEAR, NOW + timedelta(hours=2)) == left


def test_four_large_dossiers_are_read_once_in_the_window_each_not_every_few_days() -> None:
    sizes = {f"urn:{n}": 10**12 for n in range(4)}
    copies = {name: copy(name, written=0) for name in sizes}
    read = []
    for day in range(100):
        now = NOW + timedelta(days=day)
        for one in due(copies.values(), sizes, DuePolicy(100), now):
            read.append(one.object_id)
            copies[one.object_id] = replace(
                one, last_checked_at=utc_text(now), last_verdict="intact"
            )
    assert sorted(read) == sorted(sizes)


def test_a_look_that_could_not_see_everything_does_not_count_as_a_look() -> None:
    one = copy(written=400, checked=1, verdict="incomplete")
    assert looked_at(one) == one.written_at
    assert late([one], YEAR, NOW) == [one]
    assert looked_at(one, Look(read_at=ago(30))) == ago(30)
    assert late([one], YEAR, NOW, looks={"urn:a": Look(read_at=ago(30))}) == []


def test_damage_was_read_to_be_found_and_counts_as_a_look() -> None:
    assert late([copy(written=400, checked=1, verdict="damaged")], YEAR, NOW) == []


def test_what_could_not_be_read_is_tried_again_once_a_day() -> None:
    yesterday = copy(written=10, checked=0.5, verdict="incomplete")
    looks = {"urn:a": Look(read_at="", tried_at=ago(0.5))}
    assert due([yesterday], {}, YEAR, NOW, looks=looks) == [yesterday]
    looks = {"urn:a": Look(read_at="", tried_at=utc_text(NOW + timedelta(minutes=5)))}
    assert due([yesterday], {}, YEAR, NOW + timedelta(hours=3), looks=looks) == []


def test_what_nobody_tried_to_read_keeps_its_age_and_its_turn() -> None:
    """The store was away, or the run was stopped: the look never happened."""
    one = copy(written=400, checked=0.1, verdict="incomplete")
    assert due([one], {}, YEAR, NOW, looks={"urn:a": Look(read_at=ago(20))}) == []
    assert due([one], {}, YEAR, NOW, looks={"urn:a": Look(read_at=ago(370))}) == [one]


def test_a_whole_store_that_cannot_be_read_does_not_keep_the_readable_from_being_read() -> None:
    sizes = {f"urn:{n}": 0 for n in range(1000)}
    stuck = [copy(f"urn:{n}", written=500, checked=2, verdict="incomplete") for n in range(900)]
    plain = [copy(f"urn:{n}", written=500) for n in range(900, 1000)]
    chosen = set(ids(due([*stuck, *plain], sizes, YEAR, NOW)))
    assert {one.object_id for one in plain} <= chosen
    assert len(chosen) < 110
    budget = DuePolicy(byte_budget=0)
    assert len(due([*stuck, *plain], dict.fromkeys(sizes, 1), budget, NOW)) == 1


def test_copies_that_stay_unreadable_are_retried_in_turn() -> None:
    copies = {
        f"urn:{n}": copy(f"urn:{n}", written=500, checked=2, verdict="incomplete")
        for n in range(50)
    }
    copies |= {f"urn:x{n}": copy(f"urn:x{n}", written=1) for n in range(1000)}
    tried = set()
    for day in range(60):
        now = NOW + timedelta(days=day)
        for one in due(copies.values(), {}, YEAR, now):
            verdict = "incomplete" if one.last_verdict == "incomplete" else "intact"
            tried |= {one.object_id} if verdict == "incomplete" else set()
            copies[one.object_id] = replace(
                one, last_checked_at=utc_text(now), last_verdict=verdict
            )
    assert len(tried) == 50


def test_a_look_dated_in_the_future_is_not_believed() -> None:
    """A clock that was set wrong must not buy a copy ten years of rest."""
    one = copy(written=400, checked=-3650)
    assert late([one], YEAR, NOW) == [one]
    assert due([one], {}, YEAR, NOW) == [one]
    assert late([copy(written=-3650)], YEAR, NOW)


def test_a_few_hours_of_skew_are_no_wrong_clock() -> None:
    assert late([copy(written=400, checked=-0.2)], YEAR, NOW) == []


def test_a_date_that_is_none_counts_as_never_looked_at() -> None:
    odd = replace(copy(written=5, checked=1), last_checked_at="yesterday", written_at="")
    assert late([odd], YEAR, NOW) == [odd]


def test_after_an_outage_the_late_come_first_and_all_of_them_at_once() -> None:
    copies = [copy(f"urn:{n:03}", written=100 + n) for n in range(400)]
    chosen = due(copies, {}, YEAR, NOW)
    overdue = late(copies, YEAR, NOW)
    assert len(overdue) > 100
    assert chosen[: len(overdue)] == overdue


def test_what_is_behind_but_not_late_is_caught_up_at_twice_the_pace() -> None:
    copies = [copy(f"urn:{n:04}", written=30 + n / 10) for n in range(3280)]
    chosen = due(copies, {}, YEAR, NOW)
    assert late(copies, YEAR, NOW) == []
    assert len(chosen) == CATCH_UP * 10


def test_the_bytes_of_today_are_counted_from_the_daily_hour() -> None:
    sizes = {"urn:a": 5, "urn:b": 7}
    copies = [copy("urn:a", checked=0), copy("urn:b", checked=0.01)]
    assert spent_bytes(copies, sizes, YEAR, NOW) == 5


@given(st.sets(st.text(max_size=5), max_size=50), st.floats(0.1, 100), st.integers(0, 2**31))
def test_a_sample_is_the_part_asked_for_and_its_seed_repeats_it(items, percent, seed) -> None:
    drawn = sample(items, percent, seed)
    assert drawn == sample(sorted(items, reverse=True), percent, seed)
    assert set(drawn) <= items
    assert len(set(drawn)) == len(drawn)
    assert len(drawn) >= min(len(items), len(items) * percent / 100)
    assert bool(drawn) == bool(items)
