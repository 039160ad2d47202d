"""Code lists of the circular as data: what a code means, and which code a given text stands for.

The lists stand in `schemas/codes/*.json`, one for each element, with their `scheme_version`. A text is
read as a code only when it can mean nothing else: the code itself, its number without the leading zero,
its label, or both together and agreeing. Suppliers use other lists under the same numbers, so `01 - X`
is code 01 only when X is a name of 01.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal

_CODE_AND_LABEL: Final = re.compile(r"([0-9]{1,2})\s*(?:[-–—:.)]\s*|\s)(\S.*)\Z", re.DOTALL)
_MARKS: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class CodeList:
    """One list. `labels` maps code → language → text."""

    element: str
    scheme_version: str
    title: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]
    names: Mapping[str, str]  # folded code or name → code
    unknown_text_is: str | None  # the code for "other", where the circular gives free text one

    def code(self, given: str) -> str | None:
        """The code that the text stands for, or None when it is none, or could be two."""
        folded = _fold(given)
        if not folded:
            return None
        if folded in self.names:
            return self.names[folded]
        both = _CODE_AND_LABEL.match(unicodedata.normalize("NFC", given).strip())
        if both is not None:
            by_code = self.names.get(_fold(both[1]))
            return by_code if by_code and self.names.get(_fold(both[2])) == by_code else None
        return None if folded.isdigit() else self.unknown_text_is

    def names_exactly(self, given: str) -> bool:
        """Whether the text is a code or name of the list, and not merely taken for "other"."""
        return _fold(given) in self.names

    def label(self, code: str, lang: Literal["vi", "en"]) -> str:
        """What the code means; the code itself when the list has no such code."""
        return self.labels.get(code, {}).get(lang, code)


def code_list(element: str) -> CodeList:
    """The list of one element, such as `mode`. KeyError when the circular has none for it."""
    try:
        return _lists()[element]
    except KeyError:
        raise KeyError(f"no code list for {element!r}") from None


def code_list_names() -> tuple[str, ...]:
    """The elements that have a list, in alphabetical order."""
    return tuple(sorted(_lists()))


@cache
def _lists() -> Mapping[str, CodeList]:
    found = {}
    for entry in (files("schemas") / "codes").iterdir():
        if entry.name.endswith(".json"):
            data = json.loads(entry.read_bytes())
            found[data["element"]] = _read(data)
    return found


def _read(data: Mapping[str, object]) -> CodeList:
    rows = data["codes"]
    assert isinstance(rows, list)
    names: dict[str, str] = {}
    for row in rows:
        code = row["code"]
        spellings = [code, row["vi"], row["en"], *row.get("also", ())]
        if code.isdigit():
            spellings.append(str(int(code)))
        for spelling in spellings:
            for folded in (_fold(spelling), _fold(_without_marks(spelling))):
                # The first row keeps a name that two rows would share once marks are dropped.
                names.setdefault(folded, code)
    title = data["label"]
    assert isinstance(title, dict)
    other = data.get("unknown_text_is")
    return CodeList(
        element=str(data["element"]),
        scheme_version=str(data["scheme_version"]),
        title=title,
        labels={row["code"]: {"vi": row["vi"], "en": row["en"]} for row in rows},
        names=names,
        unknown_text_is=str(other) if other is not None else None,
    )


def _fold(text: str) -> str:
    return _MARKS.sub(" ", unicodedata.normalize("NFC", text).casefold()).strip()


def _without_marks(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return bare.replace("đ", "d").replace("Đ", "D")
