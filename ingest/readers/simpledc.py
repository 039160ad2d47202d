"""The flat `<simpledc>` records that the circular calls EAD: bytes to a list of (element, value). Core.

Elements may stand in any order, in any namespace and any letter case, more than once, and be unknown;
all are kept as given. `Record.value` gives a value as understood. Judging is left to `ingest.checks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ingest.readers.fields import ALSO, DOSSIER_ALSO, fields_of
from ingest.readers.values import clean_text
from ingest.readers.xml_names import local_name, text_of
from preservation.dossier import DocumentKind
from schemas.xml import MalformedXml, parse_xml

MAX_ELEMENTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Element:
    """One element: the name as written (empty: not given but made by a rule), the element it is read
    as (empty: unknown), the raw text."""

    written: str
    name: str
    given: str


@dataclass(frozen=True, slots=True)
class Record:
    """One EAD file. `kind` is None for the dossier's own."""

    path: str
    member_index: int
    kind: DocumentKind | None
    root: str  # local name of the root element; `simpledc` when it follows the circular
    elements: tuple[Element, ...]

    def given(self, name: str) -> str:
        """The first value that is not empty, character for character; empty when there is none."""
        for element in self.elements:
            if element.name == name and element.given.strip():
                return element.given
        return ""

    def value(self, name: str) -> str:
        """The same as understood: NFC, outer space removed."""
        return clean_text(self.given(name))

    def values(self, name: str) -> tuple[str, ...]:
        """Every value that is not empty, as understood, in order."""
        found = (clean_text(e.given) for e in self.elements if e.name == name)
        return tuple(value for value in found if value)

    def as_given(self) -> tuple[tuple[str, str], ...]:
        """All elements as written, in order; none that was made."""
        return tuple((e.written, e.given) for e in self.elements if e.written)


def parse_record(
    data: bytes, *, path: str, member_index: int, kind: DocumentKind | None, limit: int
) -> Record:
    """The record in these bytes. Raises MalformedXml for what is no XML or far too much of it."""
    root = parse_xml(data, limit=limit)
    elements: list[Element] = []
    known = _known_names(kind)
    for child in root:
        written = local_name(child)
        if not written:
            continue  # comments and processing instructions
        if len(elements) == MAX_ELEMENTS:
            raise MalformedXml(f"more than {MAX_ELEMENTS} elements in one record")
        elements.append(Element(written, known.get(written.casefold(), ""), text_of(child)))
    return Record(path, member_index, kind, local_name(root), tuple(elements))


def _known_names(kind: DocumentKind | None) -> dict[str, str]:
    names = dict(DOSSIER_ALSO if kind is None else ALSO)
    names.update((field.name.casefold(), field.name) for field in fields_of(kind))
    return names
