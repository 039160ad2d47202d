"""How one supplier's list is to be read: a value, and its TOML form `kho-mapping/1`. Core.

A mapping says where the head row stands, which column holds which element, what the supplier's codes
mean, and how paths are written. It is saved once for each supplier; `docs/intake-shapes.md` describes
the file. Reading one refuses what it does not know, so that a slip is not passed over in silence.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ingest.readers.fields import DOCUMENT_FIELDS, DOSSIER_FIELDS, Field, Shape
from preservation.dossier import DocumentKind
from schemas.codelists import code_list_names

FORMAT: Final = "kho-mapping/1"
MAX_BYTES: Final = 1024 * 1024

# Columns that are no element of the circular but tell something of the dossier or document.
DOSSIER_EXTRA: Final = ("fonds", "agency", "catalogue", "box", "number", "year")
DOCUMENT_EXTRA: Final = ("path", "checksum", "numberAndNotation", "signer")
DOSSIER_NAMES: Final = (*(f.name for f in DOSSIER_FIELDS), *DOSSIER_EXTRA)
DOCUMENT_NAMES: Final = (
    *(f.name for f in DOCUMENT_FIELDS[DocumentKind.TEXT]),
    *DOCUMENT_EXTRA,
)
_DATES: Final = frozenset(
    f.name for f in (*DOSSIER_FIELDS, *DOCUMENT_FIELDS[DocumentKind.TEXT]) if f.shape is Shape.DATE
)
_PATTERN: Final = re.compile(r"\{(fonds|agency|catalogue|box|number|year)\}")
DEFAULT_PATTERN: Final = "{fonds}.{year}.{number}"


class BadMapping(ValueError):
    """The text is no mapping; the message says what to correct."""


@dataclass(frozen=True, slots=True)
class SheetMapping:
    """How to read one supplier's list. A column is named by its head; `#2` after it means the second
    of that head, `@C` the column C. A date may be three columns: day, month, year.
    """

    name: str
    dossier: Mapping[str, tuple[str, ...]]
    document: Mapping[str, tuple[str, ...]]
    sheet: str = ""  # empty: the first that has these columns
    header_row: int = 0  # 0: the row where the heads are found
    file_code: str = DEFAULT_PATTERN  # how a file code is put together where no column gives it
    constants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    encoding: str = ""  # of a CSV; empty: found out
    delimiter: str = ""
    strip: tuple[str, ...] = ()  # beginnings of paths to leave out
    several: str = ";"  # parts several paths in one cell

    def columns(self) -> Iterable[str]:
        """Every column that is named, in order, once."""
        named = [c for part in (self.dossier, self.document) for cs in part.values() for c in cs]
        return tuple(dict.fromkeys(named))


def read_mapping(data: bytes, name: str) -> SheetMapping:
    """The mapping in a TOML file. Raises BadMapping for anything that is not exactly one."""
    if len(data) > MAX_BYTES:
        raise BadMapping(f"{name} has {len(data)} bytes; a mapping has at most {MAX_BYTES}.")
    try:
        tree = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as fault:
        raise BadMapping(f"{name} is not TOML: {str(fault)[:200]}") from None
    reading = _Reading(name, tree)
    return reading.mapping()


def write_mapping(mapping: SheetMapping, *, notes: Iterable[str] = ()) -> str:
    """The TOML that `read_mapping` reads as this mapping; `notes` become remarks at its head."""
    lines = [f"# {''.join(c if c.isprintable() else ' ' for c in note)}" for note in notes]
    lines += [f"format = {_quoted(FORMAT)}", f"name = {_quoted(mapping.name)}"]
    lines += [f"sheet = {_quoted(mapping.sheet)}", f"header_row = {mapping.header_row}"]
    lines += [f"file_code = {_quoted(mapping.file_code)}"]
    lines += [
        f"encoding = {_quoted(mapping.encoding)}",
        f"delimiter = {_quoted(mapping.delimiter)}",
    ]
    lines += [
        "",
        "[files]",
        f"strip = {_list(mapping.strip)}",
        f"several = {_quoted(mapping.several)}",
    ]
    for title, columns in (("dossier", mapping.dossier), ("document", mapping.document)):
        lines += ["", f"[columns.{title}]"]
        for name, heads in columns.items():
            lines.append(f"{name} = {_quoted(heads[0]) if len(heads) == 1 else _list(heads)}")
    lines += ["", "[constants]"]
    lines += [f"{name} = {_quoted(value)}" for name, value in mapping.constants.items()]
    for name, codes in mapping.codes.items():
        lines += ["", f"[codes.{name}]"]
        lines += [f"{_quoted(given)} = {_quoted(code)}" for given, code in codes.items()]
    return "\n".join(lines) + "\n"


class _Reading:
    def __init__(self, name: str, tree: Mapping[str, object]) -> None:
        self.name = name
        self.tree = tree

    def mapping(self) -> SheetMapping:
        tree = self.tree
        if tree.get("format") != FORMAT:
            raise self._bad(f'format must be "{FORMAT}"')
        self._known(tree, "", ("format", "name", "sheet", "header_row", "file_code", "encoding",
                               "delimiter", "files", "columns", "constants", "codes"))  # fmt: skip
        files = self._table(tree, "files")
        self._known(files, "files", ("strip", "several"))
        columns = self._table(tree, "columns")
        self._known(columns, "columns", ("dossier", "document"))
        constants = {
            k: self._text(v, f"constants.{k}") for k, v in self._table(tree, "constants").items()
        }
        self._known(constants, "constants", DOSSIER_NAMES)
        header_row = tree.get("header_row", 0)
        if not isinstance(header_row, int) or isinstance(header_row, bool) or header_row < 0:
            raise self._bad("header_row must be the number of a row, or 0")
        pattern = self._text(tree.get("file_code", DEFAULT_PATTERN), "file_code")
        if "{" in _PATTERN.sub("", pattern) or "}" in _PATTERN.sub("", pattern):
            raise self._bad(
                "file_code may name only {fonds} {agency} {catalogue} {box} {number} {year}"
            )
        strip = files.get("strip", [])
        if not isinstance(strip, list):
            raise self._bad("files.strip must be a list of texts")
        delimiter = self._text(tree.get("delimiter", ""), "delimiter")
        if len(delimiter) > 1 or delimiter in ('"', "\n", "\r"):
            raise self._bad("delimiter must be one sign")
        return SheetMapping(
            name=self._text(tree.get("name", self.name), "name"),
            dossier=self._columns(columns, "dossier", DOSSIER_NAMES),
            document=self._columns(columns, "document", DOCUMENT_NAMES),
            sheet=self._text(tree.get("sheet", ""), "sheet"),
            header_row=header_row,
            file_code=pattern,
            constants=constants,
            codes=self._codes(),
            encoding=self._text(tree.get("encoding", ""), "encoding"),
            delimiter=delimiter,
            strip=tuple(self._text(s, "files.strip") for s in strip),
            several=self._text(files.get("several", ";"), "files.several"),
        )

    def _columns(
        self, columns: Mapping[str, object], part: str, names: tuple[str, ...]
    ) -> dict[str, tuple[str, ...]]:
        table = self._table(columns, part)
        self._known(table, f"columns.{part}", names)
        found = {}
        for name, given in table.items():
            heads = given if isinstance(given, list) else [given]
            place = f"columns.{part}.{name}"
            if len(heads) not in (1, 3) or (len(heads) == 3 and name not in _DATES):
                raise self._bad(
                    f"{place} must be one column; a date may be three: day, month, year"
                )
            found[name] = tuple(self._text(head, place) for head in heads)
            if not any(found[name]):
                raise self._bad(f"{place} names no column")
        return found

    def _codes(self) -> dict[str, dict[str, str]]:
        table = self._table(self.tree, "codes")
        self._known(table, "codes", code_list_names())
        found = {}
        for name in table:
            pairs = self._table(table, name)
            found[name] = {k: self._text(v, f"codes.{name}") for k, v in pairs.items()}
        return found

    def _table(self, tree: Mapping[str, object], key: str) -> Mapping[str, object]:
        value = tree.get(key, {})
        if not isinstance(value, dict):
            raise self._bad(f"{key} must be a table")
        return value

    def _text(self, value: object, place: str) -> str:
        if not isinstance(value, str) or len(value) > 2_000:
            raise self._bad(f"{place} must be a text in quotes")
        return value

    def _known(self, table: Mapping[str, object], place: str, names: Iterable[str]) -> None:
        strange = sorted(table.keys() - set(names))
        if strange:
            where = f"[{place}] has" if place else "it has"
            raise self._bad(f"{where} {strange[0]!r}, which is not known here")

    def _bad(self, reason: str) -> BadMapping:
        return BadMapping(f"{self.name}: {reason}.")


def element_field(name: str, *, of_dossier: bool) -> Field | None:
    """The circular's element of that name; None for a column that is none."""
    fields = DOSSIER_FIELDS if of_dossier else DOCUMENT_FIELDS[DocumentKind.TEXT]
    return next((f for f in fields if f.name == name), None)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"
