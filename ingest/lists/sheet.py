"""A sheet as it was read: rows of cells as text, and what was odd. Core: values.

A cell's text is what a person sees as nearly as can be told: a whole number without `.0`, a date as
dd/mm/yyyy. A formula is never computed: the value that was stored with it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from repository.problems import Problem

MAX_ROWS = 200_000
MAX_COLUMNS = 500
MAX_CELLS = 3_000_000
MAX_TEXT = 32_767  # characters of one cell, as in Excel


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `cells` has column number (from 0) → text, empty cells left out."""

    number: int  # as the sheet counts, from 1
    cells: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet, rows without any text left out."""

    name: str
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()


class BadSheet(Exception):
    """The bytes are no list that can be read. `problem` is the finding."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def column_name(index: int) -> str:
    """A, B, … Z, AA…"""
    name = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_index(name: str) -> int | None:
    """The other way; None for what is no column."""
    value = 0
    for letter in name:
        if not "A" <= letter <= "Z" or len(name) > 3:
            return None
        value = value * 26 + ord(letter) - 64
    return value - 1 if value else None
