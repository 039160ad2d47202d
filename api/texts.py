"""The sentences of the API in Vietnamese and English, from `schemas/texts/api.*.json`. Core."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["vi", "en"]


def text_of(code: str, language: Language, archive_name: str) -> tuple[str, str]:
    """Title and text. KeyError for a code that has none."""
    entry = _texts(language)[code]
    return entry["title"], entry["text"].replace("{archive_name}", archive_name)


def codes_with_text(language: Language) -> frozenset[str]:
    """Every code that has a text in that language."""
    return frozenset(_texts(language))


def preferred_language(header: str) -> Language:
    """Vietnamese unless English stands first in Accept-Language (its weights are left aside)."""
    for part in header[:500].lower().split(","):
        tag = part.split(";")[0].strip().split("-")[0]
        if tag == "en":
            return "en"
        if tag == "vi":
            return "vi"
    return "vi"


@cache
def _texts(language: Language) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(
        (files("schemas") / "texts" / f"api.{language}.json").read_bytes()
    )
    return found
