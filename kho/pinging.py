"""Telling somebody outside that the clock lives: one small request, whose absence is the alarm.

The address may hold a secret, so messages name its host alone. No redirects, no proxies, and no more of
an answer is read than a little.
"""

from __future__ import annotations

import http.client
import ssl
from typing import Final
from urllib.parse import urlsplit

from repository.errors import Misconfigured, Unavailable

SECONDS: Final = 10.0
_ANSWER: Final = 1024


def ping(url: str, *, seconds: float = SECONDS) -> None:
    """Ask for the address. Unavailable when that was not answered with a 2xx; Misconfigured when it is
    no address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as problem:
        raise Misconfigured("[audit] ping_url is no address.") from problem
    if host is None or parts.scheme not in ("http", "https"):
        raise Misconfigured("[audit] ping_url is no address.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = (
        http.client.HTTPSConnection(
            host, port, timeout=seconds, context=ssl.create_default_context()
        )
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=seconds)
    )
    try:
        connection.request("GET", target, headers={"User-Agent": "Kho"})
        with connection.getresponse() as answer:  # it may outlive its connection
            status = answer.status
            answer.read(_ANSWER)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise Unavailable(
            f"ping_url at {host} could not be asked: {type(problem).__name__}. It is tried again; "
            "audits go on."
        ) from problem
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise Unavailable(f"ping_url at {host} answered {status}. It is tried again; audits go on.")
