"""A TT 05 `SIP_hoso` that is right in everything but what a test changes."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from ingest.checks import CheckContext, HeldLookup, check_metadata, check_payload
from ingest.container import ContainerFault, Limits
from ingest.readers.package import Tt05Package
from ingest.readers.tt05 import read_metadata
from ingest.received import ReceivedBytes, TransferFacts
from ingest.zip_container import open_zip
from preservation.dossier import HeldDossier
from repository.digest import digest_bytes
from repository.problems import Problem, Report
from schemas.problem_texts import problem_text
from tests.ingest.readers.zip_bytes import Entry, zip_bytes

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
OBJID = "uuid-0A0B0C0D-1111-4222-8333-444455556666"
FILE_CODE = "H27.14.2019.02"
FACTS = TransferFacts("TN-1", "x.zip", 1, "0" * 64, "2026-11-22T03:00:00Z", "op", "000.00.99.H27")
TOWN = "thị xã Hồng Lĩnh"

DOSSIER: Mapping[str, str] = {
    "fileCode": FILE_CODE,
    "title": f"Hồ sơ về việc tu bổ đê tại {TOWN}, năm 2019",
    "maintenance": "01",
    "mode": "01",
    "language": "01",
    "startDate": "02/01/2019",
    "endDate": "28/12/2019",
    "keyword": "đê điều; tu bổ",
    "totalDoc": "2",
    "numberOfPaper": "",
    "numberOfPage": "5",
    "format": "01",
    "inforSign": "",
    "confidenceLevel": "01",
    "paperFileCode": "",
    "riskRecovery": "1",
    "riskRecoveryStatus": "01",
    "description": "Người lập hồ sơ: Đặng Thị Bé",
}


def text_record(number: int, **changes: str) -> dict[str, str]:
    """EAD_doc of one document; a change to `None`-like empty text empties an element."""
    record = {
        "docId": f"{FILE_CODE}.{number}",
        "docCode": f"{FILE_CODE}.{number:07d}",
        "maintenance": "01",
        "typeName": "02",
        "codeNumber": str(100 + number),
        "codeNotation": "QĐ-UBND",
        "issuedDate": f"{10 + number:02d}/03/2019",
        "organName": f"Ủy ban nhân dân {TOWN}",
        "subject": f"Về việc phê duyệt phương án số {number}",
        "language": "01",
        "numberOfPage": str(1 + number),
        "inforSign": "",
        "keyword": "đê điều",
        "mode": "01",
        "confidenceLevel": "01",
        "autograph": "",
        "format": "01",
        "process": "0",
        "riskRecovery": "1",
        "riskRecoveryStatus": "01",
        "description": "",
    }
    return {**record, **changes}


@dataclass(frozen=True)
class Doc:
    """One document: its record and its files under data/."""

    record: Mapping[str, str]
    files: Mapping[str, bytes]
    kind: str = "doc"
    name: str = ""  # what follows EAD_doc_ in the record's file name
    link: str = "MetadataLink/File"  # empty: no link in the structMap
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    loose: bool = False  # attachments beside the link, not inside


def doc(number: int, **changes: str) -> Doc:
    data = f"%PDF-1.7 tài liệu {number}\n".encode() * 40
    return Doc(text_record(number, **changes), {f"{FILE_CODE}.{number}.pdf": data})


@dataclass(frozen=True)
class Sip:
    """What to build. `extra` adds or replaces files after METS was written; None removes one."""

    dossier: Mapping[str, str] = field(default_factory=lambda: dict(DOSSIER))
    docs: Sequence[Doc] = field(default_factory=lambda: (doc(1), doc(2)))
    objid: str = OBJID
    status: str = "NEW"
    package_type: str = "SIP"
    fonds: str | None = "P_HL"
    agreement: str = "NL-2026-00001"
    checksum_type: str = "SHA-256"
    top: str = OBJID
    container: str = f"001{OBJID}.zip"
    extra: Mapping[str, bytes | None] = field(default_factory=dict)
    mets_edits: Sequence[tuple[str, str]] = ()  # replacements in rep1's METS before it is digested
    root_edits: Sequence[tuple[str, str]] = ()


def files_of(sip: Sip) -> dict[str, bytes]:
    """Every file of the package below its top folder."""
    rep = "representations/rep1/"
    files: dict[str, bytes] = {"metadata/descriptive/EAD.xml": record_xml(sip.dossier)}
    rep_mets = _Mets(sip, OBJID.replace("0A0B", "1A1B"))
    for document in sip.docs:
        name = document.name or document.record.get("docId", "")
        path = f"metadata/descriptive/EAD_{document.kind}_{name}.xml"
        files[rep + path] = record_xml(document.record)
        dmd = rep_mets.record(path, files[rep + path])
        holey = "holey" in document.link.lower()
        own = [rep_mets.file(f"data/{n}", b, holey) for n, b in document.files.items()]
        added = [rep_mets.file(f"data/{n}", b, False) for n, b in document.attachments.items()]
        for n, data in (*document.files.items(), *document.attachments.items()):
            files[f"{rep}data/{n}"] = data
        rep_mets.link(document.link, dmd, own, added, loose=document.loose)
    text = rep_mets.text(agent=True)
    for old, new in sip.mets_edits:
        assert old in text, old
        text = text.replace(old, new)
    files[rep + "METS.xml"] = text.encode()
    files["schemas/METS.xsd"] = b"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'/>"
    files["schemas/EAD.xsd"] = _schema(DOSSIER)
    files["schemas/EAD_doc.xsd"] = _schema(text_record(1))
    root = _Mets(sip, sip.objid)
    root.record("metadata/descriptive/EAD.xml", files["metadata/descriptive/EAD.xml"])
    for name in ("schemas/METS.xsd", "schemas/EAD.xsd", "schemas/EAD_doc.xsd", rep + "METS.xml"):
        root.file(name, files[name], False)
    text = root.text(agent=False)
    for old, new in sip.root_edits:
        assert old in text, old
        text = text.replace(old, new)
    files["METS.xml"] = text.encode()
    for name, data in sip.extra.items():
        if data is None:
            del files[name]
        else:
            files[name] = data
    return files


def sip_zip(sip: Sip) -> bytes:
    prefix = f"{sip.top}/" if sip.top else ""
    return zip_bytes([Entry(prefix + name, data) for name, data in files_of(sip).items()])


def write_sip(folder: Path, sip: Sip) -> Path:
    path = folder / sip.container
    path.write_bytes(sip_zip(sip))
    return path


@dataclass
class Held:
    """An archive that holds what it is given."""

    dossiers: Sequence[HeldDossier] = ()
    others: Mapping[str, str] = field(default_factory=dict)  # files of no document: sha256 → object

    def by_object_id(self, object_id: str) -> HeldDossier | None:
        return next((d for d in self.dossiers if d.object_id == object_id), None)

    def by_file_code(self, fonds_code: str, file_code: str) -> HeldDossier | None:
        wanted = (fonds_code, file_code)
        return next((d for d in self.dossiers if (d.fonds_code, d.file_code) == wanted), None)

    def by_payload_digest(self, digests: Collection[str], /) -> Mapping[str, str]:
        found = {s: self.others[s] for s in digests if s in self.others}
        of_documents = {s: d.object_id for d in self.dossiers for s in d.payload_sha256}
        return {**found, **{s: of_documents[s] for s in digests if s in of_documents}}

    def by_document_id(self, fonds_code: str, doc_id: str) -> str | None:
        return next(
            (
                d.object_id
                for d in self.dossiers
                if d.fonds_code == fonds_code and doc_id in d.document_ids
            ),
            None,
        )


@dataclass(frozen=True)
class Judged:
    """A submission after reading and all checks."""

    report: Report
    package: Tt05Package | None
    received: Mapping[int, ReceivedBytes]

    def codes(self, severity: str = "") -> set[str]:
        return {p.code for p in self.report if severity in ("", p.severity.value)}

    @property
    def refused(self) -> bool:
        return self.report.has_errors

    def find(self, code: str) -> Problem:
        return next(p for p in self.report if p.code == code)


def judge(
    path: Path, held: HeldLookup | None = None, limits: Limits | None = None, **context: object
) -> Judged:
    """The way of a submission through container, reader and checks, as the pipeline takes it."""
    surroundings = replace(CheckContext(NOW, held if held is not None else Held()), **context)  # type: ignore[arg-type]
    container, report = open_zip(path, limits)
    if container is None:
        return Judged(shown(report), None, {})
    with container:
        package, found = read_metadata(container)
        report += found
        if package is None:
            return Judged(shown(report), None, {})
        report += check_metadata(package, surroundings)
        if report.has_errors:
            return Judged(shown(report), package, {})
        received = {}
        for number, member in enumerate(container.members, 1):
            try:
                with container.open(member) as stream:
                    data = stream.read()
            except ContainerFault as fault:
                report += Report((fault.problem,))
                continue
            wanted = {"sha512", "sha256", *package.sender_algorithms(member)}
            received[member.index] = ReceivedBytes(
                member.index, f"f{number:04d}", len(data), digest_bytes(data, sorted(wanted)), ""
            )
        report += check_payload(package, received, surroundings)
    return Judged(shown(report), package, received)


def shown(report: Report) -> Report:
    """The report, after every finding was put in words in both languages."""
    for problem in report:
        for lang in ("vi", "en"):
            text = problem_text(problem.code, problem.params, lang)  # type: ignore[arg-type]
            assert text, problem
            assert not text.startswith(problem.code), f"no {lang} text for {problem}"
    return report


def record_xml(record: Mapping[str, str]) -> bytes:
    lines = [f"  <{name}>{escape(value)}</{name}>" for name, value in record.items()]
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n<simpledc>\n"
        + "\n".join(lines)
        + "\n</simpledc>\n"
    ).encode()


def _schema(record: Mapping[str, str]) -> bytes:
    names = "".join(f'<xs:element name="{name}"/>' for name in record)
    return f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{names}</xs:schema>'.encode()


class _Mets:
    def __init__(self, sip: Sip, objid: str) -> None:
        self.sip = sip
        self.objid = objid
        self.dmd: list[str] = []
        self.files: list[str] = []
        self.links: list[str] = []

    def record(self, href: str, data: bytes) -> str:
        name = _id("dmd", href)
        promise = self._promise(data)
        self.dmd.append(
            f'<dmdSec ID="{name}"><mdRef LOCTYPE="URL" xlink:href={quoteattr(href)} MDTYPE="EAD" '
            f'MIMETYPE="text/xml" {promise}/></dmdSec>'
        )
        return name

    def file(self, href: str, data: bytes, holey: bool) -> str:
        name = _id("ID", href)
        self.files.append(
            f'<file ID="{name}" MIMETYPE="application/octet-stream" {self._promise(data)}>'
            f'<FLocat LOCTYPE="URL" xlink:href={quoteattr(href)}/></file>'
        )
        return name

    def link(self, label: str, dmd: str, own: list[str], added: list[str], *, loose: bool) -> None:
        def pointers(ids: list[str]) -> str:
            return "".join(f'<fptr FILEID="{i}"/>' for i in ids)

        attached = f'<div LABEL="AttachmentFile">{pointers(added)}</div>' if added else ""
        if label:
            inside = "" if loose else attached
            self.links.append(f'<div LABEL="{label}" DMDID="{dmd}">{pointers(own)}{inside}</div>')
        if loose:
            self.links.append(attached)

    def text(self, *, agent: bool) -> str:
        sip = self.sip
        note = (
            f'<note csip:NOTETYPE="IDENTIFICATIONCODE">{escape(sip.fonds)}</note>'
            if sip.fonds
            else ""
        )
        if agent:
            who = (
                '<agent ROLE="CREATOR" TYPE="ORGANIZATION">'
                f"<name>Ủy ban nhân dân {TOWN}</name>{note}</agent>"
            )
            label = "rep1"
        else:
            who = (
                '<agent ROLE="CREATOR" TYPE="OTHER" OTHERTYPE="SOFTWARE"><name>HSCV</name>'
                '<note csip:NOTETYPE="SOFTWARE VERSION">1.0</note></agent>'
                f'<altRecordID TYPE="SUBMISSIONAGREEMENT">{escape(sip.agreement)}</altRecordID>'
            )
            label = "root"
        return (
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            '<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink" '
            'xmlns:csip="https://DILCIS.eu/XML/METS/CSIPExtensionMETS" '
            f'OBJID={quoteattr(self.objid)} LABEL="{label}" TYPE="Mixed">\n'
            f'<metsHdr CREATEDATE="2026-06-16T07:05:14+07:00" RECORDSTATUS="{sip.status}" '
            f'csip:OAISPACKAGETYPE="{sip.package_type}">{who}</metsHdr>\n'
            + "\n".join(self.dmd)
            + '\n<fileSec><fileGrp ID="all" USE="Data">\n'
            + "\n".join(self.files)
            + '\n</fileGrp></fileSec>\n<structMap LABEL="CSIP" TYPE="PHYSICAL"><div LABEL="top">'
            + '<div LABEL="Data"><fptr FILEID="all"/></div><div LABEL="MetadataLink">'
            + "".join(self.links)
            + "</div></div></structMap>\n</mets>\n"
        )

    def _promise(self, data: bytes) -> str:
        names = {"SHA-256": "sha256", "SHA-512": "sha512", "MD5": "md5", "SHA-1": "sha1"}
        kind = self.sip.checksum_type
        if not kind:
            return f'SIZE="{len(data)}"'
        digest = digest_bytes(data, [names.get(kind, "sha256")])[names.get(kind, "sha256")]
        return f'SIZE="{len(data)}" CHECKSUM="{digest}" CHECKSUMTYPE="{kind}"'


def _id(kind: str, href: str) -> str:
    return f"{kind}-{uuid.uuid5(uuid.NAMESPACE_URL, href)}"
