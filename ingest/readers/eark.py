"""Reader of E-ARK packages (CSIP and SIP 2.0 to 2.2) that are not of the circular. Core.

What they describe themselves by is EAD (2002, EAD3) or Dublin Core: title, identifier, dates, language
are taken from there, as given. Every file of a representation's data is a document, titled by its name:
such packages describe the whole and not its parts. What the circular asks for beyond that is not
invented; what is missing of the dossier itself is asked for by the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from lxml import etree

from ingest.container import Container, ContainerFault, Member
from ingest.findings import bounded
from ingest.member_names import clash_key
from ingest.readers.desk import Desk
from ingest.readers.fields import DOCUMENT_FIELDS, DOSSIER_FIELDS
from ingest.readers.mets import Mets
from ingest.readers.package import (
    DocumentFacts,
    Tt05Package,
    algorithms_by_member,
    is_data,
)
from ingest.readers.simpledc import Element, Record
from ingest.readers.values import clean_text, parse_date
from ingest.readers.xml_names import attribute, local_name, text_of
from preservation.dossier import DocumentKind
from repository.problems import Problem, Report, error, warning
from schemas.xml import MalformedXml, parse_xml

_RECORD_OF_DOCUMENT: Final = re.compile(r"ead_(?:doc|pic|media)", re.IGNORECASE)
_DC: Final[Mapping[str, str]] = {
    "title": "title",
    "identifier": "fileCode",
    "language": "language",
    "description": "description",
    "subject": "keyword",
}
_RANGE: Final = re.compile(r"\s*([0-9-]{4,10})\s*/\s*([0-9-]{4,10})\s*\Z")
_MAX_TAGS: Final = 400_000


def is_eark(container: Container) -> bool:
    """Whether the package is E-ARK's and not the circular's: METS, and no record of the circular."""
    names = [clash_key(m.name) for m in container.members]
    if "mets.xml" not in names:
        return False
    if any(_RECORD_OF_DOCUMENT.match(n.rsplit("/", 1)[-1]) for n in names):
        return False
    described = [m for m in container.members if _is_description(m.name)]
    for member in described:
        root = _root(container, member)
        mine = clash_key(member.name).endswith("/ead.xml") if root is None else _is_flat(root)
        if mine:
            return False  # the circular's, whose reader says what is wrong with it
    if described:
        return True
    # Without any description only what says that it is E-ARK's is taken for it.
    mets = _root(container, next(m for m in container.members if clash_key(m.name) == "mets.xml"))
    profile = attribute(mets, "PROFILE").casefold()
    return "eark" in profile and not any("/metadata/descriptive/" in n for n in names)


def _is_flat(root: etree._Element) -> bool:
    return local_name(root).casefold() == "simpledc"


def read_eark(container: Container) -> tuple[Tt05Package | None, Report]:
    """The package, or None with at least one error."""
    desk = Desk(container)
    root = desk.mets("METS.xml")
    if root is None:
        return None, bounded(desk.problems)
    representations = tuple(_representations(desk))
    references = tuple(
        desk.resolve(reference)
        for mets in (root, *representations)
        for reference in mets.references
    )
    described = [m for m in container.members if _is_description(m.name)]
    elements = list(_described(container, described, desk.problems))
    if not elements:
        desk.problems.append(error("ING-EARK-UNDESCRIBED", root.path, path=root.path))
        return None, bounded(desk.problems)
    record_member = described[0]
    documents = tuple(_documents(container, record_member))
    elements = _completed(elements, root, len(documents))
    fonds, agency = _fonds(root, representations)
    package = Tt05Package(
        container_name=container.name,
        top=container.top,
        members=container.members,
        root=replace(root, package_type=root.package_type or "SIP"),
        representations=representations or (root,),
        references=references,
        dossier=Record(record_member.name, record_member.index, None, "simpledc", tuple(elements)),
        documents=documents,
        loose_records=(),
        loose_attachments=(),
        fonds_code=fonds,
        fonds_source="note" if fonds else "",
        agency_name=agency,
        schema_names={},
        algorithms=algorithms_by_member(references),
        absent=_absent(elements),
    )
    told = warning(
        "ING-EARK-READ", record_member.name, path=record_member.name, count=len(documents)
    )
    return package, bounded([*desk.problems, told])


def _representations(desk: Desk) -> Iterator[Mets]:
    for key in sorted(desk.alike):
        parts = key.split("/")
        if len(parts) == 3 and parts[0] == "representations" and parts[2] == "mets.xml":
            mets = desk.mets(desk.alike[key].name)
            if mets is not None:
                yield mets


def _is_description(name: str) -> bool:
    parts = clash_key(name).split("/")
    return parts[:2] == ["metadata", "descriptive"] and parts[-1].endswith(".xml")


def _root(container: Container, member: Member) -> etree._Element | None:
    limit = container.limits.max_record
    try:
        data = container.read_small(member, limit)
        return parse_xml(data, limit=limit) if data.count(b"<") <= _MAX_TAGS else None
    except (MalformedXml, ContainerFault):
        return None  # read again, and told, by whoever needs it


def _described(
    container: Container, members: list[Member], problems: list[Problem]
) -> Iterator[Element]:
    """What the descriptions say of the whole, EAD before Dublin Core."""
    found: list[tuple[bool, list[Element]]] = []
    for member in members:
        root = _root(container, member)
        if root is None:
            problems.append(
                error("ING-XML-MALFORMED", member.name, path=member.name, line=0, detail="?")
            )
            continue
        is_ead = local_name(root).casefold() == "ead"
        found.append((not is_ead, list(_of_ead(root) if is_ead else _of_dc(root))))
    known: set[str] = set()
    for _, elements in sorted(found, key=lambda pair: pair[0]):
        mine = {e.name for e in elements if e.name}
        yield from (e for e in elements if not e.name or e.name not in known)
        known |= mine


def _of_dc(root: etree._Element) -> Iterator[Element]:
    for element in root.iter():
        written = local_name(element)
        if not written or len(element):
            continue
        given = text_of(element)
        if not given.strip():
            continue
        if written in ("date", "created", "issued", "temporal", "coverage"):
            yield from _dates(written, given)
        else:
            yield Element(written, _DC.get(written, ""), given)


def _of_ead(root: etree._Element) -> Iterator[Element]:
    """The description of the top level: `archdesc/did`."""
    did = next((d for d in root.iter("{*}did") if local_name(d.getparent()) == "archdesc"), None)
    for element in did if did is not None else ():
        written = local_name(element)
        given = text_of(element)
        if written == "unittitle":
            yield Element(written, "title", given)
        elif written == "unitid":
            yield Element(written, "fileCode", given)
        elif written in ("unitdate", "unitdatestructured"):
            yield from _dates(written, attribute(element, "normal") or given)
        elif written == "langmaterial":
            codes = [attribute(e, "langcode") for e in element.iter("{*}language")]
            yield Element(written, "language", next(filter(None, codes), given))
        elif written == "abstract":
            yield Element(written, "description", given)
        elif written and given.strip():
            yield Element(written, "", given)


def _dates(written: str, given: str) -> Iterator[Element]:
    """A range gives both ends; one date is taken for both only when it is a whole date or year."""
    yield Element(written, "", given)
    match = _RANGE.match(given)
    ends = (match[1], match[2]) if match else (clean_text(given), clean_text(given))
    if all(parse_date(end).iso for end in ends):
        yield Element("", "startDate", ends[0])
        yield Element("", "endDate", ends[1])


def _completed(elements: list[Element], root: Mets, documents: int) -> list[Element]:
    """With what METS says where the description does not, each value once."""
    found: dict[str, Element] = {}
    others = []
    for element in elements:
        if element.name and element.name not in ("language", "keyword"):
            found.setdefault(element.name, element)
        else:
            others.append(element)
    if "fileCode" not in found and root.objid:
        found["fileCode"] = Element("", "fileCode", root.objid)
    if "title" not in found and root.label:
        found["title"] = Element("", "title", root.label)
    if "totalDoc" not in found:
        found["totalDoc"] = Element("", "totalDoc", str(documents))
    return [*found.values(), *others]


def _documents(container: Container, record: Member) -> Iterator[DocumentFacts]:
    """Each file of the data; one that has the same name in a later representation is its file too."""
    grouped: dict[str, list[Member]] = {}
    for member in container.members:
        if is_data(member.name) or clash_key(member.name).startswith("data/"):
            inner = member.name.split("/", 3)[-1] if is_data(member.name) else member.name
            grouped.setdefault(clash_key(inner), []).append(member)
    for number, (_, members) in enumerate(sorted(grouped.items()), 1):
        name = members[0].name.rsplit("/", 1)[-1]
        elements = (Element("", "docId", f"{number}"), Element("", "subject", name))
        yield DocumentFacts(
            ordinal=number,
            kind=DocumentKind.TEXT,
            record=Record(record.name, record.index, DocumentKind.TEXT, "simpledc", elements),
            doc_id=str(number),
            files=tuple(members),
            paired_by="mets",
        )


def _fonds(root: Mets, representations: tuple[Mets, ...]) -> tuple[str, str]:
    """(fonds code, agency): the note of an agent that has an identification code; the creator."""
    agents = [a for mets in (root, *representations) for a in mets.agents]
    creators = [a for a in agents if a.role.upper() in ("ARCHIVIST", "CREATOR") and a.name]
    named = next((a.name for a in creators if a.type.upper() == "ORGANIZATION"), "")
    for agent in agents:
        code = agent.note("IDENTIFICATIONCODE")
        if code and "SOFTWARE" not in agent.other_type.upper():
            return code, named or agent.name
    return "", named


def _absent(elements: list[Element]) -> frozenset[str]:
    """Elements of the circular that such a package has no place for."""
    there = {e.name for e in elements}
    return frozenset(
        [f"dossier.{f.name}" for f in DOSSIER_FIELDS if f.name not in there | {"fileCode", "title"}]
        + [f"document.{f.name}" for f in DOCUMENT_FIELDS[DocumentKind.TEXT]]
    )
