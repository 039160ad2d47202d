"""What a sample proves, against a slow count of every draw there is."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preservation.audit.sampling import CONFIDENCE, statement


def chance_of_as_few(population: int, all_bad: int, drawn: int, bad: int) -> Fraction:
    """Counted draw by draw: the first `all_bad` are the bad ones."""
    draws = list(combinations(range(population), drawn))
    few = sum(1 for draw in draws if sum(1 for one in draw if one < all_bad) <= bad)
    return Fraction(few, len(draws))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_bound_is_the_largest_number_that_such_a_draw_does_not_refute(data) -> None:
    population = data.draw(st.integers(0, 9))
    drawn = data.draw(st.integers(0, population))
    bad = data.draw(st.integers(0, drawn))
    most = population - (drawn - bad)
    possible = [
        all_bad
        for all_bad in range(bad, most + 1)
        if chance_of_as_few(population, all_bad, drawn, bad) > 1 - CONFIDENCE
    ]
    assert statement(population, drawn, bad).at_most == max(possible, default=bad)


@given(st.integers(0, 400), st.data())
@settings(max_examples=60, deadline=None)
def test_a_larger_draw_without_damage_never_proves_less(population: int, data) -> None:
    drawn = data.draw(st.integers(0, population))
    more = data.draw(st.integers(drawn, population))
    assert statement(population, more, 0).at_most <= statement(population, drawn, 0).at_most


def test_everything_drawn_leaves_nothing_open_and_nothing_drawn_proves_nothing() -> None:
    assert statement(500, 500, 0).at_most == 0
    assert statement(500, 500, 7).at_most == 7
    assert statement(500, 0, 0).at_most == 500
    assert statement(0, 0, 0).percent == 0


def test_the_rule_of_three_holds_for_a_small_part_of_a_large_population() -> None:
    told = statement(1_000_000, 1_000, 0)
    assert math.isclose(told.at_most / 1_000_000, 3 / 1_000, rel_tol=0.01)
    assert told.percent == 0.3
    assert "at most 0.3 %" in told.sentence("dossiers")
    assert "0.3 %" in told.sentence("hồ sơ", vi=True)


@pytest.mark.parametrize("wrong", [(5, 6, 0), (5, 3, 4), (5, 3, -1)])
def test_a_draw_that_cannot_be_is_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        statement(*wrong)
