"""Descriptive metadata of a SIP: `EAD.xml`, `EAD_doc_*.xml`, `EAD_pic_*.xml`, and their XSDs.

In Thông tư 05/2025/TT-BNV these are flat `<simpledc>` files, EAD in name only. One table per file
says which elements there are and which must be filled; XML and XSD are both made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from lxml import etree

from kho.demo.plan import DocumentPlan, DossierPlan, PhotoPlan

# True: must be filled.
DOSSIER_FIELDS = {
    "fileCode": True, "title": True, "maintenance": True, "mode": True, "language": True,
    "startDate": True, "endDate": True, "keyword": False, "totalDoc": True,
    "numberOfPaper": False, "numberOfPage": True, "format": False, "inforSign": False,
    "confidenceLevel": False, "paperFileCode": False, "riskRecovery": True,
    "riskRecoveryStatus": False, "description": False,
}  # fmt: skip
DOCUMENT_FIELDS = {
    "docId": True, "docCode": True, "maintenance": True, "typeName": True, "codeNumber": False,
    "codeNotation": False, "issuedDate": True, "organName": True, "subject": True,
    "language": True, "numberOfPage": True, "inforSign": False, "keyword": False, "mode": True,
    "confidenceLevel": False, "autograph": False, "format": False, "process": False,
    "riskRecovery": True, "riskRecoveryStatus": False, "description": False,
}  # fmt: skip
PHOTO_FIELDS = {
    "docCode": True, "maintenance": True, "typePic": True, "archivesNumber": False,
    "inforSign": False, "eventName": True, "imageTitle": True, "photographer": False,
    "photoPlace": False, "photoTime": False, "colour": False, "filmSize": False,
    "docAttached": False, "mode": True, "format": False, "riskRecovery": True,
    "riskRecoveryStatus": False, "description": False,
}  # fmt: skip


def dossier_values(plan: DossierPlan, pages: int) -> dict[str, str]:
    """The 18 elements of the dossier; `pages` is counted from the documents as made."""
    digitised = plan.origin != "01"
    return {
        "fileCode": plan.file_code,
        "title": plan.title,
        "maintenance": plan.maintenance,
        "mode": plan.mode,
        "language": "01",
        "startDate": day_text(plan.start),
        "endDate": day_text(plan.end),
        "keyword": plan.theme.keywords,
        "totalDoc": str(len(plan.documents) + len(plan.photos)),
        "numberOfPaper": str(pages) if digitised else "",
        "numberOfPage": str(pages),
        "format": "02" if digitised else "01",
        "confidenceLevel": plan.origin,
        "paperFileCode": plan.paper_file_code,
        "riskRecovery": "1",
        "riskRecoveryStatus": "01",
        "description": f"Người lập hồ sơ: {plan.compiler}, {plan.fonds.office.name}",
    }


def document_values(plan: DossierPlan, document: DocumentPlan, pages: int) -> dict[str, str]:
    """The elements of one text document."""
    paper = document.paper
    linked = bool(document.linked_to)
    return {
        "docId": document.doc_id,
        "docCode": f"{plan.file_code}.{document.ordinal:07d}",
        "maintenance": plan.maintenance,
        "typeName": paper.kind.code,
        "codeNumber": str(paper.number),
        "codeNotation": paper.notation,
        "issuedDate": day_text(paper.issued),
        "organName": paper.office.name,
        "subject": paper.subject,
        "language": "01",
        "numberOfPage": str(pages),
        "keyword": plan.theme.keywords,
        "mode": document.mode,
        "confidenceLevel": document.origin,
        "format": "02" if document.origin == "02" else "01",
        "process": str(int(any(a.form == "workflow" for a in document.attachments))),
        "riskRecovery": "1",
        "riskRecoveryStatus": "01",
        "description": (
            f"Tài liệu đã nộp, mã định danh {document.linked_to}"
            if linked
            else f"Người ký: {paper.signer}; chức vụ: {paper.signer_title}"
        ),
    }


def photo_values(plan: DossierPlan, photo: PhotoPlan) -> dict[str, str]:
    """The elements of one photograph."""
    return {
        "docCode": f"{plan.file_code}.{photo.ordinal:07d}",
        "maintenance": plan.maintenance,
        "typePic": "02",
        "archivesNumber": f"A{photo.ordinal:04d}",
        "eventName": photo.event,
        "imageTitle": photo.title,
        "photographer": photo.photographer,
        "photoPlace": photo.place,
        "photoTime": day_text(photo.taken),
        "colour": "01" if photo.coloured else "02",
        "mode": plan.mode,
        "format": "01",
        "riskRecovery": "1",
        "riskRecoveryStatus": "01",
    }


def serialise_simpledc(fields: Mapping[str, bool], values: Mapping[str, str]) -> bytes:
    """Every element of the table in its order, empty where there is no value."""
    unknown = values.keys() - fields.keys()
    if unknown:
        raise ValueError(f"no such element: {sorted(unknown)}")
    root = etree.Element("simpledc")
    for name in fields:
        etree.SubElement(root, name).text = values.get(name) or None
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def schema_of(fields: Mapping[str, bool]) -> bytes:
    """An XSD in which each element of the table occurs once, in any order (`xs:all`)."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">',
        '  <xs:simpleType name="filled">',
        '    <xs:restriction base="xs:string"><xs:minLength value="1"/></xs:restriction>',
        "  </xs:simpleType>",
        '  <xs:element name="simpledc">',
        "    <xs:complexType>",
        "      <xs:all>",
        *(
            f'        <xs:element name="{name}" type="filled"/>'
            if filled
            else f'        <xs:element name="{name}" type="xs:string" minOccurs="0"/>'
            for name, filled in fields.items()
        ),
        "      </xs:all>",
        "    </xs:complexType>",
        "  </xs:element>",
        "</xs:schema>",
        "",
    ]
    return "\n".join(lines).encode()


def day_text(day: date) -> str:
    """DD/MM/YYYY."""
    return day.strftime("%d/%m/%Y")
