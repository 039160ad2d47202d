"""METS as packages of the circular carry it: header, file table and links, as values. Core.

Reads what is there under any prefix, with the slips the circular itself prints (`USER` for `USE`). It
resolves nothing and judges nothing; `ingest.readers.tt05` joins the references to members.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ingest.readers.values import clean_text
from ingest.readers.xml_names import attribute, local_name, text_of
from schemas.xml import MalformedXml, parse_xml

MAX_GROUP_DEPTH: Final = 8  # groups inside each other that count
MAX_POINTED: Final = 2_000_000  # files named by all links together; a group counts all it has


@dataclass(frozen=True, slots=True)
class Reference:
    """A place where METS names a file, with what it promises about it; all values as given."""

    mets: str  # path of the METS that says so
    element: str  # mdRef, file, mptr
    ids: tuple[str, ...]  # of the element and of the sections around it
    use: str  # fileGrp/@USE of the nearest group that has one
    href: str
    size: str = ""
    checksum: str = ""
    checksum_type: str = ""
    mime: str = ""
    created: str = ""
    mdtype: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent of the header, with its notes as (NOTETYPE, text)."""

    role: str
    type: str
    other_type: str
    name: str
    notes: tuple[tuple[str, str], ...]

    def note(self, notetype: str) -> str:
        """The note of that type, ignoring case; empty when there is none."""
        for kind, text in self.notes:
            if kind.casefold() == notetype.casefold() and text:
                return text
        return ""


@dataclass(frozen=True, slots=True)
class Link:
    """A MetadataLink division: the records it names, its files, its attachments; XML ids."""

    record_ids: tuple[str, ...]
    file_ids: tuple[str, ...]
    attachment_ids: tuple[str, ...]
    holey: bool


@dataclass(frozen=True, slots=True)
class Mets:
    """One METS file."""

    path: str
    objid: str
    label: str
    type: str
    profile: str
    package_type: str  # csip:OAISPACKAGETYPE
    record_status: str
    created: str
    agents: tuple[Agent, ...]
    alt_record_ids: tuple[tuple[str, str], ...]  # (TYPE, value)
    references: tuple[Reference, ...]
    links: tuple[Link, ...]
    loose_attachment_ids: tuple[str, ...]  # of AttachmentFile divisions outside any link


def parse_mets(data: bytes, *, path: str, limit: int) -> Mets:
    """The METS in these bytes. Raises MalformedXml when they are no XML, or their root is no `mets`."""
    root = parse_xml(data, limit=limit)
    if local_name(root) != "mets":
        raise MalformedXml(f"the root element is {local_name(root) or 'unknown'}, not mets")
    header = next((child for child in root if local_name(child) == "metsHdr"), None)
    groups: dict[str, list[str]] = {}
    references = tuple(_references(root, path, groups))
    links, loose = _links(root, groups)
    return Mets(
        path=path,
        objid=attribute(root, "OBJID"),
        label=attribute(root, "LABEL"),
        type=attribute(root, "TYPE"),
        profile=attribute(root, "PROFILE"),
        package_type=attribute(header, "OAISPACKAGETYPE"),
        record_status=attribute(header, "RECORDSTATUS"),
        created=attribute(header, "CREATEDATE"),
        agents=tuple(_agents(header)),
        alt_record_ids=tuple(_alternatives(header)),
        references=references,
        links=links,
        loose_attachment_ids=loose,
    )


def _agents(header: etree._Element | None) -> Iterator[Agent]:
    for agent in header if header is not None else ():
        if local_name(agent) == "agent":
            children = list(agent)
            yield Agent(
                role=attribute(agent, "ROLE"),
                type=attribute(agent, "TYPE"),
                other_type=attribute(agent, "OTHERTYPE"),
                name=next(
                    (clean_text(text_of(c)) for c in children if local_name(c) == "name"), ""
                ),
                notes=tuple(
                    (attribute(c, "NOTETYPE"), clean_text(text_of(c)))
                    for c in children
                    if local_name(c) == "note"
                ),
            )


def _alternatives(header: etree._Element | None) -> Iterator[tuple[str, str]]:
    for child in header if header is not None else ():
        if local_name(child) == "altRecordID":
            yield attribute(child, "TYPE"), clean_text(text_of(child))


def _references(
    root: etree._Element, path: str, groups: dict[str, list[str]]
) -> Iterator[Reference]:
    """Every mdRef, file and mptr; fills `groups` with the ids of the files in each fileGrp."""
    for element in root.iter("{*}mdRef", "{*}file", "{*}mptr"):
        local = local_name(element)
        around = list(element.iterancestors())
        if local == "file":
            file_id = attribute(element, "ID")
            for group in around[:MAX_GROUP_DEPTH]:
                if local_name(group) == "fileGrp" and attribute(group, "ID"):
                    groups.setdefault(attribute(group, "ID"), []).append(file_id)
            places = [c for c in element if local_name(c) == "FLocat"]
            hrefs = [attribute(place, "href", exactly=True) for place in places] or [""]
        else:
            hrefs = [attribute(element, "href", exactly=True)]
        section = next((a for a in around if local_name(a) == "dmdSec"), None)
        uses = (attribute(a, "USE") or attribute(a, "USER") for a in around)
        for href in hrefs:
            yield Reference(
                mets=path,
                element=local,
                ids=tuple(i for i in (attribute(element, "ID"), attribute(section, "ID")) if i),
                use=next((use for use in uses if use), ""),
                href=href,
                size=attribute(element, "SIZE"),
                checksum=attribute(element, "CHECKSUM"),
                checksum_type=attribute(element, "CHECKSUMTYPE"),
                mime=attribute(element, "MIMETYPE"),
                created=attribute(element, "CREATED"),
                mdtype=attribute(element, "MDTYPE"),
            )


def _links(
    root: etree._Element, groups: dict[str, list[str]]
) -> tuple[tuple[Link, ...], tuple[str, ...]]:
    links = []
    loose: list[str] = []
    pointed = 0
    for div in root.iter("{*}div"):
        if _is_link(div):
            attached = [d for d in div.iterdescendants("{*}div") if _is_attachment(d)]
            link = Link(
                record_ids=tuple(attribute(div, "DMDID").split()),
                file_ids=_pointers(div, groups),
                attachment_ids=tuple(i for d in attached for i in _pointers(d, groups)),
                holey="holey" in _label(div),
            )
            links.append(link)
            files = len(link.file_ids) + len(link.attachment_ids) + 1
            pointed += files * (len(link.record_ids) + 1)
        elif _is_attachment(div) and not any(_is_link(a) for a in div.iterancestors()):
            ids = _pointers(div, groups)
            loose.extend(ids)
            pointed += len(ids)
        if pointed > MAX_POINTED:
            raise MalformedXml(f"its links name more than {MAX_POINTED} files")
    return tuple(links), tuple(loose)


def _is_link(div: etree._Element) -> bool:
    label = _label(div)
    if label.startswith("metadatalink/"):
        return True
    # A division that ties a record to files, whatever it is called.
    return bool(attribute(div, "DMDID")) and any(local_name(c) == "fptr" for c in div)


def _is_attachment(div: etree._Element) -> bool:
    return _label(div).rsplit("/", 1)[-1] == "attachmentfile" and not attribute(div, "DMDID")


def _label(div: etree._Element) -> str:
    if local_name(div) != "div":
        return ""
    return (attribute(div, "LABEL") or attribute(div, "TYPE")).casefold()


def _pointers(div: etree._Element, groups: dict[str, list[str]]) -> tuple[str, ...]:
    """Ids of the files that the division's own pointers name; a group stands for all its files."""
    found: dict[str, None] = {}
    seen = 0
    for pointer in div:
        if local_name(pointer) == "fptr":
            areas = [attribute(area, "FILEID") for area in pointer.iterdescendants("{*}area")]
            for name in [attribute(pointer, "FILEID"), *areas]:
                found.update(dict.fromkeys(groups.get(name, [name] if name else [])))
                seen += len(groups.get(name, ""))
                if seen > MAX_POINTED:
                    raise MalformedXml(f"its links name more than {MAX_POINTED} files")
    return tuple(found)
