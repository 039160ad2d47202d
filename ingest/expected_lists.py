"""An agency's file list of a year (danh mục hồ sơ), as CSV or XLSX, read into rows. Core.

Columns are recognised by their heads, without marks and case: mã/số ký hiệu hồ sơ, tiêu đề, thời hạn,
hình thức, ngày kết thúc, ghi chú. Only the first two are needed. Rows without a code are headings
(I. Tài liệu tổng hợp…) and are counted, not kept. What cannot be read is a finding; the good rows stay.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ingest.findings import bounded
from ingest.lists.csv_text import read_csv
from ingest.lists.recognise import folded
from ingest.lists.sheet import BadSheet, Row, Sheet
from ingest.lists.xlsx import read_xlsx
from ingest.readers.values import clean_text, parse_date
from repository.catalogue.records import ListedDossierRecord
from repository.problems import Problem, Report, error, info, warning

MAX_BYTES: Final = 64 * 1024 * 1024
_LOOKED_AT: Final = 40  # rows in which the heads may stand
_SHOWN: Final = 1_000  # characters kept of one cell

_HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "file_code": (
        "ma ho so", "so ky hieu ho so", "so va ky hieu ho so", "so va ky hieu hs", "so ky hieu hs",
        "ky hieu ho so", "so ky hieu", "so va ky hieu", "filecode", "file code",
    ),
    "title": (
        "tieu de ho so", "tieu de", "ten ho so", "ten de muc va tieu de ho so",
        "ten nhom va tieu de ho so", "ten de muc tieu de ho so", "title",
    ),
    "maintenance": (
        "thoi han bao quan", "thoi han luu tru", "thbq", "thoi han", "maintenance",
    ),
    "form": (
        "hinh thuc", "hinh thuc ho so", "hinh thuc lap ho so", "loai ho so", "ho so dien tu",
        "dien tu", "form",
    ),
    "closed": ("ngay ket thuc", "thoi gian ket thuc", "ket thuc", "enddate", "end date", "closed"),
    "note": ("ghi chu", "note"),
}  # fmt: skip
_ELECTRONIC: Final = ("dien tu", "dt", "so", "electronic", "e", "x", "co", "1")
_PAPER: Final = ("giay", "paper", "khong", "0")


@dataclass(frozen=True, slots=True)
class ExpectedList:
    """A file list as it was read. `report` with an error: nothing of it may be used."""

    rows: tuple[ListedDossierRecord, ...]
    report: Report


def read_expected_list(data: bytes, name: str, registration_id: str) -> ExpectedList:
    """The dossiers a list names, in its order. Never raises for what the bytes are."""
    if len(data) > MAX_BYTES:
        found = error("DSK-LIST-TOO-LARGE", name, value=len(data), limit=MAX_BYTES)
        return ExpectedList((), Report((found,)))
    try:
        is_workbook = data[:4] == b"PK\x03\x04" or name.casefold().endswith((".xlsx", ".xls"))
        sheets = read_xlsx(data, name) if is_workbook else [read_csv(data, name)]
    except BadSheet as fault:
        return ExpectedList((), Report((fault.problem,)))
    problems: list[Problem] = [problem for sheet in sheets for problem in sheet.problems]
    for sheet in sheets:
        heads = _heads(sheet)
        if heads is None:
            continue
        rows, doubts = _rows(sheet, *heads, registration_id)
        return ExpectedList(tuple(rows), bounded([*problems, *doubts]))
    problems.append(error("DSK-LIST-HEADS", name))
    return ExpectedList((), bounded(problems))


def _heads(sheet: Sheet) -> tuple[int, Mapping[str, int]] | None:
    """In which of the rows the heads stand, and the column of each."""
    for place, row in enumerate(sheet.rows[:_LOOKED_AT]):
        columns: dict[str, int] = {}
        for column, text in sorted(row.cells.items()):
            head = folded(text)
            for name, known in _HEADS.items():
                if head in known:
                    columns.setdefault(name, column)
        if "file_code" in columns and "title" in columns:
            return place, columns
    return None


def _rows(
    sheet: Sheet, head: int, columns: Mapping[str, int], registration_id: str
) -> tuple[list[ListedDossierRecord], list[Problem]]:
    rows: list[ListedDossierRecord] = []
    problems: list[Problem] = []
    known: dict[str, int] = {}
    headings = 0
    for row in sheet.rows[head + 1 :]:
        cells = {name: _cell(row, column) for name, column in columns.items()}
        code = cells["file_code"]
        if not code or _is_numbering(row, columns):
            headings += 1
            continue
        key = unicodedata.normalize("NFC", code)
        place = f"{sheet.name}:{row.number}"
        if key in known:
            problems.append(warning("DSK-LIST-TWICE", place, value=code, first=known[key]))
            continue
        known[key] = row.number
        problems += _doubts(cells, place)
        rows.append(
            ListedDossierRecord(
                registration_id=registration_id,
                place=len(rows) + 1,
                file_code=code,
                title=cells["title"],
                maintenance=cells.get("maintenance", ""),
                form=_form(cells.get("form", "")) or "",
                closed=parse_date(cells.get("closed", "")).iso or "",
                note=cells.get("note", ""),
            )
        )
    if not rows:
        problems.append(error("DSK-LIST-EMPTY", sheet.name))
    elif headings:
        problems.append(info("DSK-LIST-HEADINGS", sheet.name, count=headings))
    return rows, problems


def _cell(row: Row, column: int) -> str:
    return clean_text(row.cells.get(column, ""))[:_SHOWN]


def _is_numbering(row: Row, columns: Mapping[str, int]) -> bool:
    """The row below the heads that numbers the columns: 1, 2, 3…"""
    texts = [_cell(row, column).strip("()") for column in columns.values()]
    return all(text.isdigit() and len(text) <= 2 for text in texts)


def _doubts(cells: Mapping[str, str], place: str) -> Iterator[Problem]:
    if not cells["title"]:
        yield warning("DSK-LIST-NO-TITLE", place, value=cells["file_code"])
    if cells.get("form") and _form(cells["form"]) is None:
        yield warning("DSK-LIST-FORM", place, value=cells["form"][:100])
    if cells.get("closed") and parse_date(cells["closed"]).iso is None:
        yield warning("DSK-LIST-DATE", place, value=cells["closed"][:100])


def _form(text: str) -> str | None:
    """electronic, paper, empty where nothing is said; None for what is not understood."""
    key = folded(text)
    if not key:
        return ""
    if key in _ELECTRONIC or "dien tu" in key:
        return "electronic"
    return "paper" if key in _PAPER or "giay" in key else None
