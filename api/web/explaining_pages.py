"""Beside the holdings: how to check our work without us, what a problem means, the style sheet."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access import ASK_AGAIN, FOREVER, CurrentReader
from api.problems import STATUS, ApiProblem
from api.web.finding_pages import standing_of
from api.web.negotiation import PageRoute
from api.web.problem_pages import texts_of
from api.web.rendering import STATIC, Page, static_file, style_mark
from repository.digest import digest_bytes

router = APIRouter(include_in_schema=False)
pages = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/cach-kiem-tra")
def how_to_check(request: Request, reader: CurrentReader) -> Response:
    """How to check our work without us, with a dossier of this archive as the example."""
    page = Page(request, auditor=reader.auditor)
    fonds = standing_of(reader).fonds
    readable = (one for held in fonds for one in held.beginning if one.mode == "01")
    return page.show("how.html", example=next(readable, None))


@pages.get("/problems/{code}")
def problem(request: Request, code: str) -> Response:
    """What a kind of problem means, in both languages."""
    if code not in STATUS:
        raise ApiProblem("not-found")
    page = Page(request)
    return page.show(
        "problem.html",
        data=page.addresses.to("problems", code),
        code=code,
        number=STATUS[code],
        texts=texts_of(code, page.words.language, page.services.archive_name),
        violations=(),
        explains=True,
    )


@router.get("/static/{name}")
def static(request: Request, name: str) -> Response:
    """The style sheet and the sign of the archive."""
    try:
        data = static_file(name)
    except KeyError:
        raise ApiProblem("not-found") from None
    fixed = request.query_params.get("v") == style_mark()
    tag = digest_bytes(data, ["sha256"])["sha256"]
    headers = {
        "Content-Type": STATIC[name],
        "Cache-Control": FOREVER if fixed else ASK_AGAIN,
        "ETag": f'"{tag}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers)
