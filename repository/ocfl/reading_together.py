"""Reading the content files of many objects in one stream, so that no reader waits at an object's end.

Owns the order in which objects are answered and how many are in flight; what a file must be is in
`content_digests`, and how it is read is the digest engine's. While files are read, the caller's thread
judges the names and inventories of the objects that follow, as far as the bounds below allow.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from repository.digest import DigestOptions, FileTask, digest_files
from repository.errors import NotFound, Unavailable
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.object_shape import unreadable
from repository.ocfl.validate import Judgement, ReadyToRead, judge_structure
from repository.problems import Report

_OBJECTS: Final = 256  # in flight at most,
_FILES: Final = 20_000  # and so many files of them, unless one object alone has more


def judge_folders(
    root: str, folders: Iterable[str], options: DigestOptions, *, check_digests: bool
) -> Iterator[tuple[str, Judgement]]:
    """The object in each of these folders below `root`, with its judgement, in the order given."""
    objects = ((folder, look_at_object(root, folder, options)) for folder in folders)
    if check_digests:
        yield from judge_together(root, objects, options)
    else:
        for folder, seen in objects:
            yield folder, seen.conclude(()) if isinstance(seen, ReadyToRead) else seen


def look_at_object(root: str, folder: str, options: DigestOptions) -> ReadyToRead | Judgement:
    """The object, judged in all but the bytes of its files; a whole judgement when it is not there."""
    try:
        tree = LocalTree(f"{root}/{folder}", options)
    except (NotFound, Unavailable):  # it was there a moment ago
        return Judgement(Report.of([unreadable(folder, errno.ENOENT)]), None, None)
    return judge_structure(tree)


def judge_together(
    root: str, objects: Iterator[tuple[str, ReadyToRead | Judgement]], options: DigestOptions
) -> Iterator[tuple[str, Judgement]]:
    """Each object, by its folder below `root`, with its whole judgement, in the order given.

    What is held does not grow with the number of objects. Closing it stops the reading.
    """
    drawn = _Drawn(objects)
    while (first := drawn.next()) is not None:
        if first.several:
            yield drawn.take().read_alone()
        elif not first.paths:
            yield drawn.take().answer()
        else:
            yield from _one_stream(root, drawn, first.algorithms, options)


def _one_stream(
    root: str, drawn: _Drawn, algorithms: tuple[str, ...], options: DigestOptions
) -> Iterator[tuple[str, Judgement]]:
    """The objects from here on, until one wants other digests or too much is in flight."""
    waiting: deque[_InFlight] = deque()
    tasks = _tasks(root, drawn, algorithms, waiting)
    for result in digest_files(tasks, algorithms, options=options):
        assert isinstance(result.key, tuple)
        one: _InFlight = result.key[0]
        one.answered(result.key[1], result.size, result.digests)
        while waiting and not waiting[0].unanswered:
            yield waiting.popleft().answer()
    while waiting:
        yield waiting.popleft().answer()


def _tasks(
    root: str, drawn: _Drawn, algorithms: tuple[str, ...], waiting: deque[_InFlight]
) -> Iterator[FileTask]:
    while (one := drawn.next()) is not None and not one.several:
        if one.paths and one.algorithms != algorithms:
            return
        files = sum(len(other.paths) for other in waiting)
        if waiting and (len(waiting) >= _OBJECTS or files + len(one.paths) > _FILES):
            return
        waiting.append(drawn.take())
        for path in one.paths:
            yield FileTask((one, path), f"{root}/{one.folder}/{path}")


class _InFlight:
    """One object whose files are being read, or are to be."""

    __slots__ = ("_judged", "_suspects", "algorithms", "folder", "paths", "several", "unanswered")

    def __init__(self, folder: str, judged: ReadyToRead | Judgement) -> None:
        self.folder = folder
        self._judged = judged
        self._suspects: list[str] = []
        wanted = judged.to_read() if isinstance(judged, ReadyToRead) else {}
        self.several = len(wanted) > 1  # its files want different digests
        self.algorithms: tuple[str, ...] = ()
        self.paths: list[str] = []
        for algorithms, paths in wanted.items() if not self.several else ():
            self.algorithms, self.paths = algorithms, paths
        self.unanswered = len(self.paths)

    def answered(self, path: str, size: int | None, digests: Mapping[str, str]) -> None:
        """Take in what one of its files was found to be; no size: it could not be read."""
        assert isinstance(self._judged, ReadyToRead)
        self.unanswered -= 1
        if size is None or not self._judged.is_met(path, size, digests):
            self._suspects.append(path)

    def read_alone(self) -> tuple[str, Judgement]:
        assert isinstance(self._judged, ReadyToRead)
        return self.folder, self._judged.finish()

    def answer(self) -> tuple[str, Judgement]:
        judged = self._judged
        if self.unanswered:  # no file passes for one that was read
            return self.read_alone()
        if isinstance(judged, ReadyToRead):
            judged = judged.conclude(self._suspects)
        return self.folder, judged


class _Drawn:
    """The objects, and a look at the next before it is taken."""

    def __init__(self, objects: Iterator[tuple[str, ReadyToRead | Judgement]]) -> None:
        self._objects = objects
        self._next: _InFlight | None = None

    def next(self) -> _InFlight | None:
        """None at the end."""
        if self._next is None:
            for folder, judged in self._objects:
                self._next = _InFlight(folder, judged)
                break
        return self._next

    def take(self) -> _InFlight:
        taken = self.next()
        assert taken is not None
        self._next = None
        return taken
