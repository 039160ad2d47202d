"""A real server process, on a real socket, that has no right to write anything but its spool."""

import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from repository.catalogue.catalogue import open_catalogue
from tests.api.made import (
    ESCAPED,
    LARGE_BYTES,
    LARGE_PATH,
    OPEN,
    SECRET,
    TOKEN,
    Made,
)
from tests.api.test_files import LARGE_URL, damage
from tests.api.test_objects import url

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def readable(made):
    """A copy of the archive that every user can read and only the spool of which can be written."""
    with tempfile.TemporaryDirectory(prefix="kho-api-") as folder:
        os.chmod(folder, 0o755)
        home = Path(folder) / "home"
        shutil.copytree(made.home, home, symlinks=True)
        yield Made(home, made.store_ids)
        for path in [home, *home.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)


@contextmanager
def serving(made):
    """The server, while a writer has the catalogue open, as in a running archive."""
    with open_catalogue(made.home / "catalogue.sqlite") as writer, socket.socket() as listening:
        writer.counts()
        for path in [made.home, *made.home.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        (made.home / "spool").chmod(0o777)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.api.serve_process", str(made.home),
             str(listening.fileno()), json.dumps(made.store_ids)],
            pass_fds=[listening.fileno()], cwd=PROJECT, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process, listening.getsockname()
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=30)
            assert process.returncode != 3, errors.decode()


def get(address, path, method="GET", **headers):
    """One request, exactly as written, on a connection of its own: status, headers, body."""
    connection = http.client.HTTPConnection(*address, timeout=60)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def state(home):
    """Every file outside of the spool, with its bytes.

    SQLite's shared memory, and a write-ahead log with nothing in it, come and go with who has the
    catalogue open.
    """
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file()
        and path.parent.name != "spool"
        and not path.name.endswith("-shm")
        and not (path.name.endswith("-wal") and not path.stat().st_size)
    }


def test_a_server_without_the_right_to_write_answers_and_changes_nothing(readable):
    before = state(readable.home)
    with serving(readable) as (process, address):
        assert get(address, "/health")[0] == 200
        assert process.poll() is None
        assert get(address, LARGE_URL)[2] == LARGE_BYTES
        assert get(address, "/search?q=dat+dai")[0] == 200
        for number, method in enumerate(("GET", "HEAD")):
            status, headers, body = get(address, LARGE_URL, method, Range="bytes=7-20")
            assert status == (206, 200)[number]
            assert body == (LARGE_BYTES[7:21], b"")[number]
            assert headers["content-length"] == ("14", str(len(LARGE_BYTES)))[number]
        key = {"Authorization": f"Bearer {TOKEN}"}
        assert get(address, url(SECRET, "v1", "mets.xml"), **key)[0] == 200
        assert get(address, url(SECRET))[0] == 404
        assert get(address, "/objects", "DELETE")[0] == 405
        assert get(address, url(ESCAPED))[0] == 200
        assert get(address, "/objects/../../etc/passwd")[0] == 404
        assert get(address, "/objects/%2e%2e/%2e%2e/etc/passwd")[0] == 404
        assert get(address, "/objects/" + "a" * 10_000)[0] == 404
    assert state(readable.home) == before
    assert [line["object_id"] for line in readable.lines("access")] == [SECRET]


def test_a_reader_of_a_damaged_large_file_sees_the_connection_break(readable):
    for store in ("primary", "copy-1"):
        damage(readable, LARGE_PATH, store)
    with serving(readable) as (process, address):
        with pytest.raises(http.client.IncompleteRead) as broken:
            get(address, LARGE_URL)
        assert len(broken.value.partial) < len(LARGE_BYTES)
        deadline = time.monotonic() + 30
        while not readable.lines("damage") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.poll() is None
        assert get(address, url(OPEN))[0] == 200
    (line,) = readable.lines("damage")
    assert (line["object_id"], line["kind"]) == (OPEN, "altered")
