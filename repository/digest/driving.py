"""Driving the native engine: tasks on their way to its workers, and their answers on the way back.

Whether it is to be used at all is decided in `native`. Here is done, for every file of every audit, all
that is done in Python: so as little as can be.

Memory: ``threads`` × 8 files × 64 KiB (16 files with sha256; 512 KiB each from a medium), and
``look_ahead`` tasks and results. At most ``look_ahead`` files are open.
"""

import errno
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from repository.digest.native import ALGORITHMS, DrawnTask, NativeModule, ResultRow
from repository.digest.tasks import (
    DigestOptions,
    FileResult,
    FileTask,
    ListedFolder,
    ListedResult,
)

_CACHED_CHUNK: Final = 64 * 1024
_MEDIUM_CHUNK: Final = 512 * 1024
_TOGETHER: Final = 32  # results taken at once, while more are coming
_PATIENCE: Final = 0.02  # seconds: a single result waits no longer than this for others


def digest_natively(
    module: NativeModule,
    tasks: Iterable[FileTask],
    algorithms: tuple[str, ...],
    options: DigestOptions,
    threads: int,
) -> Iterator[FileResult]:
    """Results as they finish. Closing it stops the workers within a second.

    A worker that sits in a read which the kernel does not give back (a dead network mount) is left
    behind after that second and ends when the kernel lets it.
    """
    drawn = enumerate(tasks)
    keys: dict[int, object] = {}  # of the tasks the workers have
    refused: list[FileResult] = []

    def submit(engine: object, most: int) -> tuple[int, bool]:
        batch: list[DrawnTask] = []
        number, task = next(drawn, _END)
        while task is not None:
            try:
                path = _path_bytes(task.path)
            except OSError as refusal:
                refused.append(FileResult(task.key, None, {}, refusal.errno, "cached"))
                break  # it is told at once
            keys[number] = task.key
            folder = _AT_CWD if task.dir_fd is None else task.dir_fd
            length = -1 if task.length is None else task.length
            batch.append((number, path, folder, task.start, length))
            if len(batch) == most:
                break
            number, task = next(drawn, _END)
        module.submit(engine, batch)
        return len(batch), task is None

    for rows in _rows(module, submit, algorithms, options, threads):
        while refused:
            yield refused.pop(0)
        for number, size, error, source, *digests in rows:
            key = keys.pop(number)
            if error:
                yield FileResult(key, None, {}, error, source)
            else:
                found = dict(zip(algorithms, digests, strict=True))
                yield FileResult(key, size, found, None, source)


def digest_listed_natively(
    module: NativeModule,
    folders: Iterable[ListedFolder],
    algorithm: str,
    options: DigestOptions,
    threads: int,
) -> Iterator[Sequence[ListedResult]]:
    """As `digest_natively`, of whole files by the folder, a few results at a time.

    Nothing is made for a file but its row: what an audit spends on a file beside reading it is here.
    """
    listed = _Listed(module, folders)
    for rows in _rows(module, listed.submit, (algorithm,), options, threads):
        yield listed.results(rows)


class _Listed:
    """Folders on their way to the workers: some names of one folder at a time."""

    def __init__(self, module: NativeModule, folders: Iterable[ListedFolder]) -> None:
        self._module = module
        self._folders = iter(folders)
        self._key: object = None
        self._folder = ""
        self._names: Iterator[str] = iter(())
        self._out: dict[int, _Part] = {}  # by what the numbers of its files begin with
        self._count = 0
        self._refused: list[ListedResult] = []

    def submit(self, engine: object, most: int) -> tuple[int, bool]:
        given = 0
        while given < most:
            part = list(itertools.islice(self._names, most - given))
            if not part:
                following = next(self._folders, None)
                if following is None:
                    return given, True
                self._key, self._folder, names = following
                self._names = iter(names)
                continue
            asked = self._asked(engine, part)
            given += asked
            if asked < len(part):
                break  # what was refused is told at once
        return given, False

    def _asked(self, engine: object, part: list[str]) -> int:
        self._count += 1
        folder = f"{self._folder}/"
        try:
            wrong = self._module.submit_names(
                engine, self._count << _PART_BITS, _path_bytes(folder), part
            )
        except OSError:  # the folder's own name
            wrong = list(range(len(part)))
        for index in wrong:
            code = _refusal(folder + part[index])
            self._refused.append((self._key, part[index], None, None, code, "cached"))
        asked = len(part) - len(wrong)
        if asked:
            self._out[self._count] = _Part(self._key, part, asked)
        return asked

    def results(self, rows: list[ResultRow]) -> list[ListedResult]:
        results = self._refused
        self._refused = []
        for number, size, error, source, *digest in rows:
            part = self._out[number >> _PART_BITS]
            name = part.names[number & _PART_MASK]
            part.left -= 1
            if not part.left:
                del self._out[number >> _PART_BITS]
            if error:
                results.append((part.key, name, None, None, error, source))
            else:
                results.append((part.key, name, size, digest[0], None, source))
        return results


@dataclass(slots=True)
class _Part:
    """Names that the workers were given; `left`: so many are not answered yet."""

    key: object
    names: list[str]
    left: int


def _rows(
    module: NativeModule,
    submit: Callable[[object, int], tuple[int, bool]],
    algorithms: tuple[str, ...],
    options: DigestOptions,
    threads: int,
) -> Iterator[list[ResultRow]]:
    """What the workers answer, a few at a time. `submit` gives an engine at most so many more files;
    it says how many it gave, and whether they were the last."""
    engine = module.start(
        threads,
        [ALGORITHMS[name] for name in algorithms],
        options.medium,
        float(options.max_bytes_per_second or 0),
        _MEDIUM_CHUNK if options.medium else _CACHED_CHUNK,
    )
    out = 0  # given to the workers, and not yielded yet
    exhausted = False
    rows: list[ResultRow] = []  # to be yielded
    # Waiting for most of the few that may be out would let the workers stand idle meanwhile.
    together = max(1, min(_TOGETHER, options.look_ahead // 2))
    # At first as many as may be out: the largest of what is known is begun with, and a long file
    # that came a moment later would be waited for by everybody at the end.
    most = options.look_ahead
    try:
        while True:
            if not exhausted and out < options.look_ahead:
                given, exhausted = submit(engine, min(most, options.look_ahead - out))
                out += given
                most = together
            if out and not rows:
                # While more tasks can be drawn, only what is there already; then wait for a few.
                wait = _PATIENCE if exhausted or out >= options.look_ahead else 0.0
                rows = module.collect(engine, together, wait)
            # However many there are: the workers get new files before all of them are dealt with.
            some, rows = rows[:together], rows[together:]
            out -= len(some)
            yield some
            if exhausted and not out:
                return
    finally:
        module.stop(engine)


_END: Final = (-1, None)
_PART_BITS: Final = 16  # a part has at most `look_ahead` names
_PART_MASK: Final = (1 << _PART_BITS) - 1
_AT_CWD: Final = -100  # AT_FDCWD on Linux
_NAMES: Final = sys.getfilesystemencoding()


def _path_bytes(path: str) -> bytes:
    try:
        # As `os.fsencode` has it on Linux, at a third of the time: it is done for every file.
        name = path.encode(_NAMES, "surrogateescape")
    except UnicodeEncodeError as error:
        raise OSError(errno.EILSEQ, "a name that cannot be written in bytes") from error
    if b"\0" in name:
        raise OSError(errno.EINVAL, "a name with a null byte")
    return name


def _refusal(path: str) -> int:
    try:
        _path_bytes(path)
    except OSError as refusal:
        return refusal.errno or errno.EINVAL
    return errno.EINVAL
