"""The elements of the circular's flat records: name, length, obligation, code list. Core, data only.

From Thông tư 05/2025/TT-BNV, annex III (SIP_hoso): EAD.xml, EAD_doc, EAD_pic, EAD_media. Names that
other annexes or suppliers use for the same element are read as that element (`ALSO`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from preservation.dossier import DocumentKind


class Shape(StrEnum):
    """What an element's value must look like."""

    TEXT = "text"
    DATE = "date"
    COUNT = "count"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Field:
    """One element. `codes` names its list; `repeats` says whether it may stand more than once."""

    name: str
    length: int
    mandatory: bool = False
    shape: Shape = Shape.TEXT
    repeats: bool = False

    @property
    def codes(self) -> str:
        """The code list of this element, or nothing."""
        return self.name if self.shape is Shape.CODE else ""


def _text(name: str, length: int, *, must: bool = False, repeats: bool = False) -> Field:
    return Field(name, length, must, Shape.TEXT, repeats)


def _code(name: str, length: int, *, must: bool = False, repeats: bool = False) -> Field:
    return Field(name, length, must, Shape.CODE, repeats)


def _date(name: str, *, must: bool = False) -> Field:
    return Field(name, 30, must, Shape.DATE)


def _count(name: str, length: int, *, must: bool = False) -> Field:
    return Field(name, length, must, Shape.COUNT)


DOSSIER_FIELDS: Final = (
    _text("fileCode", 100, must=True),
    _text("title", 1000, must=True),
    _code("maintenance", 100, must=True),
    _code("mode", 30, must=True),
    _code("language", 100, must=True, repeats=True),
    _date("startDate", must=True),
    _date("endDate", must=True),
    _text("keyword", 100, repeats=True),
    _count("totalDoc", 10, must=True),
    _count("numberOfPaper", 10),
    _count("numberOfPage", 10, must=True),
    _code("format", 50),
    _text("inforSign", 30),
    _code("confidenceLevel", 40),
    _text("paperFileCode", 100),
    _code("riskRecovery", 10, must=True),
    _code("riskRecoveryStatus", 20),
    _text("description", 2000),
)

_TEXT_FIELDS: Final = (
    _text("docId", 100, must=True),
    _text("docCode", 100, must=True),
    _code("maintenance", 100, must=True),
    _code("typeName", 100, must=True),
    _text("codeNumber", 11),
    _text("codeNotation", 30),
    _date("issuedDate", must=True),
    _text("organName", 200, must=True),
    _text("subject", 500, must=True),
    _code("language", 100, must=True, repeats=True),
    _count("numberOfPage", 4, must=True),
    _text("inforSign", 30),
    _text("keyword", 100, repeats=True),
    _code("mode", 20, must=True),
    _code("confidenceLevel", 30),
    _text("autograph", 2000),
    _code("format", 50),
    _code("process", 10),
    _code("riskRecovery", 10, must=True),
    _code("riskRecoveryStatus", 20),
    _text("description", 500),
    # Of the AIP form; read when a sender adds them.
    _count("docOrdinal", 10),
    _text("arcFileCode", 100),
)

_PICTURE_FIELDS: Final = (
    _text("docCode", 100, must=True),
    _code("maintenance", 100, must=True),
    _code("typePic", 20, must=True),
    _text("archivesNumber", 50),
    _text("inforSign", 30),
    _text("eventName", 500),
    _text("imageTitle", 500, must=True),
    _text("photographer", 300),
    _text("photoPlace", 300),
    _date("photoTime"),
    _code("colour", 20),
    _text("filmSize", 30),
    _text("docAttached", 500),
    _code("mode", 20, must=True),
    _code("format", 50),
    _code("riskRecovery", 10, must=True),
    _code("riskRecoveryStatus", 20),
    _text("description", 500),
    _text("docId", 100),
    _text("keyword", 100, repeats=True),
    _count("docOrdinal", 10),
    _text("arcFileCode", 100),
)

_MEDIA_FIELDS: Final = (
    _text("docCode", 100, must=True),
    _code("maintenance", 100, must=True),
    _code("typeMedia", 20, must=True),
    _text("archivesNumber", 50),
    _text("inforSign", 30),
    _text("eventName", 500),
    _text("movieTitle", 500, must=True),
    _text("recorder", 300),
    _text("recordPlace", 300),
    _date("recordDate"),
    _code("language", 100, repeats=True),
    _text("playTime", 8),
    _text("docAttached", 500),
    _code("mode", 20, must=True),
    _text("quality", 50),
    _code("format", 50),
    _code("riskRecovery", 10, must=True),
    _code("riskRecoveryStatus", 20),
    _text("description", 500),
    _text("docId", 100),
    _text("keyword", 100, repeats=True),
    _count("docOrdinal", 10),
    _text("arcFileCode", 100),
)

DOCUMENT_FIELDS: Final[Mapping[DocumentKind, tuple[Field, ...]]] = {
    DocumentKind.TEXT: _TEXT_FIELDS,
    DocumentKind.PICTURE: _PICTURE_FIELDS,
    DocumentKind.MEDIA: _MEDIA_FIELDS,
}

# Folded name → element it is read as, where the annexes or suppliers spell it otherwise.
ALSO: Final[Mapping[str, str]] = {
    "arcdoccode": "docCode",
    "documentid": "docId",
    "issueddate": "issuedDate",
    "keywords": "keyword",
    "languages": "language",
}
DOSSIER_ALSO: Final[Mapping[str, str]] = {**ALSO, "arcfilecode": "fileCode"}


def fields_of(kind: DocumentKind | None) -> tuple[Field, ...]:
    """The elements of a record: of the dossier for None."""
    return DOSSIER_FIELDS if kind is None else DOCUMENT_FIELDS[kind]
