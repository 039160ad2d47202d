"""Incidents: what is wrong and how far its care has come. Read-only; people answer on the command line.

Everybody may see how many there are; which dossiers, stores and reasons they name is for auditors, who
are told of closed dossiers too.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.access import CurrentReader, Reader
from api.links import Links
from api.problems import ApiProblem
from api.texts import Language
from api.web.finding_pages import Number
from api.web.negotiation import prefers_page
from api.web.rendering import Page
from preservation.incidents.telling import told
from repository.catalogue.records import IncidentRecord
from schemas import desk as body
from schemas.access import Bilingual, Body
from schemas.wording import worded

router = APIRouter(include_in_schema=False)
_OF_PAGE = 50


@router.get("/su-co")
def incidents(request: Request, reader: CurrentReader, p: Number = 1) -> Response:
    """How many incidents are open, and for auditors which: open ones first, then the last closed."""
    reader.enter_lists()
    catalogue = reader.services.catalogue
    counts = dict(catalogue.incident_counts())
    page = Page(request, auditor=reader.auditor)
    begin = (p - 1) * _OF_PAGE
    found = _in_order(catalogue.incidents()) if reader.auditor else []
    shown = found[begin : begin + _OF_PAGE]
    following = page.here(p=p + 1) if begin + _OF_PAGE < len(found) else None
    links: Links = request.app.state.links
    if not prefers_page(request.scope):
        told = body.IncidentList(
            open=_open(counts),
            counts=counts,
            items=tuple(_body(one, links) for one in shown) if reader.auditor else None,
            next=page.addresses.absolute(following) if following else None,
        )
        return _data(told, reader)
    return page.show(
        "incidents.html",
        data=page.here(),
        counts=counts,
        still_open=_open(counts),
        incidents=shown,
        told=_told,
        before=page.here(p=p - 1) if p > 1 else None,
        following=following,
    )


@router.get("/su-co/{incident_id}")
def one_incident(request: Request, reader: CurrentReader, incident_id: str) -> Response:
    """One incident, for auditors."""
    reader.require_auditor()
    reader.enter_lists()
    found = reader.services.catalogue.incident(incident_id)
    if found is None:
        raise ApiProblem("not-found")
    links: Links = request.app.state.links
    if not prefers_page(request.scope):
        return _data(_body(found, links), reader)
    page = Page(request, auditor=reader.auditor)
    return page.show("incident.html", data=page.here(), one=found, told=_told, worded=worded)


def _in_order(found: object) -> list[IncidentRecord]:
    """Open ones before closed ones, last opened first among each."""
    assert isinstance(found, tuple)
    return sorted(found, key=lambda one: one.state == "closed")


def _open(counts: dict[str, int]) -> int:
    return sum(count for state, count in counts.items() if state != "closed")


def _told(one: IncidentRecord, language: Language) -> str:
    return told(one, language)


def _body(one: IncidentRecord, links: Links) -> body.IncidentBody:
    return body.IncidentBody(
        incident_id=one.incident_id,
        cause=one.cause,
        state=one.state,
        object_id=one.object_id or None,
        store=one.store or None,
        kinds=tuple(one.kinds),
        opened_at=one.opened_at,
        changed_at=one.changed_at,
        seen_at=one.seen_at,
        seen_count=one.seen_count,
        diagnosis=one.diagnosis or None,
        by=one.by or None,
        reason=one.reason or None,
        run_id=one.run_id or None,
        message=Bilingual(vi=_told(one, "vi"), en=_told(one, "en")),
        links={"self": links.to("su-co", one.incident_id)},
    )


def _data(told: Body, reader: Reader) -> JSONResponse:
    return JSONResponse(
        told.model_dump(mode="json"),
        headers={"Cache-Control": reader.caching(), "Vary": "Authorization"},
    )
