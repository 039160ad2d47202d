from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kho.demo.faults import eicar
from preservation.formats.clamd import Clamd, ClamdUnavailable, Database
from preservation.formats.virus_test_file import is_test_file

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
VERSION = b"ClamAV 1.4.6/27800/Fri Nov 20 08:00:00 2026\0"
KNOWN = Database("ClamAV 1.4.6", "27800 of 2026-11-20")


@contextmanager
def clamd(path: Path, answers: list[bytes], *, limit: int = 1 << 30) -> Iterator[list[bytes]]:
    """A small clamd: answers in turn, and tells what it heard: at most `limit` bytes of a file."""
    heard: list[bytes] = []
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def serve() -> None:
        for answer in answers:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as stream:
                command = b"".join(iter(lambda: stream.read(1), b"\0"))
                data = b""
                while command == b"zINSTREAM" and len(data) < limit:
                    length = int.from_bytes(stream.read(4), "big")
                    if not length:
                        break
                    data += stream.read(length)
                heard.append(command + b":" + data)
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield heard
    finally:
        thread.join(10)
        server.close()


def test_engine_and_date_of_the_signatures_are_told(tmp_path):
    with clamd(tmp_path / "s", [VERSION]):
        database = Clamd(f"unix:{tmp_path / 's'}").database()
    assert (database.tool, database.label) == ("ClamAV 1.4.6", "27800 of 2026-11-20")
    assert database.days_old(NOW) == 1


def test_signatures_without_a_date_are_said_to_be_without_one(tmp_path):
    with clamd(tmp_path / "s", [b"ClamAV 1.4.6\0"]):
        database = Clamd(f"unix:{tmp_path / 's'}").database()
    assert database.days_old(NOW) is None
    assert "no stated date" in database.label


def test_every_byte_is_sent_and_nothing_found_is_not_called_clean(tmp_path):
    data = bytes(range(256)) * 3000
    (tmp_path / "f").write_bytes(data)
    with clamd(tmp_path / "s", [b"stream: OK\0"]) as heard:
        fact = Clamd(f"unix:{tmp_path / 's'}").scan(str(tmp_path / "f"), KNOWN, NOW)
    assert heard == [b"zINSTREAM:" + data]
    assert (fact.verdict, fact.tool, fact.database) == ("nothing-found", KNOWN.tool, KNOWN.label)


def test_what_was_found_is_named(tmp_path):
    (tmp_path / "f").write_bytes(b"x")
    with clamd(tmp_path / "s", [b"stream: Win.Test.EICAR_HDB-1 FOUND\0"]):
        fact = Clamd(f"unix:{tmp_path / 's'}").scan(str(tmp_path / "f"), KNOWN, NOW)
    assert (fact.verdict, fact.detail) == ("found", "Win.Test.EICAR_HDB-1")


@pytest.mark.parametrize(
    "answer", [b"", b"\0", b"stream: \0", b"INSTREAM size limit exceeded. ERROR\0", b"\xff" * 9000]
)
def test_any_other_answer_is_not_checked(tmp_path, answer):
    (tmp_path / "f").write_bytes(b"x")
    with clamd(tmp_path / "s", [answer]):
        fact = Clamd(f"unix:{tmp_path / 's'}").scan(str(tmp_path / "f"), KNOWN, NOW)
    assert fact.verdict == "not-checked"
    assert fact.detail


def test_a_daemon_that_stops_listening_is_heard_out(tmp_path):
    (tmp_path / "f").write_bytes(b"\0" * (8 << 20))
    answer = b"INSTREAM size limit exceeded. ERROR\0"
    with clamd(tmp_path / "s", [answer], limit=1000):
        fact = Clamd(f"unix:{tmp_path / 's'}").scan(str(tmp_path / "f"), KNOWN, NOW)
    assert fact.verdict == "not-checked"


@pytest.mark.parametrize("address", ["unix:/nowhere/s", "tcp:127.0.0.1:1", "tcp:x:99999"])
def test_nobody_there_is_said(tmp_path, address):
    with pytest.raises(ClamdUnavailable):
        Clamd(address, seconds=2.0).database()
    fact = Clamd(address, seconds=2.0).scan(__file__, KNOWN, NOW)
    assert fact.verdict == "not-checked"


def test_something_else_there_is_not_taken_for_clamd(tmp_path):
    with (
        clamd(tmp_path / "s", [b"220 mail\r\n\0"]),
        pytest.raises(ClamdUnavailable, match="no clamd"),
    ):
        Clamd(f"unix:{tmp_path / 's'}").database()


@pytest.mark.skipif(shutil.which("clamd") is None, reason="clamd is not installed")
def test_a_real_clamd_finds_what_its_signatures_name(tmp_path):
    database = tmp_path / "db"
    database.mkdir()
    (database / "kho.ndb").write_text("Kho.Sample:0:*:6b686f2d74657374\n")
    (tmp_path / "clamd.conf").write_text(
        f"LocalSocket {tmp_path}/s\nDatabaseDirectory {database}\nForeground yes\nUser root\n"
    )
    clamd = shutil.which("clamd")
    assert clamd is not None
    process = subprocess.Popen(
        [clamd, "-c", str(tmp_path / "clamd.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            if (tmp_path / "s").exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        if process.poll() is not None:
            pytest.skip("clamd does not start here (it may want another user)")
        asked = Clamd(f"unix:{tmp_path / 's'}")
        known = asked.database()
        (tmp_path / "bad").write_bytes(b"xx kho-test xx")
        (tmp_path / "good").write_bytes(b"hello")
        assert known.tool.startswith("ClamAV ")
        assert asked.scan(str(tmp_path / "bad"), known, NOW).detail.startswith("Kho.Sample")
        assert asked.scan(str(tmp_path / "good"), known, NOW).verdict == "nothing-found"
    finally:
        process.kill()
        process.wait()


def test_the_virus_test_file_is_known_by_its_beginning(tmp_path):
    for name, data in (("a", eicar()), ("b", eicar() + b"\n tail")):
        (tmp_path / name).write_bytes(data)
        assert is_test_file(str(tmp_path / name))
    for name, data in (("c", eicar()[:-1]), ("d", b" " + eicar()), ("e", b"")):
        (tmp_path / name).write_bytes(data)
        assert not is_test_file(str(tmp_path / name))
