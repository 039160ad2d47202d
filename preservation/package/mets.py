"""METS of the AIP: the root METS.xml and that of the representation.

After Thông tư 05/2025/TT-BNV, annex I (facts, section 2.4) and E-ARK CSIP 2.2.0; where the two cannot
both hold the circular wins (`docs/conformance.md` lists those rules). Every file of the package is
covered once: by the root METS what is outside `representations/rep1`, with its METS, and by that one
the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from preservation.dossier import Document, Dossier, FileRole, ReceivedFile
from preservation.package import layout
from preservation.package.identifiers import Names
from preservation.package.premis_events import software_agent
from preservation.package.record_json import Projection, Record
from preservation.package.times import package_time
from preservation.package.xml_text import Attributes, XmlText

ROOT_PROFILE: Final = "http://www.ra.ee/METS/v01/IP.xml"
REP_PROFILE: Final = "https://earkcsip.dilcis.eu/profile/E-ARK-CSIP.xml"
_RECORD_STATUSES: Final = frozenset({"NEW", "SUPPLEMENT", "REPLACEMENT", "TEST", "OTHER"})
_SPACES: Final = {
    "xmlns": "http://www.loc.gov/METS/",
    "xmlns:csip": "https://DILCIS.eu/XML/METS/CSIPExtensionMETS",
    "xmlns:sip": "https://DILCIS.eu/XML/METS/SIPExtensionMETS",
    "xmlns:xlink": "http://www.w3.org/1999/xlink",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file as METS names it: `path` is its logical path in the bag."""

    path: str
    mime: str
    size: int
    sha256: str
    created: str  # xs:dateTime


def root_mets(record: Record, names: Names, files: Mapping[str, PackageFile]) -> bytes:
    """METS.xml. `files` holds what it covers, by logical path, METS of rep1 included."""
    dossier = record.dossier
    document = XmlText()
    writer = _Mets(document, names, layout.PAYLOAD, record)
    groups = {
        "Documentation": [f for p, f in files.items() if p.startswith(layout.DOCUMENTATION)],
        "Schemas": [f for p, f in files.items() if p.startswith(layout.SCHEMAS)],
        "Representations/rep1": [files[layout.REP_METS]],
    }
    root = {"OBJID": dossier.object_id, "LABEL": dossier.title, "PROFILE": ROOT_PROFILE}
    with writer.mets(root, "schemas/METS.xsd"):
        with writer.header():
            writer.software()
            if dossier.submission.agreement:
                document.leaf(
                    "altRecordID", dossier.submission.agreement, {"TYPE": "SUBMISSIONAGREEMENT"}
                )
        writer.description(files[layout.EAD], "EAD")
        writer.description(files[layout.RECORD], "OTHER", "KHO-DOSSIER")
        writer.provenance(files[layout.PREMIS])
        with writer.file_section():
            for use, members in groups.items():
                writer.group(use, members)
        with writer.structure(dossier.object_id, None):
            writer.metadata_division([layout.EAD, layout.RECORD], layout.PREMIS)
            writer.group_division("Documentation")
            writer.group_division("Schemas")
            writer.pointer_division("Representations/rep1", files[layout.REP_METS])
    return document.data()


def representation_mets(
    record: Record,
    names: Names,
    files: Mapping[str, PackageFile],
    document_paths: Sequence[str],
) -> bytes:
    """METS.xml of rep1. `document_paths`: the EAD_* file of each document, in their order."""
    dossier = record.dossier
    content = [file for file in dossier.files if file.role in layout.CONTENT_ROLES]
    data = [files[file.stored_path] for file in content if file.role is not FileRole.LINK]
    links = [files[file.stored_path] for file in content if file.role is FileRole.LINK]
    document = XmlText()
    writer = _Mets(document, names, layout.REP, record)
    root = {"OBJID": "rep1", "LABEL": "rep1", "PROFILE": REP_PROFILE}  # CSIP1: its folder
    with writer.mets(root, "../../schemas/METS.xsd"):
        with writer.header():
            with document.element("agent", {"ROLE": "CREATOR", "TYPE": "ORGANIZATION"}):
                document.leaf("name", dossier.agency_name or dossier.fonds_code)
                document.leaf("note", dossier.fonds_code, {"csip:NOTETYPE": "IDENTIFICATIONCODE"})
            writer.software()
        for path in document_paths:
            writer.description(files[path], "EAD")
        writer.provenance(files[layout.REP_PREMIS])
        if content:
            with writer.file_section():
                writer.group("Data", data)
                writer.group("Holeyfile", links)
        with writer.structure("rep1", "NORMALIZED"):
            writer.metadata_division([], layout.REP_PREMIS)
            if data:
                writer.group_division("Data")
            with writer.division("MetadataLink"):
                for paired, path in zip(dossier.documents, document_paths, strict=True):
                    _document_division(writer, dossier, paired, path)
            _loose_attachments(writer, dossier, content)
    return document.data()


def _document_division(writer: _Mets, dossier: Dossier, paired: Document, ead_path: str) -> None:
    """MetadataLink/File or /Holey: the record of a document, its file, its attachments within."""
    files = [writer.file_of[file_id] for file_id in paired.file_ids]
    content = [file for file in files if file.role in layout.CONTENT_ROLES]
    holey = any(file.role is FileRole.LINK for file in content)
    label = "MetadataLink/Holey" if holey else "MetadataLink/File"
    ids = {
        "DMDID": writer.names.section("dmdSec", ead_path),
        "ADMID": writer.names.section("digiprovMD", layout.REP_PREMIS),
    }
    attached = [file for file in content if file.role is FileRole.ATTACHMENT]
    with writer.division(label, ids, place=ead_path):
        for file in content:
            if file.role is not FileRole.ATTACHMENT:
                writer.file_pointer(file.stored_path)
        if attached:
            with writer.division("AttachmentFile", place=ead_path):
                for file in attached:
                    writer.file_pointer(file.stored_path)


def _loose_attachments(writer: _Mets, dossier: Dossier, content: list[ReceivedFile]) -> None:
    """Attachments that belong to the dossier and to no one document."""
    paired = {file_id for document in dossier.documents for file_id in document.file_ids}
    loose = [f for f in content if f.role is FileRole.ATTACHMENT and f.file_id not in paired]
    if loose:
        with writer.division("AttachmentFile"):
            for file in loose:
                writer.file_pointer(file.stored_path)


class _Mets:
    """Writes the parts of one METS document. `base` is the folder its paths are relative to."""

    def __init__(self, document: XmlText, names: Names, base: str, record: Record) -> None:
        self.names = names
        self.file_of = {file.file_id: file for file in record.dossier.files}
        self._document = document
        self._base = base
        self._status = record.dossier.submission.record_status
        self._first: Projection = record.projections[0]
        self._last: Projection = record.projections[-1]

    @contextmanager
    def mets(self, root: Mapping[str, str], schema: str) -> Iterator[None]:
        attributes = {
            **_SPACES,
            **root,
            "TYPE": "Mixed",
            "csip:CONTENTINFORMATIONTYPE": "MIXED",
            "xsi:schemaLocation": f"http://www.loc.gov/METS/ {schema}",
        }
        with self._document.element("mets", attributes):
            yield

    @contextmanager
    def header(self) -> Iterator[None]:
        attributes = {
            "CREATEDATE": package_time(self._first.created),
            "LASTMODDATE": package_time(self._last.created),
            "RECORDSTATUS": self._status if self._status in _RECORD_STATUSES else "OTHER",
            "csip:OAISPACKAGETYPE": "AIP",
        }
        with self._document.element("metsHdr", attributes):
            yield

    def software(self) -> None:
        agent = software_agent(self._last.software)
        kind = {"ROLE": "CREATOR", "TYPE": "OTHER", "OTHERTYPE": "SOFTWARE"}
        with self._document.element("agent", kind):
            self._document.leaf("name", agent.name)
            self._document.leaf("note", agent.version or "0", {"csip:NOTETYPE": "SOFTWARE VERSION"})

    def description(self, file: PackageFile, kind: str, other: str | None = None) -> None:
        """One dmdSec that points to a descriptive file."""
        attributes = {
            "ID": self.names.section("dmdSec", file.path),
            "CREATED": file.created,
            "STATUS": "CURRENT",
        }
        with self._document.element("dmdSec", attributes):
            self._metadata_pointer(file, kind, other)

    def provenance(self, file: PackageFile) -> None:
        """The amdSec with its digiprovMD, which points to PREMIS."""
        section = {"ID": self.names.section("amdSec", file.path)}
        part = {"ID": self.names.section("digiprovMD", file.path), "STATUS": "CURRENT"}
        with self._document.element("amdSec", section), self._document.element("digiprovMD", part):
            self._metadata_pointer(file, "PREMIS", None)

    @contextmanager
    def file_section(self) -> Iterator[None]:
        with self._document.element("fileSec", {"ID": self.names.section("fileSec", self._base)}):
            yield

    def group(self, use: str, files: Iterable[PackageFile]) -> None:
        """A fileGrp, left out when it would be empty."""
        members = list(files)
        if not members:
            return
        attributes: Attributes = {
            "ID": self.names.section("fileGrp", self._base + use),
            "USE": use,
            "csip:CONTENTINFORMATIONTYPE": "MIXED" if use.startswith("Rep") else None,
        }
        with self._document.element("fileGrp", attributes):
            for file in members:
                of_file = {"ID": self.names.file(file.path), **_measures(file)}
                with self._document.element("file", of_file):
                    self._document.leaf("FLocat", "", self._locator(file))

    @contextmanager
    def structure(self, label: str, kind: str | None) -> Iterator[None]:
        ids = self.names.section
        top: Attributes = {"ID": ids("div", self._base), "TYPE": kind, "LABEL": label}
        structure = {"ID": ids("structMap", self._base), "LABEL": "CSIP", "TYPE": "PHYSICAL"}
        with self._document.element("structMap", structure), self._document.element("div", top):
            yield

    @contextmanager
    def division(
        self, label: str, attributes: Mapping[str, str] | None = None, place: str = ""
    ) -> Iterator[None]:
        identifier = self.names.section("div", f"{self._base}{label}\n{place}")
        with self._document.element(
            "div", {"ID": identifier, "LABEL": label, **(attributes or {})}
        ):
            yield

    def metadata_division(self, described: Sequence[str], provenance: str) -> None:
        """The division Metadata: which dmdSec and digiprovMD speak of the whole."""
        ids = {"DMDID": " ".join(self.names.section("dmdSec", path) for path in described)}
        self._document.leaf(
            "div",
            "",
            {
                "ID": self.names.section("div", f"{self._base}Metadata\n"),
                "LABEL": "Metadata",
                "DMDID": ids["DMDID"] or None,
                "ADMID": self.names.section("digiprovMD", provenance),
            },
        )

    def group_division(self, use: str) -> None:
        """A division that stands for a whole fileGrp."""
        with self.division(use):
            group = self.names.section("fileGrp", self._base + use)
            self._document.leaf("fptr", "", {"FILEID": group})

    def pointer_division(self, use: str, file: PackageFile) -> None:
        group = self.names.section("fileGrp", self._base + use)
        with self.division(use):
            self._document.leaf("mptr", "", {**self._locator(file), "xlink:title": group})

    def file_pointer(self, path: str) -> None:
        self._document.leaf("fptr", "", {"FILEID": self.names.file(path)})

    def _metadata_pointer(self, file: PackageFile, kind: str, other: str | None) -> None:
        attributes: Attributes = {
            "ID": self.names.section("mdRef", file.path),
            **self._locator(file),
            "MDTYPE": kind,
            "OTHERMDTYPE": other,
            **_measures(file),
        }
        self._document.leaf("mdRef", "", attributes)

    def _locator(self, file: PackageFile) -> dict[str, str]:
        href = quote(file.path.removeprefix(self._base), safe="/=")
        return {"LOCTYPE": "URL", "xlink:type": "simple", "xlink:href": href}


def _measures(file: PackageFile) -> dict[str, str | int]:
    return {
        "MIMETYPE": file.mime,
        "SIZE": file.size,
        "CREATED": file.created,
        "CHECKSUM": file.sha256,
        "CHECKSUMTYPE": "SHA-256",
    }
