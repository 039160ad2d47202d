"""Page or data: which of the two faces of an address a request gets (RFC 9110 §12.5.1).

`?format=html` and `?format=json` decide; otherwise Accept does, and whoever does not say gets data, so
that a program never gets a page by accident. Every answer that has two faces says `Vary: Accept`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROBLEM: Final = "application/problem+json"
_TWO_FACED: Final = ("application/json", "text/html", PROBLEM)
_LONGEST = 2_000  # characters of a header that are looked at

# The page for a problem: the request, the status, the headers that hold for both faces, the JSON.
ProblemPage = Callable[[Scope, int, Mapping[str, str], bytes], Response]


class PageRoute(APIRoute):
    """A route that is there only for those who want a page; the others find the data behind it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        if match is not Match.NONE and not prefers_page(scope):
            return Match.NONE, {}
        return match, child


def asked_format(scope: Scope) -> str:
    """The `format` in the query, if it is one of ours."""
    query = parse_qs(scope.get("query_string", b"")[:_LONGEST].decode("latin-1"))
    named = query.get("format", [""])[-1]
    return named if named in ("html", "json") else ""


def prefers_page(scope: Scope) -> bool:
    """Whether this request is to be answered with a page."""
    named = asked_format(scope)
    if named:
        return named == "html"
    accept = ",".join(Headers(scope=scope).getlist("accept"))
    return _weight(accept, ("text/html", "text/*")) > _weight(
        accept, ("application/json", "application/*")
    )


def _weight(accept: str, ranges: Sequence[str]) -> tuple[float, int]:
    """Quality of the most exact range that covers a type, and how exact it is; (0, 0): not wanted."""
    best = (0.0, 0)
    closest = 0
    for part in accept[:_LONGEST].split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        exactness = {ranges[0]: 3, ranges[1]: 2, "*/*": 1}.get(name, 0)
        if exactness > closest:
            closest = exactness
            quality = _quality(parameters)
            best = (quality, exactness) if quality > 0 else (0.0, 0)
    return best


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0


class TwoFaces:
    """A layer in which problems become pages for those who want pages.

    It also lets a browser be an auditor: browsers know only Basic, so its password is taken as the
    key that programs send as Bearer. It stands twice, on both sides of the layer that answers HEAD
    as GET and refuses other methods: `reading` says which of the two this is.
    """

    def __init__(self, app: ASGIApp, problem_page: ProblemPage, *, reading: bool) -> None:
        self._app = app
        self._problem_page = problem_page
        self._reading = reading

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"] in ("GET", "HEAD")) is not self._reading:
            await self._app(scope, receive, send)
            return
        scope = _with_key(scope)
        answer = _Answer(scope, receive, send, self._problem_page)
        await self._app(scope, receive, answer.send)


class _Answer:
    """One answer on its way out; a problem is held back until it can be told as a page."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, problem_page: ProblemPage
    ) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._problem_page = problem_page
        self._held: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            kind = headers.get("content-type", "").partition(";")[0]
            if kind == PROBLEM and prefers_page(self._scope):
                self._held = message
                return
            if kind in _TWO_FACED:
                for name in ("Authorization", "Accept"):
                    headers.add_vary_header(name)
                message = {**message, "headers": headers.raw}
            await self._send(message)
        elif self._held is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page(self._held)

    async def _send_page(self, start: Message) -> None:
        headers = dict(Headers(raw=start["headers"]))
        page = self._problem_page(self._scope, start["status"], headers, self._body)
        await page(self._scope, self._receive, self._send)


def _with_key(scope: Scope) -> Scope:
    headers = Headers(scope=scope)
    given = headers.getlist("authorization")
    if len(given) != 1 or given[0][:6].lower() != "basic ":
        return scope
    try:
        pair = base64.b64decode(given[0][6:_LONGEST].strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return scope  # refused later, as every key that is none
    key = pair.partition(":")[2].encode()
    rest = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
    return {**scope, "headers": [*rest, (b"authorization", b"Bearer " + key)]}
