"""Ctrl-C as a wish: the first finishes what is at hand, the second stops at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from kho.cli.output import language


@contextmanager
def until_interrupted() -> Iterator[Callable[[], bool]]:
    """A question that turns true once SIGINT or SIGTERM came; a second one is KeyboardInterrupt."""
    asked = threading.Event()
    told = (
        "… đang làm nốt việc dở; nhấn lần nữa để dừng ngay"
        if language() == "vi"
        else "… finishing what is at hand; again to stop at once"
    )

    def wish(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        # Not through sys.stderr: the signal may have come in the middle of a write to it.
        with suppress(OSError):
            os.write(2, f"{told}\n".encode())

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
