"""`kho schedule` and `kho run` as real processes: stopped, killed, started again, refused."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from kho import supervising
from kho.exits import Exit
from tests.archives import TestArchive

PATIENCE = 60.0


@contextmanager
def running(archive: TestArchive, *arguments: str, **settings: Any) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [*settings.pop("prefix", []), sys.executable, "-m", "kho", *arguments],
        env={**os.environ, "KHO_HOME": str(archive.home), "KHO_LANG": "en", "PYTHONSAFEPATH": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **settings,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def until(true: Callable[[], Any]) -> Any:
    """What the question answers once it is not empty."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := true()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
    return answer


def sign(archive: TestArchive) -> dict[str, Any]:
    with suppress(FileNotFoundError):
        return json.loads((archive.home / "reports" / "heartbeat.json").read_bytes())
    return {}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def answer(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def gone(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_the_clock_audits_what_was_reported_and_stops_when_asked(archive: TestArchive) -> None:
    object_id = archive.run("list", "--json").lines()[0]["object_id"]
    line = {"at": "2020-01-01T00:00:00Z", "object_id": object_id, "store": "primary"}
    # The copy was never audited: a report from any time is news.
    (archive.home / "spool" / "damage-2020-01-01.jsonl").write_text(json.dumps(line) + "\n")
    with running(archive, "schedule", "--json") as clock:
        until(lambda: not list((archive.home / "spool").iterdir()))
        assert sign(archive)["process"] == clock.pid
        clock.send_signal(signal.SIGTERM)
        out, _ = clock.communicate(timeout=PATIENCE)
    assert clock.returncode == 0
    ticks = [json.loads(told) for told in out.splitlines()]
    assert {told["outcome"] for told in ticks if told["tick"] == "audit"} == {"success"}
    with running(archive, "schedule") as again:  # nothing was left locked
        until(lambda: sign(archive)["process"] == again.pid)
        again.kill()


def test_run_serves_and_ticks_starts_again_what_dies_and_stops_both(archive: TestArchive) -> None:
    port = free_port()
    with running(archive, "run", "--port", str(port)) as both:
        until(lambda: answer(port, "/health") == 200)
        first = until(lambda: sign(archive))["process"]
        assert first != both.pid
        os.kill(first, signal.SIGKILL)
        second = until(lambda: sign(archive)["process"] != first and sign(archive)["process"])
        both.send_signal(signal.SIGTERM)
        _, err = both.communicate(timeout=PATIENCE)
    assert both.returncode == 0
    assert "schedule: killed by signal 9; started again in 1 s" in err
    assert gone(second)
    assert answer(port, "/health") == 0


def test_children_do_not_outlive_a_killed_supervisor(archive: TestArchive) -> None:
    with running(archive, "run", "--port", str(free_port())) as both:
        child = until(lambda: sign(archive))["process"]
        both.kill()
        until(lambda: gone(child))


@pytest.mark.skipif(os.geteuid() != 0, reason="another account can only be taken by root")
def test_an_account_that_may_only_read_serves_while_the_clock_runs(archive: TestArchive) -> None:
    port = free_port()
    home = archive.home
    for path in home.parents:
        if path.stat().st_uid == 0 and path.stat().st_mode & 0o077 == 0:
            path.chmod(0o711)  # pytest's own folders are for root alone
    (home / "keys" / "cursor.key").chmod(0o644)
    (home / "keys" / "auditor.token").chmod(0o644)
    (home / "spool").chmod(0o777)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with running(archive, "schedule"):
        until(lambda: sign(archive))
        with running(archive, "serve", "--port", str(port), prefix=nobody) as service:
            until(lambda: answer(port, "/health") or service.poll() is not None)
            if service.poll() is not None and "No module named" in service.communicate()[1]:
                pytest.skip("another account cannot read this program's files here")
            assert answer(port, "/health") == 200
            assert answer(port, "/objects") == 200


# --- the supervisor on small commands


def test_a_refusal_ends_everything_with_its_status() -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    for status in sorted(supervising.REFUSALS):
        refusing = [sys.executable, "-c", f"raise SystemExit({int(status)})"]
        said: list[str] = []
        ended = supervising.supervise({"a": refusing, "b": sleeper}, lambda: False, said.append)
        assert ended == status
        assert len(said) == 1


def test_what_dies_again_and_again_is_started_later_each_time_and_it_is_said() -> None:
    said: list[str] = []
    failing = [sys.executable, "-c", "raise SystemExit(1)"]
    ended = supervising.supervise({"a": failing}, lambda: len(said) == 2, said.append)
    assert ended == Exit.DONE
    assert [line.rpartition("again in ")[2] for line in said] == ["1 s", "2 s"]


def test_pauses_double_up_to_a_minute_and_begin_anew_after_a_long_life() -> None:
    pause, pauses = 0.0, []
    for _ in range(9):
        pause = supervising.pause_after(0.1, pause)
        pauses.append(pause)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert supervising.pause_after(3600, 60) == 1
