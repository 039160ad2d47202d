"""One interrupted run of a piece of work in a process of its own.

Two ways to interrupt. *strace* counts and tampers with the system calls of the real process: the n-th
call of one kind, in the order its main thread makes them, kills it or fails. *hooks* does the same from
within, at Python's audit events and at the flushes and writes of `repository.durable`, where strace is
absent or ptrace is forbidden; it sees fewer points, and none in the middle of an interpreter call.
"""

from __future__ import annotations

import ctypes
import errno as errors
import io
import json
import mmap
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from repository import durable
from repository.errors import ArchiveError

# Calls by which a process changes a file system, or decides to.
CHANGING = (
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "syncfs",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "ftruncate",
    "fchmod",
    "flock",
    "copy_file_range",
    "sendfile",
    "link",
    "linkat",
    "symlink",
)
LOOKING = ("read", "preadv", "preadv2", "pread64", "getdents64", "newfstatat", "fstat", "lseek")
ERRORS = {
    "ENOSPC": errors.ENOSPC,
    "EIO": errors.EIO,
    "EROFS": errors.EROFS,
    "EACCES": errors.EACCES,
}
_PR_SET_PTRACER = 0x59616D61


@dataclass(frozen=True)
class Point:
    """Where to interrupt: the n-th call (from 1) of one kind; an error, or None to kill."""

    call: str
    nth: int
    error: str | None = None


@dataclass(frozen=True)
class Ended:
    """How the process ended: killed, or with a result, or with a failure in words."""

    how: str  # "killed", "done", "failed", or "crashed": with something that is no ArchiveError
    words: str = ""


@cache
def strace_works() -> str:
    """Why strace cannot be used here; empty when it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        ended = _run_traced(lambda: None, ["-o", str(log), "-e", "trace=fsync"])
    return "" if ended.how == "done" else f"strace cannot trace here: {ended.words}"


def count_calls(do: Callable[[], object], names: tuple[str, ...]) -> Counter[str]:
    """How often each of these calls is made while the work is done undisturbed: by the thread that
    makes it most often, for strace counts in each thread apart."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        ended = _run_traced(do, ["-o", str(log), "-e", f"trace={_known(names)}"])
        assert ended.how == "done", ended
        lines = log.read_text("utf-8", "replace").splitlines()
    threads: dict[str, Counter[str]] = {}
    for line in lines:
        thread, _, rest = line.partition(" ")
        call = re.match(r"([a-z0-9_]+)\(", rest.lstrip())
        if call:
            threads.setdefault(thread, Counter())[call[1]] += 1
    most: Counter[str] = Counter()
    for found in threads.values():
        most |= found
    return most


def record(do: Callable[[], object], log: Path) -> Ended:
    """Do the work undisturbed and write every changing call with all its bytes to `log`."""
    names = _known((*CHANGING, "close", "lseek", "dup", "dup3", "fcntl"))
    wanted = ["-o", str(log), "-xx", "-s", "100000000", "-e", f"trace={names}"]
    return _run_traced(do, wanted)


def interrupt(do: Callable[[], object], point: Point) -> Ended:
    """Do the work under strace, interrupted at `point`."""
    what = f"error={point.error}" if point.error else "signal=KILL"
    wanted = ["-e", f"trace={point.call}", "-e", f"inject={point.call}:{what}:when={point.nth}"]
    return _run_traced(do, ["-o", "/dev/null", *wanted])


def _known(names: tuple[str, ...]) -> str:
    return ",".join(f"?{name}" for name in names)


def _run_traced(do: Callable[[], object], options: list[str]) -> Ended:
    go, let_go = os.pipe()
    shared = mmap.mmap(-1, 65536)
    child = os.fork()
    if child == 0:
        os.close(let_go)
        _allow_tracing()
        _wait_for(go)
        _act(do, shared)
    os.close(go)
    tracer = subprocess.Popen(
        ["strace", "-f", "-p", str(child), *options],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert tracer.stderr is not None
    first = tracer.stderr.readline()
    if "attached" not in first:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(let_go)
        tracer.wait()
        return Ended("crashed", first.strip())
    os.write(let_go, b"!")
    os.close(let_go)
    _, status = os.waitpid(child, 0)
    tracer.communicate()
    return _ended(status, shared)


def _allow_tracing() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)


def _wait_for(go: int) -> None:
    while True:
        try:
            os.read(go, 1)
            return
        except OSError:
            continue  # an error that was meant for the work


def _act(do: Callable[[], object], shared: mmap.mmap) -> None:
    """The child: do it, leave word in shared memory (no system call), and end at once."""
    try:
        do()
        words = {"how": "done"}
    except ArchiveError as failure:
        words = {"how": "failed", "words": f"{type(failure).__name__}: {failure.operator}"}
    except BaseException:  # noqa: BLE001 — whatever it is, it is the result
        words = {"how": "crashed", "words": traceback.format_exc()[-4000:]}
    data = json.dumps(words).encode()
    shared[: len(data)] = data
    os._exit(0)


def _ended(status: int, shared: mmap.mmap) -> Ended:
    if os.WIFSIGNALED(status):
        return Ended("killed", signal.Signals(os.WTERMSIG(status)).name)
    data = shared[:].rstrip(b"\0")
    return Ended(**json.loads(data)) if data else Ended("crashed", "no word was left")


# -- from within


_EVENTS = frozenset(
    {
        "open",
        "os.mkdir",
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.truncate",
        "os.scandir",
        "os.listdir",
        "fcntl.flock",
    }
)


def count_hooks(do: Callable[[], object]) -> int:
    """How many points the hooks see in the work, undisturbed."""
    shared = mmap.mmap(-1, 8)

    def seen(n: int) -> None:
        shared[:8] = n.to_bytes(8, "little")

    ended = _run_hooked(do, seen)
    assert ended.how == "done", ended
    return int.from_bytes(shared[:8], "little")


def interrupt_by_hook(do: Callable[[], object], nth: int, error: str | None) -> Ended:
    """Do the work, interrupted at the n-th point the hooks see."""

    def at(n: int) -> None:
        if n == nth and error is None:
            os.kill(os.getpid(), signal.SIGKILL)
        elif n == nth and error is not None:
            raise OSError(ERRORS[error], os.strerror(ERRORS[error]))

    return _run_hooked(do, at)


def _run_hooked(do: Callable[[], object], at: Callable[[int], None]) -> Ended:
    shared = mmap.mmap(-1, 65536)
    child = os.fork()
    if child == 0:
        _install(at)
        _act(do, shared)
    _, status = os.waitpid(child, 0)
    return _ended(status, shared)


def _install(at: Callable[[int], None]) -> None:
    count = 0

    def point() -> None:
        nonlocal count
        count += 1
        at(count)

    def on_event(event: str, arguments: tuple[object, ...]) -> None:
        if event in _EVENTS:
            point()

    class Counted(io.FileIO):
        def write(self, data: object) -> int:  # type: ignore[override]
            point()
            return super().write(data)  # type: ignore[arg-type]

    def create(path: Path, mode: int = durable.READ_ONLY) -> BinaryIO:
        descriptor = os.open(path, durable.CREATE, mode)
        return io.BufferedWriter(Counted(descriptor, "wb"))  # type: ignore[return-value]

    fsync, syncfs = os.fsync, durable._syncfs

    def counted_fsync(descriptor: int) -> None:
        point()
        fsync(descriptor)

    def counted_syncfs(descriptor: int) -> int:
        point()
        assert syncfs is not None
        return syncfs(descriptor)

    durable.create_file = create
    os.fsync = counted_fsync  # type: ignore[assignment]
    if syncfs is not None:
        durable._syncfs = counted_syncfs
    sys.addaudithook(on_event)
