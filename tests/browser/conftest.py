"""An archive of real sample transfers behind a real server, and a browser before it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from kho import wiring
from preservation.derivatives.catching_up import make_missing
from preservation.derivatives.derivative_store import DerivativeStore
from tests.archives import kho
from tests.browser.driver import Browser, missing

FILES_WITH_PAGES = 3  # the first documents of the dossier on land, so that others have none yet


@dataclass(frozen=True)
class Site:
    """A running archive."""

    address: str
    home: Path
    land: str  # object_id of the dossier on land
    large: str  # of one with many documents
    conditional: str
    token: str


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a worker; skipped, with the reason, where there can be none."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    found = Browser()
    try:
        yield found
    finally:
        found.close()


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser, archive_template: Path
) -> Iterator[Site]:
    """Three dossiers, one of them conditional, one damaged in one copy, and audited."""
    home = tmp_path_factory.mktemp("site") / "archive"
    shutil.copytree(archive_template, home, symlinks=True)
    with wiring.open_archive(home, read_only=True) as archive:
        records = list(archive.catalogue.objects())
        named = {
            "land": next(r.object_id for r in records if "đất đai" in r.title),
            "large": max(records, key=lambda r: r.document_count).object_id,
            "conditional": next(r.object_id for r in records if r.mode == "02"),
        }
        store = archive.stores["primary"]
        derivatives = DerivativeStore(home / "derivatives")
        make_missing(
            archive.catalogue, store, derivatives, first=[named["land"]],
            limit=FILES_WITH_PAGES * 3, deadline=None, allowed=lambda one: one.mode == "01",
        )  # fmt: skip
        place = archive.stores["copy-1"].object_path(
            archive.catalogue.object(named["large"]).object_id
        )
    harmed = home / "stores" / "copy-1" / "root" / place / "v1" / "content" / "bag-info.txt"
    harmed.chmod(0o644)
    harmed.write_bytes(harmed.read_bytes().swapcase())
    assert kho("audit", "--all", "--json", home=home).status == 3
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "kho", "serve", "--home", str(home), "--port", str(port)],
        env={**os.environ, "PYTHONSAFEPATH": "1"}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port)
        token = (home / "keys" / "auditor.token").read_text().strip()
        yield Site(f"http://127.0.0.1:{port}", home, token=token, **named)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()
            return
        except ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer in 30 seconds")
