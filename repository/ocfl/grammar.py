"""The small grammars an inventory is made of: instants, URIs, digests, paths.

Core. Each is a question about a string; none raises, whatever the string.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

DIGEST_LENGTHS: Final = {
    "md5": 32,
    "sha1": 40,
    "sha256": 64,
    "sha512": 128,
    "blake2b-512": 128,
    "blake2b-160": 40,
    "blake2b-256": 64,
    "blake2b-384": 96,
    "sha512/256": 64,
}
"""Hex digits of every digest OCFL 1.1 §3.4 and the digest extensions (0001, 0009) name."""

REGISTERED_DIGESTS: Final = frozenset(DIGEST_LENGTHS) | {"size"}

_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-]([0-9]{2}):([0-9]{2}))\Z"
)
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+\Z"
)
_DIGESTS: Final = {
    algorithm: re.compile(rf"[0-9A-Fa-f]{{{length}}}\Z")
    for algorithm, length in DIGEST_LENGTHS.items()
}
_UNSAFE = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)|\0")
_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_instant(text: str) -> bool:
    """RFC 3339 §5.6 date-time: with seconds and with a zone, and a day that exists."""
    match = _RFC3339.match(text) if len(text) <= 64 else None
    if match is None:
        return False
    year, month, day, hour, minute, second, zone_hour, zone_minute = (
        int(part or 0) for part in match.groups()
    )
    if not 1 <= month <= 12:
        return False
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (
        1 <= day <= _DAYS[month - 1] + leap
        and hour <= 23
        and minute <= 59
        and second <= 60  # a leap second is an instant like any other
        and zone_hour <= 23
        and zone_minute <= 59
    )


def is_uri(text: str) -> bool:
    """A URI with a scheme, of the characters RFC 3986 allows."""
    return _URI.match(text) is not None


def is_digest(text: str, algorithm: str) -> bool:
    """Hex of the algorithm's length, in either case. Algorithms we do not know have no such form."""
    form = _DIGESTS.get(algorithm)
    return form is not None and form.match(text) is not None


def is_safe_path(text: str) -> bool:
    """Relative, with no empty part, `.` or `..`: what `LogicalPath` and `ContentPath` demand."""
    if text[:1] not in "./" and text[-1] != "/" and "/." not in text and "//" not in text:
        return "\0" not in text
    return _UNSAFE.search(text) is None  # a hidden file, perhaps


def lowered(text: str) -> str:
    """The lower-case form, the same string object where it is that already."""
    made = text.lower()
    return text if made == text else made


def conflicting(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of paths of which the second is the first again, or lies below it as below a folder.

    One pair is told for each path that is in the way.
    """
    given = paths if isinstance(paths, list) else list(paths)
    if _plainly_apart(given):
        return []
    # With `/` as the lowest character everything below a path follows it at once.
    ordered = sorted(given, key=lambda path: path.replace("/", "\0"))
    found: list[tuple[str, str]] = []
    above = ""
    for path in ordered:
        if above and (path == above or path.startswith(above + "/")):
            found.append((above, path))
        else:
            above = path
    return found


def _plainly_apart(paths: list[str]) -> bool:
    """True only when no two are in each other's way. Linear, and takes no second copy of the paths;
    gives up, with False, on more folders than objects have."""
    names = set(paths)
    if len(names) != len(paths):
        return False
    room = 1_000_000 + 100 * len(paths)  # characters: a path of 100,000 folders has 5 G of them
    folders: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            room -= len(folder)
            if room < 0 or folder in names:
                return False
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return True
