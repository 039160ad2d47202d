"""`ping_url`: asked for while all is well, never in the way, never telling its secret."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import create_server
from typing import ClassVar

import pytest

from kho.pinging import ping
from kho.scheduling import Ticks
from kho.settings import AuditSettings
from kho.wiring import open_archive
from repository.errors import Misconfigured, Unavailable
from tests.archives import TestArchive


class _Answers(BaseHTTPRequestHandler):
    status: ClassVar[int] = 200
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"x" * 100_000)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def listening(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Handler", (_Answers,), {"status": status, "asked": asked})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_2xx_is_well_and_no_more_of_it_is_read_than_a_little() -> None:
    with listening() as (url, asked):
        ping(f"{url}/secret?a=b")
    assert asked == ["/secret?a=b"]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_another_answer_is_no_answer_and_no_redirect_is_followed(status: int) -> None:
    with listening(status) as (url, asked), pytest.raises(Unavailable, match=str(status)) as told:
        ping(f"{url}/secret")
    assert asked == ["/secret"]
    assert "secret" not in told.value.operator


def test_who_does_not_answer_is_not_waited_for() -> None:
    with create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(Unavailable, match="could not be asked"):
            ping(f"http://127.0.0.1:{port}/secret", seconds=0.1)
    with pytest.raises(Unavailable):
        ping(f"http://127.0.0.1:{port}/secret", seconds=0.1)


@pytest.mark.parametrize("url", ["ftp://a", "http://", "http://a:b:c", "http://[::1"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured):
        ping(url)


def test_the_clock_asks_while_all_is_well_and_keeps_silent_otherwise(archive: TestArchive) -> None:
    with listening() as (url, asked), open_archive(archive.home) as opened:
        audit = AuditSettings(ping_url=f"{url}/sign")
        opened.settings = opened.settings.model_copy(update={"audit": audit})
        ticks = Ticks(opened, lambda *_: None, lambda: False)
        ticks.ping()
        assert asked == []  # there is no sign of life yet
        ticks.beat()
        ticks.ping()
        assert asked == ["/sign"]
        ticks.failing["audit"] = "no room left"
        ticks.ping()
        assert asked == ["/sign"]
        del ticks.failing["audit"]
        ticks.failing["ping"] = "not answered last time"
        ticks.beat()
        ticks.ping()
        assert asked == ["/sign", "/sign"]
