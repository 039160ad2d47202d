"""From the rows of one dossier to the dossier: cells turned to elements, files found. Core.

Every cell is kept as given under its head. Where a mapping changes what it says (a code of the
supplier, a date in three columns, a code put together) the cell stays and the element is made beside
it, with nothing for `written`. What rows of one dossier contradict each other in is told, never chosen.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ingest.lists.columns import Columns
from ingest.lists.dossiers import ListedDocument, ListedDossier, ListedFile, ListSource
from ingest.lists.mapping import SheetMapping, element_field
from ingest.lists.paths import Listing
from ingest.lists.sheet import Row
from ingest.readers.fields import DOCUMENT_FIELDS, DOSSIER_FIELDS
from ingest.readers.simpledc import Element
from ingest.readers.values import clean_text, parse_date
from preservation.dossier import DocumentKind
from repository.problems import Problem, error, warning

_DEFINING: Final = ("title", "mode", "maintenance", "endDate", "totalDoc")
_FROM_DOSSIER: Final = ("maintenance", "mode", "language")
_NUMBER_NOTATION: Final = re.compile(r"\s*([0-9]{1,6}[A-Za-z]?)\s*/\s*(\S.*)\Z", re.DOTALL)


class RowReader:
    """Makes the dossiers of one sheet, each of its rows."""

    def __init__(self, columns: Columns, mapping: SheetMapping, source: ListSource) -> None:
        self._columns = columns
        self._mapping = mapping
        self._source = source
        self._listing = Listing(source.files)

    def dossier(self, rows: Sequence[Row]) -> ListedDossier:
        """The dossier that these rows tell of, with the files that they name."""
        merged: dict[int, str] = {}
        problems = []
        for row in rows:
            for column in self._columns.of_dossier:
                text = row.cells.get(column, "")
                if not text.strip():
                    continue
                known = merged.setdefault(column, text)
                if clean_text(known) != clean_text(text) and column in self._columns.mapped:
                    problems.append(self._differs(column, known, text, row))
        elements = list(
            self._elements(merged, self._columns.of_dossier, self._columns.dossier, of_dossier=True)
        )
        given = _Values(elements)
        extra = {
            n: self._columns.single(merged, n)
            for n in ("fonds", "agency", "catalogue", "box", "number", "year")
        }
        for name, value in self._mapping.constants.items():
            if name in extra:
                extra[name] = extra[name] or value
            elif not given.value(name):
                elements.append(Element("", name, value))
        if not extra["year"]:
            iso = parse_date(given.value("startDate")).iso
            extra["year"] = iso[:4] if iso else ""
        code = given.value("fileCode")
        if not code and extra["number"]:
            code = _file_code(self._mapping.file_code, extra)
            elements.append(Element("", "fileCode", code))
        if "totalDoc" not in self._columns.dossier:
            elements.append(Element("", "totalDoc", str(len(rows))))
        whole = _Values(elements)
        documents = tuple(
            self._document(row, position, code, whole)
            for position, row in enumerate(rows, 1)
            if self._columns.document_mapped & row.cells.keys()
        )
        return ListedDossier(
            sheet=self._source.member,
            sheet_raw=self._source.raw_member,
            sheet_sha256=self._source.sha256,
            keep_sheet=False,
            mapping=self._mapping.name,
            file_code=code,
            fonds_code=clean_text(extra["fonds"]),
            agency_name=clean_text(extra["agency"]),
            elements=tuple(elements),
            documents=documents,
            rows=self._as_given(rows),
            files=(),
            absent=self._absent(),
            problems=tuple(problems[:50]),
        )

    def _differs(self, column: int, known: str, text: str, row: Row) -> Problem:
        name = next((n for n, cs in self._columns.dossier.items() if column in cs), "")
        make = error if name in _DEFINING else warning
        return make(
            "ING-LIST-DIFFERS",
            self._source.member,
            row=row.number,
            field=self._columns.name_of(column),
            value=text[:100],
            other=known[:100],
        )

    def _document(self, row: Row, position: int, code: str, dossier: _Values) -> ListedDocument:
        elements = list(
            self._elements(
                row.cells, self._columns.of_document, self._columns.document, of_dossier=False
            )
        )
        given = _Values(elements)
        both = self._columns.single(row.cells, "numberAndNotation", of_dossier=False)
        match = _NUMBER_NOTATION.match(both)
        if both and not given.value("codeNumber") and not given.value("codeNotation"):
            if match is not None:
                elements.append(Element("", "codeNumber", match[1]))
            elements.append(Element("", "codeNotation", match[2] if match else both))
        for name in _FROM_DOSSIER:
            if not given.value(name) and dossier.value(name):
                elements.append(Element("", name, dossier.value(name)))
        stated = given.value("docOrdinal")
        ordinal = int(stated) if stated.isdigit() and 0 < len(stated) < 7 else position
        doc_id = given.value("docId") or (f"{code}.{ordinal}" if code else "")
        if not given.value("docId") and doc_id:
            elements.append(Element("", "docId", doc_id))
        if not given.value("docCode") and code:
            elements.append(Element("", "docCode", f"{code}.{ordinal:07d}"))
        names = (doc_id, given.value("docCode"), f"{code}.{ordinal:02d}", f"{code}.{ordinal:03d}")
        return ListedDocument(row.number, tuple(elements), tuple(self._files(row, names)))

    def _files(self, row: Row, names: Iterable[str]) -> Iterator[ListedFile]:
        cell = self._columns.single(row.cells, "path", of_dossier=False)
        checksum = self._columns.single(row.cells, "checksum", of_dossier=False).strip()
        paths = [p.strip() for p in _parts(cell, self._mapping.several)]
        if not paths:
            found = self._listing.called(names)
            if found:
                yield ListedFile("", found, "name", checksum)
            return
        # A name may itself have the sign that parts several: then the whole cell is one.
        if paths != [cell] and self._listing.find(cell, self._mapping.strip)[0]:
            paths = [cell]
        for path in paths:
            name, how = self._listing.find(path, self._mapping.strip)
            yield ListedFile(path, name, how, checksum if len(paths) == 1 else "")

    def _elements(
        self,
        cells: Mapping[int, str],
        own: Sequence[int],
        mapped: Mapping[str, list[int]],
        *,
        of_dossier: bool,
    ) -> Iterator[Element]:
        single = {cs[0]: n for n, cs in mapped.items() if len(cs) == 1}
        for column in own:
            text = cells.get(column, "")
            if not text.strip():
                continue
            head = self._columns.name_of(column) or "?"
            name = single.get(column, "")
            if not name or element_field(name, of_dossier=of_dossier) is None:
                yield Element(head, "", text)
                continue
            code = self._code(name, text)
            if code is None:
                yield Element(head, name, text)
            else:
                yield Element(head, "", text)
                yield Element("", name, code)
        for name, columns in mapped.items():
            if len(columns) == 3:
                date = _date([cells.get(c, "").strip() if c >= 0 else "" for c in columns])
                if date:
                    yield Element("", name, date)

    def _code(self, name: str, text: str) -> str | None:
        """What the supplier's code stands for; None where the mapping says nothing of it."""
        codes = self._mapping.codes.get(name, {})
        wanted = clean_text(text).casefold()
        return next(
            (c for given, c in codes.items() if clean_text(given).casefold() == wanted), None
        )

    def _absent(self) -> frozenset[str]:
        constants = set(self._mapping.constants)
        own = {*self._columns.dossier, *constants, "fileCode", "totalDoc"}
        theirs = {*self._columns.document, *_FROM_DOSSIER, "docId", "docCode"}
        return frozenset(
            [f"dossier.{f.name}" for f in DOSSIER_FIELDS if f.name not in own]
            + [
                f"document.{f.name}"
                for f in DOCUMENT_FIELDS[DocumentKind.TEXT]
                if f.name not in theirs
            ]
        )

    def _as_given(self, rows: Sequence[Row]) -> bytes:
        """The heads and this dossier's rows, cells as given, as CSV in UTF-8."""
        head = self._columns.head
        last = max([*head.cells, *(c for row in rows for c in row.cells)], default=-1)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        for row in (head, *rows):
            writer.writerow([row.cells.get(column, "") for column in range(last + 1)])
        return out.getvalue().encode("utf-8", "replace")


class _Values:
    """Elements by name."""

    def __init__(self, elements: Iterable[Element]) -> None:
        self._values: dict[str, str] = {}
        for element in elements:
            if element.name and element.given.strip():
                self._values.setdefault(element.name, clean_text(element.given))

    def value(self, name: str) -> str:
        return self._values.get(name, "")


def _file_code(pattern: str, extra: Mapping[str, str]) -> str:
    """The pattern filled in; what is not known is left out with its separator."""
    parts = re.split(r"(\{[a-z]+\})", pattern)
    text = "".join(clean_text(extra.get(p[1:-1], "")) if p.startswith("{") else p for p in parts)
    return re.sub(r"([./-])[./-]+", r"\1", text).strip("./- ")


def _date(parts: Sequence[str]) -> str:
    """dd/mm/yyyy from three cells, with what is missing left out; odd cells stay as they are."""
    day, month, year = parts
    if not any(parts):
        return ""
    known = [f"{int(p):02d}" if p.isdigit() and len(p) < 3 else p for p in (day, month) if p]
    if day and not month:
        known = [day, "?"]  # a day of no month is no date; it stays visible as none
    return "/".join([*known, year or "?"])


def _parts(cell: str, several: str) -> list[str]:
    lines = cell.replace("\r", "\n").split("\n")
    pieces = [p for line in lines for p in (line.split(several) if several else [line])]
    return [p for p in pieces if p.strip()]
