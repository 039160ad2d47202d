"""Which shapes of dossier a run holds: the first twelve chosen, those after them drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from kho.demo.offices import FONDS
from kho.demo.themes import THEMES

Origin = Literal["01", "02", "03"]
"""confidenceLevel: born digital, digitised, mixed."""


@dataclass(frozen=True)
class Recipe:
    """What a dossier is to be like, before places, people and words are drawn."""

    theme: str
    year: int
    documents: int
    note: str
    origin: Origin = "01"
    place: int | None = None
    object: int | None = None
    attachments: int = 0
    photos: int = 0
    word_files: int = 0
    loose_pictures: int = 0
    """How many of the scans are TIFF or JPEG instead of PDF."""
    signed: int = 0
    """How many of the PDFs that were never paper carry digital signatures."""
    link: bool = False
    mode: str | None = None
    serial: int = 0
    scan_dpi: int = 200


# The first twelve are chosen, so that a small demo shows every shape; those after them are drawn.
_CHOSEN = (
    Recipe(
        "land",
        2021,
        8,
        "born digital, about land, with annexes and workflow files",
        place=0,
        object=0,
        attachments=3,
        signed=2,
    ),
    Recipe("new-countryside", 2019, 40, "one dossier of many documents", place=3, signed=1),
    Recipe(
        "recruitment",
        2020,
        6,
        "used under conditions (mode 02), with Word and Excel files",
        place=12,
        attachments=2,
        word_files=2,
        signed=1,
    ),
    Recipe(
        "flood",
        1996,
        4,
        "digitised from paper: scans with text layer, and pictures only",
        origin="02",
        place=36,
        photos=2,
        loose_pictures=1,
    ),
    Recipe("environment", 2018, 7, "born digital, with photographs", place=6, photos=3, signed=1),
    Recipe("reward", 2022, 5, "born digital", place=24, attachments=1, signed=1),
    Recipe(
        "complaint",
        2003,
        4,
        "digitised, used under conditions (mode 02)",
        origin="02",
        place=31,
        loose_pictures=2,
    ),
    Recipe(
        "land",
        2023,
        6,
        "one document is a link to an earlier dossier (.fetch.txt)",
        place=1,
        object=3,
        signed=1,
        link=True,
    ),
    Recipe(
        "reform",
        2024,
        6,
        "born digital, with Word files",
        place=18,
        word_files=2,
        attachments=1,
        signed=1,
    ),
    Recipe(
        "flood",
        2016,
        7,
        "mixed origin (03): scans, born-digital documents, photographs",
        origin="03",
        place=42,
        photos=2,
    ),
    Recipe(
        "land-plan",
        2015,
        6,
        "born digital, with a table of land use",
        place=9,
        attachments=2,
        signed=1,
    ),
    Recipe(
        "merger",
        2008,
        4,
        "digitised from paper, TIFF and JPEG beside PDF",
        origin="02",
        place=20,
        loose_pictures=2,
    ),
)
_LARGE = 1
"""Position among the chosen of the dossier that has 300 documents in a run of twelve or more."""
_LARGE_RUN, _LARGE_DOCUMENTS = 12, 300
_FIRST_SIGNED_YEAR = 2013
"""Before that, offices of a province hardly signed anything digitally."""
_SIGNED_EACH = 7
"""Of the drawn dossiers since that year each seventh: about one in eleven of all. Signing is slow."""


def draw_recipe(rng: Random, index: int, total: int) -> Recipe:
    """The recipe at this position (from 0) of a run of `total`."""
    if index < len(_CHOSEN):
        recipe = replace(_CHOSEN[index], serial=index + 1)
        if index == _LARGE and total >= _LARGE_RUN:
            recipe = replace(recipe, documents=_LARGE_DOCUMENTS)
        return recipe
    # Fonds and year follow from the position, so that file codes are unique without a memory of them.
    position = index - len(_CHOSEN)
    fonds = tuple(FONDS)[position % 3]
    year = 2005 + (position // 3) % 20
    themes = [t.key for t in THEMES.values() if t.fonds == fonds and t.first_year <= year]
    origin: Origin = "02" if year < 2010 and rng.random() < 0.25 else "01"
    documents = 2 + min(int(rng.expovariate(1 / 2.2)), 28)
    return Recipe(
        rng.choice(themes),
        year,
        min(documents, 3) if origin == "02" else documents,
        "digitised from paper" if origin == "02" else "born digital",
        origin=origin,
        attachments=rng.random() < 0.15,
        signed=int(origin == "01" and year >= _FIRST_SIGNED_YEAR and position % _SIGNED_EACH == 0),
        serial=20 + position // 60 + 1,
        scan_dpi=72,
    )
