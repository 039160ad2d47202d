"""Locks that live as long as the work they guard."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from repository import locks
from repository.errors import Locked

HOLD = """
import sys, time
from pathlib import Path
from repository import locks
with locks.held(Path(sys.argv[1]), "it"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_is_given_to_one_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "a.lock"
    with locks.held(path, "it"):
        with pytest.raises(Locked, match=rf"process {os.getpid()} on"):
            locks.held(path, "it", wait=0).__enter__()
        with locks.held(tmp_path / "locks" / "b.lock", "other", wait=0):
            pass
    assert list(path.parent.iterdir()) == []


def test_a_lock_is_let_go_when_the_work_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with pytest.raises(ValueError, match="work"), locks.held(path, "it"):
        raise ValueError("work")
    with locks.held(path, "it", wait=0):
        pass


def test_a_killed_holder_locks_nobody_out_and_its_file_is_swept(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(Locked, match=f"process {holder.pid} on"):
            locks.held(path, "it", wait=0).__enter__()
        locks.sweep(tmp_path)
        assert path.exists()
        holder.kill()
    assert path.exists()
    locks.sweep(tmp_path)
    assert not path.exists()
    with locks.held(path, "it", wait=0):
        pass


def test_many_threads_hold_it_one_after_another(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    inside = 0
    most = 0
    total = 0

    def work() -> None:
        nonlocal inside, most, total
        for _ in range(10):
            with locks.held(path, "it"):
                inside += 1
                most = max(most, inside)
                total += 1
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, total) == (1, 40)
    assert not path.exists()


def test_a_full_disk_keeps_nobody_from_holding_a_lock_that_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    path = tmp_path / "a.lock"
    with locks.held(path, "it"), pytest.raises(Locked, match="another process"):
        locks.held(path, "it", wait=0).__enter__()
    with locks.held(path, "it", wait=0):
        pass


def test_a_lock_that_cannot_be_made_is_an_error_and_not_a_lock(tmp_path: Path) -> None:
    (tmp_path / "link.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"link\.lock"):
        locks.held(tmp_path / "link.lock", "it", wait=0).__enter__()
