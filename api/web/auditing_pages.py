"""The auditor's desk: what is late, damaged or could not be read, each number with its list; the runs.

Everybody may look, at open dossiers only; an auditor sees all. A list says what is normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.access import CurrentReader, Reader
from api.links import Links
from api.paging import Cursor, Paging
from api.problems import ApiProblem
from api.web.finding_pages import KeyAsked, Number, standing_of
from api.web.negotiation import PageRoute, prefers_page
from api.web.rendering import Page
from api.web.standing import Case, Standing
from preservation.audit.policy import looked_at
from preservation.deadlines import UNDECIDED, late_ones
from preservation.drills.runs import last_runs, of_a_drill
from repository.store import STORAGE_ROOT
from schemas import desk as body
from schemas.access import Body

router = APIRouter(include_in_schema=False)
pages = APIRouter(include_in_schema=False, route_class=PageRoute)

# The address of each list, and which list of a standing it is.
LISTS: Final = {
    "hong": "damaged",
    "chua-doc-duoc": "incomplete",
    "qua-han": "overdue",
    "chua-kiem-tra": "never",
    "thieu-ban-sao": "lacking",
}
_MARKS: Final = {
    "damaged": "bad", "incomplete": "warn", "overdue": "warn", "never": "note", "lacking": "bad",
}  # fmt: skip
_CASES_OF_PAGE = 50
_RUNS_SHOWN = 10
_RESULTS_OF_PAGE = 50


@router.get("/kiem-tra")
def desk(request: Request, reader: CurrentReader, vao: KeyAsked = None) -> Response:
    """The questions an auditor asks first. `vao`: ask the browser for the auditor's key."""
    if vao is not None:
        reader.require_auditor()
    reader.enter_lists()
    standing = standing_of(reader)
    now = reader.services.clock.now()
    counts = {name: len(_cases(standing, name, now)) for name in LISTS.values()}
    stores = _stores(reader)
    oldest = (
        looked_at(standing.by_age[0].copy) if standing.by_age and standing.by_age[0].copy else ""
    )
    if not prefers_page(request.scope):
        links: Links = request.app.state.links
        told = body.DeskBody(
            everything=reader.auditor,
            copies=standing.copies,
            window_days=reader.services.audits.default.window_days,
            oldest_look_at=oldest or None,
            counts=counts,
            stores=stores,
            links={
                "audits": links.to("audits"),
                **{name: links.to("kiem-tra", slug) for slug, name in LISTS.items()},
            },
        )
        return _data(told, reader)
    page = Page(request, auditor=reader.auditor)
    runs = last_runs(reader.services.catalogue, _RUNS_SHOWN)
    return page.show(
        "desk.html",
        data=page.addresses.to("kiem-tra"),
        questions=[
            (slug, name, counts[name], _MARKS[name] if counts[name] else "ok")
            for slug, name in LISTS.items()
        ],
        standing=standing,
        stores=stores,
        away=[store for store in stores if not store.available],
        oldest=oldest,
        overdue=counts["overdue"] > 0,
        window=reader.services.audits.default.window_days,
        runs=runs,
        drills=(),
        open_incidents=sum(
            count
            for state, count in reader.services.catalogue.incident_counts().items()
            if state != "closed"
        ),
        late_transfers=len(late_ones(reader.services.catalogue.transfers(state=UNDECIDED), now)),
        health=reader.services.health(),
    )


@router.get("/kiem-tra/{slug}")
def cases(request: Request, reader: CurrentReader, slug: str, p: Number = 1) -> Response:
    """One list of the desk."""
    if slug not in LISTS:
        raise ApiProblem("not-found")
    reader.enter_lists()
    name = LISTS[slug]
    found = _cases(standing_of(reader), name, reader.services.clock.now())
    begin = (p - 1) * _CASES_OF_PAGE
    shown = found[begin : begin + _CASES_OF_PAGE]
    page = Page(request, auditor=reader.auditor)
    following = page.here(p=p + 1) if begin + _CASES_OF_PAGE < len(found) else None
    if not prefers_page(request.scope):
        links: Links = request.app.state.links
        told = body.CaseList(
            name=name,
            count=len(found),
            items=tuple(_case_body(case, links) for case in shown),
            next=page.addresses.absolute(following) if following else None,
        )
        return _data(told, reader)
    return page.show(
        "cases.html",
        data=page.here(),
        name=name,
        cases=shown,
        total=len(found),
        looked_at=looked_at,
        before=page.here(p=p - 1) if p > 1 else None,
        following=following,
    )


@pages.get("/audits")
def runs(request: Request, reader: CurrentReader, cursor: Cursor = None) -> Response:
    """Every audit run, last first."""
    paging = Paging(request, "audits")
    position = paging.position(cursor, 2)
    reader.enter_lists()
    found = reader.services.catalogue.audit_runs()
    if position is not None:
        found = [run for run in found if (run.started_at, run.run_id) < tuple(position)]
    shown = found[:_RESULTS_OF_PAGE]
    page = Page(request, auditor=reader.auditor)
    following = None
    if len(found) > len(shown):
        last = [shown[-1].started_at, shown[-1].run_id]
        marker = request.app.state.cursors.make(("audits",), last)
        following = page.addresses.to("audits", cursor=marker)
    return page.show(
        "runs.html",
        data=page.addresses.to("audits"),
        runs=shown,
        drills=[run.run_id for run in shown if of_a_drill(run)],
        following=following,
    )


@pages.get("/audits/{run_id}")
def one_run(request: Request, reader: CurrentReader, run_id: str, p: Number = 1) -> Response:
    """One run: its sums and what was not intact, for auditors; when and how it ended, for all."""
    reader.enter_lists()
    run = reader.services.catalogue.audit_run(run_id)
    if run is None:
        raise ApiProblem("not-found")
    results = (
        reader.services.catalogue.audit_results(run_id, only_not_intact=True)
        if reader.auditor
        else ()
    )
    begin = (p - 1) * _RESULTS_OF_PAGE
    page = Page(request, auditor=reader.auditor)
    return page.show(
        "run.html",
        data=page.addresses.to("audits", run_id),
        run=run,
        drill=of_a_drill(run),
        totals=run.totals if reader.auditor else None,
        away=[str(name) for name in run.totals.get("stores_unavailable", ())],
        results=results[begin : begin + _RESULTS_OF_PAGE],
        found=len(results),
        root=STORAGE_ROOT,
        before=page.here(p=p - 1) if p > 1 else None,
        following=page.here(p=p + 1) if begin + _RESULTS_OF_PAGE < len(results) else None,
    )


def _cases(standing: Standing, name: str, now: datetime) -> Sequence[Case]:
    lists = {
        "damaged": standing.damaged,
        "incomplete": standing.incomplete,
        "never": standing.never,
        "lacking": standing.lacking,
    }
    return standing.overdue(now) if name == "overdue" else lists[name]


def _stores(reader: Reader) -> tuple[body.DeskStore, ...]:
    """Each store, asked now; why one is away names places of the machine, so it is for auditors."""
    services = reader.services
    told = []
    for name, store in services.stores.items():
        seen = store.status()
        reason = seen.reason if reader.auditor and not seen.available else None
        told.append(
            body.DeskStore(
                name=name,
                primary=name == services.primary,
                available=seen.available,
                reason=reason,
            )
        )
    return tuple(told)


def _case_body(case: Case, links: Links) -> body.CaseBody:
    copy = case.copy
    return body.CaseBody(
        object_id=case.object_id,
        title=case.title,
        store=case.store,
        head=copy.head if copy else None,
        last_checked_at=(copy.last_checked_at or None) if copy else None,
        verdict=(copy.last_verdict or None) if copy else None,
        links={"fixity": links.to("objects", case.object_id, "fixity")},
    )


def _data(told: Body, reader: Reader) -> JSONResponse:
    return JSONResponse(
        told.model_dump(mode="json"),
        headers={"Cache-Control": reader.caching(), "Vary": "Authorization"},
    )
