"""What a sample proves, number by number. What a mutation test changes in
`preservation.audit.sampling` is to be noticed by these."""

from __future__ import annotations

from fractions import Fraction

import pytest

from preservation.audit.sampling import CONFIDENCE, Drawn, Statement, _as_few, statement
from tests.preservation.audit.test_sampling import chance_of_as_few


def test_ninety_five_of_a_hundred() -> None:
    assert Fraction(19, 20) == CONFIDENCE
    assert Drawn(2.0, 7, 100, 2) == Drawn(percent=2.0, seed=7, population=100, drawn=2)


def test_every_chance_of_a_small_archive_is_the_counted_one() -> None:
    for population in range(8):
        for drawn in range(population + 1):
            for all_bad in range(population + 1):
                for bad in range(min(drawn, all_bad) + 1):
                    told = _as_few(population, all_bad, drawn, bad)
                    assert told == chance_of_as_few(population, all_bad, drawn, bad)


def test_every_statement_of_a_small_archive_is_the_counted_one() -> None:
    for population in range(9):
        for drawn in range(population + 1):
            for bad in range(drawn + 1):
                most = population - (drawn - bad)
                possible = [
                    all_bad
                    for all_bad in range(bad, most + 1)
                    if chance_of_as_few(population, all_bad, drawn, bad) > Fraction(1, 20)
                ]
                told = statement(population, drawn, bad)
                assert told == Statement(population, drawn, bad, max(possible, default=bad))


def test_just_five_of_a_hundred_is_refuted() -> None:
    # 19 of 20 drawn and whole: that the one left is bad has a chance of 1/20, no more.
    assert statement(20, 19, 0).at_most == 0
    assert statement(19, 18, 0).at_most == 1


@pytest.mark.parametrize(
    ("population", "at_most", "percent"),
    [(0, 0, 0.0), (3, 1, 33.34), (3, 2, 66.67), (4, 1, 25.0), (10_000, 1, 0.01), (10_001, 1, 0.01),
     (100_000, 1, 0.01), (7, 7, 100.0), (1_000_000, 2994, 0.3)],
)  # fmt: skip
def test_a_bound_in_percent_is_never_below_the_number(
    population: int, at_most: int, percent: float
) -> None:
    told = Statement(population, 0, 0, at_most)
    assert told.percent == percent
    assert told.percent * population >= at_most * 100 * (1 - 1e-12)


def test_a_statement_for_programs_and_for_people() -> None:
    told = statement(1000, 59, 1)
    assert told.as_json() == {
        "of": 1000, "drawn": 59, "intact": 58, "at_most": 76, "at_most_percent": 7.6,
        "confidence_percent": 95,
    }  # fmt: skip
    assert told.sentence("dossiers") == (
        "With 58 of 59 drawn dossiers intact (out of 1000), at 95 % confidence at most 7.6 % (76) are "
        "damaged."
    )
    vi = told.sentence("hồ sơ", vi=True)
    assert vi.startswith("58 trên 59 hồ sơ được rút (trong 1000) nguyên vẹn")
    assert vi.endswith("nhiều nhất 7.6 % (76) bị hỏng.")


@pytest.mark.parametrize("wrong", [(5, 6, 0), (5, 3, 4), (5, 3, -1), (0, 1, 0), (-1, -1, -1)])
def test_draws_that_cannot_be_are_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        statement(*wrong)


def test_everything_nothing_and_all_bad() -> None:
    assert statement(0, 0, 0).at_most == 0
    assert statement(9, 0, 0).at_most == 9
    assert statement(9, 9, 4).at_most == 4
    assert statement(9, 4, 4).at_most == 9
