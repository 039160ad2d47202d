"""Where every file of the package lies (design section 2; AIP_hoso of Thông tư 05/2025, annex I).

Paths here are logical paths in the bag, `data/…`. What the sender's documents point to keeps the place
it had below `representations/rep1/data/`; everything else that was received lies, under the path it
had, in `documentation/submission/received/`.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from typing import Final

from preservation.dossier import Document, DocumentKind, Dossier, FileRole, ReceivedFile
from preservation.package.names import store_names

PAYLOAD: Final = "data/"
METS: Final = "data/METS.xml"
EAD: Final = "data/metadata/descriptive/EAD.xml"
PREMIS: Final = "data/metadata/preservation/PREMIS.xml"
RECORD: Final = "data/metadata/other/dossier.json"
REP: Final = "data/representations/rep1/"
REP_METS: Final = REP + "METS.xml"
REP_PREMIS: Final = REP + "metadata/preservation/PREMIS_rep1.xml"
REP_DESCRIPTIVE: Final = REP + "metadata/descriptive/"
REP_DATA: Final = REP + "data/"
SCHEMAS: Final = "data/schemas/"
DOCUMENTATION: Final = "data/documentation/"
RECEIVED: Final = DOCUMENTATION + "submission/received/"
INTAKE_REPORT: Final = DOCUMENTATION + "submission/intake-report.json"

CONTENT_ROLES: Final = frozenset({FileRole.MAIN, FileRole.ATTACHMENT, FileRole.LINK})

RECORD_FORMS: Final = {
    DocumentKind.TEXT: "EAD_doc",
    DocumentKind.PICTURE: "EAD_pic",
    DocumentKind.MEDIA: "EAD_media",
}

_SENT_DATA = re.compile(r"(?:.*/)?representations/rep1/data/(?=.)", re.IGNORECASE | re.DOTALL)


def place_files(dossier: Dossier) -> Dossier:
    """The dossier with `stored_path` set for every file, and the exact received name kept in base64
    wherever it is stored under another one.

    Files that have a `stored_path` already keep it: a file never moves in a later version.
    """
    content = [file for file in dossier.files if file.role in CONTENT_ROLES]
    others = [file for file in dossier.files if file.role not in CONTENT_ROLES]
    sent = [_SENT_DATA.sub("", file.received_path, count=1) for file in content]
    placed = _placed(REP_DATA, content, sent)
    placed |= _placed(RECEIVED, others, [file.received_path for file in others])
    return replace(dossier, files=tuple(placed[file.file_id] for file in dossier.files))


def document_paths(dossier: Dossier) -> tuple[str, ...]:
    """The path of each document's EAD_* file, in the order of the documents; all different."""
    names = [
        f"{RECORD_FORMS[document.kind]}_{_name_of(document).replace('/', '_')}.xml"
        for document in dossier.documents
    ]
    return tuple(REP_DESCRIPTIVE + name for name in store_names(names))


def schema_files(dossier: Dossier) -> dict[str, str]:
    """What lies in `schemas/`: path → name of the vendored schema. Only what the package refers to."""
    forms = sorted({RECORD_FORMS[document.kind] for document in dossier.documents})
    names = {
        "METS.xsd": "mets.xsd",
        "xlink.xsd": "xlink.xsd",
        "DILCISExtensionMETS.xsd": "csip-extension.xsd",
        "DILCISExtensionSIPMETS.xsd": "sip-extension.xsd",
        "PREMIS.xsd": "premis.xsd",
        "EAD.xsd": "EAD.xsd",
        **{f"{form}.xsd": f"{form}.xsd" for form in forms},
    }
    return {SCHEMAS + name: source for name, source in names.items()}


def _name_of(document: Document) -> str:
    return document.doc_id or document.doc_code or f"{document.ordinal:07d}"


def _placed(folder: str, files: list[ReceivedFile], wanted: list[str]) -> dict[str, ReceivedFile]:
    return {
        file.file_id: file if file.stored_path else _stored(file, folder + name, name == path)
        for file, path, name in zip(files, wanted, store_names(wanted), strict=True)
    }


def _stored(file: ReceivedFile, stored_path: str, unchanged: bool) -> ReceivedFile:
    exact = file.received_path_base64
    if exact is None and not unchanged:
        exact = b64encode(file.received_path.encode("utf-8", "surrogatepass")).decode()
    return replace(file, stored_path=stored_path, received_path_base64=exact)
