"""/objects: the dossiers held, one dossier, and what is known of its history and integrity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import JSONResponse

from api import presenters
from api.access import CurrentReader, Reader
from api.media import media_type
from api.paging import LONGEST, Cursor, Fonds, Limit, Paging
from repository.catalogue.records import DocumentRecord
from schemas import access as body

router = APIRouter(tags=["Dossiers"])


class _LinksetResponse(JSONResponse):
    media_type = "application/linkset+json"


@router.get("/objects", summary="The dossiers held, by identifier")
def objects(
    request: Request,
    response: Response,
    reader: CurrentReader,
    fonds: Fonds = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> body.ObjectPage:
    """A page of dossiers that this reader may know of."""
    links = request.app.state.links
    paging = Paging(request, "objects", fonds)
    position = paging.position(cursor)
    reader.enter_lists()
    records = list(
        reader.services.catalogue.objects(
            after=position[0] if position else None,
            limit=limit + 1,
            fonds=fonds,
            modes=reader.listed,
            canaries=False,
        )
    )
    page = records[:limit]
    following = None
    if len(records) > limit:
        following = paging.following(
            response, ["objects"], [page[-1].object_id], fonds=fonds, limit=limit
        )
    response.headers["Cache-Control"] = reader.caching()
    return body.ObjectPage(
        items=tuple(
            presenters.present_summary(record, links, full=reader.may_read(record))
            for record in page
        ),
        next=following,
    )


@router.get("/objects/{object_id}", summary="One dossier")
def one_object(
    request: Request, response: Response, reader: CurrentReader, object_id: str
) -> body.ObjectBody:
    """A dossier at its head version; only its description when it is open on conditions."""
    links = request.app.state.links
    record = reader.find(object_id)
    full = reader.may_read(record)
    documents = reader.services.catalogue.documents(object_id) if full else None
    response.headers["Cache-Control"] = reader.caching(record)
    response.headers["Link"] = ", ".join(
        links.signposts(
            object_id,
            record.head if full else None,
            [(path, media_type(path)) for path in _paths(documents or ())],
        )
    )
    return presenters.present_object(
        record, documents, links, reader.services.archive_name, auditor=reader.auditor
    )


@router.get(
    "/objects/{object_id}/linkset",
    summary="All links of a dossier (RFC 9264)",
    response_class=_LinksetResponse,
    response_model_exclude_none=True,
)
def linkset(
    request: Request, response: Response, reader: CurrentReader, object_id: str
) -> body.Linkset:
    """What the Link header of a dossier says, with every file however many there are."""
    record = reader.open(object_id)
    documents = reader.services.catalogue.documents(object_id)
    response.headers["Cache-Control"] = reader.caching(record)
    return presenters.present_linkset(record, _paths(documents), request.app.state.links)


@router.get("/objects/{object_id}/events", summary="The history of a dossier", tags=["History"])
def object_events(
    request: Request,
    response: Response,
    reader: CurrentReader,
    object_id: str,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Limit = 100,
) -> body.EventPage:
    """What happened to one dossier, in order."""
    record = reader.open(object_id)
    response.headers["Cache-Control"] = reader.caching(record)
    return event_page(request, response, reader, ["objects", object_id, "events"], after, limit)


@router.get("/objects/{object_id}/fixity", summary="The integrity of a dossier", tags=["History"])
def fixity(
    request: Request,
    response: Response,
    reader: CurrentReader,
    object_id: str,
    limit: Limit = 50,
) -> body.FixityBody:
    """Each copy, and the last `limit` audits of any copy."""
    record = reader.open(object_id)
    catalogue = reader.services.catalogue
    response.headers["Cache-Control"] = reader.caching(record)
    return presenters.present_fixity(
        object_id,
        catalogue.copies(object_id),
        catalogue.audit_history(object_id, limit=limit),
        request.app.state.links,
        auditor=reader.auditor,
    )


def event_page(
    request: Request,
    response: Response,
    reader: Reader,
    path: list[str],
    after: int,
    limit: int,
) -> body.EventPage:
    """Events after a sequence: of one object where `path` names one, else of the whole archive."""
    object_id = path[1] if len(path) > 1 else None
    events = reader.services.catalogue.events(after=after, limit=limit + 1, object_id=object_id)
    page = events[:limit]
    following = None
    if len(events) > limit:
        links = request.app.state.links
        following = links.to(*path, after=page[-1].sequence, limit=min(limit, LONGEST))
        response.headers["Link"] = f'<{following}>; rel="next"'
    return body.EventPage(
        items=tuple(presenters.present_event(event, auditor=reader.auditor) for event in page),
        next=following,
    )


def _paths(documents: Sequence[DocumentRecord]) -> list[str]:
    """The files of the documents, each once, in the order of the dossier."""
    paths = (str(file["path"]) for document in documents for file in document.files)
    return list(dict.fromkeys(paths))
