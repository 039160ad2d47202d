"""Storage layouts: where under a storage root an object lies. Extensions 0002, 0003, 0004, 0006, 0007.

Core. Reads all five; a new root of ours gets 0003 or 0004. A layout never yields a path that leaves
the root or that a file system could not hold: the identifier is refused instead. OCFL 1.1 §4.1, §4.3
and the texts of the registered extensions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from repository.digest import SUPPORTED, digest_bytes
from repository.model import InvalidValue, ObjectId
from repository.ocfl.codes import finding, shown
from repository.ocfl.strict_json import MalformedJson, parse_json
from repository.problems import Report

FLAT_DIRECT: Final = "0002-flat-direct-storage-layout"
HASHED_WITH_ID: Final = "0003-hash-and-id-n-tuple-storage-layout"
HASHED: Final = "0004-hashed-n-tuple-storage-layout"
FLAT_OMIT_PREFIX: Final = "0006-flat-omit-prefix-storage-layout"
TUPLES_OMIT_PREFIX: Final = "0007-n-tuple-omit-prefix-storage-layout"

_UNSAFE: Final = re.compile("[^A-Za-z0-9_-]")
_LONGEST_SEGMENT: Final = 255


class Layout(Protocol):
    """A rule that gives every object its folder."""

    @property
    def name(self) -> str:
        """The registered name of the extension."""
        ...

    def path(self, object_id: ObjectId) -> str:
        """The object's folder, relative to the storage root, with `/`. InvalidValue when this layout
        has no usable folder for such an identifier."""
        ...


class InvalidLayout(ValueError):
    """`ocfl_layout.json` or an extension's `config.json` cannot be followed; `report` says why."""

    def __init__(self, report: Report) -> None:
        super().__init__("; ".join(f"{p.code} {p.location} {p.params}" for p in report))
        self.report = report


def read_layout(ocfl_layout_json: bytes | None, config: bytes | None) -> Layout | None:
    """The layout a storage root declares.

    None when it declares none, or one that is not among the five: then only walking finds objects.
    `config` is `extensions/NAME/config.json` for the name `layout_name` gives, None when there is none.
    """
    name = layout_name(ocfl_layout_json)
    if name is None or name not in _READERS:
        return None
    parameters: Mapping[str, object] = {}
    if config is not None:
        place = f"extensions/{name}/config.json"
        parameters = _object(config, place, "E070")
        declared = parameters.get("extensionName", name)
        if declared != name:
            raise _invalid("E071", place, declared, name)
    return _READERS[name](_Parameters(name, parameters))


def layout_name(ocfl_layout_json: bytes | None) -> str | None:
    """The extension that `ocfl_layout.json` names, known to us or not; None when there is no file."""
    if ocfl_layout_json is None:
        return None
    document = _object(ocfl_layout_json, "ocfl_layout.json", "E070")
    for key in ("extension", "description"):
        if not isinstance(document.get(key), str):
            raise _invalid("E070", "ocfl_layout.json", document.get(key), key)
    return str(document["extension"])


def write_layout(name: str = HASHED_WITH_ID) -> dict[str, bytes]:
    """Every file a new OCFL 1.1 storage root begins with, by path. ValueError for other layouts."""
    if name not in _WRITTEN:
        raise ValueError(f"new storage roots use one of {sorted(_WRITTEN)}, not {name!r}")
    description, parameters = _WRITTEN[name]
    return {
        "0=ocfl_1.1": b"ocfl_1.1\n",
        "ocfl_layout.json": _json({"extension": name, "description": description}),
        f"extensions/{name}/config.json": _json({"extensionName": name, **parameters}),
    }


@dataclass(frozen=True, slots=True)
class FlatDirect:
    """0002: the identifier itself is the folder."""

    name: str = FLAT_DIRECT

    def path(self, object_id: ObjectId) -> str:
        """See `Layout`."""
        return _usable(object_id, str(object_id))


@dataclass(frozen=True, slots=True)
class HashedWithId:
    """0003: tuples of the identifier's digest, then the identifier, percent-encoded."""

    digest_algorithm: str = "sha256"
    tuple_size: int = 3
    number_of_tuples: int = 3
    name: str = HASHED_WITH_ID

    def path(self, object_id: ObjectId) -> str:
        """See `Layout`."""
        digest = _hash(object_id, self.digest_algorithm)
        if object_id.isascii():  # so is every id that Kho gives: an audit asks for very many
            folder = object_id.translate(_PERCENT_ASCII)
        else:
            folder = _UNSAFE.sub(_percent, object_id)
        if len(folder) > 100:
            folder = f"{folder[:100]}-{digest}"
        return _usable(object_id, *_tuples(digest, self.tuple_size, self.number_of_tuples), folder)


@dataclass(frozen=True, slots=True)
class Hashed:
    """0004: tuples of the identifier's digest, then the digest or what is left of it."""

    digest_algorithm: str = "sha256"
    tuple_size: int = 3
    number_of_tuples: int = 3
    short_object_root: bool = False
    name: str = HASHED

    def path(self, object_id: ObjectId) -> str:
        """See `Layout`."""
        digest = _hash(object_id, self.digest_algorithm)
        used = self.tuple_size * self.number_of_tuples if self.short_object_root else 0
        return _usable(
            object_id, *_tuples(digest, self.tuple_size, self.number_of_tuples), digest[used:]
        )


@dataclass(frozen=True, slots=True)
class FlatOmitPrefix:
    """0006: what follows the last delimiter of the identifier is the folder."""

    delimiter: str
    name: str = FLAT_OMIT_PREFIX

    def path(self, object_id: ObjectId) -> str:
        """See `Layout`."""
        return _usable(object_id, _after_prefix(object_id, self.delimiter))


@dataclass(frozen=True, slots=True)
class TuplesOmitPrefix:
    """0007: tuples of what follows the last delimiter, padded or reversed, then that itself."""

    delimiter: str = ":"
    tuple_size: int = 3
    number_of_tuples: int = 3
    zero_padding: str = "left"
    reverse_object_root: bool = False
    name: str = TUPLES_OMIT_PREFIX

    def path(self, object_id: ObjectId) -> str:
        """See `Layout`."""
        rest = _after_prefix(object_id, self.delimiter)
        width = self.tuple_size * self.number_of_tuples
        padded = rest.rjust(width, "0") if self.zero_padding == "left" else rest.ljust(width, "0")
        if self.reverse_object_root:
            padded = padded[::-1]
        return _usable(object_id, *_tuples(padded, self.tuple_size, self.number_of_tuples), rest)


def _hash(object_id: str, algorithm: str) -> str:
    return digest_bytes(object_id.encode("utf-8"), [algorithm])[algorithm]


def _percent(character: re.Match[str]) -> str:
    return "".join(f"%{byte:02x}" for byte in character[0].encode("utf-8"))


_PERCENT_ASCII = {n: f"%{n:02x}" for n in range(128) if _UNSAFE.match(chr(n))}


def _tuples(text: str, size: int, count: int) -> list[str]:
    return [text[i * size : (i + 1) * size] for i in range(count)]


def _after_prefix(object_id: str, delimiter: str) -> str:
    # Both extensions call the delimiter case-insensitive, and its last occurrence decides.
    places = re.finditer(f"(?=({re.escape(delimiter)}))", object_id, re.IGNORECASE)
    ends = [match.end(1) for match in places]
    rest = object_id[ends[-1] :] if ends else object_id
    if not rest:
        raise InvalidValue(f"nothing follows {delimiter!r} in {object_id[:120]!r}")
    return rest


def _usable(object_id: str, *segments: str) -> str:
    for segment in segments:
        if (
            segment in ("", ".", "..")
            or "/" in segment
            or "\0" in segment
            or len(segment.encode("utf-8", "surrogatepass")) > _LONGEST_SEGMENT
        ):
            raise InvalidValue(f"no usable folder for {object_id[:120]!r}: {segment[:120]!r}")
    first = segments[0]
    if first == "extensions" or first == "ocfl_layout.json" or first.startswith("0=ocfl"):
        raise InvalidValue(f"the folder of {object_id[:120]!r} would be the root's own {first!r}")
    return "/".join(segments)


class _Parameters:
    """The parameters in an extension's `config.json`, each asked for with its type and bounds."""

    def __init__(self, extension: str, given: Mapping[str, object]) -> None:
        self._place = f"extensions/{extension}/config.json"
        self._given = given

    def refuse(self, value: object, expected: object) -> InvalidLayout:
        return _invalid("E070", self._place, value, expected)

    def text(self, key: str, default: str | None, allowed: frozenset[str] | None = None) -> str:
        value = self._given.get(key, default)
        if not isinstance(value, str) or not value or (allowed and value not in allowed):
            raise self.refuse(f"{key}: {shown(value)}", ", ".join(sorted(allowed or {"text"})))
        return value

    def number(self, key: str, lowest: int) -> int:
        value = self._given.get(key, 3)
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= 32:
            raise self.refuse(f"{key}: {shown(value)}", f"{lowest}…32")
        return value

    def flag(self, key: str) -> bool:
        value = self._given.get(key, False)
        if not isinstance(value, bool):
            raise self.refuse(f"{key}: {shown(value)}", "true, false")
        return value

    def hashing(self) -> tuple[str, int, int]:
        """Algorithm, tuple size and number of tuples, which 0003 and 0004 restrict in the same way."""
        algorithm = self.text("digestAlgorithm", "sha256", SUPPORTED)
        size, count = self.number("tupleSize", 0), self.number("numberOfTuples", 0)
        digits = len(_hash("", algorithm))
        if (size == 0) != (count == 0) or size * count > digits:
            raise self.refuse(f"{size} × {count}", f"≤ {digits}")
        return algorithm, size, count


def _read_hashed(parameters: _Parameters) -> Layout:
    algorithm, size, count = parameters.hashing()
    short = parameters.flag("shortObjectRoot")
    if short and size * count == len(_hash("", algorithm)):
        raise parameters.refuse("shortObjectRoot: true", "false")
    return Hashed(algorithm, size, count, short)


def _read_tuples_omit_prefix(parameters: _Parameters) -> Layout:
    return TuplesOmitPrefix(
        parameters.text("delimiter", ":"),
        parameters.number("tupleSize", 1),
        parameters.number("numberOfTuples", 1),
        parameters.text("zeroPadding", "left", frozenset({"left", "right"})),
        parameters.flag("reverseObjectRoot"),
    )


_READERS: Final[Mapping[str, Callable[[_Parameters], Layout]]] = {
    FLAT_DIRECT: lambda parameters: FlatDirect(),
    HASHED_WITH_ID: lambda parameters: HashedWithId(*parameters.hashing()),
    HASHED: _read_hashed,
    FLAT_OMIT_PREFIX: lambda parameters: FlatOmitPrefix(parameters.text("delimiter", None)),
    TUPLES_OMIT_PREFIX: _read_tuples_omit_prefix,
}

_TREE: Final = (
    "The folder of an object lies three levels of three hexadecimal digits deep, taken from the "
    "SHA-256 of its identifier"
)
_DEFAULTS: Final = {"digestAlgorithm": "sha256", "tupleSize": 3, "numberOfTuples": 3}
_WRITTEN: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    HASHED_WITH_ID: (
        f"{_TREE}, and below them the identifier itself, percent-encoded.",
        _DEFAULTS,
    ),
    HASHED: (
        f"{_TREE}, and below them the whole SHA-256.",
        {**_DEFAULTS, "shortObjectRoot": False},
    ),
}


def _object(data: bytes, place: str, code: str) -> Mapping[str, object]:
    try:
        document = parse_json(data)
    except MalformedJson as malformed:
        raise _invalid(code, place, malformed.args[0], "JSON") from None
    if not isinstance(document, dict):
        raise _invalid(code, place, type(document).__name__, "object")
    return document


def _invalid(code: str, place: str, value: object, expected: object) -> InvalidLayout:
    return InvalidLayout(Report.of(finding("1.1", code, place, value, expected)))


def _json(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"
