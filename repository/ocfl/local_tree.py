"""A folder of this machine as an `ObjectTree`. Never follows a link, never waits on a pipe."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from repository.digest import DigestOptions, FileTask, digest_files
from repository.errors import NotFound, Unavailable
from repository.ocfl.tree import EntryKind, TreeDigest, TreeEntry

_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_BLOCK = 1024 * 1024
_AT_ONCE = 4096  # requests sorted by their algorithms at a time


class LocalTree:
    """The folder at `root`. NotFound when there is none, Unavailable when it cannot be looked at.

    `options` is how files are digested the first time.
    """

    def __init__(self, root: str, options: DigestOptions | None = None) -> None:
        try:
            found = Path(root).stat()
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"there is no folder {root!r}") from None
        except OSError as failure:
            raise Unavailable(f"the folder {root!r} cannot be looked at: {failure}") from failure
        if not stat.S_ISDIR(found.st_mode):
            raise NotFound(f"{root!r} is not a folder")
        self._root = root
        self._options = options or DigestOptions()

    def list(self) -> Iterator[TreeEntry]:
        """See `ObjectTree`. The order is the same every time."""
        waiting = [""]
        while waiting:
            for entry in self.list_top(waiting.pop()):
                if entry.kind == "dir" and entry.errno is None:
                    waiting.append(entry.path)
                yield entry

    def list_top(self, folder: str = "") -> Iterator[TreeEntry]:
        """What lies directly in one folder, by name; one entry with errno when it cannot be listed."""
        try:
            with os.scandir(self.full_path(folder)) as names:
                children = sorted(names, key=lambda child: child.name)
        except OSError as failure:
            yield TreeEntry(folder, "dir", errno=failure.errno or errno.EIO)
            return
        for child in children:
            yield _entry(f"{folder}/{child.name}" if folder else child.name, child)

    def read(self, path: str, limit: int) -> bytes:
        """See `ObjectTree`."""
        return read_regular(self.full_path(path), limit)

    def open(self, path: str) -> BinaryIO:
        """See `OpensFiles`."""
        return open_regular(self.full_path(path))

    def digests(
        self, requests: Iterable[tuple[str, Sequence[str]]], *, again: bool = False
    ) -> Iterator[TreeDigest]:
        """See `ObjectTree`. Files that want the same algorithms are read together, by the engine;
        `again` by OpenSSL."""
        options = replace(self._options, engine="hashlib") if again else self._options
        together: dict[tuple[str, ...], list[str]] = {}
        count = 0
        for path, algorithms in requests:
            together.setdefault(tuple(sorted(set(algorithms))), []).append(path)
            count += 1
            if count == _AT_ONCE:
                yield from self._digest(together, options)
                together, count = {}, 0
        yield from self._digest(together, options)

    def _digest(
        self, together: Mapping[tuple[str, ...], Sequence[str]], options: DigestOptions
    ) -> Iterator[TreeDigest]:
        for algorithms, paths in together.items():
            tasks = (FileTask(path, self.full_path(path)) for path in paths)
            for result in digest_files(tasks, algorithms, options=options):
                assert isinstance(result.key, str)
                yield TreeDigest(result.key, result.size, result.digests, result.errno)

    def full_path(self, path: str) -> str:
        """Where a file of the tree lies."""
        return f"{self._root}/{path}" if path else self._root


def read_regular(path: str, limit: int) -> bytes:
    """The first `limit` + 1 bytes of a regular file, or OSError; the last component is no link."""
    descriptor, found = _opened(path)
    try:
        # Not `limit` at once, which may be very much: room for that would be made and given back.
        wanted = min(found.st_size, limit) + 1
        data = os.read(descriptor, wanted)
        if len(data) < wanted and len(data) == found.st_size:
            return data  # as nearly always; else it grows, or comes in pieces
        pieces = [data]
        left = limit + 1 - len(data)
        while left and pieces[-1]:
            pieces.append(os.read(descriptor, min(left, _BLOCK)))
            left -= len(pieces[-1])
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def open_regular(path: str) -> BinaryIO:
    """A stream over a regular file, or OSError; the last component is no link."""
    return os.fdopen(_opened(path)[0], "rb", buffering=0)


def _opened(path: str) -> tuple[int, os.stat_result]:
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, found


def _entry(path: str, child: os.DirEntry[str]) -> TreeEntry:
    try:
        found = child.stat(follow_symlinks=False)
    except OSError as failure:
        return TreeEntry(path, "special", errno=failure.errno or errno.EIO)
    kind: EntryKind = "special"
    if stat.S_ISLNK(found.st_mode):
        kind = "link"
    elif stat.S_ISDIR(found.st_mode):
        return TreeEntry(path, "dir")
    elif stat.S_ISREG(found.st_mode):
        kind = "file"
    shared = (found.st_dev, found.st_ino) if found.st_nlink > 1 else None
    return TreeEntry(path, kind, found.st_size, same_as=shared)
