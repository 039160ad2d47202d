"""/search: finding dossiers by what people type, with or without Vietnamese marks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import presenters
from api.access import CurrentReader, Reader
from api.finding import search_for_everybody
from api.paging import Cursor, Fonds, Limit, Paging
from api.problems import ApiProblem
from repository.catalogue.records import SearchHit
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
    """Dossiers that this reader may know of, best first.

    One that is open on conditions is found by its title, codes, agency and years only, by those who
    may not read it.
    """
    links = request.app.state.links
    paging = Paging(request, "search", q, fonds, "all" if reader.auditor else "public")
    position = paging.position(cursor, 2)
    reader.enter_lists()
    try:
        hits = _hits(reader, q, limit + 1, position, fonds)
    except NotFound:  # the hit that the page began after is none any more
        raise ApiProblem("bad-cursor") from None
    page = hits[:limit]
    following = None
    if len(hits) > limit:
        stage, last = page[-1]
        following = paging.following(
            response, ["search"], [stage, last.record.object_id], q=q, fonds=fonds, limit=limit
        )
    response.headers["Cache-Control"] = reader.caching()
    return body.SearchPage(
        query=q,
        items=tuple(
            presenters.present_hit(hit, links, full=reader.may_read(hit.record)) for _, hit in page
        ),
        next=following,
    )


def _hits(
    reader: Reader, q: str, limit: int, position: list[str] | None, fonds: str | None
) -> list[tuple[str, SearchHit]]:
    catalogue = reader.services.catalogue
    if not reader.auditor:
        after = (position[0], position[1]) if position else None
        return search_for_everybody(catalogue, q, limit=limit, after=after, fonds=fonds)
    last = position[1] if position else None
    return [("all", hit) for hit in catalogue.search(q, limit=limit, after=last, fonds=fonds)]
