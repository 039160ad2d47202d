"""/search: finding dossiers by what people type, with or without Vietnamese marks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import presenters
from api.access import CurrentReader
from api.paging import Cursor, Fonds, Limit, Paging
from api.problems import ApiProblem
from repository.errors import NotFound
from schemas import access as body

router = APIRouter(tags=["Search"])


@router.get("/search", summary="Find dossiers")
def search(
    request: Request,
    response: Response,
    reader: CurrentReader,
    q: Annotated[str, Query(max_length=2_000, description="Words, codes, years; no operators.")],
    fonds: Fonds = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> body.SearchPage:
    """Dossiers that this reader may read in whole, best first.

    A dossier open on conditions is not searched for those who may not read it, since a hit would tell
    what is in its documents; it stands in `/objects`.
    """
    links = request.app.state.links
    paging = Paging(request, "search", q, fonds)
    position = paging.position(cursor)
    reader.enter_lists()
    try:
        hits = reader.services.catalogue.search(
            q,
            limit=limit + 1,
            after=position[0] if position else None,
            fonds=fonds,
            modes=reader.readable,
        )
    except NotFound:  # the hit that the page began after is none any more
        raise ApiProblem("bad-cursor") from None
    page = hits[:limit]
    following = None
    if len(hits) > limit:
        last = page[-1].record.object_id
        following = paging.following(response, ["search"], [last], q=q, fonds=fonds, limit=limit)
    response.headers["Cache-Control"] = reader.caching()
    return body.SearchPage(
        query=q,
        items=tuple(presenters.present_hit(hit, links, full=True) for hit in page),
        next=following,
    )
