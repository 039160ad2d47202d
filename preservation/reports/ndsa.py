"""The NDSA Levels of Digital Preservation, version 2 (2019): twenty cells from live facts. Core.

Five areas by four levels. A cell is made of claims in our own words. A claim is answered by a query
whose count and date stand beside it, or, where no software can know, by a person's declaration in the
settings: then it says who declared it and when, and never that it was shown. A cell is met when each of
its claims is; one claim that is not known makes it not known. Compare with the published table before
quoting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from preservation.reports.ndsa_claims import CLAIMS, Answers
from preservation.reports.ndsa_values import (
    AREAS,
    LEVELS,
    Cell,
    Claim,
    Declaration,
    NdsaFacts,
    Result,
)


def assess(facts: NdsaFacts, declared: Mapping[str, Declaration]) -> tuple[Cell, ...]:
    """The twenty cells, area by area."""
    cells = []
    for area in AREAS:
        for level in LEVELS:
            name = f"{area}-{level}"
            claims = tuple(CLAIMS[name](Answers(facts, declared.get(name))))
            cells.append(
                Cell(name, area, level, claims, _together(claims),
                     any(claim.basis == "declared" and claim.result == "met" for claim in claims))
            )  # fmt: skip
    return tuple(cells)


def document(facts: NdsaFacts, cells: Iterable[Cell]) -> dict[str, Any]:
    """The whole report as plain data: the same facts give the same document."""
    told = [asdict(cell) for cell in cells]
    counts = {result: sum(1 for cell in told if cell["result"] == result) for result in _RESULTS}
    return {
        "report": "ndsa-levels-2.0",
        "at": facts.at,
        "software": facts.software,
        "cells": told,
        "counts": {**counts, "declared": sum(1 for cell in told if cell["declared"])},
        "facts": asdict(facts),
    }


_RESULTS: Final = ("met", "not-met", "not-known")


def _together(claims: Iterable[Claim]) -> Result:
    results = {claim.result for claim in claims}
    if "not-met" in results:
        return "not-met"
    return "not-known" if "not-known" in results or not results else "met"
