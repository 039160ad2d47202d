"""The descriptive records: `simpledc` files, which Thông tư 05/2025/TT-BNV calls EAD.

Elements and their order are those of the AIP (annex I; facts, section 2.5): 18 for a dossier, 19 for a
text document, 18 for a picture, 19 for sound and film. A value is written as it was given, codes too;
what the record does not have is an empty element, never a guess. `schemas/xsd/EAD*.xsd` describe the
result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from preservation.dossier import Coded, Count, Document, DocumentKind, Dossier, PartialDate
from preservation.package.xml_text import XmlText

DOSSIER_ELEMENTS: Final = (
    "arcFileCode", "title", "maintenance", "mode", "language", "startDate", "endDate", "keyword",
    "totalDoc", "numberOfPaper", "numberOfPage", "format", "inforSign", "confidenceLevel",
    "paperFileCode", "riskRecovery", "riskRecoveryStatus", "description",
)  # fmt: skip

DOCUMENT_ELEMENTS: Final[Mapping[DocumentKind, tuple[str, ...]]] = {
    DocumentKind.TEXT: (
        "docCode", "arcFileCode", "docOrdinal", "typeName", "codeNumber", "codeNotation",
        "issuedDate", "organName", "subject", "language", "numberOfPage", "inforSign", "keyword",
        "mode", "confidenceLevel", "autograph", "format", "process", "description",
    ),
    DocumentKind.PICTURE: (
        "docCode", "maintenance", "typePic", "archivesNumber", "inforSign", "eventName",
        "imageTitle", "photographer", "photoPlace", "photoTime", "colour", "filmSize",
        "docAttached", "mode", "format", "riskRecovery", "riskRecoveryStatus", "description",
    ),
    DocumentKind.MEDIA: (
        "docCode", "maintenance", "typeMedia", "archivesNumber", "inforSign", "eventName",
        "movieTitle", "recorder", "recordPlace", "recordDate", "language", "playTime",
        "docAttached", "mode", "quality", "format", "riskRecovery", "riskRecoveryStatus",
        "description",
    ),
}  # fmt: skip


def dossier_ead(dossier: Dossier) -> bytes:
    """EAD.xml of the dossier."""
    known: dict[str, Sequence[str]] = {
        "arcFileCode": [dossier.arc_file_code],
        "title": [dossier.title],
        "maintenance": _as_given(dossier.maintenance),
        "mode": _as_given(dossier.mode),
        "language": [language.given for language in dossier.languages],
        "startDate": _as_given(dossier.start_date),
        "endDate": _as_given(dossier.end_date),
        "totalDoc": _as_given(dossier.total_doc),
        "numberOfPaper": _as_given(dossier.number_of_paper),
        "numberOfPage": _as_given(dossier.number_of_page),
        "format": _as_given(dossier.physical_condition),
        "inforSign": [dossier.infor_sign],
        "confidenceLevel": _as_given(dossier.confidence_level),
        "paperFileCode": [dossier.paper_file_code],
        "riskRecovery": _as_given(dossier.risk_recovery),
        "riskRecoveryStatus": _as_given(dossier.risk_recovery_status),
        "description": [dossier.description],
        "keyword": ["; ".join(dossier.keywords)],
    }
    return _simpledc(DOSSIER_ELEMENTS, known, dossier.given)


def document_ead(dossier: Dossier, document: Document) -> bytes:
    """EAD_doc, EAD_pic or EAD_media of one document."""
    known: dict[str, Sequence[str]] = {
        "docCode": [document.doc_code],
        "arcFileCode": [dossier.arc_file_code],
        "docOrdinal": [str(document.ordinal)],
        "typeName": _as_given(document.type_name),
        "codeNumber": [document.code_number],
        "codeNotation": [document.code_notation],
        "issuedDate": _as_given(document.issued_date),
        "organName": [document.organ_name],
        "language": [language.given for language in document.languages],
        "numberOfPage": _as_given(document.number_of_page),
        "mode": _as_given(document.mode),
        "confidenceLevel": _as_given(document.confidence_level),
        "keyword": ["; ".join(document.keywords)],
    }
    if document.kind is DocumentKind.TEXT:
        known["subject"] = [document.title]
    return _simpledc(DOCUMENT_ELEMENTS[document.kind], known, document.given)


def _as_given(value: Coded | PartialDate | Count | None) -> Sequence[str]:
    return [] if value is None else [value.given]


def _simpledc(
    elements: Sequence[str],
    known: Mapping[str, Sequence[str]],
    given: Sequence[tuple[str, str]],
) -> bytes:
    """Each element with what the record gives for it: as received if it was, else from its field.

    What this archive assigns itself (codes of the archive, the ordinal) comes from the field alone.
    """
    received: dict[str, list[str]] = {}
    for name, value in given:
        received.setdefault(name, []).append(value)
    document = XmlText()
    with document.element("simpledc"):
        for name in elements:
            values = known.get(name) if name in _ASSIGNED else received.get(name)
            if values is None or not any(values):
                values = known.get(name, [""])
            if name != "language":
                values = values[:1]
            for value in values or [""]:
                document.leaf(name, value)
    return document.data()


_ASSIGNED: Final = frozenset({"arcFileCode", "docOrdinal"})
