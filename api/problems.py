"""Errors as RFC 9457 problem details: one table of kinds, one table of failures.

Every error of the service goes through here, also those of the framework, so all have one shape. A
reader is told only what stands in `schemas/texts/api.*.json`; what an exception says of paths and
causes stays in the server's log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.links import Links
from api.texts import Language, preferred_language, text_of
from repository import errors
from schemas.problem import Problem, Violation

STATUS: Final[Mapping[str, int]] = {
    "bad-request": 400,
    "bad-cursor": 400,
    "token-invalid": 401,
    "auditors-only": 401,
    "access-conditional": 403,
    "refused": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "conflict": 409,
    "precondition-failed": 412,
    "range-not-satisfiable": 416,
    "invalid-request": 422,
    "damaged": 500,
    "misconfigured": 500,
    "failed": 500,
    "internal-error": 500,
    "busy": 503,
    "unavailable": 503,
    "spool-unavailable": 503,
    "stopped": 503,
}

FAILURES: Final[Mapping[type[errors.ArchiveError], str]] = {
    errors.ArchiveError: "failed",
    errors.NotFound: "not-found",
    errors.Conflict: "conflict",
    errors.Locked: "busy",
    errors.Corrupt: "damaged",
    errors.Unavailable: "unavailable",
    errors.Refused: "refused",
    errors.Cancelled: "stopped",
    errors.Misconfigured: "misconfigured",
}

_HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    "token-invalid": {"WWW-Authenticate": 'Bearer error="invalid_token"'},
    "auditors-only": {"WWW-Authenticate": "Bearer"},
    "method-not-allowed": {"Allow": "GET, HEAD, OPTIONS"},
    "busy": {"Retry-After": "60"},
    "unavailable": {"Retry-After": "300"},
    "spool-unavailable": {"Retry-After": "300"},
}

SAFE_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Referrer-Policy": "no-referrer",
}

_MOST_VIOLATIONS = 20
_log = logging.getLogger("kho.api")


class ApiProblem(Exception):
    """Something in the request, or the reader's right to it, stands against an answer."""

    def __init__(self, code: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.headers = dict(headers or {})


def code_of(failure: errors.ArchiveError) -> str:
    """The kind of problem that a failure is told as; that of its nearest parent if it is a new one."""
    return next(FAILURES[kind] for kind in type(failure).__mro__ if kind in FAILURES)


def install(app: FastAPI, links: Links, archive_name: str) -> None:
    """Let every error of the application be answered as a problem."""

    def tell(
        request: Request,
        code: str,
        *,
        headers: Mapping[str, str] | None = None,
        violations: tuple[Violation, ...] = (),
    ) -> Response:
        language = preferred_language(request.headers.get("accept-language", ""))
        return problem_response(
            code, links, archive_name, language, headers=headers, violations=violations
        )

    # Starlette types handlers by the base class; each is registered for one class below.
    async def own(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, ApiProblem)
        return tell(request, problem.code, headers=problem.headers)

    async def failure(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, errors.ArchiveError)
        code = code_of(problem)
        if STATUS[code] >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("%s: %s", code, problem.operator)
        return tell(request, code)

    async def invalid(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, RequestValidationError)
        return tell(request, "invalid-request", violations=_violations(problem))

    async def framework(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, HTTPException)
        known = {404: "not-found", 405: "method-not-allowed", 422: "invalid-request"}
        fallback = "bad-request" if problem.status_code < 500 else "internal-error"
        return tell(request, known.get(problem.status_code, fallback))

    async def unexpected(request: Request, problem: Exception) -> Response:
        return tell(request, "internal-error")  # the server logs what it was

    app.add_exception_handler(ApiProblem, own)
    app.add_exception_handler(errors.ArchiveError, failure)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(Exception, unexpected)


def problem_response(
    code: str,
    links: Links,
    archive_name: str,
    language: Language,
    *,
    headers: Mapping[str, str] | None = None,
    violations: tuple[Violation, ...] = (),
) -> Response:
    """The answer for one kind of problem."""
    title, text = text_of(code, language, archive_name)
    body = Problem(
        type=links.problem(code),
        title=title,
        status=STATUS[code],
        detail=text,
        code=code,
        violations=violations,
    )
    return Response(
        body.model_dump_json(),
        STATUS[code],
        {
            **SAFE_HEADERS,
            "Content-Type": "application/problem+json",
            "Content-Language": language,
            "Cache-Control": "private, no-store",
            "Vary": "Accept-Language, Authorization",
            **_HEADERS.get(code, {}),
            **(headers or {}),
        },
    )


def _violations(problem: RequestValidationError) -> tuple[Violation, ...]:
    # Only these three: the rest of an entry may hold values that JSON cannot carry.
    return tuple(
        Violation(
            code=str(entry["type"])[:100],
            location=".".join(str(part) for part in entry["loc"])[:200],
            message=str(entry["msg"])[:300],
        )
        for entry in problem.errors()[:_MOST_VIOLATIONS]
    )
