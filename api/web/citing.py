"""How to cite a dossier or a page: with version, lasting address and day of access. Core."""

from __future__ import annotations

from api.web.words import Words
from repository.catalogue.records import DocumentRecord, ObjectRecord
from schemas.codelists import code_list


def cite_dossier(
    record: ObjectRecord, words: Words, *, archive_name: str, version: str | None, address: str
) -> str:
    """One dossier; without version where versions are not open."""
    return words.t(
        "cite.dossier" if version else "cite.dossier-unversioned",
        agency=record.agency_name,
        title=record.title,
        dates=words.dates(record.start_date, record.end_date),
        archive=archive_name,
        fonds=record.fonds_code,
        code=record.arc_file_code or record.file_code,
        version=version or "",
        address=address,
        today=words.today(),
    )


def cite_page(
    record: ObjectRecord,
    document: DocumentRecord,
    words: Words,
    *,
    archive_name: str,
    version: str,
    page: int,
    address: str,
) -> str:
    """One page of one document."""
    return words.t(
        "cite.page",
        organ=document.organ_name,
        document=name_of(document, words),
        subject=document.title,
        date=words.date(document.issued_date),
        page=page,
        title=record.title,
        archive=archive_name,
        fonds=record.fonds_code,
        code=record.arc_file_code or record.file_code,
        version=version,
        address=address,
        today=words.today(),
    )


def name_of(document: DocumentRecord, words: Words) -> str:
    """What a document is called by its kind, number and notation: `Quyết định 123/QĐ-UBND`."""
    kind = code_list("typeName").label(document.type_code, words.language)
    number = "/".join(part for part in (document.code_number, document.code_notation) if part)
    return " ".join(part for part in (kind, number) if part)
