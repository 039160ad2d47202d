"""From a sheet and a mapping to dossiers: rows grouped, cells turned to elements, files found. Core.

Every cell is kept as given under its head. Where a mapping changes what it says (a code of the
supplier, a date in three columns, a code put together) the cell stays and the element is made beside
it, with nothing for `written`. What rows of one dossier contradict each other in is told, never chosen.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ingest.lists.dossiers import ListedDocument, ListedDossier, ListedFile
from ingest.lists.mapping import SheetMapping, element_field
from ingest.lists.paths import Listing
from ingest.lists.recognise import column_of, columns_of
from ingest.lists.sheet import BadSheet, Row, Sheet
from ingest.readers.fields import DOCUMENT_FIELDS, DOSSIER_FIELDS
from ingest.readers.simpledc import Element
from ingest.readers.values import clean_text, parse_date
from preservation.dossier import DocumentKind
from repository.problems import Problem, Severity, error, info, warning
from repository.search_text import fold

MAX_DOSSIERS: Final = 50_000
_KEYS: Final = ("fileCode", "fonds", "catalogue", "number", "year")
_DEFINING: Final = ("title", "mode", "maintenance", "endDate", "totalDoc")
_TELLING: Final = (
    "subject",
    "path",
    "docId",
    "docCode",
    "docOrdinal",
    "codeNotation",
    "numberAndNotation",
)
_FROM_DOSSIER: Final = ("maintenance", "mode", "language")
_CELL: Final = re.compile(r"!?[A-Z]{1,3}([0-9]{1,7})\Z")
_SUM: Final = re.compile(r"(?:tong cong|tong so|tong|cong|nguoi lap|nguoi giao|nguoi nhan|ngay)\b")
_NUMBER_NOTATION: Final = re.compile(r"\s*([0-9]{1,6}[A-Za-z]?)\s*/\s*(\S.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ListSource:
    """Where a list lies and what lies beside it."""

    member: str  # the list's whole name
    raw_member: bytes
    sha256: str
    files: Mapping[str, bytes]  # every other file: name → exact name
    dedicated: bool = True  # all that lies there came with the list


def dossiers_of(sheet: Sheet, mapping: SheetMapping, source: ListSource) -> list[ListedDossier]:
    """Every dossier of the sheet, in its order. Raises BadSheet when the mapping does not fit it, or
    there is none.
    """
    head, columns = _head(sheet, mapping, source.member)
    reading = _Reading(sheet, mapping, source, head, columns)
    groups = reading.groups()
    if not groups:
        raise BadSheet(error("ING-LIST-EMPTY", source.member, name=source.member, sheet=sheet.name))
    if len(groups) > MAX_DOSSIERS:
        raise BadSheet(
            error("ING-LIST-TOO-LARGE", source.member, name=source.member, what="dossiers",
                  value=len(groups), limit=MAX_DOSSIERS)
        )  # fmt: skip
    return reading.dossiers(groups)


def _head(sheet: Sheet, mapping: SheetMapping, member: str) -> tuple[Row, dict[str, int]]:
    """The row of heads, and where each column that the mapping names is."""
    wanted = [name for name in mapping.columns() if name]
    rows = [r for r in sheet.rows if mapping.header_row in (0, r.number)]
    best: tuple[Row | None, list[str]] = (None, wanted)
    for row in rows[:200]:
        there = columns_of(row)
        missing = [name for name in wanted if column_of(name, there) is None]
        if not missing:
            found = {name: column_of(name, there) for name in wanted}
            return row, {name: column for name, column in found.items() if column is not None}
        if len(missing) < len(best[1]):
            best = (row, missing)
    raise BadSheet(
        error(
            "ING-LIST-COLUMNS",
            member,
            name=member,
            sheet=sheet.name,
            columns=", ".join(best[1][:10]),
            mapping=mapping.name,
        )
    )


@dataclass
class _Group:
    """The rows of one dossier."""

    key: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)


class _Reading:
    def __init__(
        self,
        sheet: Sheet,
        mapping: SheetMapping,
        source: ListSource,
        head: Row,
        columns: Mapping[str, int],
    ) -> None:
        self.sheet = sheet
        self.mapping = mapping
        self.source = source
        self.head = head
        self.columns = columns
        self.listing = Listing(source.files)
        self.dossier = {n: [columns.get(c, -1) for c in cs] for n, cs in mapping.dossier.items()}
        self.document = {n: [columns.get(c, -1) for c in cs] for n, cs in mapping.document.items()}
        mine = {c for cs in self.document.values() for c in cs if c >= 0}
        theirs = {c for cs in self.dossier.values() for c in cs if c >= 0}
        border = min(mine, default=10**6)
        last = max([*head.cells, *(c for row in sheet.rows for c in row.cells)], default=-1)
        self.dossier_columns = [
            c for c in range(last + 1) if c in theirs or (c not in mine and c < border)
        ]
        self.document_columns = [c for c in range(last + 1) if c not in self.dossier_columns]
        self.mapped = mine | theirs
        self.document_mapped = mine
        self.telling = {c for n in _TELLING for c in self.document.get(n, ()) if c >= 0}
        self.skipped: list[int] = []  # rows of no dossier and no document: sums, remarks

    def groups(self) -> list[_Group]:
        """Rows by the dossier they tell of; a row without its code belongs to the one above."""
        found: dict[tuple[str, ...], _Group] = {}
        last: _Group | None = None
        for row in self.sheet.rows:
            if row.number <= self.head.number or not self.mapped & row.cells.keys():
                continue
            if _is_numbering(row):
                continue
            key = self._key(row)
            if any(key) and self._is_sum(row):
                self.skipped.append(row.number)
                continue
            if not any(key):
                if last is not None and self.telling & row.cells.keys():
                    last.rows.append(row)
                else:
                    self.skipped.append(row.number)
                continue
            last = found.setdefault(key, _Group(key))
            last.rows.append(row)
        return list(found.values())

    def _is_sum(self, row: Row) -> bool:
        """A row below the list that sums it up or is signed, with its words where codes stand."""
        if len(row.cells) > 3 or self.telling & row.cells.keys():
            return False
        words = fold(" ".join(text for _, text in sorted(row.cells.items())))
        return _SUM.match(words) is not None

    def dossiers(self, groups: Sequence[_Group]) -> list[ListedDossier]:
        codes: dict[str, int] = {}
        made = []
        for group in groups:
            listed = self._dossier(group)
            codes[listed.file_code] = codes.get(listed.file_code, 0) + 1
            made.append(listed)
        owners = _owners(made, self.source)
        taken = {name for listed in made for name in _named(listed)}
        strays = sorted(n for n in self.source.files if n not in taken and n not in owners)
        own: dict[int, list[str]] = {}
        for name, owner in owners.items():
            own.setdefault(owner, []).append(name)
        return [
            self._whole(listed, codes[listed.file_code], tuple(own.get(i, ())), strays, group)
            for i, (listed, group) in enumerate(zip(made, groups, strict=True))
        ]

    def _whole(
        self,
        listed: ListedDossier,
        times: int,
        unlisted: tuple[str, ...],
        strays: Sequence[str],
        group: _Group,
    ) -> ListedDossier:
        """The dossier with the files that are its own though no row names them, and what was found."""
        problems = [*listed.problems, *self._of_sheet(group)]
        place = self.source.member
        if times > 1 or not listed.file_code:
            code = listed.file_code or "?"
            problems.append(error("ING-LIST-CODE", place, value=code, count=times))
        unused = [h.strip() for c, h in sorted(self.head.cells.items()) if c not in self.mapped]
        if unused:
            problems.append(info("ING-LIST-UNUSED", place, columns="; ".join(unused)[:1000]))
        if self.skipped:
            rows = ", ".join(map(str, self.skipped[:20]))
            problems.append(warning("ING-LIST-SKIPPED", place, count=len(self.skipped), rows=rows))
        if strays:
            problems.append(warning("ING-LIST-EXTRA", place, count=len(strays), path=strays[0]))
        names = dict.fromkeys([*_named(listed), *unlisted])
        return replace(
            listed,
            files=tuple(self.source.files[name] for name in names),
            unlisted=unlisted,
            problems=tuple(problems),
        )

    def _of_sheet(self, group: _Group) -> Iterator[Problem]:
        """Findings of the sheet: those of one cell only where its row is."""
        numbers = {row.number for row in group.rows}
        for problem in self.sheet.problems:
            match = _CELL.search(problem.params.get("cell", ""))
            if match is None or problem.severity is not Severity.ERROR or int(match[1]) in numbers:
                yield problem

    def _dossier(self, group: _Group) -> ListedDossier:
        first = group.rows[0]
        merged: dict[int, str] = {}
        problems = []
        for row in group.rows:
            for column in self.dossier_columns:
                text = row.cells.get(column, "")
                if not text.strip():
                    continue
                known = merged.setdefault(column, text)
                if clean_text(known) != clean_text(text) and column in self.mapped:
                    problems.append(self._differs(column, known, text, row))
        elements = list(self._elements(merged, self.dossier_columns, self.dossier, of_dossier=True))
        given = _Values(elements)
        extra = {
            n: self._extra(merged, n)
            for n in ("fonds", "agency", "catalogue", "box", "number", "year")
        }
        for name, value in self.mapping.constants.items():
            if name in extra:
                extra[name] = extra[name] or value
            elif not given.value(name):
                elements.append(Element("", name, value))
        if not extra["year"]:
            iso = parse_date(given.value("startDate")).iso
            extra["year"] = iso[:4] if iso else ""
        code = given.value("fileCode")
        if not code and extra["number"]:
            code = _file_code(self.mapping.file_code, extra)
            elements.append(Element("", "fileCode", code))
        if "totalDoc" not in self.dossier:
            elements.append(Element("", "totalDoc", str(len(group.rows))))
        whole = _Values(elements)
        documents = tuple(
            self._document(row, position, code, whole)
            for position, row in enumerate(group.rows, 1)
            if self.document_mapped & row.cells.keys()
        )
        return ListedDossier(
            sheet=self.source.member,
            sheet_raw=self.source.raw_member,
            sheet_sha256=self.source.sha256,
            keep_sheet=False,
            mapping=self.mapping.name,
            file_code=code,
            fonds_code=clean_text(extra["fonds"]),
            agency_name=clean_text(extra["agency"]),
            elements=tuple(elements),
            documents=documents,
            rows=self._rows(first, group.rows),
            files=(),
            absent=self._absent(),
            problems=tuple(problems[:50]),
        )

    def _differs(self, column: int, known: str, text: str, row: Row) -> Problem:
        name = next((n for n, cs in self.dossier.items() if column in cs), "")
        make = error if name in _DEFINING else warning
        head = self.head.cells.get(column, "").strip()
        return make(
            "ING-LIST-DIFFERS",
            self.source.member,
            row=row.number,
            field=head,
            value=text[:100],
            other=known[:100],
        )

    def _document(self, row: Row, position: int, code: str, dossier: _Values) -> ListedDocument:
        elements = list(
            self._elements(row.cells, self.document_columns, self.document, of_dossier=False)
        )
        given = _Values(elements)
        both = self._extra(row.cells, "numberAndNotation", of_dossier=False)
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
        cell = self._extra(row.cells, "path", of_dossier=False)
        checksum = self._extra(row.cells, "checksum", of_dossier=False).strip()
        paths = [p.strip() for p in _parts(cell, self.mapping.several)]
        if not paths:
            found = self.listing.called(names)
            if found:
                yield ListedFile("", found, "name", checksum)
            return
        # A name may itself have the sign that parts several: then the whole cell is one.
        if paths != [cell] and self.listing.find(cell, self.mapping.strip)[0]:
            paths = [cell]
        for path in paths:
            name, how = self.listing.find(path, self.mapping.strip)
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
            head = self.head.cells.get(column, "").strip() or "?"
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
        codes = self.mapping.codes.get(name, {})
        wanted = clean_text(text).casefold()
        return next(
            (c for given, c in codes.items() if clean_text(given).casefold() == wanted), None
        )

    def _extra(self, cells: Mapping[int, str], name: str, *, of_dossier: bool = True) -> str:
        columns = (self.dossier if of_dossier else self.document).get(name, [])
        text = cells.get(columns[0], "") if columns else ""
        return text if name == "path" else text.strip()

    def _key(self, row: Row) -> tuple[str, ...]:
        given = [clean_text(self._extra(row.cells, name)) for name in _KEYS]
        if given[0]:
            return (given[0],)
        if given[3]:
            return tuple(given)
        return ()

    def _absent(self) -> frozenset[str]:
        constants = set(self.mapping.constants)
        own = {*self.dossier, *constants, "fileCode", "totalDoc"}
        theirs = {*self.document, *_FROM_DOSSIER, "docId", "docCode"}
        return frozenset(
            [f"dossier.{f.name}" for f in DOSSIER_FIELDS if f.name not in own]
            + [
                f"document.{f.name}"
                for f in DOCUMENT_FIELDS[DocumentKind.TEXT]
                if f.name not in theirs
            ]
        )

    def _rows(self, first: Row, rows: Sequence[Row]) -> bytes:
        """The heads and this dossier's rows, cells as given, as CSV in UTF-8."""
        last = max([*self.head.cells, *(c for row in rows for c in row.cells)], default=-1)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        for row in (self.head, *rows):
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


def _is_numbering(row: Row) -> bool:
    """The row under the heads that only numbers the columns: 1, 2, 3 or (1), (2), (3)."""
    texts = [t.strip().strip("()") for _, t in sorted(row.cells.items())]
    if len(texts) < 4 or not all(t.isdigit() and len(t) < 4 for t in texts):
        return False
    numbers = [int(t) for t in texts]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _parts(cell: str, several: str) -> list[str]:
    lines = cell.replace("\r", "\n").split("\n")
    pieces = [p for line in lines for p in (line.split(several) if several else [line])]
    return [p for p in pieces if p.strip()]


def _named(listed: ListedDossier) -> list[str]:
    return [file.name for document in listed.documents for file in document.files if file.name]


def _owners(made: Sequence[ListedDossier], source: ListSource) -> dict[str, int]:
    """Files that no row names, each with the one dossier that has files in its folder or around it."""
    around: dict[str, set[int]] = {}
    for index, listed in enumerate(made):
        for name in _named(listed):
            for folder in _folders(name):
                around.setdefault(folder, set()).add(index)
    if source.dedicated and len(made) == 1:
        around[""] = {0}
    taken = {name for listed in made for name in _named(listed)}
    owners = {}
    for name in source.files:
        if name not in taken:
            near = next((around[f] for f in (*_folders(name), "") if f in around), set())
            if len(near) == 1:
                owners[name] = min(near)
    return owners


def _folders(name: str) -> Iterator[str]:
    """The folders around a file, the nearest first, without the root."""
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name
