"""Locks that live exactly as long as the work they guard.

A lock is a `flock` on a small file. The kernel lets it go when its holder ends in any way, `kill -9`
included, so there is nothing to expire and nobody's work is ever broken into. The file tells a person
who holds it; its content decides nothing. Works among processes and among threads of one process; a
thread that asks for a lock it holds already waits in vain. A child that was forked while the lock was
held keeps it alive until it ends too: it may be a part of the work.

Not here: locks between machines that do not see one another's `flock` (NFS passes it on, SMB mounts
made with `nobrl` do not).
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from repository.errors import Locked

DEFAULT_WAIT = 30.0  # seconds a caller waits before it is told that the thing is locked


@contextmanager
def shared(path: Path, what: str, *, wait: float = DEFAULT_WAIT) -> Iterator[None]:
    """Hold the lock at `path` together with others who share it, for the length of the block.

    Locked when somebody has it alone (`held`) and does not let go within `wait`; OSError when the lock
    file cannot be made. The last to leave removes the file.
    """
    descriptor = _wait_for(path, what, wait, fcntl.LOCK_SH)
    try:
        yield
    finally:
        os.close(descriptor)
        _sweep_one(path)


@contextmanager
def held(path: Path, what: str, *, wait: float = DEFAULT_WAIT) -> Iterator[None]:
    """Hold the lock at `path` for the length of the block.

    Locked when it is not free within `wait`; OSError when the lock file cannot be made.
    """
    descriptor = _wait_for(path, what, wait, fcntl.LOCK_EX)
    try:
        yield
    finally:
        _let_go(path, descriptor)


def sweep(folder: Path) -> None:
    """Remove the lock files that dead holders left. Those that somebody holds stay."""
    for path in sorted(folder.glob("*.lock")):
        _sweep_one(path)


def _sweep_one(path: Path) -> None:
    descriptor = _try_lock(path, make=False)
    if descriptor is not None:
        _let_go(path, descriptor)


def _wait_for(path: Path, what: str, wait: float, kind: int) -> int:
    deadline = time.monotonic() + wait
    while True:
        descriptor = _try_lock(path, kind=kind)
        if descriptor is not None:
            return descriptor
        if time.monotonic() >= deadline:
            raise Locked(f"{what} is in use by {_holder(path)}. Wait for it to end and try again.")
        time.sleep(0.02)


def _try_lock(path: Path, *, make: bool = True, kind: int = fcntl.LOCK_EX) -> int | None:
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if make else 0)
    if make:
        path.parent.mkdir(exist_ok=True)
    try:
        descriptor = os.open(path, flags, 0o644)
    except FileNotFoundError:
        if make:
            raise
        return None
    taken = False
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        # The former holder may have unlinked the name between our open and our flock.
        there = path.stat(follow_symlinks=False)
        mine = os.fstat(descriptor)
        taken = (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)
    except (BlockingIOError, FileNotFoundError):
        return None
    finally:
        if not taken:
            os.close(descriptor)
    if not taken:
        return None
    if kind == fcntl.LOCK_SH:
        return descriptor
    note = {"process": os.getpid(), "machine": socket.gethostname()}
    # For a person only: a full disk must keep nobody from looking at what lies on it.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(note).encode(), 0)
    return descriptor


def _let_go(path: Path, descriptor: int) -> None:
    # Unlink before letting go: whoever opens the name from now on gets a new file. A name that
    # cannot be unlinked locks nobody out, and must not turn finished work into a failure.
    try:
        with suppress(OSError):
            path.unlink()
    finally:
        os.close(descriptor)


def _holder(path: Path) -> str:
    try:
        note = json.loads(path.read_bytes())
        return f"process {note['process']} on {note['machine']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
