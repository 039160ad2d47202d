"""One dossier for people: what it is, how well it is kept, what is in it, what happened to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from api.access import CurrentReader, Reader
from api.holdings import Holdings
from api.links import SHORTCUTS, Links
from api.media import media_type
from api.texts import text_of
from api.web.citing import cite_dossier, name_of
from api.web.file_facts import FactShown, facts_shown
from api.web.finding_pages import KeyAsked, Number
from api.web.negotiation import PageRoute
from api.web.rendering import Page
from api.web.telling import mark_of, tell
from api.web.trust import Trust, judge_trust
from api.web.words import Words
from preservation.derivatives.derivative_store import Page as Picture
from preservation.derivatives.wanting import media_of
from repository.catalogue.records import (
    AuditResultRecord,
    CopyRecord,
    DocumentRecord,
    ObjectRecord,
)

pages = APIRouter(include_in_schema=False, route_class=PageRoute)


class _VersionRoute(PageRoute):
    """Only for what is called like a version: the object has other addresses in the same place."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        if match is not Match.NONE and not _VERSION.match(child["path_params"]["version"]):
            return Match.NONE, {}
        return match, child


_VERSION = re.compile(r"v[0-9]{1,9}\Z")
version_pages = APIRouter(include_in_schema=False, route_class=_VersionRoute)

DOCUMENTS_OF_PAGE = 20
_FILES_SHOWN = 60  # of all documents of a page together, so that it stays small
_FILES_OF_PAGE = 100
_HISTORY_BEGINNING = 5
_CHECKS_TOLD = 200


@dataclass(frozen=True, slots=True)
class FileShown:
    """One received file in the list of a document. `viewable`: pages of it can be shown."""

    path: str
    name: str
    kind: str
    size: int | None
    sha512: str
    viewable: bool
    facts: tuple[FactShown, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentShown:
    """One document of the list; `place` counts from 1 in the dossier's order."""

    place: int
    record: DocumentRecord
    name: str
    files: tuple[FileShown, ...]
    more_files: int
    thumbnail: Picture | None


@pages.get("/objects/{object_id}")
def dossier(
    request: Request,
    reader: CurrentReader,
    object_id: str,
    p: Number = 1,
    vao: KeyAsked = None,
) -> Response:
    """The page of a dossier; only its description when it is open on conditions.

    `vao`: ask the browser for the auditor's key first.
    """
    if vao is not None:
        reader.require_auditor()
    record = reader.find(object_id)
    page = Page(request, auditor=reader.auditor)
    links: Links = request.app.state.links
    if not reader.may_read(record):
        headers = {"Link": ", ".join(links.signposts(object_id, None, []))}
        note = text_of("access-note-conditional", page.words.language, page.services.archive_name)
        return page.show(
            "closed.html",
            data=page.addresses.object(object_id),
            headers=headers,
            closed=True,
            record=record,
            note=note[1],
            citation=_cite(page, record, None),
        )
    catalogue = reader.services.catalogue
    documents = catalogue.documents(object_id)
    begin = (p - 1) * DOCUMENTS_OF_PAGE
    shown = documents[begin : begin + DOCUMENTS_OF_PAGE]
    copies = catalogue.copies(object_id)
    history = tell(
        catalogue.events(object_id=object_id),
        catalogue.audit_history(object_id, limit=_CHECKS_TOLD),
    )
    paths = [(path, media_type(path)) for path in _paths(documents)]
    return page.show(
        "dossier.html",
        data=page.addresses.object(object_id),
        headers={"Link": ", ".join(links.signposts(object_id, record.head, paths))},
        closed=record.mode != "01",
        record=record,
        trust=trust_of(reader, record, copies),
        documents=[
            _document(reader, one, place, page, _FILES_SHOWN // len(shown))
            for place, one in enumerate(shown, begin + 1)
        ],
        document_total=len(documents),
        first=begin + 1,
        before=page.here(p=p - 1) if p > 1 else None,
        following=page.here(p=p + 1) if begin + len(shown) < len(documents) else None,
        versions=catalogue.versions(object_id),
        history=history[:_HISTORY_BEGINNING],
        happened=len(history),
        citation=_cite(page, record, record.head),
        permalink=page.addresses.permalink(object_id),
        metadata=list(SHORTCUTS),
    )


@pages.get("/objects/{object_id}/events")
def history(request: Request, reader: CurrentReader, object_id: str) -> Response:
    """Everything that happened to a dossier, in plain words, last first."""
    record = reader.open(object_id)
    catalogue = reader.services.catalogue
    page = Page(request, auditor=reader.auditor)
    told = tell(
        catalogue.events(object_id=object_id),
        catalogue.audit_history(object_id, limit=_CHECKS_TOLD),
    )
    return page.show(
        "history.html",
        data=page.addresses.of_object(object_id, "events"),
        closed=record.mode != "01",
        record=record,
        history=told,
    )


@pages.get("/objects/{object_id}/fixity")
def fixity(request: Request, reader: CurrentReader, object_id: str) -> Response:
    """Each copy, and every check of it as a dated verdict."""
    record = reader.open(object_id)
    catalogue = reader.services.catalogue
    page = Page(request, auditor=reader.auditor)
    copies = catalogue.copies(object_id)
    checks = catalogue.audit_history(object_id, limit=_CHECKS_TOLD)
    stores = list(reader.services.stores)
    stores += sorted({copy.store for copy in copies} - set(stores))
    return page.show(
        "fixity.html",
        data=page.addresses.of_object(object_id, "fixity"),
        closed=record.mode != "01",
        record=record,
        trust=trust_of(reader, record, copies),
        copies={copy.store: copy for copy in copies},
        stores=stores,
        runs=_by_run(checks),
        bound=_CHECKS_TOLD if len(checks) == _CHECKS_TOLD else None,
        window=reader.services.audits.window(reader.services.primary, record),
        mark_of=mark_of,
    )


@pages.get("/objects/{object_id}/versions")
def versions(request: Request, reader: CurrentReader, object_id: str) -> Response:
    """All versions, last first."""
    record = reader.open(object_id)
    page = Page(request, auditor=reader.auditor)
    return page.show(
        "versions.html",
        data=page.addresses.of_object(object_id, "versions"),
        closed=record.mode != "01",
        record=record,
        versions=list(reversed(reader.services.catalogue.versions(object_id))),
    )


@version_pages.get("/objects/{object_id}/{version}/files")
@version_pages.get("/objects/{object_id}/{version}")
def version(
    request: Request, reader: CurrentReader, object_id: str, version: str, p: Number = 1
) -> Response:
    """One version with every file of it: name, size, digest."""
    record = reader.open(object_id)
    holdings: Holdings = request.app.state.holdings
    found = holdings.version(object_id, version)
    files = list(holdings.state(found).files.values())
    begin = (p - 1) * _FILES_OF_PAGE
    page = Page(request, auditor=reader.auditor)
    return page.show(
        "version.html",
        data=page.addresses.of_version(object_id, version, "files"),
        closed=record.mode != "01",
        record=record,
        version=found,
        files=files[begin : begin + _FILES_OF_PAGE],
        total=len(files),
        bytes=sum(file.size for file in files),
        before=page.here(p=p - 1) if p > 1 else None,
        following=page.here(p=p + 1) if begin + _FILES_OF_PAGE < len(files) else None,
        citation=_cite(page, record, version),
        permalink=page.addresses.permalink(object_id, version),
        metadata=list(SHORTCUTS),
    )


def trust_of(reader: Reader, record: ObjectRecord, copies: Sequence[CopyRecord]) -> Trust:
    """What can be said of the copies of an object now."""
    services = reader.services
    return judge_trust(
        copies,
        record.head,
        required=len(services.stores),
        window=lambda store: services.audits.window(store, record),
        now=services.clock.now(),
    )


def _cite(page: Page, record: ObjectRecord, version: str | None) -> str:
    return cite_dossier(
        record,
        page.words,
        archive_name=page.services.archive_name,
        version=version,
        address=page.addresses.permalink(record.object_id, version),
    )


def _document(
    reader: Reader, record: DocumentRecord, place: int, page: Page, most: int
) -> DocumentShown:
    files = [_file(file, page.words) for file in record.files]
    picture = None
    derivatives = reader.services.derivatives
    if derivatives is not None and files and files[0].viewable:
        picture = derivatives.thumbnail(files[0].sha512)
    return DocumentShown(
        place=place,
        record=record,
        name=name_of(record, page.words),
        files=tuple(files[:most]),
        more_files=max(0, len(files) - most),
        thumbnail=picture,
    )


def _file(file: Mapping[str, Any], words: Words) -> FileShown:
    path = str(file["path"])
    name = str(file.get("name") or path.rsplit("/", 1)[-1])
    ending = name.rsplit(".", 1)[-1].upper() if "." in name else ""
    media = media_of(name, str(file.get("mime", "")), str(file.get("puid", "")))
    return FileShown(
        path=path,
        name=name,
        kind=ending[:8],
        size=file.get("size"),
        sha512=str(file.get("sha512", "")),
        viewable=media is not None,
        facts=facts_shown(file, words),
    )


def _by_run(
    checks: Sequence[AuditResultRecord],
) -> list[tuple[str, str, dict[str, AuditResultRecord]]]:
    """Run, day of its last check, and its results by store; last first."""
    runs: dict[str, dict[str, AuditResultRecord]] = {}
    for check in checks:
        runs.setdefault(check.run_id, {})[check.store] = check
    told = [
        (run_id, max(result.checked_at for result in results.values()), results)
        for run_id, results in runs.items()
    ]
    return sorted(told, key=lambda one: one[1], reverse=True)


def _paths(documents: Sequence[DocumentRecord]) -> list[str]:
    return list(dict.fromkeys(str(f["path"]) for one in documents for f in one.files))
