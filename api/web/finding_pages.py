"""The first page, search, the tree of fonds, and the list of dossiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from api import presenters
from api.access import CurrentReader, Reader
from api.cursors import Cursors
from api.finding import search_for_everybody
from api.links import Links
from api.paging import Cursor, Fonds, Paging
from api.presenters import MATCH_END, MATCH_START
from api.rights import READ_BY_ALL
from api.web.faceting import Facet, narrow
from api.web.negotiation import PageRoute, prefers_page
from api.web.rendering import Page
from api.web.standing import Kinds, Standing, Standings
from preservation.drills.runs import last_runs
from repository.catalogue.records import SearchHit
from repository.catalogue.snippet import best_snippet
from repository.search_text import fold, parse_query
from schemas import desk as body
from schemas.codelists import code_list

router = APIRouter(include_in_schema=False)
pages = APIRouter(include_in_schema=False, route_class=PageRoute)


class _FacetRoute(APIRoute):
    """The page of a search; its data only when facets are asked for, else it is the API's own."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        if match is not Match.NONE and not prefers_page(scope):
            asked = parse_qs(scope["query_string"].decode("latin-1"))
            if "facets" not in asked:
                return Match.NONE, {}
        return match, child


facets = APIRouter(include_in_schema=False, route_class=_FacetRoute)

MOST_LOOKED_AT = 300  # hits of one search that are counted and shown
_HITS_OF_PAGE = 20
_DOSSIERS_OF_PAGE = 50
_MOST_SUGGESTED = 4

Text = Annotated[str, Query(max_length=2_000)]
Choice = Annotated[str | None, Query(max_length=200)]
Number = Annotated[int, Query(ge=1, le=100_000)]
KeyAsked = Annotated[str | None, Query(max_length=10)]


def standing_of(reader: Reader) -> Standing:
    """The state of the archive as far as this reader may know of it."""
    standings: Standings = reader.request.app.state.standings
    return standings.of(reader.listed, None if reader.auditor else READ_BY_ALL)


@pages.get("/")
def home(request: Request, reader: CurrentReader) -> Response:
    """Search, what is held, the fonds, and the last audit in one line."""
    reader.enter_lists()
    page = Page(request, auditor=reader.auditor)
    runs = last_runs(reader.services.catalogue, 1)
    return page.show(
        "home.html",
        data=page.addresses.home(),
        standing=standing_of(reader),
        run=runs[0] if runs else None,
        query="",
    )


@facets.get("/search")
def search_narrowed(
    request: Request,
    reader: CurrentReader,
    q: Text = "",
    fonds: Choice = None,
    year: Choice = None,
    type: Choice = None,
    mode: Choice = None,
    p: Number = 1,
) -> Response:
    """What was found, with facets: as a page, or as data when facets are asked for."""
    reader.enter_lists()
    chosen = {"fonds": fonds, "year": year, "type": type, "mode": mode}
    hits = _search(reader, q, MOST_LOOKED_AT + 1, fonds)
    more = len(hits) > MOST_LOOKED_AT
    hits = hits[:MOST_LOOKED_AT]
    kept, counted = narrow(hits, chosen, _types(reader, hits))
    begin = (p - 1) * _HITS_OF_PAGE
    shown = kept[begin : begin + _HITS_OF_PAGE]
    page = Page(request, auditor=reader.auditor)
    following = page.here(p=p + 1) if begin + _HITS_OF_PAGE < len(kept) else None
    if not prefers_page(request.scope):
        links: Links = request.app.state.links
        told = body.NarrowedSearch(
            query=q,
            looked_at=len(hits),
            more=more,
            total=len(kept),
            items=tuple(
                presenters.present_hit(hit, links, full=reader.may_read(hit.record))
                for hit in shown
            ),
            facets={facet.name: _choices(facet) for facet in counted},
            next=page.addresses.absolute(following) if following else None,
        )
        return JSONResponse(told.model_dump(mode="json"), headers=_caching(reader))
    parsed = parse_query(q)
    return page.show(
        "search.html",
        data=page.here(facets="all"),
        query=q,
        parsed=parsed,
        unmarked=bool(parsed.words) and not parsed.has_marks and any(c.isalpha() for c in q),
        partial=bool(hits) and hits[0].score < 1,
        hits=[_shown(hit, q) for hit in shown],
        total=len(kept),
        more=more,
        bound=MOST_LOOKED_AT,
        facets=[facet for facet in counted if facet.choices],
        named=_naming(page, standing_of(reader)),
        chosen={name: value for name, value in chosen.items() if value},
        narrowed=lambda name, value: page.here(**{name: value, "p": None}),
        before=page.here(p=p - 1) if p > 1 else None,
        following=following,
        number=p,
        last=max(1, -(-len(kept) // _HITS_OF_PAGE)),
        suggestions=[] if hits else _suggestions(reader, q),
    )


@router.get("/fonds")
def fonds_tree(request: Request, reader: CurrentReader) -> Response:
    """Every fonds with its first dossiers."""
    reader.enter_lists()
    standing = standing_of(reader)
    if not prefers_page(request.scope):
        return JSONResponse(
            _fonds_body(request, standing).model_dump(mode="json"), headers=_caching(reader)
        )
    page = Page(request, auditor=reader.auditor)
    return page.show("fonds.html", data=page.addresses.to("fonds"), standing=standing)


@pages.get("/objects")
def dossiers(
    request: Request, reader: CurrentReader, fonds: Fonds = None, cursor: Cursor = None
) -> Response:
    """The dossiers of a fonds, or all, in pages by identifier."""
    paging = Paging(request, "objects", fonds)
    position = paging.position(cursor)
    reader.enter_lists()
    records = list(
        reader.services.catalogue.objects(
            after=position[0] if position else None,
            limit=_DOSSIERS_OF_PAGE + 1,
            fonds=fonds,
            modes=reader.listed,
            canaries=False,
        )
    )
    shown = records[:_DOSSIERS_OF_PAGE]
    page = Page(request, auditor=reader.auditor)
    following = None
    if len(records) > len(shown):
        # The marker is one of the list that is the data: both faces walk it in the same way.
        cursors: Cursors = request.app.state.cursors
        marker = cursors.make(("objects", fonds), [shown[-1].object_id])
        following = page.addresses.to("objects", fonds=fonds, cursor=marker)
    standing = standing_of(reader)
    return page.show(
        "dossiers.html",
        data=page.addresses.to("objects", fonds=fonds),
        records=shown,
        fonds=next((one for one in standing.fonds if one.code == fonds), None),
        asked=fonds,
        total=standing.objects,
        beginning=cursor is None,
        following=following,
    )


def _search(reader: Reader, text: str, limit: int, fonds: str | None) -> list[SearchHit]:
    catalogue = reader.services.catalogue
    if reader.auditor:
        return list(catalogue.search(text, limit=limit, fonds=fonds))
    found = search_for_everybody(catalogue, text, limit=limit, after=None, fonds=fonds)
    return [hit for _, hit in found]


def _types(reader: Reader, hits: Sequence[SearchHit]) -> Callable[[str], frozenset[str]]:
    kinds: Kinds = reader.request.app.state.kinds
    readable = {hit.record.object_id for hit in hits if reader.may_read(hit.record)}
    return lambda object_id: kinds.of(object_id) if object_id in readable else frozenset()


def _shown(hit: SearchHit, query: str) -> dict[str, object]:
    """A hit with its title and, where it says something else, the piece that was found."""
    title = best_snippet([hit.record.title], parse_query(query))
    plain = _unmarked(hit.snippet).removeprefix("… ").removesuffix(" …")
    repeats = plain in hit.record.title
    return {
        "record": hit.record,
        "title": snippet_parts(title) if len(hit.record.title) <= 240 else None,
        "snippet": None if repeats else snippet_parts(hit.snippet),
    }


def _naming(page: Page, standing: Standing) -> Callable[[str, str], str]:
    """What a value of a facet is called."""
    fonds = {one.code: one.name for one in standing.fonds}
    lists = {"type": "typeName", "mode": "mode"}

    def named(facet: str, value: str) -> str:
        if facet in lists:
            return code_list(lists[facet]).label(value, page.words.language)
        return fonds.get(value, value) if facet == "fonds" else value

    return named


def _unmarked(text: str) -> str:
    return text.replace(MATCH_START, "").replace(MATCH_END, "")


def _suggestions(reader: Reader, text: str) -> list[tuple[str, int]]:
    """Shorter searches that find something: each word of the query alone, the longest first."""
    words = sorted({word for word in text.split() if len(fold(word)) > 1}, key=len, reverse=True)
    found = []
    for word in words[:8] if len(words) > 1 else ():
        count = len(_search(reader, word, MOST_LOOKED_AT, None))
        if count:
            found.append((word, count))
    return found[:_MOST_SUGGESTED]


def _choices(facet: Facet) -> tuple[body.ChoiceBody, ...]:
    return tuple(
        body.ChoiceBody(value=one.value, count=one.count, chosen=one.chosen)
        for one in facet.choices
    )


def _fonds_body(request: Request, standing: Standing) -> body.FondsList:
    links: Links = request.app.state.links
    return body.FondsList(
        items=tuple(
            body.FondsBody(
                fonds_code=fonds.code,
                agency_name=fonds.name,
                dossiers=fonds.dossiers,
                documents=fonds.documents,
                first_year=fonds.first_year or None,
                last_year=fonds.last_year or None,
                links={"objects": links.to("objects", fonds=fonds.code)},
            )
            for fonds in standing.fonds
        )
    )


def _caching(reader: Reader) -> dict[str, str]:
    return {"Cache-Control": reader.caching(), "Vary": "Authorization"}


def snippet_parts(text: str) -> list[tuple[str, bool]]:
    """The pieces of a snippet, and whether each is a matched word."""
    parts = []
    for n, piece in enumerate(text.split(MATCH_START)):
        matched, mark, rest = piece.partition(MATCH_END)
        if n and mark:
            parts += [(matched, True), (rest, False)]
        else:
            parts.append((piece, False))
    return [part for part in parts if part[0]]
