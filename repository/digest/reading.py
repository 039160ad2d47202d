"""Reading one regular file, or a range of it, from the page cache or from the medium.

Never follows a link in the last component, never waits on a pipe, never maps a file (a mapped file
that shrinks kills the process), and never gives the bytes of a file that changed underneath for those
of a file: see ``StoredBytes``.
"""

import errno
import fcntl
import mmap
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from repository.digest.tasks import FileTask, Source

BLOCK: Final = 256 * 1024
# O_DIRECT wants memory, offsets and lengths in multiples of the device's block; 4 KiB suits all known.
_ALIGNMENT: Final = 4096
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs", "proc", "sysfs"})
_OPEN_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class Pace:
    """A limit in bytes per second shared by all workers, and the bell that stops them all."""

    def __init__(self, max_bytes_per_second: int | None) -> None:
        self.stop = threading.Event()
        self.block = BLOCK
        self._rate = max_bytes_per_second
        self._lock = threading.Lock()
        self._next = time.monotonic()
        if max_bytes_per_second is not None:
            # Four reads a second at the slowest, so that a low limit is a trickle and not bursts.
            quarter = max_bytes_per_second // 4 // _ALIGNMENT * _ALIGNMENT
            self.block = min(BLOCK, max(_ALIGNMENT, quarter))

    def may_read(self, size: int) -> bool:
        """Wait until ``size`` more bytes may be read; False as soon as the work is cancelled."""
        if self._rate is None:
            return not self.stop.is_set()
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next)
            self._next = start + size / self._rate
        return not self.stop.wait(start - now)


class Cancelled(Exception):
    """The work was cancelled while a file was being read; nothing is known of that file."""


class StoredBytes:
    """What a task says of a regular file, open for one reading. Closed by ``with``.

    Opening raises ``OSError`` for what cannot be opened or is no regular file. ``blocks`` gives views
    of the worker's buffer, each valid until the next is asked for, and raises ``OSError`` for a read
    error, for a range that the file does not have (``ENODATA``), and for a file that changed
    (``ESTALE``): shorter than it was at opening, or of another size
    or modification time at the end. Only when ``blocks`` has ended by itself do the blocks together
    make the file, or the range. A file of a size not known beforehand (``/proc``) counts as changed.
    """

    def __init__(self, task: FileTask, *, medium: bool, mounts: "Mounts") -> None:
        self._fd = _open(task)
        try:
            self._before = _looked_at(self._fd)
            self._start = task.start
            self.size = self._range(task)
            self.source: Source = "cached"
            if medium and not mounts.in_memory(self._before.st_dev):
                direct = self._start % _ALIGNMENT == 0 and self._set_direct(on=True)
                self.source = "direct" if direct else self._evict()
            self._drop_after = medium and self.source != "direct"
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._drop_after:
                self._forget()
        finally:
            os.close(self._fd)

    def blocks(self, buffer: memoryview, pace: Pace) -> Iterator[memoryview]:
        """The file's bytes, in order. Raises ``Cancelled`` when the work was stopped."""
        done = 0
        while done < self.size:
            wanted = min(pace.block, self.size - done)
            if not pace.may_read(wanted):
                raise Cancelled
            # Whole blocks, so that a direct read is aligned; no file gives more than it has.
            whole = buffer[: -(-wanted // _ALIGNMENT) * _ALIGNMENT]
            got = self._read(whole, self._start + done)
            if got == 0:
                break
            got = min(got, self.size - done)
            yield buffer[:got]
            done += got
        if self._before.st_size == 0 and self._read(buffer[:_ALIGNMENT], 0):
            raise OSError(errno.ESTALE, "a file without a size has contents")
        if done != self.size or not _unchanged(self._before, os.fstat(self._fd)):
            raise OSError(errno.ESTALE, "the file changed while it was read")

    def _range(self, task: FileTask) -> int:
        there = self._before.st_size - task.start
        if there < 0 or (task.length or 0) > there:
            raise OSError(errno.ENODATA, "the file ends before the range does")
        return there if task.length is None else task.length

    def _read(self, view: memoryview, offset: int) -> int:
        try:
            return os.preadv(self._fd, [view], offset)
        except OSError as error:
            # A file system may accept O_DIRECT and then refuse a read, or a part of the file.
            if error.errno != errno.EINVAL or self.source != "direct":
                raise
        self._set_direct(on=False)
        self.source = self._evict() if offset == self._start else "cached"
        self._drop_after = True
        return os.preadv(self._fd, [view], offset)

    def _set_direct(self, *, on: bool) -> bool:
        flags = fcntl.fcntl(self._fd, fcntl.F_GETFL)
        wanted = flags | os.O_DIRECT if on else flags & ~os.O_DIRECT
        try:
            fcntl.fcntl(self._fd, fcntl.F_SETFL, wanted)
        except OSError:
            return False  # EINVAL: this file system has no direct reads
        return True

    def _evict(self) -> Source:
        """Ask the kernel to drop the file's pages, then look whether it did."""
        if not self._forget():
            return "cached"
        if self.size == 0:
            return "evicted"
        probe = bytearray(1)
        for offset in {self._start, self._start + self.size - 1}:
            try:
                if os.preadv(self._fd, [probe], offset, os.RWF_NOWAIT) > 0:
                    return "cached"  # a page that is dirty, or in use by somebody, stays
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EOPNOTSUPP):
                    raise
        return "evicted"

    def _forget(self) -> bool:
        try:
            os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError:
            return False
        return True


def read_small(task: FileTask, buffer: memoryview, pace: Pace) -> memoryview | None:
    """All of a small file, in the worker's buffer, from the page cache. None: read it by `StoredBytes`.

    Small is what one read gives. For such a file this is all that `StoredBytes` does, and raises what
    it raises, at half the cost; where anything is out of the ordinary it leaves the file to that.
    """
    if task.start or task.length is not None:
        return None
    fd = _open(task)
    try:
        before = _looked_at(fd)
        if not 0 < before.st_size <= pace.block:
            return None
        if not pace.may_read(before.st_size):
            raise Cancelled
        data = buffer[: before.st_size]
        if os.preadv(fd, [data], 0) != before.st_size:
            return None  # in pieces, or it has become shorter
        if not _unchanged(before, os.fstat(fd)):
            raise OSError(errno.ESTALE, "the file changed while it was read")
        return data
    finally:
        os.close(fd)


def _open(task: FileTask) -> int:
    try:
        return os.open(task.path, _OPEN_FLAGS, dir_fd=task.dir_fd)
    except UnicodeEncodeError as error:
        raise OSError(errno.EILSEQ, "a name that cannot be written in bytes") from error
    except ValueError as error:
        raise OSError(errno.EINVAL, "a name with a null byte") from error


def _looked_at(fd: int) -> os.stat_result:
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    return found


def _unchanged(before: os.stat_result, after: os.stat_result) -> bool:
    return (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


class Mounts:
    """Which devices keep their files in memory only, so that no medium can be read."""

    def __init__(self) -> None:
        self._in_memory: dict[int, bool] = {}

    def in_memory(self, device: int) -> bool:
        """Asked of the kernel's mount table; a device that is not listed there has a medium."""
        if device not in self._in_memory:
            self._in_memory.update(_mounted())
        return self._in_memory.setdefault(device, False)


def _mounted() -> dict[int, bool]:
    found: dict[int, bool] = {}
    try:
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return found  # no such table here: every result says what the reading itself achieved
    for line in lines:  # proc(5): "36 35 98:0 / /mnt opts [tags] - ext4 /dev/sda1 opts"
        left, _, right = line.partition(" - ")
        major, _, minor = left.split(" ")[2].partition(":")
        found[os.makedev(int(major), int(minor))] = right.split(" ")[0] in _IN_MEMORY
    return found


def aligned_buffer(size: int = BLOCK) -> memoryview:
    """Anonymous memory that begins on a page, as direct reads need."""
    return memoryview(mmap.mmap(-1, size))
