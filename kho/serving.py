"""The read API's part of the wiring: what it is given, and the server that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.services import Alive, ApiServices, look
from api.spool import Spool
from kho import overview, wiring
from kho.promises import audit_policy
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
            audits=audit_policy(archive.settings),
            required=archive.settings.required,
            alive=partial(_health, archive),
        )
        yield create_app(services), address, number


@dataclass(frozen=True, slots=True)
class _Health(Alive):
    """What `api` asks, and whether the clock lives: a silent one makes the archive unwell."""

    clock: bool = True

    @property
    def well(self) -> bool:
        return self.catalogue and self.primary_store and self.clock


def _health(archive: wiring.Archive) -> _Health:
    seen = look(archive.catalogue, next(iter(archive.stores.values())))
    silent = (
        seen.catalogue
        and (clock := overview.clock_of(archive)).alarm
        and (
            clock.state
            != "alive"  # a work that failed is told by `kho status`; the service is well
        )
    )
    return _Health(seen.catalogue, seen.primary_store, clock=not silent)


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
