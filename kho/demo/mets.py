"""The two METS files of a SIP_hoso: the package's and that of `rep1`.

Values of attributes, file groups and divisions follow Thông tư 05/2025/TT-BNV, annex III (E-ARK
CSIP 2.0.4 extended). Pure: entries with sizes and digests in, bytes out. Identifiers are UUIDv5
of the dossier's UUID, so that the same package gives the same METS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid5

from lxml import etree

from kho.demo.plan import DossierPlan
from repository.digest import digest_bytes

_METS = "http://www.loc.gov/METS/"
_XLINK = "http://www.w3.org/1999/xlink"
_CSIP = "https://DILCIS.eu/XML/METS/CSIPExtensionMETS"
_SIP = "https://DILCIS.eu/XML/METS/SIPExtensionMETS"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
# lxml takes None for the default namespace, its stubs do not.
_NAMESPACES: dict[Any, str] = {
    None: _METS,
    "xlink": _XLINK,
    "csip": _CSIP,
    "sip": _SIP,
    "xsi": _XSI,
}
_PROFILE = "https://earkcsip.dilcis.eu/profile/E-ARK-CSIP.xml"
_SOFTWARE = ("Phần mềm Quản lý hồ sơ điện tử (mẫu thử)", "1.4.0")

_MIME = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "tif": "image/tiff",
    "xml": "text/xml",
    "xsd": "application/xml",
    "txt": "text/plain",
    "bmp": "image/bmp",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Entry:
    """A file as METS names it: path relative to the METS, size, SHA-256."""

    path: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: str, content: bytes) -> Entry:
        return cls(path, len(content), digest_bytes(content, ("sha256",))["sha256"])


@dataclass(frozen=True)
class Record:
    """A document or photograph in rep1: its description and its files."""

    metadata: Entry
    main: Entry
    attachments: tuple[Entry, ...]
    linked: bool


def root_mets(
    plan: DossierPlan,
    ead: Entry,
    schemas: Sequence[Entry],
    documentation: Sequence[Entry],
    representation: Entry,
) -> bytes:
    """METS.xml of the package."""
    tree = _Tree(plan, "root", plan.object_id, plan.title, "schemas/METS.xsd")
    agent = tree.header()
    agent.set("TYPE", "OTHER")
    agent.set("OTHERTYPE", "SOFTWARE")
    tree.add(agent, "name").text = _SOFTWARE[0]
    note = tree.add(agent, "note")
    note.set(f"{{{_CSIP}}}NOTETYPE", "SOFTWARE VERSION")
    note.text = _SOFTWARE[1]
    alternative = tree.add(tree.metadata_header, "altRecordID", TYPE="SUBMISSIONAGREEMENT")
    alternative.text = plan.transfer_id

    described = tree.describe(ead)
    sections = tree.add(tree.root, "fileSec", ID=tree.uuid("fileSec"))
    schema_group = tree.group(sections, "Schemas", schemas)
    documentation_group = (
        tree.group(sections, "Documentation", documentation) if documentation else ""
    )
    representation_group = tree.group(sections, "Representations/rep1", [representation])

    top = tree.structure(label=plan.object_id)
    tree.division(top, "Metadata", DMDID=described)
    tree.pointer(tree.division(top, "Schemas"), schema_group)
    if documentation_group:
        tree.pointer(tree.division(top, "Documentation"), documentation_group)
    inside = tree.division(top, "Representations/rep1")
    pointer = tree.add(inside, "mptr", LOCTYPE="URL")
    tree.link(pointer, representation.path)
    pointer.set(f"{{{_XLINK}}}title", representation_group)
    return tree.serialise()


def rep1_mets(plan: DossierPlan, records: Sequence[Record]) -> bytes:
    """METS.xml of the one representation."""
    tree = _Tree(plan, "rep1", "", "rep1", "../../schemas/METS.xsd")
    tree.root.set("OBJID", tree.uuid("OBJID"))
    agent = tree.header()
    agent.set("TYPE", "ORGANIZATION")
    tree.add(agent, "name").text = plan.fonds.office.name
    note = tree.add(agent, "note")
    note.set(f"{{{_CSIP}}}NOTETYPE", "IDENTIFICATIONCODE")
    note.text = plan.fonds.code

    described = [tree.describe(record.metadata) for record in records]
    sections = tree.add(tree.root, "fileSec", ID=tree.uuid("fileSec"))
    held = [entry for r in records if not r.linked for entry in (r.main, *r.attachments)]
    linked = [r.main for r in records if r.linked]
    data_group = tree.group(sections, "Data", held)
    if linked:
        tree.group(sections, "Holeyfile", linked)

    top = tree.structure(label="rep1", TYPE="ORIGINAL")
    tree.pointer(tree.division(top, "Data"), data_group)
    links = tree.division(top, "MetadataLink")
    for record, section in zip(records, described, strict=True):
        label = "MetadataLink/Holey" if record.linked else "MetadataLink/File"
        one = tree.division(links, label, key=record.main.path, DMDID=section)
        tree.pointer(one, tree.file_id(record.main))
    attached = [entry for record in records for entry in record.attachments]
    if attached:
        division = tree.division(top, "AttachmentFile")
        for entry in attached:
            tree.pointer(division, tree.file_id(entry))
    return tree.serialise()


class _Tree:
    """A METS document being built; every identifier comes from the dossier and a key."""

    def __init__(
        self, plan: DossierPlan, name: str, object_id: str, label: str, schema: str
    ) -> None:
        self._space = uuid5(plan.uuid, name)
        self._when = plan.packed_at.isoformat()
        self.root = etree.Element(
            f"{{{_METS}}}mets",
            nsmap=_NAMESPACES,
            attrib={
                "OBJID": object_id,
                "LABEL": label,
                "TYPE": "Mixed",
                "PROFILE": _PROFILE,
                f"{{{_CSIP}}}CONTENTINFORMATIONTYPE": "MIXED",
                f"{{{_XSI}}}schemaLocation": f"{_METS} {schema}",
            },
        )
        self.metadata_header = self.root

    def uuid(self, key: str) -> str:
        return f"uuid-{self._uuid(key)}"

    def file_id(self, entry: Entry) -> str:
        return f"ID-{self._uuid(f'file/{entry.path}')}"

    def _uuid(self, key: str) -> str:
        return str(uuid5(self._space, key)).upper()

    def add(self, parent: etree._Element, name: str, **attributes: str) -> etree._Element:
        return etree.SubElement(parent, f"{{{_METS}}}{name}", attributes)

    def header(self) -> etree._Element:
        """metsHdr of a new SIP; returns its agent, to be filled in."""
        self.metadata_header = self.add(
            self.root,
            "metsHdr",
            CREATEDATE=self._when,
            LASTMODDATE=self._when,
            RECORDSTATUS="NEW",
        )
        self.metadata_header.set(f"{{{_CSIP}}}OAISPACKAGETYPE", "SIP")
        return self.add(self.metadata_header, "agent", ROLE="CREATOR")

    def describe(self, entry: Entry) -> str:
        """A dmdSec that names the descriptive file; returns its ID."""
        section = self.add(
            self.root,
            "dmdSec",
            ID=self.uuid(f"dmd/{entry.path}"),
            CREATED=self._when,
            STATUS="CURRENT",
        )
        reference = self.add(
            section,
            "mdRef",
            ID=self.uuid(f"mdRef/{entry.path}"),
            LOCTYPE="URL",
            MDTYPE="EAD",
        )
        self._facts(reference, entry)
        self.link(reference, entry.path)
        return str(section.get("ID"))

    def group(self, sections: etree._Element, use: str, entries: Sequence[Entry]) -> str:
        """A fileGrp of these files; returns its ID."""
        group = self.add(sections, "fileGrp", ID=self.uuid(f"group/{use}"), USE=use)
        for entry in entries:
            file = self.add(group, "file", ID=self.file_id(entry))
            self._facts(file, entry)
            self.link(self.add(file, "FLocat", LOCTYPE="URL"), entry.path)
        return str(group.get("ID"))

    def structure(self, label: str, **attributes: str) -> etree._Element:
        """The one structMap; returns its top division."""
        structure = self.add(
            self.root, "structMap", ID=self.uuid("structMap"), LABEL="CSIP", TYPE="PHYSICAL"
        )
        return self.division(structure, label, key="top", **attributes)

    def division(
        self, parent: etree._Element, label: str, key: str = "", **attributes: str
    ) -> etree._Element:
        identifier = self.uuid(f"div/{label}/{key}")
        return self.add(parent, "div", ID=identifier, LABEL=label, **attributes)

    def pointer(self, division: etree._Element, identifier: str) -> None:
        self.add(division, "fptr", FILEID=identifier)

    def link(self, element: etree._Element, path: str) -> None:
        element.set(f"{{{_XLINK}}}type", "simple")
        element.set(f"{{{_XLINK}}}href", path)

    def _facts(self, element: etree._Element, entry: Entry) -> None:
        element.set("MIMETYPE", _MIME[entry.path.rpartition(".")[2]])
        element.set("SIZE", str(entry.size))
        element.set("CREATED", self._when)
        element.set("CHECKSUM", entry.sha256)
        element.set("CHECKSUMTYPE", "SHA-256")

    def serialise(self) -> bytes:
        return etree.tostring(self.root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
