"""People are told of incidents: really by HTTP, once, and again when it failed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from kho import mailing, notifying, wiring
from kho.settings import MailSettings, NotifySettings
from kho.wiring import Archive
from preservation.incidents.following import open_finding
from preservation.incidents.incident import Cause, Finding
from repository.errors import ArchiveError, Misconfigured, Unavailable
from tests.archives import TestArchive


class Listener:
    """A web server that keeps what it was told and answers as it is set to."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.status = 204
        self.paths: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.paths.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.told.append(json.loads(body))
                self.send_response(outer.status)
                if outer.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook?key=a%20b"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def opened(archive: TestArchive) -> Iterator[Archive]:
    with wiring.open_archive(archive.home) as found:
        yield found


def tell(archive: Archive, **settings: Any) -> None:
    notify = NotifySettings(hour=0, timeout_seconds=5, **settings)
    mail = MailSettings(host="mail.example", sender="kho@mail.example")
    archive.settings = archive.settings.model_copy(update={"notify": notify, "mail": mail})


def happen(archive: Archive, store: str = "copy-1", cause: Cause = Cause.STORE_AWAY) -> None:
    open_finding(archive.incidents(), Finding(cause, store=store, detail={"why": "thử"}))


def test_the_web_address_is_told_once_and_the_telling_is_in_the_ledger(
    opened: Archive, listener: Listener
) -> None:
    tell(opened, webhook=listener.address)
    assert notifying.notify(opened) == []
    happen(opened)
    (digest,) = notifying.notify(opened)
    assert digest.channel == "webhook"
    assert notifying.notify(opened) == []
    assert listener.paths == ["/hook?key=a%20b"]
    (told,) = listener.told
    assert (told["type"], told["open"], told["changed"]) == ("kho.incidents", 1, 1)
    assert told["incidents"][0]["cause"] == "store away"
    assert opened.catalogue.events()[-1].type == "notice sent"
    assert opened.catalogue.incidents()[0].told["webhook"]["state"] == "found"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_address_that_does_not_take_it_is_asked_again_and_never_followed_elsewhere(
    opened: Archive, listener: Listener, status: int
) -> None:
    tell(opened, webhook=listener.address)
    happen(opened)
    listener.status = status
    for _ in range(2):
        with pytest.raises(Unavailable, match=str(status)):
            notifying.notify(opened)
    listener.status = 200
    assert len(notifying.notify(opened)) == 1
    assert "/elsewhere" not in listener.paths
    assert len(listener.told) == 3


def test_one_channel_that_fails_keeps_no_other_from_being_told(
    opened: Archive, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Unavailable("the mail server is away")

    monkeypatch.setattr(mailing, "send", refuse)
    tell(opened, webhook=listener.address, email=("a@example.vn",), escalate_to=("b@example.vn",))
    happen(opened)
    with pytest.raises(Unavailable, match="mail server"):
        notifying.notify(opened)
    assert len(listener.told) == 1
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(mailing, "send", lambda *told, **_: sent.append(told))
    (digest,) = notifying.notify(opened)
    assert digest.channel == "email"
    ((_, to, subject, text),) = sent
    assert to == ["a@example.vn"]
    assert "1 sự cố" in str(subject)
    assert "copy-1" in str(text)


def test_many_incidents_are_one_message(
    opened: Archive, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(opened, webhook=listener.address)
    for number in range(30):
        happen(opened, f"store-{number}")
    notifying.notify(opened)
    assert len(listener.told) == 1
    assert listener.told[0]["changed"] == 30


def test_what_was_told_is_known_again_after_a_rebuild(
    archive: TestArchive, listener: Listener
) -> None:
    from tests.acceptance.calling import call

    with wiring.open_archive(archive.home) as opened:
        tell(opened, webhook=listener.address)
        happen(opened)
        notifying.notify(opened)
        before = opened.catalogue.incidents()
    assert call(archive, "rebuild").status == 0
    with wiring.open_archive(archive.home) as opened:
        assert opened.catalogue.incidents() == before
        tell(opened, webhook=listener.address)
        assert notifying.notify(opened) == []


@pytest.mark.parametrize(
    "address", ["http:///x", "http://127.0.0.1:1/", "http://[::1", "http://a:b/"]
)
def test_an_address_of_nobody_is_a_clear_failure(opened: Archive, address: str) -> None:
    happen(opened)
    tell(opened, webhook=address)
    with pytest.raises((Unavailable, Misconfigured)) as failure:
        notifying.notify(opened)
    assert isinstance(failure.value, ArchiveError)


def test_the_clock_tells_and_a_failure_shows_in_its_sign(
    archive: TestArchive, listener: Listener
) -> None:
    from kho.scheduling import Ticks

    with wiring.open_archive(archive.home) as opened:
        tell(opened, webhook=listener.address)
        said: list[tuple[str, dict[str, Any]]] = []
        ticks = Ticks(opened, lambda name, value: said.append((name, dict(value))), lambda: False)
        (archive.home / "stores/copy-1").rename(archive.home / "unplugged")
        ticks.watch()
        ticks.notify()
        assert [name for name, _ in said] == ["watch", "notify"]
        assert len(listener.told) == 1
