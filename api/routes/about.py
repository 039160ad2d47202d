"""/, /status, /health and /problems: the archive itself, and this service."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api import presenters
from api.access import PRIVATE, CurrentReader, Reader
from api.problems import STATUS, ApiProblem
from api.services import ApiServices
from api.texts import text_of
from preservation.drills.runs import last_runs
from schemas import access as body

router = APIRouter(tags=["The archive"])


@router.get("/", summary="Where everything is")
def index(request: Request, response: Response, reader: CurrentReader) -> body.IndexBody:
    """The lists to begin from."""
    links = request.app.state.links
    response.headers["Cache-Control"] = reader.caching()
    names = ("objects", "search", "audits", "status", "health", "openapi.json")
    private = ("events", "transfers") if reader.auditor else ()
    return body.IndexBody(
        archive_name=reader.services.archive_name,
        links={
            "self": f"{links.base}/",
            **{name.split(".")[0]: links.to(name) for name in (*names, *private)},
        },
    )


@router.get("/status", summary="What is held, and how well it is looked after")
def status(request: Request, response: Response, reader: CurrentReader) -> body.StatusBody:
    """Counts of what this reader may know of, the last audit, the longest unchecked copies."""
    reader.enter_lists()
    services, links = reader.services, request.app.state.links
    runs = last_runs(services.catalogue, 1)
    response.headers["Cache-Control"] = reader.caching()
    return body.StatusBody(
        archive_name=services.archive_name,
        counts=dict(services.catalogue.counts(modes=reader.listed)),
        stores=tuple(_store(reader, name) for name in services.stores),
        newest_audit=presenters.present_run(runs[0], links, auditor=reader.auditor)
        if runs
        else None,
        links={"self": links.to("status"), "audits": links.to("audits")},
    )


@router.get("/health", summary="Whether the service can answer now")
def health(request: Request, response: Response) -> body.HealthBody:
    """200 when catalogue and primary store are there, else 503."""
    services: ApiServices = request.app.state.services
    alive = services.health()
    response.status_code = 200 if alive.well else 503
    response.headers["Cache-Control"] = PRIVATE
    return body.HealthBody(
        status="ok" if alive.well else "unwell",
        catalogue=alive.catalogue,
        primary_store=alive.primary_store,
    )


@router.get("/problems/{code}", summary="What a kind of problem means")
def problem(request: Request, response: Response, code: str) -> body.ProblemPage:
    """In Vietnamese and English."""
    if code not in STATUS:
        raise ApiProblem("not-found")
    services: ApiServices = request.app.state.services
    texts = {
        language: body.ProblemText(title=title, text=text)
        for language in ("vi", "en")
        for title, text in [text_of(code, language, services.archive_name)]
    }
    response.headers["Cache-Control"] = "public, max-age=3600"
    return body.ProblemPage(code=code, status=STATUS[code], vi=texts["vi"], en=texts["en"])


def _store(reader: Reader, name: str) -> body.StoreBody:
    services = reader.services
    oldest = services.catalogue.longest_unread(name)
    return body.StoreBody(
        name=name,
        primary=name == services.primary,
        never_checked=services.catalogue.any_unread(name),
        oldest_check_at=(oldest.read_at or oldest.written_at) if oldest else None,
        oldest_object_id=oldest.object_id if oldest and reader.auditor else None,
    )
