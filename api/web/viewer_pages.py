"""The page viewer: one page of a held file at a time, from access copies, with its text.

Access copies are made by the clock, never here. When one is not made yet the page says so, gives the
file itself, and leaves a wish in the spool.
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.access import CurrentReader, Reader
from api.holdings import Holdings
from api.links import Links
from api.problems import ApiProblem
from api.spool import Wish
from api.web.citing import cite_page, name_of
from api.web.finding_pages import Number
from api.web.negotiation import prefers_page
from api.web.rendering import Page
from preservation.derivatives.derivative_store import Page as Picture
from preservation.derivatives.derivative_store import PageList
from preservation.derivatives.recipe import PAGE_IMAGE, TEXT, THUMBNAIL
from preservation.derivatives.wanting import media_of
from repository.catalogue.records import DocumentRecord, ObjectRecord
from repository.errors import Unavailable
from repository.model import StateFile
from schemas.desk import PageBody

router = APIRouter(include_in_schema=False)

State = Literal["made", "failed", "missing", "not-made"]
_PAGES_LISTED = 60


@router.get("/objects/{object_id}/{version}/pages/{path:path}")
def viewer(
    request: Request,
    reader: CurrentReader,
    object_id: str,
    version: str,
    path: str,
    p: Number = 1,
) -> Response:
    """One page of one file, and the way to the others."""
    record, file = _file(request, reader, object_id, version, path)
    document = _document(reader, object_id, path)
    sha512 = file.digests["sha512"]
    listed, state = _pages(reader, document, sha512, path)
    if listed.pages and p > listed.count:
        raise ApiProblem("not-found")
    wished = state == "missing" and _wish(reader, object_id, path, sha512)
    text = _text(reader, sha512, p)
    page = Page(request, auditor=reader.auditor)
    links: Links = request.app.state.links
    reason = listed.failure.reason.value if listed.failure else None
    if not prefers_page(request.scope):
        told = PageBody(
            object_id=object_id,
            version=version,
            path=path,
            sha512=sha512,
            state=state,
            reason=reason,
            page=p,
            pages=listed.count or None,
            text=text,
            links={
                "file": links.file(object_id, version, path),
                "object": links.object(object_id),
                **(
                    {
                        "image": page.addresses.absolute(
                            page.addresses.image(object_id, version, path, p)
                        )
                    }
                    if listed.pages
                    else {}
                ),
            },
        )
        headers = {"Cache-Control": reader.caching(record), "Vary": "Authorization"}
        return JSONResponse(told.model_dump(mode="json"), headers=headers)
    here = page.addresses.absolute(page.addresses.viewer(object_id, version, path, p))
    return page.show(
        "viewer.html",
        data=page.addresses.viewer(object_id, version, path, p),
        closed=record.mode != "01",
        record=record,
        version=version,
        path=path,
        name=path.rsplit("/", 1)[-1],
        document=document,
        document_name=name_of(document, page.words) if document else "",
        state=state,
        reason=reason,
        wished=wished,
        number=p,
        pages=listed.pages,
        picture=listed.pages[p - 1] if listed.pages else None,
        near=_near(p, listed.count),
        text=text,
        citation=cite_page(
            record,
            document,
            page.words,
            archive_name=page.services.archive_name,
            version=version,
            page=p,
            address=here,
        )
        if document
        else "",
    )


@router.get("/objects/{object_id}/{version}/page-images/{number}/{path:path}")
def page_image(
    request: Request, reader: CurrentReader, object_id: str, version: str, number: int, path: str
) -> Response:
    """The picture of one page."""
    record, file = _file(request, reader, object_id, version, path)
    listed, _ = _pages(reader, None, file.digests["sha512"], path)
    if not 1 <= number <= listed.count:
        raise ApiProblem("not-found")
    return _picture(reader, record, listed.pages[number - 1])


@router.get("/objects/{object_id}/{version}/thumbnails/{path:path}")
def thumbnail(
    request: Request, reader: CurrentReader, object_id: str, version: str, path: str
) -> Response:
    """The small picture of the first page."""
    record, file = _file(request, reader, object_id, version, path)
    derivatives = reader.services.derivatives
    picture = derivatives.thumbnail(file.digests["sha512"]) if derivatives else None
    if picture is None:
        raise ApiProblem("not-found")
    return _picture(reader, record, picture)


def _file(
    request: Request, reader: Reader, object_id: str, version: str, path: str
) -> tuple[ObjectRecord, StateFile]:
    record = reader.open(object_id)
    holdings: Holdings = request.app.state.holdings
    return record, holdings.file(holdings.version(object_id, version), path)


def _document(reader: Reader, object_id: str, path: str) -> DocumentRecord | None:
    """The document that has this file at the dossier's head; None for files of no document."""
    for document in reader.services.catalogue.documents(object_id):
        if any(file.get("path") == path for file in document.files):
            return document
    return None


def _pages(
    reader: Reader, document: DocumentRecord | None, sha512: str, path: str
) -> tuple[PageList, State]:
    derivatives = reader.services.derivatives
    listed = derivatives.pages(sha512) if derivatives else PageList("missing")
    if listed.state == "missing" and not _is_rendered(document, path):
        return listed, "not-made"
    return listed, listed.state


def _is_rendered(document: DocumentRecord | None, path: str) -> bool:
    for file in document.files if document else ():
        if file.get("path") == path:
            name = str(file.get("name", ""))
            return media_of(name, str(file.get("mime", "")), str(file.get("puid", ""))) is not None
    return False


def _text(reader: Reader, sha512: str, number: int) -> str | None:
    derivatives = reader.services.derivatives
    pages = derivatives.text(sha512) if derivatives else None
    return pages[number - 1] if pages is not None and number <= len(pages) else None


def _wish(reader: Reader, object_id: str, path: str, sha512: str) -> bool:
    """Leave a wish for every access copy of the file. False when the spool does not take it."""
    services = reader.services
    if services.spool is None:
        return False
    try:
        for recipe in (PAGE_IMAGE, THUMBNAIL, TEXT):
            wish = Wish(object_id, path, sha512, recipe.key)
            services.spool.wish(wish, services.clock.now())
    except Unavailable:
        return False  # the page says so; nothing of the answer depends on it
    return True


def _picture(reader: Reader, record: ObjectRecord, picture: Picture) -> Response:
    try:
        data = picture.path.read_bytes()
    except OSError:
        raise ApiProblem("not-found") from None  # taken away meanwhile: it is made again
    caching = reader.caching(record)
    if caching.startswith("public"):
        caching = "public, max-age=86400"
    return Response(data, headers={"Content-Type": "image/webp", "Cache-Control": caching})


def _near(number: int, count: int) -> list[int]:
    """The pages to link to: all of a short file, those around and the ends of a long one."""
    if count <= _PAGES_LISTED:
        return list(range(1, count + 1))
    around = range(max(1, number - 10), min(count, number + 10) + 1)
    return sorted({1, *around, count})
