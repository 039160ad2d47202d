"""Recipes: what exactly is made of a source, under a name that never changes its meaning. Core.

Whoever changes how something is made raises the recipe's version: what was made before, or failed
before, is then another thing and is made anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Form = Literal["image", "text"]
_WORD: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_VALUE: Final = re.compile(r"[a-z0-9]+\Z")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one kind of access copy is made. `form`: a picture for each page, or text for all pages."""

    name: str
    version: int
    form: Form
    parameters: Mapping[str, int | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        words = [self.name, *self.parameters]
        values = [str(value) for value in self.parameters.values()]
        sound = all(map(_WORD.match, words)) and all(map(_VALUE.match, values))
        if not sound or self.version < 1:
            raise ValueError(f"not a recipe: {self.name!r} {self.version} {dict(self.parameters)}")

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> str:
        """The name of its folder, such as `thumbnail_1_box-256_format-webp`: one for each recipe."""
        told = [f"{name}-{value}" for name, value in sorted(self.parameters.items())]
        return "_".join([self.name, str(self.version), *told])

    def number(self, parameter: str) -> int:
        """A parameter that is a number."""
        return int(self.parameters[parameter])


# A4 at 150 dpi. `tallest` bounds pages of odd shape. A picture is never made larger than it came.
PAGE_IMAGE: Final = Recipe(
    "page-image", 1, "image", {"width": 1240, "tallest": 4960, "format": "webp", "quality": 80}
)
# Of the first page only.
THUMBNAIL: Final = Recipe(
    "thumbnail", 1, "image", {"box": 256, "first": 1, "format": "webp", "quality": 75}
)
# A line of JSON for each page: {"page": 1, "text": "…"}, UTF-8, NFC, lines ended by \n.
TEXT: Final = Recipe("text", 1, "text", {"form": "nfc"})


def size_in(recipe: Recipe, width: float, height: float) -> tuple[int, int]:
    """How large a page of that shape is in this recipe, in pixels, at least one each way."""
    wide = recipe.number("width" if "width" in recipe.parameters else "box")
    tall = recipe.number("tallest" if "tallest" in recipe.parameters else "box")
    scale = min(wide / width, tall / height)
    return max(1, min(wide, round(width * scale))), max(1, min(tall, round(height * scale)))


def page_file(number: int) -> str:
    """The name of a page's picture in the recipe's folder."""
    return f"page-{number:04d}.webp"


TEXT_FILE: Final = "text.jsonl"
