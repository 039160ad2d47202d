"""The vocabulary of the store: values with rules, each made only by a parser that can fail.

Logical paths (names inside a version's state) and content paths (names inside the object folder) are
different types, so that one can never be passed for the other (OCFL 1.1 §2.1, §3.5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_VERSION = re.compile(r"v(0*)([1-9][0-9]*)\Z")
_HEX = re.compile(r"[0-9a-f]+\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NO_PART = frozenset(("", ".", ".."))  # an empty path has one empty part


class InvalidValue(ValueError):
    """A string does not follow the rules of the value it was meant to be."""


class ObjectId(str):
    """Identifier of an OCFL object: not empty, no control characters, at most 1,000 characters."""

    __slots__ = ()

    def __new__(cls, value: str) -> ObjectId:
        if not value or len(value) > 1000 or _CONTROL.search(value):
            raise InvalidValue(f"not an object identifier: {value[:80]!r}")
        return super().__new__(cls, value)


class _RelativePath(str):
    """A relative path with `/`, no empty, `.` or `..` part, not absolute (OCFL 1.1 §3.5.3.1)."""

    __slots__ = ()

    def __new__(cls, value: str) -> _RelativePath:
        parts = value.split("/")
        if not _NO_PART.isdisjoint(parts) or "\0" in value:
            raise InvalidValue(f"not a relative path: {value[:120]!r}")
        return super().__new__(cls, value)

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.split("/"))

    @property
    def name(self) -> str:
        return self.rsplit("/", 1)[-1]


class LogicalPath(_RelativePath):
    """Name of a file in the state of a version: what an exported version calls it."""

    __slots__ = ()


class ContentPath(_RelativePath):
    """Name of a file inside the object's folder, such as `v1/content/data/a.pdf`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class VersionNumber:
    """A version directory name: `v1`, `v2`… or zero-padded `v001` (OCFL 1.1 §3.4)."""

    number: int
    width: int = 0  # digits when zero-padded; 0 means not padded

    @classmethod
    def parse(cls, text: str) -> VersionNumber:
        match = _VERSION.match(text)
        if match is None or len(text) > 20:
            raise InvalidValue(f"not a version number: {text[:40]!r}")
        zeros, digits = match.groups()
        return cls(int(digits), len(zeros) + len(digits) if zeros else 0)

    def next(self) -> VersionNumber:
        return VersionNumber(self.number + 1, self.width)

    def __str__(self) -> str:
        return f"v{self.number:0{self.width}d}" if self.width else f"v{self.number}"


def normalised_hex(digest: str) -> str:
    """Lower-case hex of a digest, or InvalidValue. Senders write either case."""
    lowered = digest.strip().lower()
    if not _HEX.match(lowered):
        raise InvalidValue(f"not a hexadecimal digest: {digest[:80]!r}")
    return lowered


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """One file that must lie in an object's folder, with what its bytes must be.

    `path` is relative to the object root and covers *every* file there: content, declaration, root
    and version inventories and their sidecars.
    """

    path: ContentPath
    size: int
    sha512: str


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What the store and the ledger agree on about one version."""

    version: str
    created: str
    message: str
    user_name: str
    user_address: str
    inventory_sha512: str


@dataclass(frozen=True, slots=True)
class StateFile:
    """One file of a version's logical state, joined to where its bytes lie."""

    logical_path: LogicalPath
    content_path: ContentPath
    size: int
    digests: Mapping[str, str] = field(default_factory=dict)
