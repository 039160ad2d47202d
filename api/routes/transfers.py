"""/transfers: what agencies sent and what became of it. For auditors."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from api import presenters
from api.access import CurrentReader
from api.paging import Cursor, Limit, Paging
from api.problems import ApiProblem
from schemas import access as body

router = APIRouter(tags=["Transfers"])

State = Literal["accepted", "refused", "held-already", "awaiting-decision", "returned"]


@router.get("/transfers", summary="The transfers, last received first (auditors)")
def transfers(
    request: Request,
    response: Response,
    reader: CurrentReader,
    state: Annotated[State | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> body.TransferPage:
    """Every transfer with its findings."""
    reader.require_auditor()
    paging = Paging(request, "transfers", state)
    position = paging.position(cursor, 2)
    found = reader.services.catalogue.transfers(state=state)
    if position is not None:
        found = [one for one in found if (one.received_at, one.transfer_id) < tuple(position)]
    page = found[:limit]
    following = None
    if len(found) > limit:
        last = [page[-1].received_at, page[-1].transfer_id]
        following = paging.following(response, ["transfers"], last, state=state, limit=limit)
    response.headers["Cache-Control"] = reader.caching()
    links = request.app.state.links
    return body.TransferPage(
        items=tuple(presenters.present_transfer(one, links) for one in page), next=following
    )


@router.get("/transfers/{transfer_id}", summary="One transfer (auditors)")
def one_transfer(
    request: Request, response: Response, reader: CurrentReader, transfer_id: str
) -> body.TransferBody:
    """What came, what was found, what was decided."""
    reader.require_auditor()
    found = reader.services.catalogue.transfer(transfer_id)
    if found is None:
        raise ApiProblem("not-found")
    response.headers["Cache-Control"] = reader.caching()
    return presenters.present_transfer(found, request.app.state.links)
