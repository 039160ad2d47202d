"""Two children kept alive: the read service and the clock of one archive, as `kho run` runs them.

A child that dies is started again, later each time it dies soon; that is said. A child that refuses to
work (another clock is running, there is no archive, wrong usage) ends everything with its status:
starting it again would change nothing. A signal to stop is passed on, and both are waited for.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kho.exits import Exit

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
LIVED_WELL = 60.0  # after so long a life the next death is a new one
STOP_SECONDS = 40.0  # longer than `kho schedule` gives its own work
REFUSALS = frozenset({Exit.USAGE, Exit.NO_ARCHIVE, Exit.LOCKED})
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class _Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    start_at: float = 0.0


def supervise(
    commands: Mapping[str, Sequence[str]],
    stopped: Callable[[], bool],
    say: Callable[[str], None],
    *,
    poll: float = 0.2,
) -> int:
    """Keep the commands running until `stopped`, or until one refuses; the status to end with."""
    children = [_Child(name, command) for name, command in commands.items()]
    try:
        while not stopped():
            for child in children:
                status = _tend(child, say)
                if status in REFUSALS:
                    return status
            time.sleep(poll)
        return Exit.DONE
    finally:
        _stop(children, say)


def pause_after(lived: float, former: float) -> float:
    """How long to wait before starting again what lived so long, having waited `former` before."""
    if lived >= LIVED_WELL or former == 0:
        return FIRST_PAUSE
    return min(LONGEST_PAUSE, former * 2)


def _tend(child: _Child, say: Callable[[str], None]) -> int | None:
    """Start the child when it is time to; its status when it has just ended."""
    now = time.monotonic()
    if child.process is None:
        if now >= child.start_at:
            child.process = _start(child.command)
            child.started = now
        return None
    status = child.process.poll()
    if status is None:
        return None
    child.process = None
    if status in REFUSALS:
        say(f"{child.name}: {_ended(status)}; it would not work a second time either")
        return status
    child.pause = pause_after(now - child.started, child.pause)
    child.start_at = now + child.pause
    say(f"{child.name}: {_ended(status)}; started again in {child.pause:g} s")
    return status


def _stop(children: Sequence[_Child], say: Callable[[str], None]) -> None:
    alive = [child for child in children if child.process is not None]
    for child in alive:
        assert child.process is not None
        child.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for child in alive:
        assert child.process is not None
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            say(f"{child.name}: did not stop in {STOP_SECONDS:g} s; killed")
            child.process.kill()
            child.process.wait()


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches the children once, through us.
    return subprocess.Popen(  # noqa: S603 - our own command line
        command, start_new_session=True, preexec_fn=_die_with_parent
    )


def _die_with_parent() -> None:
    """A child must not outlive a supervisor that was killed: the next clock would be refused."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _ended(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"ended with status {status}"
