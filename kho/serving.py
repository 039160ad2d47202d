"""The read API's part of the wiring: what it is given, and the server that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from api.app import create_app
from fastapi import FastAPI

from api.services import ApiServices
from api.spool import Spool
from kho import wiring
from preservation.derivatives.derivative_store import DerivativeStore
from repository.errors import Misconfigured


@contextmanager
def application(
    home: Path, *, host: str | None = None, port: int | None = None
) -> Iterator[tuple[FastAPI, str, int]]:
    """The API over the archive at `home`, with the address it is to listen on.

    The catalogue is opened read-only and stores are only read; the spool is the one place it writes.
    """
    with wiring.open_archive(home, read_only=True) as archive:
        serve = archive.settings.serve
        address, number = host or serve.host, port or serve.port
        services = ApiServices(
            catalogue=archive.catalogue,
            stores=dict(archive.stores),
            primary=next(iter(archive.stores)),
            spool=Spool(archive.home.folder("spool")),
            clock=archive.clock,
            base_url=serve.base_url or f"http://{address}:{number}",
            auditor_token_sha256=wiring.auditor_token_sha256(home),
            archive_name=archive.settings.archive.name,
            signing_key=_cursor_key(home),
            derivatives=DerivativeStore(archive.home.folder("derivatives")),
            audit_window_days=archive.settings.audit.window_days,
        )
        yield create_app(services), address, number


def run(app: FastAPI, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    uvicorn.run(
        app, host=host, port=port, log_level="warning", access_log=False, server_header=False
    )


def _cursor_key(home: Path) -> bytes:
    path = home / "keys" / "cursor.key"
    try:
        return path.read_bytes().strip()
    except OSError as problem:
        raise Misconfigured(
            f"{path} cannot be read: {problem.strerror}. Let the serving account read it."
        ) from problem
