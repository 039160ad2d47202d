"""How much is planned for a day, to the last byte: small copies, so that one byte more or less is
another plan. What a mutation test changes in `preservation.audit.worklist` is to be noticed here."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from preservation.audit import worklist
from preservation.audit.policy import DuePolicy, spread
from preservation.audit.worklist import COPY_COST, Aged, choose, due, retry
from repository.catalogue.records import CopyRecord
from repository.clock import utc_text

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)  # 01:00 of Monday the 23rd in Vietnam: a day begins
AT = int(NOW.timestamp())
DAY = 86_400
MORNING = 6 * 3600


def aged(number: int, days: float, cost: int = 1, *, audited: bool = False) -> Aged:
    return Aged(AT - int(days * DAY), f"{number:03}", cost, audited)


def chosen(copies: list[Aged], window: int = 10, now: datetime = NOW) -> int:
    """How many of these are read now; always the oldest."""
    ordered = sorted(copies)
    found = list(choose(ordered, window, DuePolicy(window), now))
    assert found == ordered[: len(found)]
    return len(found)


# -- a lull: nothing is behind, and nine tenths of a day's share are read ahead


@pytest.mark.parametrize(
    ("copies", "read_today", "count"),
    # A window of ten days is read in nine: of 90 bytes ten a day, of which nine in a lull.
    [(90, 0, 9), (90, 4, 5), (90, 8, 1), (90, 9, 0), (90, 20, 0), (81, 0, 8), (91, 0, 9), (99, 0, 9),
     (100, 0, 10), (9, 0, 0), (10, 0, 1), (19, 0, 2), (1, 0, 0), (0, 0, 0)],
)  # fmt: skip
def test_in_a_lull_nine_tenths_of_a_days_share_are_read_ahead(
    copies: int, read_today: int, count: int
) -> None:
    store = [aged(n, 0.5) for n in range(copies - read_today)]
    store += [aged(500 + n, 0, audited=True) for n in range(read_today)]
    assert chosen(store) == count


def test_a_lull_is_filled_by_whole_copies_that_fit() -> None:
    assert chosen([aged(0, 0.5, 9), *(aged(n, 0.4) for n in range(1, 82))]) == 1
    assert chosen([aged(0, 0.5, 10), *(aged(n, 0.4) for n in range(1, 81))]) == 0
    assert chosen([aged(0, 0.5, 5), aged(1, 0.4, 4), *(aged(n, 0.3) for n in range(2, 83))]) == 2
    assert chosen([aged(0, 0.5, 5), aged(1, 0.4, 5), *(aged(n, 0.3) for n in range(2, 82))]) == 1
    assert chosen([aged(n, 0.5, 0) for n in range(5)]) == 5  # what costs nothing has room


def test_copies_that_were_only_written_today_used_up_nothing_of_todays_share() -> None:
    written = [aged(500 + n, 0) for n in range(60)]
    assert chosen([*(aged(n, 0.5) for n in range(30)), *written]) == 9
    audited = [aged(500 + n, 0, audited=True) for n in range(60)]
    assert chosen([*(aged(n, 0.5) for n in range(30)), *audited]) == 0


# -- what is behind


def wanted(ordered: list[Aged], window: int, now: datetime) -> int:
    """The rule in the plain words of the docstrings, copy by copy: how many are read now."""
    days = spread(window)
    begins, ends = (int(one.timestamp()) for one in DuePolicy(window).day(now))
    total = sum(one.cost for one in ordered)
    share = math.ceil(total / days)
    before = [sum(one.cost for one in ordered[:count]) for count in range(len(ordered) + 1)]

    def older(instant: int) -> int:
        return sum(one.read < instant for one in ordered)

    urgent = older(ends + MORNING - window * DAY)
    # From the end of this day on so much is read each day, all of it at the day's beginning: what is
    # read on the nth of those days must not be older than the spread then.
    need = 0
    hopeless = older(ends - (days + 1) * DAY + 1)
    for count in range(hopeless + 1, len(ordered) + 1):
        one = ordered[count - 1]
        slack = 0  # days on which it may still be read
        while slack < days and one.read >= ends - (days - slack) * DAY + 1:
            slack += 1
        # By then `slack + 1` days were read; what is before it and not read by then is read today.
        room = ((slack + 1) * total - 1) // days
        need = max(need, before[count - 1] - room)
    behind = hopeless
    while need > 0 and before[behind] < need:
        behind += 1
    spent = sum(one.cost for one in ordered if one.read >= begins and one.audited)
    allowed = next((n for n, at in enumerate(before) if at >= 2 * share - spent), len(before))
    count = max(urgent, min(max(urgent, behind), allowed))
    room = share * 9 // 10 - spent
    while count < len(ordered) and before[count + 1] <= room:
        count += 1
    return count


def store_of_chance(number: int) -> tuple[list[Aged], int, datetime]:
    chance = random.Random(number)
    window = chance.choice([1, 2, 3, 5, 10, 12, 30])
    if chance.random() < 0.5:
        return to_the_second(chance, window), window, NOW
    oldest = window * chance.choice([0.3, 1.0, 1.3])
    whole = chance.random() < 0.4  # looks that were all taken at the hour
    copies = []
    for n in range(chance.choice([0, 1, 2, 5, 12, 30])):
        days = chance.choice([chance.random() * oldest, chance.choice([0, 0.1])])
        days = float(round(days)) if whole else days
        second = chance.choice([0, 0, 1, -1]) if whole else 0
        one = aged(n, days, chance.choice([1, 1, 2, 5, 20]), audited=chance.random() < 0.7)
        copies.append(one._replace(read=one.read + second))
    now = NOW + timedelta(seconds=chance.choice([0, 0, -1, 5 * 3600, 12 * 3600, -3600]))
    return sorted(copies), window, now


def to_the_second(chance: random.Random, window: int) -> list[Aged]:
    """A few old looks at the very second that decides, and many young ones; a share without a rest."""
    days = spread(window)
    copies = []
    for n in range(chance.choice([1, 2, 3, 6])):
        age_in_days = chance.choice([days, days, days - 1, days - 2, days + 1, window])
        one = aged(n, age_in_days, chance.choice([1, 1, 2, 7]))
        copies.append(one._replace(read=one.read + chance.choice([-2, -1, 0, 0, 1, 2])))
    total = sum(one.cost for one in copies)
    young = -total % days + days * chance.choice([0, 1, 2, 5])
    copies += [aged(100 + n, chance.choice([0.5, 0.5, 1, 2])) for n in range(young)]
    return sorted(copies)


def test_a_copy_is_urgent_from_the_second_on_that_tomorrows_run_could_be_too_late() -> None:
    # Of 100 bytes twelve a day; the old copy has fifty, and never fits into a lull.
    young = [aged(100 + n, 0.5) for n in range(50)]
    edge = aged(0, 10 - 1.25, 50)  # a day until tomorrow's run, six hours that it may take
    assert chosen([edge, *young]) == 0
    assert chosen([edge._replace(read=edge.read - 1), *young]) == 1
    assert chosen([edge._replace(read=edge.read + 1), *young]) == 0


def test_what_is_read_now_is_what_the_rule_says_copy_by_copy() -> None:
    for number in range(1200):
        ordered, window, now = store_of_chance(number)
        assert chosen(ordered, window, now) == wanted(ordered, window, now), number


# -- what is tried again


def stuck(name: str, tried: int | None, *, read: float = 1, cost: int = 10) -> Aged:
    return Aged(AT - int(read * DAY), name, cost, True, tried)


def again(*copies: Aged, window: int = 10, now: datetime = NOW, sweep: int = 6) -> str:
    found = retry(list(copies), [], window, DuePolicy(window, sweep=sweep), now)
    return "".join(one.object_id for one in found)


def test_who_was_tried_when_nobody_knows_is_tried_first() -> None:
    assert again(stuck("b", AT - 5), stuck("a", AT - 5), stuck("z", 0), stuck("y", None)) == "y"
    thirty = [stuck(name, AT - 9, cost=0) for name in "ab"]
    assert again(stuck("z", None, cost=0), *thirty) == "z"  # of nothing nothing is left
    assert again(stuck("b", None), stuck("a", 1), window=1) == "ba"
    assert again(stuck("b", -1), stuck("a", None), window=1) == "ba"
    assert again(stuck("a", AT - 1)) == "a"
    assert again(stuck("a", AT)) == ""
    assert again(stuck("a", None), stuck("b", 1), stuck("c", -1), window=1) == "cab"
    assert again(stuck("a", 0), stuck("b", None), stuck("c", 1), window=1) == "abc"


def test_on_the_day_of_the_sweep_all_that_are_late_are_tried_again() -> None:
    copies = [stuck("a", AT - 9, read=11), stuck("b", AT - 8, read=10), stuck("c", AT - 7, read=12)]
    assert again(*copies, sweep=0) == "ac"  # b is not late by a second
    assert again(*copies, sweep=6) == "a"
    later = NOW + timedelta(seconds=1)
    assert again(*copies, sweep=0, now=later) == "abc"


def test_a_days_worth_is_tried_again_until_it_is_used_up() -> None:
    copies = [
        stuck(name, AT - 9, cost=cost) for name, cost in zip("abcd", (1, 1, 1, 15), strict=True)
    ]
    assert again(*copies) == "ab"  # 18 bytes in nine days: two a day
    copies[3] = stuck("d", AT - 9, cost=16)
    assert again(*copies) == "abc"  # 19: three a day


# -- the budget


def copy(name: str, days: float, **changes: str) -> CopyRecord:
    at = utc_text(NOW - timedelta(days=days))
    values = {
        "object_id": name, "store": "s", "head": "v1", "written_at": at, "read_back": "direct",
        "last_checked_at": "", "last_verdict": "", "read_at": at, "tried_at": "", **changes,
    }  # fmt: skip
    return CopyRecord(**values)


def names(
    copies: list[CopyRecord], sizes: dict[str, int], policy: DuePolicy, **more: object
) -> str:
    return "".join(one.object_id for one in due(copies, sizes, policy, NOW, **more))  # type: ignore[arg-type]


LATE = [copy("a", 20), copy("b", 19), copy("c", 18), copy("d", 17)]
SIZES = {"a": 100, "b": 50, "c": 50, "d": 1}


@pytest.mark.parametrize(
    ("budget", "found"),
    [(None, "abcd"), (201, "abcd"), (200, "abc"), (199, "ab"), (150, "ab"), (149, "a"), (100, "a"),
     (99, "a"), (1, "a"), (0, "a"), (-1, "")],
)  # fmt: skip
def test_a_budget_ends_the_list_but_never_before_its_first(budget: int | None, found: str) -> None:
    assert names(LATE, SIZES, DuePolicy(10, budget)) == found


def test_on_the_day_of_the_sweep_what_is_late_is_not_cut() -> None:
    for budget in (-1, 0, 100):
        assert names(LATE, SIZES, DuePolicy(10, budget, sweep=0)) == "abcd"
    edge = [copy("a", 20), copy("b", 10 + 1 / DAY), copy("c", 10)]
    assert names(edge, SIZES, DuePolicy(10, 0, sweep=0)) == "ab"  # c is not late: it is cut


def test_of_what_size_is_not_known_nothing_is_taken_from_the_budget() -> None:
    assert names(LATE, {}, DuePolicy(10, 0)) == "abcd"
    assert names(LATE, {"d": 1}, DuePolicy(10, 0)) == "abc"


def test_what_a_copy_of_unknown_size_costs_is_what_a_copy_costs() -> None:
    """One byte decides: beside a copy of unknown size another of just its cost, or of one byte more."""
    assert COPY_COST == worklist.COPY_COST == 4_000_000
    fresh = [copy(f"{n:02}", 0.5 - n / 1000) for n in range(90)]
    # Ninety copies in nine days are ten a day; nine tenths of them nine: of their own cost alone.
    assert len(due(fresh, {}, DuePolicy(10), NOW)) == 9
    # One byte more on the last makes the share no smaller, one on the ninth makes it too large.
    assert len(due(fresh, {"89": 9}, DuePolicy(10), NOW)) == 9
    assert len(due(fresh, {"08": 1}, DuePolicy(10), NOW)) == 8


def test_of_an_unknown_size_not_one_byte_is_made_up() -> None:
    two = [copy("a", 0.5), copy("b", 0.4)]
    # 40,000,005 bytes in nine days: nine tenths of a day are 4,000,000, all that a copy costs.
    assert names(two, {"b": 32_000_005}, DuePolicy(10)) == "a"
    # 39,999,996 bytes: nine tenths of a day are one byte too few.
    assert names(two, {"b": 31_999_996}, DuePolicy(10)) == ""
