"""The hashlib engine: OpenSSL on a few threads, each reading and hashing whole files.

OpenSSL lets go of the interpreter while it hashes more than 2,047 bytes, and so do reads: two threads
use two processors. The tasks are drawn in the caller's thread (an iterator may belong to it, as a
database cursor does) and never more than ``look_ahead`` before their results are taken.

With no thread of its own the caller's reads and hashes: for a process that does little else, to which
handing each file over would cost more than it brings.

Memory: ``threads`` × 256 KiB of buffers, and ``look_ahead`` tasks and results.
"""

import concurrent.futures
import errno
import queue
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from repository.digest.multi import MultiDigest, digester
from repository.digest.reading import (
    Cancelled,
    Mounts,
    Pace,
    StoredBytes,
    aligned_buffer,
    read_small,
)
from repository.digest.tasks import DigestOptions, FileResult, FileTask, Source

_TOGETHER: Final = 64  # small files that a worker is given, and answers for, at once
_CANCEL_SECONDS: Final = 0.9


def digest_with_hashlib(
    tasks: Iterable[FileTask], algorithms: tuple[str, ...], options: DigestOptions, threads: int
) -> Iterator[FileResult]:
    """Results as they finish. Closing it stops the workers within a second.

    A worker that sits in a read which the kernel does not give back (a dead network mount) is left
    behind after that second and ends when the kernel lets it.
    """
    pace = Pace(options.max_bytes_per_second)
    if not threads:
        yield from map(_Reader(algorithms, options.medium, pace).result, tasks)
        return
    todo: queue.SimpleQueue[list[FileTask] | None] = queue.SimpleQueue()
    done: queue.SimpleQueue[list[FileResult]] = queue.SimpleQueue()
    pool = concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="digest")
    workers = [
        pool.submit(_Worker(todo, done, _Reader(algorithms, options.medium, pace)).work)
        for _ in range(threads)
    ]
    drawn = iter(tasks)
    # What is slow to read is given out, and answered for, one by one.
    slow = options.medium or options.max_bytes_per_second is not None
    together = 1 if slow else max(1, min(_TOGETHER, options.look_ahead // (2 * threads)))
    outstanding = 0
    exhausted = False
    ready: deque[FileResult] = deque()
    try:
        while True:
            while not exhausted and outstanding < options.look_ahead and done.empty():
                some = list(islice(drawn, min(together, options.look_ahead - outstanding)))
                exhausted = not some
                if some:
                    todo.put(some)
                    outstanding += len(some)
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


class _Worker:
    """One thread: what it is given to read, and where its answers go."""

    def __init__(
        self,
        todo: queue.SimpleQueue[list[FileTask] | None],
        done: queue.SimpleQueue[list[FileResult]],
        reader: "_Reader",
    ) -> None:
        self._todo = todo
        self._done = done
        self._reader = reader

    def work(self) -> None:
        try:
            while (some := self._todo.get()) is not None:
                self._answer(some)
        except Cancelled:
            return
        finally:
            self._done.put([])  # an empty batch says: this worker has ended

    def _answer(self, some: list[FileTask]) -> None:
        results: list[FileResult] = []
        for at, task in enumerate(some):
            if self._reader.pace.stop.is_set():
                raise Cancelled
            result = self._reader.at_once(task)
            if result is None:  # neither those before it nor those behind need wait for this one
                if results:
                    self._done.put(results)
                if at + 1 < len(some):
                    self._todo.put(some[at + 1 :])
                self._done.put([self._reader.by_blocks(task)])
                return
            results.append(result)
        self._done.put(results)


class _Reader:
    """Reads and hashes one file after the other, in a buffer of its own."""

    def __init__(self, algorithms: tuple[str, ...], medium: bool, pace: Pace) -> None:
        self.pace = pace
        self._algorithms = algorithms
        self._digests = digester(algorithms)
        self._medium = medium
        self._buffer = aligned_buffer()
        self._mounts = Mounts()

    def result(self, task: FileTask) -> FileResult:
        return self.at_once(task) or self.by_blocks(task)

    def at_once(self, task: FileTask) -> FileResult | None:
        """None: not a small file in the page cache, so by blocks."""
        if self._medium:
            return None
        try:
            data = read_small(task, self._buffer, self.pace)
        except OSError as error:
            return FileResult(task.key, None, {}, error.errno or errno.EIO, "cached")
        if data is None:
            return None
        return FileResult(task.key, len(data), self._digests(data), None, "cached")

    def by_blocks(self, task: FileTask) -> FileResult:
        digest = MultiDigest(self._algorithms)
        source: Source = "cached"
        try:
            with StoredBytes(task, medium=self._medium, mounts=self._mounts) as stored:
                source = stored.source
                for block in stored.blocks(self._buffer, self.pace):
                    digest.update(block)
                source = stored.source
        except OSError as error:
            return FileResult(task.key, None, {}, error.errno or errno.EIO, source)
        return FileResult(task.key, digest.size, digest.hexdigests(), None, source)
