"""A problem as a page: the same code and status as `application/problem+json`, in two languages."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from api.problems import STATUS
from api.texts import Language, text_of
from api.web.negotiation import ProblemPage, TwoFaces, prefers_page
from api.web.rendering import Page
from api.web.words import other

# Of the headers of the JSON face these hold for the page as well.
_KEPT = ("allow", "retry-after", "www-authenticate", "content-range", "etag")
_ASK_FOR_KEY = 'Basic realm="Kho", charset="UTF-8"'


def add_layer(app: FastAPI, *, reading: bool) -> None:
    """Let problems be pages for those who want pages: of reading, or of all other methods."""
    app.add_middleware(TwoFaces, problem_page=_page_of(app), reading=reading)


def tell_unexpected(app: FastAPI) -> None:
    """The same for what nobody expected. Called after the application has its own handlers."""
    page = _page_of(app)
    # That handler stands outside every layer, so it is changed itself.
    unexpected = app.exception_handlers[Exception]

    async def as_page(request: Request, problem: Exception) -> Response:
        given = unexpected(request, problem)
        answer = await given if isinstance(given, Awaitable) else given
        if not prefers_page(request.scope):
            return answer
        return page(request.scope, answer.status_code, answer.headers, bytes(answer.body))

    app.add_exception_handler(Exception, as_page)


def texts_of(code: str, language: Language, archive_name: str) -> list[tuple[Language, str, str]]:
    """Language, title and text of a problem, the reader's language first."""
    return [(one, *text_of(code, one, archive_name)) for one in (language, other(language))]


def _page_of(app: FastAPI) -> ProblemPage:
    def make(scope: Scope, status: int, headers: Mapping[str, str], body: bytes) -> Response:
        request = Request({**scope, "app": app})
        page = Page(request)
        told = json.loads(body)
        code = told["code"] if told["code"] in STATUS else "internal-error"
        kept = {n.lower(): value for n, value in headers.items() if n.lower() in _KEPT}
        if status == 401:
            kept["www-authenticate"] = _ASK_FOR_KEY  # what makes a browser ask for the key
        return page.show(
            "problem.html",
            status=status,
            headers=kept,
            closed=True,
            code=code,
            number=status,
            texts=texts_of(code, page.words.language, page.services.archive_name),
            violations=told.get("violations", ()),
            explains=False,
        )

    return make
