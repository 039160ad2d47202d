"""Where a mapping's fields stand in a sheet: the row of heads, and the columns of dossier and document.

A column that the mapping does not name belongs to the dossier when it stands before all columns of the
document, else to the document. Core.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ingest.lists.mapping import SheetMapping
from ingest.lists.recognise import column_of, columns_of
from ingest.lists.sheet import BadSheet, Row, Sheet
from repository.problems import error

_TELLING: Final = (
    "subject",
    "path",
    "docId",
    "docCode",
    "docOrdinal",
    "codeNotation",
    "numberAndNotation",
)


class Columns:
    """The columns of one sheet under one mapping. BadSheet when the mapping does not fit the sheet."""

    def __init__(self, sheet: Sheet, mapping: SheetMapping, member: str) -> None:
        self.head, columns = _head(sheet, mapping, member)
        self.dossier = {n: [columns.get(c, -1) for c in cs] for n, cs in mapping.dossier.items()}
        self.document = {n: [columns.get(c, -1) for c in cs] for n, cs in mapping.document.items()}
        mine = {c for cs in self.document.values() for c in cs if c >= 0}
        theirs = {c for cs in self.dossier.values() for c in cs if c >= 0}
        border = min(mine, default=10**6)
        last = max([*self.head.cells, *(c for row in sheet.rows for c in row.cells)], default=-1)
        self.of_dossier = [
            c for c in range(last + 1) if c in theirs or (c not in mine and c < border)
        ]
        self.of_document = [c for c in range(last + 1) if c not in self.of_dossier]
        self.mapped = mine | theirs
        self.document_mapped = mine
        self.telling = {c for n in _TELLING for c in self.document.get(n, ()) if c >= 0}

    def name_of(self, column: int) -> str:
        """The head of a column, as it is written."""
        return self.head.cells.get(column, "").strip()

    def unused(self) -> list[str]:
        """The heads that the mapping makes nothing of."""
        return [h.strip() for c, h in sorted(self.head.cells.items()) if c not in self.mapped]

    def single(self, cells: Mapping[int, str], name: str, *, of_dossier: bool = True) -> str:
        """What stands in the one column of a field; nothing where it has none."""
        columns = (self.dossier if of_dossier else self.document).get(name, [])
        text = cells.get(columns[0], "") if columns else ""
        return text if name == "path" else text.strip()


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
