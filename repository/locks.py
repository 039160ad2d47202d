"""Locks that live exactly as long as the work they guard.

A lock is a `flock` on a small file. The kernel lets it go when its holder ends in any way, `kill -9`
included, so there is nothing to expire and nobody's work is ever broken into. The file tells a person
who holds it; its content decides nothing. Works among processes and among threads of one process.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repository.errors import Locked

DEFAULT_WAIT = 30.0  # seconds a caller waits before it is told that the thing is locked


@contextmanager
def held(path: Path, what: str, *, wait: float = DEFAULT_WAIT) -> Iterator[None]:
    """Hold the lock at `path` for the length of the block. Locked when not free within `wait`."""
    deadline = time.monotonic() + wait
    while True:
        descriptor = _try_lock(path)
        if descriptor is not None:
            break
        if time.monotonic() >= deadline:
            raise Locked(f"{what} is in use by {_holder(path)}. Wait for it to end and try again.")
        time.sleep(0.02)
    try:
        yield
    finally:
        # Unlink before letting go: whoever opens the name from now on gets a new file.
        path.unlink(missing_ok=True)
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody alive holds the lock now."""
    if not path.exists():
        return False
    descriptor = _try_lock(path)
    if descriptor is None:
        return True
    path.unlink(missing_ok=True)
    os.close(descriptor)
    return False


def _try_lock(path: Path) -> int | None:
    path.parent.mkdir(exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The former holder may have unlinked the name between our open and our flock.
        there = path.stat()
        mine = os.fstat(descriptor)
        if (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino):
            raise BlockingIOError
    except (BlockingIOError, FileNotFoundError):
        os.close(descriptor)
        return None
    note = {"process": os.getpid(), "machine": socket.gethostname()}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(note).encode(), 0)
    return descriptor


def _holder(path: Path) -> str:
    try:
        note = json.loads(path.read_text("utf-8"))
        return f"process {note['process']} on {note['machine']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
