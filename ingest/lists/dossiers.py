"""One dossier as a list tells it: values only, as given and as mapped. Core.

A list (Excel or CSV) tells of many dossiers; each becomes a submission of its own. What the list says
of one is one of these: its elements, its documents in order, the files they name. An element whose
`written` is empty was not given but made by a rule (a code put together, a date of three columns).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ingest.readers.simpledc import Element
from repository.problems import Problem


@dataclass(frozen=True, slots=True)
class ListSource:
    """Where a list lies and what lies beside it."""

    member: str  # the list's whole name
    raw_member: bytes
    sha256: str
    files: Mapping[str, bytes]  # every other file: name → exact name
    dedicated: bool = True  # all that lies there came with the list


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One file that a row names."""

    given: str  # the path as the cell has it
    name: str  # the member it is, whole; empty when there is none
    how: str  # exact, case, form, none, outside
    checksum: str = ""


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """One row."""

    row: int
    elements: tuple[Element, ...]
    files: tuple[ListedFile, ...]


@dataclass(frozen=True, slots=True)
class ListedDossier:
    """One dossier of a list."""

    sheet: str  # the list's whole name in its container
    sheet_raw: bytes  # the same byte for byte
    sheet_sha256: str
    keep_sheet: bool  # whether the list itself may be kept with this dossier
    mapping: str  # name of the mapping it was read by
    file_code: str
    fonds_code: str
    agency_name: str
    elements: tuple[Element, ...]
    documents: tuple[ListedDocument, ...]
    rows: bytes  # this dossier's rows of the list as CSV: the heads, then the cells as given
    files: tuple[bytes, ...]  # its members, exact whole names, without the list
    unlisted: tuple[str, ...] = ()  # members among them that no row names
    absent: frozenset[str] = frozenset()  # elements that the list has no column for
    problems: tuple[Problem, ...] = ()
