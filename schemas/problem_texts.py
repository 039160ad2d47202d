"""The texts of findings, in Vietnamese and English, as data: code → sentence with {placeholders}.

They stand in `schemas/texts/*.vi.json` and `*.en.json`, so that no module that judges holds prose. Each
says what is wrong and what to do about it. A code may have variants for its `reason` parameter, under
the key `CODE.reason`; without one the plain text is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

Language = Literal["vi", "en"]
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")


def problem_text(code: str, params: Mapping[str, str], lang: Language) -> str:
    """The sentence for a finding. Never raises: an unknown code gives the code and its parameters,
    a placeholder without a value gives an empty place.
    """
    texts = _texts(lang)
    template = texts.get(f"{code}.{params.get('reason', '')}") or texts.get(code)
    if template is None:
        shown = ", ".join(f"{name}={value}" for name, value in sorted(params.items()))
        return f"{code} ({shown})" if shown else code
    # Not str.format: a value from a hostile package is never read as a format.
    return _PLACEHOLDER.sub(lambda match: params.get(match[1], ""), template)


def known_codes(lang: Language) -> frozenset[str]:
    """Every code that has a text in that language, without the variants."""
    return frozenset(key.split(".", 1)[0] for key in _texts(lang))


@cache
def _texts(lang: Language) -> Mapping[str, str]:
    merged: dict[str, str] = {}
    for entry in sorted((files("schemas") / "texts").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(f".{lang}.json"):
            for code, text in json.loads(entry.read_bytes()).items():
                # Other files of this folder may keep a text beside other facts: {"text": "…"}.
                merged[code] = text["text"] if isinstance(text, dict) else text
    return merged
