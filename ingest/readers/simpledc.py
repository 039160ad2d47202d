"""The flat `<simpledc>` records that the circular calls EAD: bytes to a list of (element, value). Core.

Elements may stand in any order, in any namespace and any letter case, more than once, and be unknown;
all are kept as given. `Record.value` gives a value as understood. Judging is left to `ingest.checks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ingest.readers.fields import ALSO, DOSSIER_ALSO, fields_of
from ingest.readers.values import clean_text
from ingest.readers.xml_names import local_name, text_of
from preservation.dossier import DocumentKind
from schemas.xml import MalformedXml, parse_xml

MAX_ELEMENTS: Final = 1_000
_INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"


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
    # Attributes (`mode/@code`) and elements inside others (`access/mode`). The circular has none, and
    # nothing is read from them; but what they say of secrecy counts.
    inner: tuple[Element, ...] = ()

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
    inner = list(_attributes(root, local_name(root), ""))
    for child in root:
        written = local_name(child)
        if not written:
            continue  # comments and processing instructions
        if len(elements) == MAX_ELEMENTS:
            raise MalformedXml(f"more than {MAX_ELEMENTS} elements in one record")
        elements.append(Element(written, known.get(written.casefold(), ""), text_of(child)))
        for inside in child.iter("{*}*"):
            name = known.get(local_name(inside).casefold(), "")
            where = written if inside is child else f"{written}/{local_name(inside)}"
            if inside is not child:
                inner.append(Element(where, name or elements[-1].name, text_of(inside)))
            inner.extend(_attributes(inside, where, name))
            if len(inner) > MAX_ELEMENTS:
                raise MalformedXml(f"more than {MAX_ELEMENTS} elements in one record")
    return Record(path, member_index, kind, local_name(root), tuple(elements), tuple(inner))


def _attributes(element: etree._Element, where: str, name: str) -> Iterator[Element]:
    for key, value in element.attrib.items():
        if not str(key).startswith(_INSTANCE):
            yield Element(f"{where}/@{str(key).rsplit('}', 1)[-1]}", name, str(value))


def _known_names(kind: DocumentKind | None) -> dict[str, str]:
    names = dict(DOSSIER_ALSO if kind is None else ALSO)
    names.update((field.name.casefold(), field.name) for field in fields_of(kind))
    return names
