"""What pages say: sentences, dates and numbers in Vietnamese or English. Core.

Sentences are data, in `schemas/pages/vi.json` and `en.json`, with {placeholders}. A key may have a form
for one thing only, `KEY.one`; Vietnamese needs none. Days are days in Vietnam (+07:00, no summer time).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from api.texts import Language
from repository.clock import VIETNAM, parse_utc

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_PARTIAL: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?\Z")
_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_DAYS_OF_MONTH, _DAYS_OF_YEAR = 30, 365


class Words:
    """One language, at one instant. `now` is that of the whole page."""

    def __init__(self, language: Language, now: datetime) -> None:
        self.language = language
        self.now = now
        self._texts = texts(language)

    def t(self, key: str, **values: object) -> str:
        """The sentence of a key. KeyError for one that has none."""
        # Not str.format: a value from outside is never read as a format.
        told = {name: self._told(value) for name, value in values.items()}
        return _PLACEHOLDER.sub(lambda match: told[match[1]], self._texts[key])

    def n(self, key: str, count: int, **values: object) -> str:
        """The sentence for so many; it has the number at {count}."""
        one = f"{key}.one"
        return self.t(one if count == 1 and one in self._texts else key, count=count, **values)

    def has(self, key: str) -> bool:
        """Whether there is such a sentence."""
        return key in self._texts

    def number(self, value: int) -> str:
        """1.234.567 in Vietnamese, 1,234,567 in English."""
        grouped = f"{value:,}"
        return grouped.replace(",", ".") if self.language == "vi" else grouped

    def size(self, count: int | None) -> str:
        """A number of bytes for people, in decimal units; a dash when it is not known."""
        if count is None:
            return "–"
        value, unit = float(count), 0
        while value >= 999.5 and unit < len(_UNITS) - 1:
            value, unit = value / 1000, unit + 1
        text = f"{value:.1f}" if unit and value < 99.95 else f"{value:.0f}"
        return f"{text.replace('.', ',') if self.language == 'vi' else text} {_UNITS[unit]}"

    def date(self, partial: str | None) -> str:
        """A date as far as it is known: dd/mm/yyyy, mm/yyyy or yyyy; what is none stays as it is."""
        if not partial:
            return self.t("date.unknown")
        match = _PARTIAL.match(partial)
        if match is None:
            return partial
        year, month, day = match.groups()
        if self.language == "vi":
            return "/".join(part for part in (day, month, year) if part)
        named = self._texts.get(f"month.{month}", month) if month else None
        return " ".join(part for part in (day and str(int(day)), named, year) if part)

    def dates(self, start: str | None, end: str | None) -> str:
        """From one date to another, told once when they are the same."""
        if start and end and start != end:
            return f"{self.date(start)} – {self.date(end)}"
        return self.date(start or end)

    def day(self, instant: str) -> str:
        """The day of an instant, in Vietnam."""
        return self.date(f"{parse_utc(instant).astimezone(VIETNAM):%Y-%m-%d}")

    def instant(self, instant: str) -> str:
        """Day and minute of an instant, in Vietnam."""
        local = parse_utc(instant).astimezone(VIETNAM)
        return f"{self.date(f'{local:%Y-%m-%d}')} {local:%H:%M}"

    def today(self) -> str:
        return self.date(f"{self.now.astimezone(VIETNAM):%Y-%m-%d}")

    def ago(self, instant: str) -> str:
        """How long ago, in days, months or years; a future instant is told as its day."""
        then = parse_utc(instant).astimezone(VIETNAM).date()
        days = (self.now.astimezone(VIETNAM).date() - then).days
        if days < 0:
            return self.day(instant)
        if days < 2:
            return self.t("ago.yesterday" if days else "ago.today")
        if days < 2 * _DAYS_OF_MONTH:
            return self.n("ago.days", days)
        if days < 2 * _DAYS_OF_YEAR:
            return self.n("ago.months", days // _DAYS_OF_MONTH)
        return self.n("ago.years", days // _DAYS_OF_YEAR)

    def _told(self, value: object) -> str:
        return self.number(value) if isinstance(value, int) else str(value)


def other(language: Language) -> Language:
    """The language that a reader can switch to."""
    return "en" if language == "vi" else "vi"


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Every sentence of the pages in that language."""
    found: dict[str, str] = json.loads(
        (files("schemas") / "pages" / f"{language}.json").read_bytes()
    )
    return found
