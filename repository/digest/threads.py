"""The hashlib engine: OpenSSL on a few threads, each reading and hashing whole files.

OpenSSL lets go of the interpreter while it hashes more than 2,047 bytes, and so do reads: two threads
use two processors. The tasks are drawn in the caller's thread (an iterator may belong to it, as a
database cursor does) and never more than ``look_ahead`` before their results are taken.

Memory: ``threads`` × 256 KiB of buffers, and ``look_ahead`` tasks and results.
"""

import concurrent.futures
import errno
import queue
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from repository.digest.multi import MultiDigest
from repository.digest.reading import BLOCK, Cancelled, Mounts, Pace, StoredBytes, aligned_buffer
from repository.digest.tasks import DigestOptions, FileResult, FileTask, Source

_HAND_OVER: Final = 16
_CANCEL_SECONDS: Final = 0.9


def digest_with_hashlib(
    tasks: Iterable[FileTask], algorithms: tuple[str, ...], options: DigestOptions, threads: int
) -> Iterator[FileResult]:
    """Results as they finish. Closing it stops the workers within a second.

    A worker that sits in a read which the kernel does not give back (a dead network mount) is left
    behind after that second and ends when the kernel lets it.
    """
    pace = Pace(options.max_bytes_per_second)
    todo: queue.SimpleQueue[FileTask | None] = queue.SimpleQueue()
    done: queue.SimpleQueue[list[FileResult]] = queue.SimpleQueue()
    pool = concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="digest")
    workers = [
        pool.submit(_work, todo, done, algorithms, options.medium, pace) for _ in range(threads)
    ]
    drawn = iter(tasks)
    outstanding = 0
    exhausted = False
    ready: deque[FileResult] = deque()
    try:
        while True:
            while not exhausted and outstanding < options.look_ahead and done.empty():
                task = next(drawn, None)
                if task is None:
                    exhausted = True
                    break
                todo.put(task)
                outstanding += 1
            if outstanding == 0:
                return
            batch = done.get()
            if not batch:
                _raise_failure(workers)
            ready.extend(batch)
            while ready:
                # Counted as given before it is: a caller that looks ahead itself is never starved.
                outstanding -= 1
                yield ready.popleft()
    finally:
        pace.stop.set()
        for _ in workers:
            todo.put(None)
        pool.shutdown(wait=False)
        concurrent.futures.wait(workers, timeout=_CANCEL_SECONDS)


def _raise_failure(workers: list[concurrent.futures.Future[None]]) -> None:
    """A worker ended before its time: give the caller the reason."""
    finished = concurrent.futures.wait(workers, return_when=concurrent.futures.FIRST_EXCEPTION)
    for worker in finished.done:
        worker.result()
    raise RuntimeError("a digest worker ended without a reason")


def _work(
    todo: queue.SimpleQueue[FileTask | None],
    done: queue.SimpleQueue[list[FileResult]],
    algorithms: tuple[str, ...],
    medium: bool,
    pace: Pace,
) -> None:
    buffer = aligned_buffer()
    mounts = Mounts()
    results = _Results(done)
    try:
        while True:
            try:
                task = todo.get_nowait()
            except queue.Empty:
                results.hand_over()
                task = todo.get()
            if task is None or pace.stop.is_set():
                return
            digest = MultiDigest(algorithms)
            source: Source = "cached"
            try:
                with StoredBytes(task, medium=medium, mounts=mounts) as stored:
                    source = stored.source
                    if stored.size > BLOCK or medium:
                        results.hand_over()  # they need not wait for this one
                    for block in stored.blocks(buffer, pace):
                        digest.update(block)
                    source = stored.source
            except OSError as error:
                results.add(FileResult(task.key, None, {}, error.errno or errno.EIO, source))
            else:
                results.add(FileResult(task.key, digest.size, digest.hexdigests(), None, source))
    except Cancelled:
        return
    finally:
        done.put([])  # an empty batch says: this worker has ended


class _Results:
    """Hands results over a few at a time, so that the caller's thread is not woken for each."""

    def __init__(self, done: queue.SimpleQueue[list[FileResult]]) -> None:
        self._done = done
        self._kept: list[FileResult] = []

    def add(self, result: FileResult) -> None:
        self._kept.append(result)
        if len(self._kept) >= _HAND_OVER:
            self.hand_over()

    def hand_over(self) -> None:
        if self._kept:
            self._done.put(self._kept)
            self._kept = []
