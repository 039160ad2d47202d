"""Narrowing what was found: by fonds, year, kind of document and terms of use. Core.

Facets are counted over the hits that were looked at, which are all up to a bound that the page names.
The kinds of document of a dossier that is open on conditions are nobody's to know, so it has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from repository.catalogue.records import ObjectRecord, SearchHit

NAMES: Final = ("fonds", "year", "type", "mode")
_MOST_YEARS = 150
_MOST_VALUES = 12

Values = Callable[[ObjectRecord], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet, and how many hits have it."""

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet with its most frequent values; one that is chosen is always among them."""

    name: str
    choices: tuple[Choice, ...]


def narrow(
    hits: Sequence[SearchHit],
    chosen: Mapping[str, str | None],
    types_of: Callable[[str], frozenset[str]],
) -> tuple[list[SearchHit], list[Facet]]:
    """The hits that have all chosen values, and the facets, each counted without its own choice."""
    values: dict[str, Values] = {
        "fonds": lambda record: (record.fonds_code,),
        "year": years_of,
        "type": lambda record: types_of(record.object_id),
        "mode": lambda record: (record.mode,),
    }
    having = {name: [frozenset(values[name](hit.record)) for hit in hits] for name in NAMES}
    facets = []
    for name in NAMES:
        others = {n: v for n, v in chosen.items() if v and n != name}
        counted = Counter(
            value
            for place in range(len(hits))
            if all(wanted in having[n][place] for n, wanted in others.items())
            for value in having[name][place]
        )
        facets.append(_facet(name, counted, chosen.get(name)))
    kept = [
        hit
        for place, hit in enumerate(hits)
        if all(wanted in having[n][place] for n, wanted in chosen.items() if wanted)
    ]
    return kept, facets


def years_of(record: ObjectRecord) -> list[str]:
    """Every year that the dossier spans."""
    years = [int(d[:4]) for d in (record.start_date, record.end_date) if d[:4].isdecimal()]
    if not years:
        return []
    return [str(year) for year in range(min(years), max(years) + 1)][:_MOST_YEARS]


def _facet(name: str, counted: Counter[str], chosen: str | None) -> Facet:
    if chosen and chosen not in counted:
        counted[chosen] = 0
    often = sorted(counted, key=lambda value: (-counted[value], value))[:_MOST_VALUES]
    if chosen and chosen not in often:
        often.append(chosen)
    if name == "year":
        often.sort(reverse=True)
    return Facet(name, tuple(Choice(v, counted[v], chosen=v == chosen) for v in often))
