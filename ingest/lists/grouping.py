"""From a sheet and a mapping to dossiers: rows grouped by what they tell of. Core."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ingest.lists.belonging import named, owners_of
from ingest.lists.columns import Columns
from ingest.lists.dossiers import ListedDossier, ListSource
from ingest.lists.mapping import SheetMapping
from ingest.lists.rows import RowReader
from ingest.lists.sheet import BadSheet, Row, Sheet
from ingest.readers.values import clean_text
from repository.problems import Problem, Severity, error, info, warning
from repository.search_text import fold

MAX_DOSSIERS: Final = 50_000
_KEYS: Final = ("fileCode", "fonds", "catalogue", "number", "year")
_CELL: Final = re.compile(r"!?[A-Z]{1,3}([0-9]{1,7})\Z")
_SUM: Final = re.compile(r"(?:tong cong|tong so|tong|cong|nguoi lap|nguoi giao|nguoi nhan|ngay)\b")


def dossiers_of(sheet: Sheet, mapping: SheetMapping, source: ListSource) -> list[ListedDossier]:
    """Every dossier of the sheet, in its order. Raises BadSheet when the mapping does not fit it, or
    there is none.
    """
    reading = _Reading(sheet, mapping, source)
    groups = reading.groups()
    if not groups:
        raise BadSheet(error("ING-LIST-EMPTY", source.member, name=source.member, sheet=sheet.name))
    if len(groups) > MAX_DOSSIERS:
        raise BadSheet(
            error("ING-LIST-TOO-LARGE", source.member, name=source.member, what="dossiers",
                  value=len(groups), limit=MAX_DOSSIERS)
        )  # fmt: skip
    return reading.dossiers(groups)


@dataclass
class _Group:
    """The rows of one dossier."""

    key: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)


class _Reading:
    def __init__(self, sheet: Sheet, mapping: SheetMapping, source: ListSource) -> None:
        self.sheet = sheet
        self.source = source
        self.columns = Columns(sheet, mapping, source.member)
        self.reader = RowReader(self.columns, mapping, source)
        self.skipped: list[int] = []  # rows of no dossier and no document: sums, remarks

    def groups(self) -> list[_Group]:
        """Rows by the dossier they tell of; a row without its code belongs to the one above."""
        found: dict[tuple[str, ...], _Group] = {}
        last: _Group | None = None
        for row in self.sheet.rows:
            if row.number <= self.columns.head.number or not self.columns.mapped & row.cells.keys():
                continue
            if _is_numbering(row):
                continue
            key = self._key(row)
            if any(key) and self._is_sum(row):
                self.skipped.append(row.number)
                continue
            if not any(key):
                if last is not None and self.columns.telling & row.cells.keys():
                    last.rows.append(row)
                else:
                    self.skipped.append(row.number)
                continue
            last = found.setdefault(key, _Group(key))
            last.rows.append(row)
        return list(found.values())

    def _is_sum(self, row: Row) -> bool:
        """A row below the list that sums it up or is signed, with its words where codes stand."""
        if len(row.cells) > 3 or self.columns.telling & row.cells.keys():
            return False
        words = fold(" ".join(text for _, text in sorted(row.cells.items())))
        return _SUM.match(words) is not None

    def dossiers(self, groups: Sequence[_Group]) -> list[ListedDossier]:
        codes: dict[str, int] = {}
        made = []
        for group in groups:
            listed = self.reader.dossier(group.rows)
            codes[listed.file_code] = codes.get(listed.file_code, 0) + 1
            made.append(listed)
        owners = owners_of(made, self.source)
        taken = {name for listed in made for name in named(listed)}
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
        unused = self.columns.unused()
        if unused:
            problems.append(info("ING-LIST-UNUSED", place, columns="; ".join(unused)[:1000]))
        if self.skipped:
            rows = ", ".join(map(str, self.skipped[:20]))
            problems.append(warning("ING-LIST-SKIPPED", place, count=len(self.skipped), rows=rows))
        if strays:
            problems.append(warning("ING-LIST-EXTRA", place, count=len(strays), path=strays[0]))
        names = dict.fromkeys([*named(listed), *unlisted])
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

    def _key(self, row: Row) -> tuple[str, ...]:
        given = [clean_text(self.columns.single(row.cells, name)) for name in _KEYS]
        if given[0]:
            return (given[0],)
        if given[3]:
            return tuple(given)
        return ()


def _is_numbering(row: Row) -> bool:
    """The row under the heads that only numbers the columns: 1, 2, 3 or (1), (2), (3)."""
    texts = [t.strip().strip("()") for _, t in sorted(row.cells.items())]
    if len(texts) < 4 or not all(t.isdigit() and len(t) < 4 for t in texts):
        return False
    numbers = [int(t) for t in texts]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))
