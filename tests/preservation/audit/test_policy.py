"""What is due: rules one by one, and properties that hold for any archive."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preservation.audit.policy import (
    AuditClass,
    AuditPolicy,
    DuePolicy,
    Quiet,
    is_late,
    late,
    looked_at,
    sample,
)
from preservation.audit.worklist import CATCH_UP, COPY_COST, due, spent_bytes
from repository.catalogue.records import CopyRecord, ObjectRecord
from repository.clock import VIETNAM, utc_text

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)  # 01:00 in Vietnam: a day of audits begins
YEAR = DuePolicy()


def ago(days: float) -> str:
    return utc_text(NOW - timedelta(days=days))


def copy(
    name: str = "urn:a",
    *,
    written: float = 300,
    checked: float | None = None,
    verdict: str = "",
    read: float | None = None,
) -> CopyRecord:
    """A copy as the catalogue has it. `read`: when all of it was, where the last look was not whole."""
    tried = verdict == "incomplete" or read is not None
    if read is None:
        read = written if checked is None or tried else checked
    return CopyRecord(
        object_id=name,
        store="primary",
        head="v1",
        written_at=ago(written),
        read_back="direct",
        last_checked_at="" if checked is None else ago(checked),
        last_verdict=verdict or ("" if checked is None else "intact"),
        read_at=ago(read),
        tried_at=ago(checked) if tried and checked is not None else "",
    )


def intact(one: CopyRecord, at: str) -> CopyRecord:
    """The copy after an audit that read all of it."""
    return replace(one, last_checked_at=at, last_verdict="intact", read_at=at, tried_at="")


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
    policy = replace(policy, sweep=None)
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
            copies[one.object_id] = intact(one, at)


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
        copies[one.object_id] = intact(one, at)
    for hour in range(1, 24):
        assert due(copies.values(), {}, YEAR, NOW + timedelta(hours=hour)) == []


def test_a_run_that_was_stopped_is_taken_up_by_asking_again() -> None:
    copies = {f"urn:{n}": copy(f"urn:{n}", written=300) for n in range(3000)}
    first = due(copies.values(), {}, YEAR, NOW)
    done, left = first[: len(first) // 2], first[len(first) // 2 :]
    for one in done:
        copies[one.object_id] = intact(one, utc_text(NOW))
    assert due(copies.values(), {}, YEAR, NOW + timedelta(hours=2)) == left


def test_four_large_dossiers_are_read_once_in_the_window_each_not_every_few_days() -> None:
    sizes = {f"urn:{n}": 10**12 for n in range(4)}
    copies = {name: copy(name, written=0) for name in sizes}
    read = []
    for day in range(100):
        now = NOW + timedelta(days=day)
        for one in due(copies.values(), sizes, DuePolicy(100), now):
            read.append(one.object_id)
            copies[one.object_id] = intact(one, utc_text(now))
    assert sorted(read) == sorted(sizes)


def test_a_look_that_could_not_see_everything_does_not_count_as_a_look() -> None:
    one = copy(written=400, checked=1, verdict="incomplete")
    assert looked_at(one) == one.written_at
    assert late([one], YEAR, NOW) == [one]
    again = copy(written=400, checked=1, verdict="incomplete", read=30)
    assert looked_at(again) == ago(30)
    assert late([again], YEAR, NOW) == []


def test_damage_was_read_to_be_found_and_counts_as_a_look() -> None:
    assert late([copy(written=400, checked=1, verdict="damaged")], YEAR, NOW) == []


def test_damage_found_in_a_copy_that_was_not_all_read_does_not_count_as_a_look() -> None:
    one = copy(written=400, checked=1, verdict="damaged", read=390)
    assert late([one], YEAR, NOW) == [one]
    assert due([one], {}, YEAR, NOW) == [one]


def test_what_could_not_be_read_is_tried_again_once_a_day() -> None:
    yesterday = copy(written=10, checked=0.5, verdict="incomplete")
    assert due([yesterday], {}, YEAR, NOW) == [yesterday]
    today = replace(yesterday, tried_at=utc_text(NOW + timedelta(minutes=5)))
    assert due([today], {}, YEAR, NOW + timedelta(hours=3)) == []


def test_a_whole_store_that_cannot_be_read_does_not_keep_the_readable_from_being_read() -> None:
    sizes = {f"urn:{n}": 0 for n in range(1000)}
    stuck = [copy(f"urn:{n}", written=500, checked=2, verdict="incomplete") for n in range(900)]
    plain = [copy(f"urn:{n}", written=500) for n in range(900, 1000)]
    chosen = set(ids(due([*stuck, *plain], sizes, YEAR, NOW)))
    assert {one.object_id for one in plain} <= chosen
    assert len(chosen) < 110
    budget = DuePolicy(byte_budget=0)
    assert len(due([*stuck, *plain], dict.fromkeys(sizes, 1), budget, NOW)) == 1


def test_a_store_that_was_unreadable_as_a_whole_is_read_again_at_an_even_pace() -> None:
    """Somebody audited everything while the controller was broken: nothing is left but retries."""
    stuck = [copy(f"urn:{n}", written=100, checked=2, verdict="incomplete") for n in range(3280)]
    assert len(due(stuck, {}, YEAR, NOW)) == 10


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
            at = utc_text(now)
            if one.last_verdict == "incomplete":
                tried.add(one.object_id)
                copies[one.object_id] = replace(one, last_checked_at=at, tried_at=at)
            else:
                copies[one.object_id] = intact(one, at)
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
    odd = replace(copy(written=5), read_at="yesterday", written_at="")
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


# --- quiet hours, classes, sweep


def at_home(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=VIETNAM)


def test_quiet_hours_are_those_of_vietnam_and_may_pass_midnight() -> None:
    day = Quiet.parse("07:00-18:00")
    assert [day.holds(at_home(hour)) for hour in (6, 7, 17, 18)] == [False, True, True, False]
    assert day.hours == 11
    night = Quiet.parse("22:30-06:00")
    assert [night.holds(at_home(22, minute)) for minute in (29, 30)] == [False, True]
    assert [night.holds(at_home(hour)) for hour in (0, 5, 6)] == [True, True, False]
    assert DuePolicy(quiet=night).reading_hours == 16.5


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_hours_written_are_hours_read(begins: int, ends: int, now: int) -> None:
    quiet = Quiet(begins, ends)
    if begins == ends:
        with pytest.raises(ValueError, match="no hour"):
            Quiet.parse(str(quiet))
        return
    assert Quiet.parse(str(quiet)) == quiet
    inside = begins <= now < ends if begins < ends else now >= begins or now < ends
    assert quiet.holds(at_home(now // 60, now % 60)) is inside


@given(st.text(max_size=12))
def test_other_hours_are_refused(text: str) -> None:
    try:
        assert str(Quiet.parse(text)) == text
    except ValueError as problem:
        assert repr(text) in str(problem)


def held(object_id: str, **changes: str) -> ObjectRecord:
    values = {"fonds_code": "P_SNV", "maintenance": "01", "mode": "01", **changes}
    texts = {f.name: "" for f in fields(ObjectRecord)} | {"object_id": object_id, **values}
    return ObjectRecord(**texts | dict.fromkeys(("document_count", "file_count", "byte_count"), 1))


def test_the_first_class_that_takes_a_dossier_gives_its_window_and_the_stricter_store_holds() -> (
    None
):
    policy = AuditPolicy(
        default=DuePolicy(365),
        stores={"usb": DuePolicy(90), "far": DuePolicy(365)},
        own_windows={"usb"},
        classes=(
            AuditClass("land", 180, fonds=frozenset({"P_DD"}), modes=frozenset({"01"})),
            AuditClass("short", 1095, retention=frozenset({"05"})),
        ),
    )
    land, closed, short = (
        held("a", fonds_code="P_DD"),
        held("b", fonds_code="P_DD", mode="02"),
        held("c", maintenance="05"),
    )
    windows = {
        name: [policy.window(name, one) for one in (land, closed, short)] for name in ("far", "usb")
    }
    assert windows == {"far": [180, 365, 1095], "usb": [90, 90, 90]}
    assert policy.windows("far", [land, closed, short]) == {"a": 180, "c": 1095}


def test_a_class_is_late_by_its_own_window_and_comes_before_what_has_more_time_left() -> None:
    old, young = copy("urn:old", written=300), copy("urn:young", written=200)
    windows = {"urn:young": 100}
    assert late([old, young], YEAR, NOW, windows=windows) == [young]
    assert due([old, young], {}, YEAR, NOW, windows=windows)[0] == young
    assert is_late(young, 100, NOW)
    assert not is_late(old, 365, NOW)


SUNDAY_MORNING = datetime(2026, 11, 22, 3, tzinfo=VIETNAM)


def test_on_the_day_of_the_sweep_everything_late_is_tried_whatever_the_budget() -> None:
    stuck = [copy(f"urn:s{n}", written=600, checked=2, verdict="incomplete") for n in range(40)]
    overdue = [copy(f"urn:l{n}", written=400) for n in range(40)]
    others = [copy(f"urn:o{n}", written=10) for n in range(400)]
    sizes = {one.object_id: 1000 for one in (*stuck, *overdue, *others)}
    everything = [*stuck, *overdue, *others]
    for budget in (2000, -1):
        tight = DuePolicy(byte_budget=budget)
        swept = due(everything, sizes, tight, SUNDAY_MORNING)
        assert set(ids(swept)) >= {one.object_id for one in (*stuck, *overdue)}
        assert len(swept) <= 82
        monday = due(everything, sizes, tight, SUNDAY_MORNING + timedelta(days=1))
        assert len(monday) == (2 if budget > 0 else 0)
    never = replace(DuePolicy(byte_budget=2000), sweep=None)
    assert len(due(everything, sizes, never, SUNDAY_MORNING)) == 2


def test_the_grace_is_given_beyond_the_window() -> None:
    one = copy(written=370)
    assert late([one], YEAR, NOW) == [one]
    assert late([one], YEAR, NOW, grace_days=7) == []
