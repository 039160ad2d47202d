"""/audits and /events: what was checked and what happened, in the whole archive."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import presenters
from api.access import CurrentReader, Reader
from api.paging import Cursor, Limit, Paging
from api.problems import ApiProblem
from api.routes.objects import event_page
from repository.catalogue.records import AuditResultRecord
from schemas import access as body

router = APIRouter(tags=["History"])


@router.get("/audits", summary="The audit runs, last first")
def audits(
    request: Request,
    response: Response,
    reader: CurrentReader,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> body.AuditRunPage:
    """When the archive was checked and how it ended; sums for auditors."""
    paging = Paging(request, "audits")
    position = paging.position(cursor, 2)
    reader.enter_lists()
    runs = reader.services.catalogue.audit_runs()
    if position is not None:
        runs = [run for run in runs if (run.started_at, run.run_id) < tuple(position)]
    page = runs[:limit]
    following = None
    if len(runs) > limit:
        last = [page[-1].started_at, page[-1].run_id]
        following = paging.following(response, ["audits"], last, limit=limit)
    response.headers["Cache-Control"] = reader.caching()
    links = request.app.state.links
    return body.AuditRunPage(
        items=tuple(presenters.present_run(run, links, auditor=reader.auditor) for run in page),
        next=following,
    )


@router.get("/audits/{run_id}", summary="One audit run")
def one_audit(
    request: Request,
    response: Response,
    reader: CurrentReader,
    run_id: str,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> body.AuditRunDetail:
    """Its sums, and every copy that was not found intact, in pages; both for auditors."""
    links = request.app.state.links
    paging = Paging(request, "audit", run_id)
    position = paging.position(cursor, 2)
    reader.enter_lists()
    run = reader.services.catalogue.audit_run(run_id)
    if run is None:
        raise ApiProblem("not-found")
    response.headers["Cache-Control"] = reader.caching()
    if not reader.auditor:
        return presenters.present_run_detail(run, None, None, links)
    results = _not_intact(reader, run_id, position)
    page = results[:limit]
    following = None
    if len(results) > limit:
        last = [page[-1].object_id, page[-1].store]
        following = paging.following(response, ["audits", run_id], last, limit=limit)
    return presenters.present_run_detail(run, page, following, links)


@router.get("/events", summary="Everything that happened (auditors)")
def events(
    request: Request,
    response: Response,
    reader: CurrentReader,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="A sequence.")] = 0,
    limit: Limit = 100,
) -> body.EventPage:
    """The events of the archive after a sequence, in order. They also tell of closed dossiers."""
    reader.require_auditor()
    response.headers["Cache-Control"] = reader.caching()
    return event_page(request, response, reader, ["events"], after, limit)


def _not_intact(reader: Reader, run_id: str, position: list[str] | None) -> list[AuditResultRecord]:
    results = reader.services.catalogue.audit_results(run_id, only_not_intact=True)
    if position is None:
        return list(results)
    return [result for result in results if (result.object_id, result.store) > tuple(position)]
