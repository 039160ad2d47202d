"""One file as an answer: conditions, one range, digests, and the proof while it is sent.

RFC 9110 (ranges, conditions), RFC 9530 (Repr-Digest: over the whole file, on 206 too). A file that is
sent whole is hashed on the way, and its last piece is held back until the digest is right: when it is
not, the connection is broken, so the reader never has a complete wrong file, and the damage is noted.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as PlainRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.holdings import Found, Holdings
from api.media import disposition, media_type
from api.methods import is_head
from api.problems import ApiProblem
from api.ranges import Answer, decide
from api.spool import DamageKind
from repository.digest import MultiDigest

CHUNK = 1024 * 1024
_LOOK_FOR_READER_EVERY = 16  # pieces


class DamagedWhileSending(Exception):
    """The bytes on the way are not what they must be: the connection has to be broken."""


def file_response(
    request: Request,
    holdings: Holdings,
    found: Found,
    path: str,
    digests: Mapping[str, str],
    headers: Mapping[str, str],
) -> Response:
    """The answer to a request for this file, called `path`. Takes over the open stream."""
    tag = f'"sha512-{found.wanted.sha512}"'
    size = found.wanted.size
    answer = decide(dict(request.headers), tag, size, head=is_head(request))
    common = {
        **headers,
        "ETag": tag,
        "Repr-Digest": repr_digest(digests),
        "Accept-Ranges": "bytes",
    }
    if answer.status == 412:
        _close(found)
        raise ApiProblem("precondition-failed", headers={"ETag": tag})
    if answer.status == 416:
        _close(found)
        raise ApiProblem("range-not-satisfiable", headers={"Content-Range": f"bytes */{size}"})
    if answer.status == 304:
        _close(found)
        return Response(status_code=304, headers=common)
    full = {
        **common,
        "Content-Type": media_type(path),
        "Content-Disposition": disposition(path),
        "Content-Length": str(answer.end - answer.start),
    }
    if answer.status == 206:
        full["Content-Range"] = f"bytes {answer.start}-{answer.end - 1}/{size}"
    if is_head(request):
        _close(found)
        return Response(status_code=200, headers=full)
    if found.data is not None:
        return Response(found.data[answer.start : answer.end], answer.status, full)
    return _Proving(holdings, found, answer, full)


def repr_digest(digests: Mapping[str, str]) -> str:
    """The Repr-Digest field of these digests (RFC 9530 §3.1)."""
    return ", ".join(
        f"{name}=:{b64encode(bytes.fromhex(digests[algorithm])).decode()}:"
        for algorithm, name in (("sha256", "sha-256"), ("sha512", "sha-512"))
        if algorithm in digests
    )


def _close(found: Found) -> None:
    if found.stream is not None:
        found.stream.close()


class _Proving(Response):
    """Sends from an open stream, one piece behind what was read and hashed."""

    def __init__(
        self, holdings: Holdings, found: Found, answer: Answer, headers: Mapping[str, str]
    ) -> None:
        super().__init__(None, answer.status, headers)
        self._holdings = holdings
        self._found = found
        self._left = answer.end - answer.start
        self._start = answer.start
        self._digest = MultiDigest(["sha512"]) if answer.status == 200 else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            start = {"type": "http.response.start", "status": self.status_code}
            await send({**start, "headers": self.raw_headers})
            reader = PlainRequest(scope, receive)
            held = await run_in_threadpool(self._next)
            sent = 0
            while self._left:
                following = await run_in_threadpool(self._next)
                await send({"type": "http.response.body", "body": held, "more_body": True})
                held = following
                sent += 1
                if sent % _LOOK_FOR_READER_EVERY == 0 and await reader.is_disconnected():
                    return
            await run_in_threadpool(self._prove)
            await send({"type": "http.response.body", "body": held, "more_body": False})
        finally:
            _close(self._found)

    def _next(self) -> bytes:
        stream = self._found.stream
        assert stream is not None
        if self._start:
            stream.seek(self._start)
            self._start = 0
        wanted = min(CHUNK, self._left)
        try:
            data = stream.read(wanted)
        except OSError as problem:
            raise self._broken("unreadable") from problem
        if len(data) != wanted:
            raise self._broken("altered")
        self._left -= wanted
        if self._digest is not None:
            self._digest.update(data)
        return data

    def _prove(self) -> None:
        expected = self._found.wanted.sha512
        if self._digest is not None and self._digest.hexdigests()["sha512"] != expected:
            raise self._broken("altered")

    def _broken(self, kind: DamageKind) -> DamagedWhileSending:
        self._holdings.report(self._found.wanted, self._found.store, kind)
        wanted = self._found.wanted
        return DamagedWhileSending(f"{wanted.path} of {wanted.object_id} in {self._found.store}")
