"""Builds a `SIP_hoso` of Thông tư 05/2025/TT-BNV (annex III) and writes it as a ZIP.

Three steps, so that a fault can be put in at any of them: `make_contents` (metadata and files),
`assemble` (every path with its bytes, METS last, so that its checksums are right) and `write_zip`.
Tree, METS values and file groups follow the circular's annex; METS itself is METS 1.12.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import IO

from kho.demo.documents import DataFile, make_document, make_photo
from kho.demo.ead import (
    DOCUMENT_FIELDS,
    DOSSIER_FIELDS,
    PHOTO_FIELDS,
    document_values,
    dossier_values,
    photo_values,
    schema_of,
    serialise_simpledc,
)
from kho.demo.mets import Entry, Record, rep1_mets, root_mets
from kho.demo.plan import DossierPlan
from repository.digest import MultiDigest
from schemas.xml import schema_file

_ZIP_TIME = (2026, 1, 5, 8, 0, 0)
_STORED = frozenset((".pdf", ".jpg", ".docx", ".xlsx"))
"""Compressed already; deflating them again costs time and gains nothing."""


@dataclass(frozen=True)
class Zeros:
    """A member too large to build in memory: this many zero bytes."""

    size: int

    def chunks(self) -> Iterator[bytes]:
        block = bytes(1 << 20)
        for start in range(0, self.size, len(block)):
            yield block[: self.size - start]


Content = bytes | Zeros


@dataclass(frozen=True)
class Contents:
    """Metadata and files of a package, before METS names them."""

    plan: DossierPlan
    dossier: dict[str, str]
    """The elements of EAD.xml."""
    records: tuple[RecordContents, ...]
    documentation: tuple[tuple[str, Content], ...] = ()
    broken_ead: bytes | None = None
    """Written in place of EAD.xml made from `dossier`."""


@dataclass(frozen=True)
class RecordContents:
    """One document or photograph: its description, its file and what is attached to it."""

    name: str
    """Of the metadata file."""
    metadata: bytes
    main: DataFile
    attachments: tuple[DataFile, ...] = ()
    linked: bool = False


def make_contents(plan: DossierPlan) -> Contents:
    """Every file and every metadata value of a sound package."""
    records = []
    pages = 0
    for document in plan.documents:
        made = make_document(plan, document)
        pages += made.pages
        metadata = serialise_simpledc(DOCUMENT_FIELDS, document_values(plan, document, made.pages))
        name = f"EAD_doc_{document.doc_id}.xml"
        records.append(
            RecordContents(
                name, metadata, made.main, made.attachments, linked=bool(document.linked_to)
            )
        )
    for photo in plan.photos:
        metadata = serialise_simpledc(PHOTO_FIELDS, photo_values(plan, photo))
        records.append(
            RecordContents(f"EAD_pic_{photo.doc_id}.xml", metadata, make_photo(plan, photo))
        )
    return Contents(plan, dossier_values(plan, pages), tuple(records))


def assemble(contents: Contents) -> dict[str, Content]:
    """Every member of the package by its path under the OBJID folder; METS agrees with all of them."""
    plan = contents.plan
    rep1: dict[str, Content] = {}
    records = []
    for record in contents.records:
        metadata = Entry.of(f"metadata/descriptive/{record.name}", record.metadata)
        rep1[metadata.path] = record.metadata
        data = []
        for file in (record.main, *record.attachments):
            path = f"data/{file.name}"
            rep1[path] = file.content
            data.append(Entry.of(path, file.content))
        records.append(Record(metadata, data[0], tuple(data[1:]), record.linked))

    ead = contents.broken_ead or serialise_simpledc(DOSSIER_FIELDS, contents.dossier)
    rep1_text = rep1_mets(plan, records)
    descriptive = "metadata/descriptive/EAD.xml"
    representation = "representations/rep1/METS.xml"
    schemas = _schemas(bool(plan.photos))
    documentation = {f"documentation/{name}": content for name, content in contents.documentation}
    root_text = root_mets(
        plan,
        Entry.of(descriptive, ead),
        [Entry(path, len(text), digest) for path, (text, digest) in schemas.items()],
        [_entry(path, content) for path, content in documentation.items()],
        Entry.of(representation, rep1_text),
    )
    return {
        "METS.xml": root_text,
        descriptive: ead,
        representation: rep1_text,
        **{f"representations/rep1/{path}": content for path, content in rep1.items()},
        **{path: text for path, (text, _) in schemas.items()},
        **documentation,
    }


def write_zip(
    out: IO[bytes],
    folder: str,
    members: Mapping[str, Content],
    extra: Mapping[str, bytes] | None = None,
) -> None:
    """The members under one folder; `extra` are members whose names are taken as they are.

    The same members give the same bytes (with the same zlib): times are fixed, no attributes are set.
    """
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in members.items():
            _add(archive, f"{folder}/{path}", content)
        for path, content in (extra or {}).items():
            _add(archive, path, content)


def _add(archive: zipfile.ZipFile, name: str, content: Content) -> None:
    info = zipfile.ZipInfo(name, _ZIP_TIME)
    info.create_system = 0
    stored = any(name.endswith(suffix) for suffix in _STORED)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    if isinstance(content, bytes):
        archive.writestr(info, content)
        return
    info.file_size = content.size
    with archive.open(info, "w") as member:
        for chunk in content.chunks():
            member.write(chunk)


def _entry(path: str, content: Content) -> Entry:
    if isinstance(content, bytes):
        return Entry.of(path, content)
    digest = MultiDigest(("sha256",))
    for chunk in content.chunks():
        digest.update(chunk)
    return Entry(path, content.size, digest.hexdigests()["sha256"])


@cache
def _schemas(with_photos: bool) -> dict[str, tuple[bytes, str]]:
    """The `schemas/` folder: path → (bytes, sha256)."""
    found = {
        "schemas/METS.xsd": schema_file("mets.xsd"),
        "schemas/xlink.xsd": schema_file("xlink.xsd"),
        "schemas/EAD.xsd": schema_of(DOSSIER_FIELDS),
        "schemas/EAD_doc.xsd": schema_of(DOCUMENT_FIELDS),
    }
    if with_photos:
        found["schemas/EAD_pic.xsd"] = schema_of(PHOTO_FIELDS)
    return {path: (text, Entry.of(path, text).sha256) for path, text in found.items()}
