"""Mail, given to a server that really listens."""

from __future__ import annotations

import base64
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from pydantic import ValidationError

from kho.mailing import Attachment, send
from kho.settings import MailSettings
from repository.errors import Misconfigured, Unavailable
from tests.authorities import issue, mail_server

SENDER = "kho@hatinh.example"


def plain(port: int, **more: object) -> MailSettings:
    values = {"host": "127.0.0.1", "port": port, "sender": SENDER, "security": "none"}
    return MailSettings.model_validate({**values, "timeout_seconds": 5, **more})


def test_a_message_arrives_with_its_vietnamese_and_its_attachments() -> None:
    with mail_server() as server:
        send(
            plain(server.port), ["a@so.example", "b@so.example"], "Sổ cái\n1284", "Điểm kiểm\n.\n",
            [Attachment("checkpoint.txt", "text/plain", "— ký\n".encode())],
        )  # fmt: skip
    read = message_from_bytes(server.taken[0], policy=policy.default)
    assert (read["From"], read["To"]) == (SENDER, "a@so.example, b@so.example")
    assert read["Subject"] == "Sổ cái 1284"
    assert read["Auto-Submitted"] == "auto-generated"
    body = read.get_body()
    assert body is not None
    assert body.get_content().replace("\r", "").startswith("Điểm kiểm\n.")
    (file,) = read.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("checkpoint.txt", "— ký\n")


def test_a_password_goes_over_tls_only_and_is_never_shown(tmp_path: Path) -> None:
    root = issue("Mail root")
    (tmp_path / "root.pem").write_bytes(root.pem)
    (tmp_path / "password").write_text("s3cret\n")
    settings = MailSettings(
        host="localhost", sender=SENDER, user="kho", password_file=str(tmp_path / "password"),
        ca_file=str(tmp_path / "root.pem"), timeout_seconds=5,
    )  # fmt: skip
    with mail_server(issue("localhost", root).write(tmp_path, "server")) as server:
        send(settings.model_copy(update={"port": server.port}), "a@so.example", "x", "y")
        assert base64.b64decode(server.logins[0]) == b"\0kho\0s3cret"
        server.answers["AUTH"] = "535 no"
        with pytest.raises(Unavailable) as told:
            send(settings.model_copy(update={"port": server.port}), "a@so.example", "x", "y")
        assert "s3cret" not in str(told.value)
        strange = {"port": server.port, "ca_file": ""}
        with pytest.raises(Unavailable, match="certificate"):
            send(settings.model_copy(update=strange), "a@so.example", "x", "y")
        assert len(server.logins) == 1
    with mail_server() as without_tls:
        with pytest.raises(Unavailable, match="STARTTLS"):
            send(settings.model_copy(update={"port": without_tls.port}), "a@so.example", "x", "y")
        assert without_tls.logins == without_tls.taken == []


def test_what_the_server_refuses_is_told_in_one_line() -> None:
    with mail_server() as server:
        for word, answer in (
            ("RCPT", "550 no such\x07 person"), ("DATA", "554 no"), ("MAIL", "452 full"),
            ("EHLO", "garbage"),
        ):  # fmt: skip
            server.answers = {word: answer, "HELO": "500 no"}
            with pytest.raises(Unavailable) as told:
                send(plain(server.port), "a@so.example", "x", "y")
            assert "\n" not in told.value.operator
            assert "\x07" not in told.value.operator
        server.answers = {}
    with pytest.raises(Unavailable, match="did not take"):
        send(plain(server.port), "a@so.example", "x", "y")


@pytest.mark.parametrize("bad", ["nobody", "a@b,c@d", "a@b\r\nBcc: x@y", "ă@b.example", ""])
def test_what_is_no_address_is_never_sent_to(bad: str) -> None:
    with mail_server() as server:
        with pytest.raises(Misconfigured):
            send(plain(server.port), bad, "x", "y")
        with pytest.raises(Misconfigured):
            send(plain(server.port), [], "x", "y")
        assert server.taken == []


def test_what_is_not_set_up_says_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No mail server"):
        send(MailSettings(), "a@so.example", "x", "y")
    for content in (None, b"", b"\xff", b"x" * 2000):
        path = tmp_path / "password"
        if content is not None:
            path.write_bytes(content)
        settings = plain(1, security="tls", user="kho", password_file=str(path))
        with pytest.raises(Misconfigured, match="password"):
            send(settings, "a@so.example", "x", "y")
    (tmp_path / "password").write_text("good")
    settings = plain(1, security="tls", ca_file=str(tmp_path / "none"))
    with pytest.raises(Misconfigured, match="certificates"):
        send(settings, "a@so.example", "x", "y")


def test_settings_that_would_betray_a_password_are_refused() -> None:
    for bad in (
        {"host": "x", "sender": "a@b", "security": "none", "user": "u", "password_file": "/p"},
        {"host": "x", "sender": "a@b", "user": "u", "password_file": "relative"},
        {"host": "x"},
    ):
        with pytest.raises(ValidationError):
            MailSettings.model_validate(bad)
