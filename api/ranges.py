"""What to answer to a request for a file: all of it, a part, or nothing. RFC 9110 §13 and §14. Core.

One range is served; several at once are answered with the whole file, as the standard allows, and so is
a range that is not well formed. A file has only its strong tag, no date of change, so a date in
If-Range never matches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_RANGE = re.compile(r"[ \t]*bytes[ \t]*=[ \t]*([0-9]*)[ \t]*-[ \t]*([0-9]*)[ \t]*\Z", re.IGNORECASE)
_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_LONGEST = 8_192  # characters of a header that are looked at
_BEYOND = 10**18  # no file is so long; a longer number means no less


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent: the status, and the bytes from `start` up to `end`."""

    status: Literal[200, 206, 304, 412, 416]
    start: int = 0
    end: int = 0


def decide(headers: Mapping[str, str], tag: str, size: int, *, head: bool) -> Answer:
    """The answer for a file of `size` bytes with this tag. `headers` have lower-case names.

    Never raises, whatever the headers hold.
    """
    match = headers.get("if-match")
    if match is not None and not _matches(match, tag, weakly=False):
        return Answer(412)
    none_match = headers.get("if-none-match")
    if none_match is not None and _matches(none_match, tag, weakly=True):
        return Answer(304)
    wanted = headers.get("range")
    condition = headers.get("if-range")
    if head or wanted is None or (condition is not None and condition.strip() != tag):
        return Answer(200, 0, size)
    return _part(wanted, size)


def _part(wanted: str, size: int) -> Answer:
    match = _RANGE.match(wanted) if len(wanted) <= _LONGEST else None
    if match is None:
        return Answer(200, 0, size)
    first, last = match.groups()
    if not first and not last:
        return Answer(200, 0, size)
    if not first:  # the last so many bytes
        start, end = max(0, size - _number(last)), size
        return Answer(206, start, end) if _number(last) and size else Answer(416)
    start = _number(first)
    end = _number(last) + 1 if last else size
    if end <= start and last:
        return Answer(200, 0, size)  # §14.1.1: not a valid range, so it is ignored
    if start >= size:
        return Answer(416)
    return Answer(206, start, min(end, size))


def _matches(header: str, tag: str, *, weakly: bool) -> bool:
    if header.strip() == "*":
        return True
    tags = _TAG.findall(header[:_LONGEST])
    return any(value == tag and (weakly or not weak) for weak, value in tags)


def _number(digits: str) -> int:
    plain = digits.lstrip("0")
    return int(plain or "0") if len(plain) <= 18 else _BEYOND
