"""Excel workbooks (.xlsx, .xlsm: ECMA-376 transitional and strict) read as strangers' bytes.

The ZIP is judged by our own rules before a member is unpacked; each part is streamed through a parser
that knows no DTD, no entity and no network, and what is kept is bounded. Formulas are never computed:
the stored value counts, and one without is an error that names the cell. Links to other workbooks are
never followed. Macros are not looked at.
"""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from lxml import etree

from ingest.container import Container, ContainerFault, Limits, Member
from ingest.lists.sheet import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT,
    BadSheet,
    Row,
    Sheet,
    column_index,
    column_name,
)
from ingest.lists.xml_stream import XmlStream
from ingest.readers.xml_names import attribute, local_name
from ingest.zip_container import judge_source
from ingest.zip_directory import Source
from repository.problems import Problem, Severity, error, warning
from schemas.xml import MalformedXml, parse_xml

_EPOCH: Final = date(1899, 12, 30)
LIMITS: Final = Limits(max_members=2_000, max_total=512 * 1024 * 1024)
MAX_SHEETS: Final = 20
MAX_STRINGS: Final = 64 * 1024 * 1024  # characters of all shared strings
_SMALL: Final = 8 * 1024 * 1024
_CHUNK: Final = 64 * 1024
_SPAN: Final = 8 * 1024 * 1024  # bytes of a part without the end of a row
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})\Z")
# Built-in formats that are dates (ECMA-376-1, 18.8.30); of others those with a day or year in them.
_DATE_FORMATS: Final = frozenset({*range(14, 18), 22, *range(27, 37), *range(50, 59)})
_QUOTED: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_MOST_FILLED: Final = 5_000  # rows of one merged area that are filled


def read_xlsx(data: bytes, name: str) -> list[Sheet]:
    """Every visible sheet. Raises BadSheet when it is no workbook that can be read."""
    source = Source(io.BytesIO(data), len(data))
    read = judge_source(name, source, LIMITS)
    if read.container is None:
        first = next(p for p in read.problems if p.severity is Severity.ERROR)
        raise BadSheet(first)
    try:
        with read.container as container:
            return list(_Workbook(name, container).sheets())
    except ContainerFault as fault:
        raise BadSheet(fault.problem) from None
    except MalformedXml as fault:
        detail = f"{fault.reason} ({fault.line})"
        raise BadSheet(error("ING-LIST-UNREADABLE", name, name=name, detail=detail)) from None


@dataclass
class _Workbook:
    name: str
    container: Container
    strings: list[str] = field(default_factory=list)
    date_styles: frozenset[int] = frozenset()
    epoch: date = _EPOCH

    def sheets(self) -> Iterator[Sheet]:
        parts = {m.name.casefold(): m for m in self.container.members}
        book = parts.get("xl/workbook.xml")
        if book is None:
            raise BadSheet(
                error("ING-LIST-UNREADABLE", self.name, name=self.name, detail="xl/workbook.xml")
            )
        root = self._small(book)
        targets = self._targets(parts.get("xl/_rels/workbook.xml.rels"))
        linked = any(name.startswith("xl/externallinks/") for name in parts)
        if (member := parts.get("xl/sharedstrings.xml")) is not None:
            self.strings = list(self._shared(member))
        if (member := parts.get("xl/styles.xml")) is not None:
            self.date_styles = _date_styles(self._small(member))
        if any(attribute(e, "date1904") in ("1", "true") for e in root.iter("{*}workbookPr")):
            self.epoch = date(1904, 1, 1)
        shown = [e for e in root.iter("{*}sheet") if attribute(e, "state") in ("", "visible")]
        for sheet in shown[:MAX_SHEETS]:
            part = parts.get(targets.get(attribute(sheet, "id"), "").casefold())
            if part is not None:
                yield self._sheet(attribute(sheet, "name"), part, linked)

    def _small(self, member: Member) -> etree._Element:
        return parse_xml(self.container.read_small(member, _SMALL), limit=_SMALL)

    def _targets(self, member: Member | None) -> dict[str, str]:
        if member is None:
            return {}
        found = {}
        for relation in self._small(member).iter("{*}Relationship"):
            target = attribute(relation, "Target")
            path = target[1:] if target.startswith("/") else f"xl/{target}"
            found[attribute(relation, "Id")] = posixpath.normpath(path)
        return found

    def _shared(self, member: Member) -> Iterator[str]:
        total = 0
        for element in self._stream(member, "si"):
            text = _text_of(element)
            total += len(text)
            if total > MAX_STRINGS:
                raise BadSheet(self._too_much("strings", total, MAX_STRINGS))
            yield text

    def _sheet(self, name: str, member: Member, linked: bool) -> Sheet:
        reading = _Reading(self, name)
        for element in self._stream(member, "row", "mergeCell", "col"):
            reading.take(element)
        return reading.sheet(linked)

    def _stream(self, member: Member, *names: str) -> Iterator[etree._Element]:
        """The elements of those names, one at a time; nothing that went by is kept."""
        parser = XmlStream(tuple(f"{{*}}{name}" for name in names))
        quiet = 0
        with self.container.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                quiet += len(chunk)
                for element in parser.feed(chunk):
                    quiet = 0
                    yield element
                if quiet > _SPAN:
                    raise BadSheet(self._too_much("row", quiet, _SPAN))
        yield from parser.close()

    def _too_much(self, what: str, value: int, limit: int) -> Problem:
        return error(
            "ING-LIST-TOO-LARGE", self.name, name=self.name, what=what, value=value, limit=limit
        )


class _Reading:
    """One sheet while its rows go by."""

    def __init__(self, book: _Workbook, name: str) -> None:
        self.book = book
        self.name = name
        self.rows: dict[int, dict[int, str]] = {}
        self.merged: list[tuple[int, int, int, int]] = []
        self.problems: list[Problem] = []
        self.cells = 0
        self.hidden = 0
        self.formulas = 0
        self.last_row = 0

    def take(self, element: etree._Element) -> None:
        kind = local_name(element)
        if kind == "row":
            self._row(element)
        elif kind == "mergeCell":
            ends = [_place(part) for part in attribute(element, "ref").split(":")]
            if len(ends) == 2 and ends[0] and ends[1] and len(self.merged) < MAX_ROWS:
                self.merged.append((*ends[0], *ends[1]))
        elif attribute(element, "hidden") in ("1", "true"):
            self.hidden += 1

    def _row(self, element: etree._Element) -> None:
        stated = attribute(element, "r")
        number = int(stated) if stated.isdigit() and len(stated) < 8 else self.last_row + 1
        self.last_row = number
        cells: dict[int, str] = {}
        column = -1
        for cell in element:
            if local_name(cell) != "c":
                continue
            place = _place(attribute(cell, "r"))
            column = place[1] if place else column + 1
            if column >= MAX_COLUMNS:
                continue
            text = self._cell(cell, f"{column_name(column)}{number}")
            if text.strip():
                cells[column] = text[:MAX_TEXT]
        if not cells:
            return
        self.cells += len(cells)
        if len(self.rows) >= MAX_ROWS or self.cells > MAX_CELLS:
            limit = MAX_ROWS if len(self.rows) >= MAX_ROWS else MAX_CELLS
            raise BadSheet(self.book._too_much("cells", self.cells, limit))
        if attribute(element, "hidden") in ("1", "true"):
            self.hidden += 1
        self.rows.setdefault(number, {}).update(cells)

    def _cell(self, cell: etree._Element, place: str) -> str:
        kind = attribute(cell, "t")
        value: str | None = None
        formula = False
        for child in cell:
            name = local_name(child)
            if name == "f":
                formula = True
            elif name == "v":
                value = child.text or ""
            elif name == "is":
                value = _text_of(child)
        if formula:
            self.formulas += 1
            if value is None:
                self._tell("ING-LIST-FORMULA", place, "")
                return ""
        if value is None:
            return ""
        if kind == "s":
            found = int(value) if value.isdigit() and len(value) < 10 else -1
            if not 0 <= found < len(self.book.strings):
                self._tell("ING-LIST-CELL", place, value[:40])
                return ""
            return self.book.strings[found]
        if kind == "e":
            self._tell("ING-LIST-CELL", place, value[:40])
            return ""
        if kind in ("", "n"):
            style = attribute(cell, "s")
            is_date = style.isdigit() and int(style[:9]) in self.book.date_styles
            return _number_text(value, self.book.epoch if is_date else None)
        return value[:10] if kind == "d" else value

    def _tell(self, code: str, place: str, value: str) -> None:
        if len(self.problems) < 100:
            where = f"{self.name}!{place}"
            self.problems.append(error(code, self.book.name, cell=where, value=value))

    def sheet(self, linked: bool) -> Sheet:
        filled = self._fill()
        name = self.book.name
        if filled:
            self.problems.append(warning("ING-LIST-MERGED", name, sheet=self.name, count=filled))
        if self.hidden:
            self.problems.append(
                warning("ING-LIST-HIDDEN", name, sheet=self.name, count=self.hidden)
            )
        if self.formulas:
            self.problems.append(
                warning("ING-LIST-COMPUTED", name, sheet=self.name, count=self.formulas)
            )
        if linked:
            self.problems.append(warning("ING-LIST-LINKED", name, name=name))
        rows = tuple(Row(n, self.rows[n]) for n in sorted(self.rows))
        return Sheet(self.name, rows, tuple(self.problems))

    def _fill(self) -> int:
        """Give every cell of a merged area the value of its first; how many areas there were."""
        count = 0
        for top, left, bottom, right in self.merged:
            value = self.rows.get(top, {}).get(left, "")
            if not value:
                continue
            count += 1
            for number in range(top, min(bottom, top + _MOST_FILLED) + 1):
                if number not in self.rows:
                    continue  # a row without any cell of its own tells of nothing
                for column in range(left, min(right, MAX_COLUMNS - 1) + 1):
                    self.cells += 1
                    if self.cells > MAX_CELLS:
                        raise BadSheet(self.book._too_much("cells", self.cells, MAX_CELLS))
                    self.rows[number].setdefault(column, value)
        return count


def _place(reference: str) -> tuple[int, int] | None:
    """(row, column) of a cell's reference."""
    match = _REFERENCE.match(reference)
    column = column_index(match[1]) if match else None
    return (int(match[2]), column) if match and column is not None else None


def _text_of(element: etree._Element) -> str:
    """The text of a string item, without its reading aids."""
    parts = []
    for child in element.iter("{*}t"):
        around = [local_name(a) for a in child.iterancestors()]
        if "rPh" not in around:
            parts.append(child.text or "")
    return "".join(parts)


def _number_text(value: str, epoch: date | None) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    if epoch is not None and 1 <= number < 2_958_466:
        moment = epoch + timedelta(days=int(number))
        return f"{moment.day:02d}/{moment.month:02d}/{moment.year:04d}"
    if number.is_integer() and abs(number) < 10**15:
        return str(int(number))
    return value


def _date_styles(root: etree._Element) -> frozenset[int]:
    """The positions among the cell formats whose numbers are dates."""
    own = {attribute(e, "numFmtId"): attribute(e, "formatCode") for e in root.iter("{*}numFmt")}
    formats = next((e for e in root if local_name(e) == "cellXfs"), None)
    found = set()
    for position, style in enumerate(formats if formats is not None else ()):
        number = attribute(style, "numFmtId")
        code = _QUOTED.sub("", own.get(number, "")).lower()
        built_in = number.isdigit() and int(number[:9]) in _DATE_FORMATS
        if (number not in own and built_in) or any(letter in code for letter in "dy"):
            found.add(position)
    return frozenset(found)
