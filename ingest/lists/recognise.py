"""Recognising the columns of a list by their heads: a mapping drafted, and what could not be placed.

Core. Heads are compared without marks, case and punctuation. A head that may be the dossier's or the
document's belongs to the part whose own heads stand before it: lists put the dossier first. Nothing is
placed by its contents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ingest.lists.mapping import SheetMapping
from ingest.lists.sheet import Row, Sheet, column_name
from repository.search_text import fold

LOOKED_AT: Final = 30  # rows from the top in which the heads are looked for
_OF: Final = re.compile(r"(.+?) (?:cua )?(tai lieu|van ban|ho so)")
_WORDS: Final = re.compile(r"[^a-z0-9]+")

# What heads are called, folded: labels and elements of the circular, TT 02/2019, lists seen.
_DOSSIER: Final[Mapping[str, str]] = {
    "fonds": "phong|ma phong|phong luu tru|ma phong luu tru|fondcode|organid|organld"
    "|ma phong cong trinh suu tap luu tru|ten phong|ky hieu phong",
    "agency": "ten co quan hinh thanh phong|don vi hinh thanh phong|co quan nop luu|don vi nop luu"
    "|ten don vi nop luu|co quan hinh thanh phong",
    "catalogue": "muc luc|muc luc so|so muc luc|mlhs|muc luc ho so|filecatalog",
    "box": "hop so|hop|so hop|ho p so",
    "number": "so va ky hieu ho so|so ky hieu ho so|ho so so|so ho so|filenotation|so hieu ho so",
    "fileCode": "ma ho so|filecode|ma dinh danh ho so|arcfilecode|ma ho so luu tru",
    "title": "tieu de ho so|ten ho so|title|tieu de",
    "year": "nam hinh thanh ho so|nam ho so|nam hinh thanh|nam lap ho so",
    "startDate": "thoi gian bat dau|startdate|ngay thang bat dau|ngay thang nam bat dau|tu ngay"
    "|ngay bat dau",
    "endDate": "thoi gian ket thuc|enddate|ngay thang ket thuc|ngay thang nam ket thuc|den ngay"
    "|ngay ket thuc",
    "totalDoc": "tong so van ban trong ho so|tong so tai lieu trong ho so|tong so tai lieu"
    "|tong so van ban|so luong van ban|so luong tai lieu|totaldoc",
    "numberOfPaper": "so luong to|so to|tong so to|numberofpaper|so luong to giay",
    "paperFileCode": "ma ho so giay goc|ma ho so goc giay|paperfilecode|ma ho so giay",
}
_DOCUMENT: Final[Mapping[str, str]] = {
    "docOrdinal": "so thu tu van ban trong ho so|so thu tu tai lieu trong ho so|docordinal"
    "|stt van ban|stt tai lieu|so thu tu van ban|so thu tu tai lieu|stt trong ho so",
    "docId": "ma dinh danh tai lieu|ma dinh danh van ban|docid|documentid",
    "docCode": "ma luu tru cua tai lieu|doccode|ma tai lieu|ma van ban|ma luu tru tai lieu|arcdoccode",
    "typeName": "ten loai van ban|ten loai tai lieu|loai van ban|typename|the loai van ban",
    "codeNumber": "so cua van ban|so cua tai lieu|so van ban|codenumber|so tai lieu",
    "codeNotation": "ky hieu cua van ban|ky hieu cua tai lieu|ky hieu van ban|codenotation",
    "numberAndNotation": "so va ky hieu van ban|so ky hieu van ban|so ky hieu|so va ky hieu"
    "|so va ky hieu tai lieu|so hieu van ban",
    "issuedDate": "ngay thang nam van ban|ngay thang nam tai lieu|ngay ban hanh|issueddate"
    "|ngay thang nam|ngay thang van ban|ngay thang ban hanh|ngay van ban|ngay thang nam ban hanh",
    "organName": "ten co quan ban hanh|co quan ban hanh|ten co quan to chuc ban hanh|organname"
    "|ten co quan to chuc ca nhan ban hanh|tac gia|noi ban hanh|ten co quan to chuc ban hanh van ban",
    "subject": "trich yeu noi dung|trich yeu|subject|noi dung trich yeu|trich yeu noi dung van ban"
    "|trich yeu van ban|tieu de van ban|ten van ban|ten tai lieu",
    "autograph": "but tich|autograph",
    "process": "quy trinh xu ly|process",
    "signer": "nguoi ky|ho ten nguoi ky|signer",
    "path": "duong dan file|duong dan|ten file|file|tep tin|duong dan tep|ten tep|path|tap tin"
    "|duong dan tap tin|duong dan tep tin|file dinh kem|ten tap tin|link file|filename",
    "checksum": "sha256|sha 256|ma bam|gia tri bam|checksum|ma bam sha256|sha512|sha 512",
}
_EITHER: Final[Mapping[str, str]] = {
    "maintenance": "thoi han bao quan|thoi han luu tru|thbq|maintenance|thbq ho so"
    "|thoi han bao quan ho so",
    "mode": "che do su dung|muc do tiep can|mode|rights",
    "language": "ngon ngu|language|languages",
    "keyword": "tu khoa|keyword|keywords",
    "numberOfPage": "so luong trang|so trang|numberofpage|pagenumber|pageamount|tong so trang",
    "format": "tinh trang vat ly|format",
    "inforSign": "ky hieu thong tin|inforsign",
    "confidenceLevel": "muc do tin cay|confidencelevel",
    "riskRecovery": "che do du phong|riskrecovery",
    "riskRecoveryStatus": "tinh trang du phong|riskrecoverystatus",
    "description": "ghi chu|description",
}
# Day, month and year apart: the head begins so, then says of what.
_PARTS: Final = ("ngay", "thang", "nam")
_SPLIT: Final[Mapping[str, tuple[bool, str]]] = {
    "startDate": (True, "bat dau"),
    "endDate": (True, "ket thuc"),
    "issuedDate": (False, "van ban|tai lieu|ban hanh"),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping drafted from heads, and what is left for a person."""

    mapping: SheetMapping
    unplaced: tuple[str, ...]  # heads that no element was recognised in
    lacking: tuple[str, ...]  # elements without which no dossier can be made

    @property
    def placed(self) -> int:
        return len(self.mapping.dossier) + len(self.mapping.document)


def draft(sheet: Sheet, name: str) -> Draft:
    """The best mapping for a sheet: that of the row in which most heads are known."""
    drafts = [_of_row(row, sheet, name) for row in sheet.rows[:LOOKED_AT]]
    best = max(drafts, key=lambda d: d.placed, default=None)
    return best or Draft(SheetMapping(name, {}, {}), (), _lacking({}, {}))


def folded(head: str) -> str:
    """A head without marks, case, line breaks and punctuation."""
    return _WORDS.sub(" ", fold(head)).strip()


def columns_of(row: Row) -> dict[str, int]:
    """How each column may be named: its folded head (`#2` for the second of that head), its letter."""
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    for column, head in sorted(row.cells.items()):
        key = folded(head)
        counts[key] = counts.get(key, 0) + 1
        found[key if counts[key] == 1 else f"{key}#{counts[key]}"] = column
        found[f"@{column_name(column)}"] = column
    return found


def column_of(named: str, columns: Mapping[str, int]) -> int | None:
    """The column that a mapping names; None when the row has no such head."""
    if named.startswith("@"):
        return columns.get(named)
    head, mark, number = named.rpartition("#")
    if mark and number.isdigit():
        key = folded(head)
        return columns.get(key if number == "1" else f"{key}#{number}")
    return columns.get(folded(named))


def lacking(mapping: SheetMapping) -> tuple[str, ...]:
    """Elements without which no dossier can be made of a list."""
    given = {**mapping.dossier, **dict.fromkeys(mapping.constants, ("",))}
    return _lacking(given, mapping.document)


def _of_row(row: Row, sheet: Sheet, name: str) -> Draft:
    dossier: dict[str, tuple[str, ...]] = {}
    document: dict[str, tuple[str, ...]] = {}
    split: dict[str, dict[str, str]] = {}
    unplaced: list[str] = []
    counts: dict[str, int] = {}
    in_document = False
    for _, head in sorted(row.cells.items()):
        key = folded(head)
        counts[key] = counts.get(key, 0) + 1
        named = head.strip() if counts[key] == 1 else f"{head.strip()}#{counts[key]}"
        part = _part_of_date(key)
        if part is not None:
            element, which = part
            split.setdefault(element, {}).setdefault(which, named)
            in_document = not _SPLIT[element][0]
            continue
        key, in_document = _without_of(key, in_document)
        if key in _BY_HEAD["dossier"] and _BY_HEAD["dossier"][key] not in dossier:
            in_document = False
            dossier[_BY_HEAD["dossier"][key]] = (named,)
        elif key in _BY_HEAD["document"] and _BY_HEAD["document"][key] not in document:
            in_document = True
            document[_BY_HEAD["document"][key]] = (named,)
        elif key in _BY_HEAD["either"]:
            element = _BY_HEAD["either"][key]
            target = document if in_document else dossier
            if element in target or (not in_document and element == "numberOfPage" and not dossier):
                unplaced.append(named)
            else:
                target[element] = (named,)
        else:
            unplaced.append(named)
    for element, parts in split.items():
        target = dossier if _SPLIT[element][0] else document
        if set(parts) == set(_PARTS):
            target.setdefault(element, tuple(parts[p] for p in _PARTS))
        elif "ngay" in parts and len(parts) == 1:
            target.setdefault(element, (parts["ngay"],))
        elif "nam" in parts:
            target.setdefault(element, ("", parts.get("thang", ""), parts["nam"]))
        else:
            unplaced.extend(parts.values())
    mapping = SheetMapping(name, dossier, document, sheet=sheet.name, header_row=row.number)
    return Draft(mapping, tuple(unplaced), _lacking(dossier, document))


def _without_of(key: str, in_document: bool) -> tuple[str, bool]:
    """A head that says of what it is, as `trich yeu cua tai lieu`, without that, and of what it is."""
    if any(key in heads for heads in _BY_HEAD.values()):
        return key, in_document
    match = _OF.fullmatch(key)
    if match is None:
        return key, in_document
    of_dossier = match[2] == "ho so"
    part = "dossier" if of_dossier else "document"
    known = match[1] in _BY_HEAD[part] or match[1] in _BY_HEAD["either"]
    return (match[1], not of_dossier) if known else (key, in_document)


def _part_of_date(key: str) -> tuple[str, str] | None:
    first, _, rest = key.partition(" ")
    if first not in _PARTS:
        return None
    for element, (_, words) in _SPLIT.items():
        if rest in words.split("|") and not (
            element == "issuedDate" and rest == "ban hanh" and first == "ngay"
        ):
            return element, first
    return None


def _lacking(dossier: Mapping[str, object], document: Mapping[str, object]) -> tuple[str, ...]:
    missing = []
    if "title" not in dossier:
        missing.append("title")
    if "fileCode" not in dossier and "number" not in dossier:
        missing.append("fileCode")
    if not document.keys() & {"path", "docId", "docCode"}:
        missing.append("path")
    return tuple(missing)


def _heads(table: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for element, names in table.items():
        for name in (element.casefold(), *names.split("|")):
            found.setdefault(name, element)
    return found


_BY_HEAD: Final = {
    "dossier": _heads(_DOSSIER),
    "document": _heads(_DOCUMENT),
    "either": _heads(_EITHER),
}


def known_heads() -> Iterable[str]:
    """Every folded head that is recognised."""
    return {head for table in _BY_HEAD.values() for head in table}
