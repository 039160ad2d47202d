"""Reading only: GET, HEAD and OPTIONS are answered, every other method is refused, at every address.

HEAD is GET without the body, so every answer to it has the headers that GET would have; a handler that
would be at work for long asks `is_head` and spares itself the body.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import SAFE_HEADERS
from api.texts import Language, preferred_language

ALLOW = "GET, HEAD, OPTIONS"
_HEAD = "kho.head"


def is_head(request: Request) -> bool:
    """Whether the reader wants the headers only."""
    return bool(request.scope.get(_HEAD))


class ReadingOnly:
    """The outermost layer of the application. `refuse` makes the answer to other methods."""

    def __init__(self, app: ASGIApp, refuse: Callable[[Language], Response]) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        match scope["method"]:
            case "GET":
                await self._app(scope, receive, _with_safe_headers(send))
            case "HEAD":
                as_get = {**scope, "method": "GET", _HEAD: True}
                await self._app(as_get, receive, _without_body(_with_safe_headers(send)))
            case "OPTIONS":
                headers = {**SAFE_HEADERS, "Allow": ALLOW, "Cache-Control": "public, no-cache"}
                await Response(status_code=204, headers=headers)(scope, receive, send)
            case _:
                accepts = Request(scope).headers.get("accept-language", "")
                await self._refuse(preferred_language(accepts))(scope, receive, send)


def _with_safe_headers(send: Send) -> Send:
    # What is shown depends on the key, everywhere.
    wanted = {**SAFE_HEADERS, "Vary": "Authorization"}
    safe = [(name.lower().encode(), value.encode()) for name, value in wanted.items()]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            added = [(name, value) for name, value in safe if name not in there]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return sending


def _without_body(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sending
