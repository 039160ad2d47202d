"""What is late and what is due at the very edge, and plans of many kinds as they are today: each case
for a change that a mutation test made. The plans are pinned, not argued: the rules they follow are in
`test_policy.py`, and here any other plan has to be meant."""

from __future__ import annotations

import random
import zlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from preservation.audit import policy as module
from preservation.audit.policy import (
    AuditClass,
    AuditPolicy,
    DuePolicy,
    Quiet,
    believed,
    is_late,
    late,
    late_before,
    looked_at,
    sample,
    seconds,
    spread,
)
from preservation.audit.worklist import CATCH_UP, COPY_COST, Aged, age, due, retry, spent_bytes
from repository.catalogue.records import CopyRecord, ObjectRecord
from repository.clock import utc_text

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)  # 01:00 of Monday the 23rd in Vietnam
SECOND = 1 / 86_400


def ago(days: float) -> str:
    return utc_text(NOW - timedelta(days=days))


def copy(name: str = "a", **changes: str) -> CopyRecord:
    values = {
        "object_id": name, "store": "s", "head": "v1", "written_at": ago(300),
        "read_back": "direct", "last_checked_at": "", "last_verdict": "", "read_at": "",
        "tried_at": "", **changes,
    }  # fmt: skip
    return CopyRecord(**values)


def record(**changes: str) -> ObjectRecord:
    values = {one.name: "" for one in fields(ObjectRecord)} | changes
    return ObjectRecord(**values)  # type: ignore[arg-type]


def test_what_is_promised_where_nothing_is_set() -> None:
    assert DuePolicy() == DuePolicy(365, None, 1, None, None, 6)
    assert (module.LONGEST_WINDOW_DAYS, module.GRACE_DAYS) == (1095, 7)
    assert (CATCH_UP, COPY_COST) == (2, 4_000_000)
    assert Aged(1, "a", 2, True).tried is None


def test_quiet_hours_to_the_minute() -> None:
    day, night = Quiet.parse("07:05-18:30"), Quiet.parse("22:15-05:45")
    assert (day, night) == (Quiet(425, 1110), Quiet(1335, 345))
    assert (str(day), str(night)) == ("07:05-18:30", "22:15-05:45")
    assert (day.hours, night.hours) == (685 / 60, 7.5)
    assert str(Quiet(0, 1439)) == "00:00-23:59"
    midnight = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # of Vietnam
    for quiet in (day, night):
        held = {at for at in range(1440) if quiet.holds(midnight + timedelta(minutes=at))}
        wanted = {
            at for at in range(1440)
            if (quiet.begins <= at < quiet.ends if quiet is day
                else at >= quiet.begins or at < quiet.ends)
        }  # fmt: skip
        assert held == wanted
    for wrong in ("07:00-07:00", "7:00-18:00", "24:00-01:00", "07:60-08:00", "", "07:00-18:00 "):
        with pytest.raises(ValueError, match="hour"):
            Quiet.parse(wrong)
    assert DuePolicy(quiet=night).reading_hours == 16.5
    assert DuePolicy().reading_hours == 24


def test_an_audits_day_begins_at_its_hour_and_not_a_second_sooner() -> None:
    policy = DuePolicy(hour=1)
    assert policy.day(NOW) == (NOW, NOW + timedelta(days=1))
    assert policy.day(NOW - timedelta(seconds=1)) == (NOW - timedelta(days=1), NOW)
    assert not policy.sweeps(NOW)
    assert policy.sweeps(NOW - timedelta(seconds=1))
    assert policy.sweeps(NOW - timedelta(days=1))
    assert not policy.sweeps(NOW - timedelta(days=1, seconds=1))
    assert replace(policy, sweep=0).sweeps(NOW)
    assert not replace(policy, sweep=None).sweeps(NOW)


def test_a_class_takes_what_matches_in_all_that_it_asks() -> None:
    every = AuditClass("all", 10)
    one = AuditClass("one", 10, frozenset({"f"}), frozenset({"m"}), frozenset({"p"}))
    good = {"fonds_code": "f", "maintenance": "m", "mode": "p"}
    assert every.takes(record())
    assert one.takes(record(**good))
    for name in good:
        assert not one.takes(record(**{**good, name: "x"}))


def test_windows_are_the_first_classs_or_the_stricter_of_a_store_that_has_its_own() -> None:
    classes = [AuditClass("x", 30, frozenset({"f"})), AuditClass("y", 500)]
    policy = AuditPolicy(DuePolicy(365), {"own": DuePolicy(90)}, ("own",), classes)
    first, second = record(object_id="1", fonds_code="f"), record(object_id="2")
    assert [policy.window("s", one) for one in (first, second, None)] == [30, 500, 365]
    assert [policy.window("own", one) for one in (first, second, None)] == [30, 90, 90]
    assert policy.windows("s", [first, second]) == {"1": 30, "2": 500}
    assert policy.windows("own", [first, second]) == {"1": 30}
    assert replace(policy, classes=()).windows("s", [first]) == {}
    assert policy.of("other") is policy.default
    assert [spread(days) for days in (1, 2, 10, 11, 365)] == [1, 1, 9, 9, 328]
    assert DuePolicy(10).spread_days == 9


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({}, 300), ({"read_at": ago(5)}, 5), ({"read_at": ago(5), "last_checked_at": ago(1)}, 5),
        ({"last_checked_at": ago(4), "last_verdict": "intact"}, 4),
        ({"last_checked_at": ago(4), "last_verdict": "damaged"}, 4),
        ({"last_checked_at": ago(4), "last_verdict": "incomplete"}, 300),
    ],
)  # fmt: skip
def test_when_all_of_a_copy_was_looked_at(changes: dict[str, str], at: float) -> None:
    assert looked_at(copy(**changes)) == ago(at)
    assert believed(copy(**changes), NOW) == ago(at)


def test_only_instants_that_can_be_are_believed() -> None:
    assert believed(copy(read_at=ago(-1)), NOW) == ago(-1)  # a day ahead: clocks differ
    assert believed(copy(read_at=ago(-1 - SECOND)), NOW) == ago(300)
    assert believed(copy(read_at="never", written_at="never"), NOW) == ""
    at = int(NOW.timestamp())
    assert seconds(ago(0), at) == at
    assert seconds(ago(-1), at) == at + 86_400
    assert seconds(ago(-1 - SECOND), at) is None
    assert seconds("", at) is None


def test_what_is_late_by_a_second_is_late() -> None:
    assert late_before(10, NOW) == ago(10)
    assert not is_late(copy(read_at=ago(10)), 10, NOW)
    assert is_late(copy(read_at=ago(10 + SECOND)), 10, NOW)
    copies = [
        copy("c", read_at=ago(12)), copy("b", read_at=ago(15)), copy("a", read_at=ago(12)),
        copy("own", read_at=ago(6)), copy("no", read_at=ago(10)),
    ]  # fmt: skip
    policy = DuePolicy(10)
    names = [one.object_id for one in late(copies, policy, NOW, windows={"own": 5})]
    assert names == ["b", "a", "c", "own"]
    assert [one.object_id for one in late(copies, policy, NOW, grace_days=2)] == ["b"]
    assert [one.object_id for one in late(copies, policy, NOW)] == ["b", "a", "c"]


def test_a_sample_is_rounded_up_and_never_empty_but_of_nothing() -> None:
    items = [f"{n:03}" for n in range(100)]
    assert [len(sample(items, percent, 1)) for percent in (0.1, 1, 1.01, 50, 100, 200)] == [
        1, 1, 2, 50, 100, 100,
    ]  # fmt: skip
    assert sample([], 50, 1) == []
    assert len(sample(items, 0, 1)) == 1
    assert sample(["b", "a"], 100, 7) == ["a", "b"]
    assert sample(reversed(items), 3, 42) == sample(items, 3, 42) != sample(items, 3, 43)
    assert sample(items, 3, 42) == sorted(random.Random(42).sample(items, 3))


def test_a_copy_as_the_plan_sees_it() -> None:
    at = int(NOW.timestamp())
    day = 86_400
    plain = age(copy(), 7, at)
    assert plain == Aged(at - 300 * day, "a", 7 + COPY_COST, False, None)
    audited = age(copy(last_checked_at=ago(3), last_verdict="intact", read_at=ago(3)), 0, at)
    assert audited == Aged(at - 3 * day, "a", COPY_COST, True, None)
    stuck = copy(last_checked_at=ago(2), last_verdict="incomplete")
    assert age(stuck, 0, at).tried == at - 2 * day
    assert age(copy(tried_at=ago(4), last_checked_at=ago(2)), 0, at).tried == at - 4 * day
    assert age(copy(tried_at="never"), 0, at).tried == 0
    assert age(copy(last_verdict="incomplete"), 0, at).tried == 0
    assert age(copy(read_at=ago(-9)), 0, at).read == at - 300 * day
    assert age(copy(read_at=ago(-9), written_at="never"), 0, at).read == 0


def test_bytes_of_today_begin_with_the_day() -> None:
    copies = [
        copy("a", last_checked_at=ago(0)), copy("b", last_checked_at=ago(SECOND)), copy("c"),
        copy("d", last_checked_at=ago(-0.5)),
    ]  # fmt: skip
    assert spent_bytes(copies, {"a": 1, "b": 10, "c": 100}, DuePolicy(), NOW) == 1
    assert spent_bytes(copies, {"a": 1, "d": 1000}, DuePolicy(), NOW) == 1001


def test_those_to_be_tried_again_are_a_days_worth_of_those_not_tried_today() -> None:
    at = int(NOW.timestamp())
    stuck = [Aged(at, name, 10, True, tried) for name, tried in
             [("a", at - 5), ("b", at - 9), ("c", at), ("d", at + 1), ("e", at - 5)]]  # fmt: skip

    def names(plain: int, when: datetime = NOW, window: int = 10) -> str:
        rest = [Aged(at, "x", plain, True)]
        return "".join(one.object_id for one in retry(stuck, rest, window, DuePolicy(), when))

    assert names(0) == "b"  # 50 a window of nine days: six a day, and the first in any case
    assert names(40) == "b"  # ten a day, which the first uses up
    assert names(41) == "ba"
    assert names(130) == "ba"
    assert names(131) == "bae"
    assert names(10**6) == "bae"


ARCHIVES = 12


def plans(number: int) -> str:
    """The plans of an archive of chance, under policies of chance, in one line."""
    chance = random.Random(number)
    copies, sizes, windows = [], {}, {}
    for at in range(chance.choice([0, 1, 3, 12, 40])):
        name = f"{at:02}"
        written = chance.choice([5.0, 40.5, 300.25, 420.0, 700.0])
        read = chance.choice([written, chance.random() * written, 0.0, 0.5, -3.0])
        kind = chance.choice(["", "intact", "intact", "damaged", "incomplete"])
        copies.append(
            CopyRecord(
                name, "s", "v1", ago(written), "direct", ago(read) if kind else "", kind,
                ago(read), chance.choice(["", "", "", ago(0.4), ago(2), ago(9)]),
            )
        )  # fmt: skip
        if chance.random() < 0.9:
            sizes[name] = chance.choice([0, 1000, 10**6, 10**7, 10**8, 3 * 10**9])
        if chance.random() < 0.2:
            windows[name] = chance.choice([1, 30, 100, 1095])
    told = []
    for window in (1, 3, 30, 365, 1095):
        for budget in (None, -1, 0, 10**7, 10**9):
            policy = DuePolicy(window, budget, chance.randrange(24), sweep=chance.choice([0, 6]))
            for own in (None, windows):
                found = due(copies, sizes, policy, NOW, windows=own)
                told.append(",".join(one.object_id for one in found))
    return ";".join(told)


def test_plans_of_many_kinds_are_what_they_were() -> None:
    sums = [zlib.crc32(plans(number).encode()) for number in range(ARCHIVES)]
    assert sums == PINNED


PINNED = [
    3827021515, 3383102171, 2293650441, 3262970116, 845679414, 2691422405, 2116490904,
    290986705, 3806600930, 1347809952, 3938818771, 1746196087,
]  # fmt: skip
