"""A child process that answers lines of JSON, for libraries that hostile files may bring down.

One line is asked, one or more are answered. The child is started afresh by exec, never forked from
this process (pygfried hangs in a forked child), ends when its standard input does, and is killed
with everything it started. What it was asked stays the caller's to judge: here a child that died,
hung, or said what cannot be understood is only told apart.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

_LONGEST_LINE: Final = 16 * 1024 * 1024
_ENDING: Final = 2.0  # seconds a child has to end by itself once nobody asks it any more


class ChildEnded(Exception):
    """The child died, or spoke nonsense and was killed. The text says how."""

    def __init__(self, how: str, signal_number: int = 0) -> None:
        super().__init__(how)
        self.signal_number = signal_number


class ChildSilent(Exception):
    """The child did not answer in time and was killed."""


class Child:
    """One running `python -m MODULE`. After ChildEnded or ChildSilent it is gone: start another.

    OSError from the constructor when no process can be started. For one thread at a time.
    """

    def __init__(self, module: str, environment: Mapping[str, str] | None = None) -> None:
        # -P: nothing in the current folder may stand in for a module of ours.
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            start_new_session=True,  # so that it can be killed with all it started
            bufsize=0,
        )
        self._pending = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: Mapping[str, Any]) -> None:
        """Give the child one line. ChildEnded."""
        line = json.dumps(request).encode() + b"\n"
        assert self._process.stdin is not None
        try:
            # Small against the pipe's room, and the child reads before it answers: never blocks long.
            self._process.stdin.write(line)
        except OSError:
            raise self._ended() from None

    def answer(self, seconds: float) -> dict[str, Any]:
        """The child's next line. ChildSilent after that time; ChildEnded."""
        line = self._line(time.monotonic() + seconds)
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            self.kill()
            raise ChildEnded("it answered what is no answer")
        return value

    def close(self) -> None:
        """Let the child end, or end it."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING)
        self.kill()

    def kill(self) -> None:
        """End the child and all it started, now."""
        if self._process.returncode is None:
            # Not reaped yet, so the number still is this child's.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _line(self, deadline: float) -> bytes:
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._pending:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    self.kill()
                    raise ChildSilent
                got = os.read(self._process.stdout.fileno(), 65536)
                if not got:
                    raise self._ended()
                self._pending += got
                if len(self._pending) > _LONGEST_LINE:
                    self.kill()
                    raise ChildEnded("it answered without an end")
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _ended(self) -> ChildEnded:
        """How a child that closed its side came to its end."""
        try:
            status = self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self.kill()
            return ChildEnded("it stopped answering")
        self.kill()
        if status >= 0:
            return ChildEnded(f"it ended with status {status}")
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = str(-status)
        return ChildEnded(f"it was ended by {name}", -status)
