"""What a sampled audit proves: exact, by the hypergeometric distribution. Pure.

A sample of `drawn` out of `population` in which `bad` were not found intact says: were more than
`at_most` of all bad, a draw like this, or a luckier one, would come up in fewer than five cases of 100.
What could not be checked counts as bad here, so the statement never rests on what nobody looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

CONFIDENCE = Fraction(95, 100)


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a sample was drawn: so much of so many, by this seed; the same again gives the same."""

    percent: float
    seed: int
    population: int  # dossiers there were to draw from
    drawn: int


@dataclass(frozen=True, slots=True)
class Statement:
    """At most `at_most` of `population` are bad, at 95 % confidence."""

    population: int
    drawn: int
    bad: int  # damaged or not checked, of those drawn
    at_most: int

    @property
    def percent(self) -> float:
        """The bound in percent of the population, rounded up: it is an upper bound."""
        if not self.population:
            return 0.0
        return math.ceil(Fraction(self.at_most * 10_000, self.population)) / 100

    def as_json(self) -> dict[str, Any]:
        return {
            "of": self.population,
            "drawn": self.drawn,
            "intact": self.drawn - self.bad,
            "at_most": self.at_most,
            "at_most_percent": self.percent,
            "confidence_percent": 95,
        }

    def sentence(self, what: str, *, vi: bool = False) -> str:
        """The statement in words."""
        intact = self.drawn - self.bad
        if vi:
            return (
                f"{intact} trên {self.drawn} {what} được rút (trong {self.population}) nguyên vẹn: với "
                f"độ tin cậy 95 %, nhiều nhất {self.percent:g} % ({self.at_most}) bị hỏng."
            )
        return (
            f"With {intact} of {self.drawn} drawn {what} intact (out of {self.population}), at 95 % "
            f"confidence at most {self.percent:g} % ({self.at_most}) are damaged."
        )


def statement(population: int, drawn: int, bad: int) -> Statement:
    """What follows from a simple random draw. ValueError unless 0 ≤ bad ≤ drawn ≤ population."""
    if not 0 <= bad <= drawn <= population:
        raise ValueError(f"{bad} bad of {drawn} drawn of {population} cannot be")
    low, high = bad, population - (drawn - bad)  # fewer were seen to be bad, more intact were seen
    while low < high:
        middle = (low + high + 1) // 2
        if _as_few(population, middle, drawn, bad) > 1 - CONFIDENCE:
            low = middle
        else:
            high = middle - 1
    return Statement(population, drawn, bad, low)


def _as_few(population: int, all_bad: int, drawn: int, bad: int) -> Fraction:
    """The probability of drawing at most `bad` bad ones when there are `all_bad`."""
    # Both ways of counting are the same; the one with the smaller numbers is quick.
    few, many = sorted((all_bad, drawn))
    least = max(0, few - (population - many))
    if least > bad:
        return Fraction(0)
    term = math.comb(many, least) * math.comb(population - many, few - least)
    total = term
    for x in range(least, min(bad, few, many)):
        # Each term from the one before: exact, the division leaves nothing.
        term = term * (many - x) * (few - x) // ((x + 1) * (population - many - few + x + 1))
        total += term
    return Fraction(total, math.comb(population, few))
