"""JSON as RFC 8259 has it, read without the liberties Python's reader takes.

Refused, because two readers could see two different documents or fall over: bytes that are not UTF-8,
a byte order mark, one name twice in an object, `NaN` and `Infinity`, integers of more than 18 digits
(no OCFL document holds a number at all), half a surrogate pair, and nesting so deep that a reader's
stack ends. Whatever the bytes are, the only thing raised is `MalformedJson`.
"""

from __future__ import annotations

import json
import re

_LONGEST_NUMBER = 18
_HALF_PAIR = re.compile("[\ud800-\udfff]")


class MalformedJson(ValueError):
    """The bytes are not one well-formed JSON document; the text says why, in a few technical words."""


def parse_json(data: bytes) -> object:
    """The document's value: dict, list, str, int, float, bool or None."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson(f"not UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise MalformedJson("begins with a byte order mark")
    try:
        value: object = _DECODER.decode(text)
    except RecursionError:
        raise MalformedJson("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    # An escape such as \ud800 decodes to half a character, which no UTF-8 file name can hold. Text
    # that came from UTF-8 cannot hold one otherwise, so only escapes need a closer look.
    if "\\u" in text:
        _refuse_half_pairs(value)
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise MalformedJson(f"the name {name[:150]!r} stands twice in one object")
            seen.add(name)
    return made


def _number(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise MalformedJson(f"a number of {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    if len(digits) > 2 * _LONGEST_NUMBER:
        raise MalformedJson(f"a number of {len(digits)} digits")
    return float(digits)


def _constant(name: str) -> float:
    raise MalformedJson(f"{name} is not JSON")


def _refuse_half_pairs(value: object) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if _HALF_PAIR.search(item):
                raise MalformedJson("half a surrogate pair in a string")
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_number, parse_float=_real, parse_constant=_constant
)
