"""The native engine: is it there, is it right, how fast is it, and the driving of it.

The C extension may be absent (no compiler at installation), and is believed only after a self-test
against OpenSSL: known answers for every length from 0 to 1,100 bytes in every lane of every kernel
that this processor has. One wrong answer and the native engine is off for this process, with an error
in the log. Which kernel hashes how many files at once is decided by measurement at the same moment.

Memory: ``threads`` × 8 files × 64 KiB (16 files with sha256; 512 KiB each from a medium), and
``look_ahead`` tasks and results. At most ``look_ahead`` files are open.
"""

import errno
import functools
import hashlib
import importlib
import logging
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from repository.digest.multi import digest_bytes
from repository.digest.tasks import (
    DigestOptions,
    FileResult,
    FileTask,
    ListedFolder,
    ListedResult,
    Source,
)

ALGORITHMS: Final = {"sha512": 0, "sha256": 1, "sha512/256": 2}
LONGEST_TESTED: Final = 1100
INTERFACE: Final = 2  # of the C extension; one that was built from an older source is not used

_CACHED_CHUNK: Final = 64 * 1024
_MEDIUM_CHUNK: Final = 512 * 1024
_TOGETHER: Final = 32  # results taken at once, while more are coming
_PATIENCE: Final = 0.02  # seconds: a single result waits no longer than this for others

if TYPE_CHECKING:
    _Row: TypeAlias = tuple[int, int | None, int, Source, *tuple[str, ...]]
    _Drawn: TypeAlias = tuple[int, bytes, int, int, int]  # number, path, folder, start, length


class NativeModule(Protocol):
    """The C extension."""

    def prepare(
        self, library: str | None, pool: bytes, sha512: bytes, sha256: bytes
    ) -> "list[tuple[str, str, int, str, float]]": ...
    def hash_with(self, algorithm: int, kernel: str, messages: list[bytes]) -> list[bytes]: ...
    def start(
        self, threads: int, algorithms: list[int], medium: bool, rate: float, chunk: int
    ) -> object: ...
    def submit(self, engine: object, tasks: "list[_Drawn]") -> None: ...
    def collect(self, engine: object, wanted: int, seconds: float) -> "list[_Row]": ...
    def stop(self, engine: object) -> None: ...


@dataclass(frozen=True, slots=True)
class Kernel:
    """One way of hashing that was tested here; ``rate`` in bytes per second with all lanes full."""

    family: str
    name: str
    lanes: int
    verdict: str
    rate: float


@dataclass(frozen=True, slots=True)
class Native:
    """The outcome of loading and testing: ``module`` is None if it must not be used."""

    module: NativeModule | None
    reason: str
    kernels: tuple[Kernel, ...]
    openssl_rate: Mapping[str, float]

    def best(self, family: str) -> Kernel | None:
        """The kernel with the highest rate among those that answered right."""
        right = [k for k in self.kernels if k.family == family and k.verdict == "right"]
        return max(right, key=lambda k: k.rate, default=None)

    def gain(self, algorithms: tuple[str, ...]) -> float:
        """How many times faster than OpenSSL on one processor, all files being long; 0 if it cannot."""
        if self.module is None or not ALGORITHMS.keys() >= set(algorithms):
            return 0.0
        ours = theirs = 0.0
        for family in ("sha256" if name == "sha256" else "sha512" for name in algorithms):
            best = self.best(family)
            if best is None:
                return 0.0
            ours += 1 / best.rate
            theirs += 1 / self.openssl_rate[family]
        return theirs / ours

    def borrows_openssl(self) -> bool:
        """Whether a file that is alone is hashed by OpenSSL's own function."""
        return all(k.verdict == "right" for k in self.kernels if k.name == "openssl")


_loading = threading.Lock()


def native() -> Native:
    """Loads and tests the extension once for this process; some 50 ms the first time."""
    with _loading:
        return _load()


@functools.cache
def _load() -> Native:
    try:
        module = cast("NativeModule", importlib.import_module("repository.digest._native"))
    except ModuleNotFoundError:
        return Native(None, "the C extension was not built at installation", (), {})
    except ImportError as error:
        return Native(None, f"the C extension cannot be loaded: {error}", (), {})
    if getattr(module, "INTERFACE", 1) != INTERFACE:
        return Native(None, "the C extension is of another version: install again", (), {})
    return check(module)


def check(module: NativeModule) -> Native:
    """Known answers in every lane of every kernel, and the rate of each."""
    # Messages of no pattern, the same every time: a hash has no worse or better ones.
    pool = hashlib.shake_256(b"kho").digest(2 * LONGEST_TESTED)
    answers = {
        name: b"".join(
            bytes.fromhex(digest_bytes(pool[n : 2 * n], [name])[name])
            for n in range(LONGEST_TESTED + 1)
        )
        for name in ("sha512", "sha256")
    }
    rows = module.prepare(_openssl_library(), pool, answers["sha512"], answers["sha256"])
    kernels = tuple(Kernel(*row) for row in rows)
    # OpenSSL's function is borrowed by the layout of its context: if that has changed it is not
    # used, but nothing of ours is wrong.
    rates = {name: _openssl_rate(name) for name in ("sha512", "sha256")}
    wrong = [k for k in kernels if k.verdict == "wrong" and k.name != "openssl"]
    if wrong:
        reason = "self-test failed: " + ", ".join(f"{k.family} {k.name}" for k in wrong)
        logging.getLogger(__name__).error("the native digest engine is switched off: %s", reason)
        return Native(None, reason, kernels, rates)
    return Native(module, "self-test passed", kernels, rates)


def _openssl_rate(algorithm: str) -> float:
    data = bytes(64 * 1024)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        digest_bytes(data, [algorithm])
        best = max(best, len(data) / (time.perf_counter() - start))
    return best


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
    keys: dict[int, object] = {}  # of the tasks the workers have
    refused: list[FileResult] = []

    def drawn() -> "Iterator[_Drawn | None]":
        for number, task in enumerate(tasks):
            try:
                path = _path_bytes(task.path)
            except OSError as refusal:
                refused.append(FileResult(task.key, None, {}, refusal.errno, "cached"))
                yield None
                continue
            keys[number] = task.key
            folder = _AT_CWD if task.dir_fd is None else task.dir_fd
            yield number, path, folder, task.start, -1 if task.length is None else task.length

    for rows in _rows(module, drawn(), algorithms, options, threads):
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
    keys: dict[int, tuple[object, str]] = {}
    refused: list[ListedResult] = []

    def drawn() -> "Iterator[_Drawn | None]":
        number = 0
        for key, folder, names in folders:
            prefix = f"{folder}/"
            for name in names:
                try:
                    path = _path_bytes(prefix + name)
                except OSError as refusal:
                    refused.append((key, name, None, None, refusal.errno, "cached"))
                    yield None
                    continue
                number += 1
                keys[number] = key, name
                yield number, path, _AT_CWD, 0, -1

    for rows in _rows(module, drawn(), (algorithm,), options, threads):
        results = refused.copy()
        refused.clear()
        for number, size, error, source, *digest in rows:
            key, name = keys.pop(number)
            if error:
                results.append((key, name, None, None, error, source))
            else:
                results.append((key, name, size, digest[0], None, source))
        yield results


def _rows(
    module: NativeModule,
    drawn: "Iterator[_Drawn | None]",
    algorithms: tuple[str, ...],
    options: DigestOptions,
    threads: int,
) -> "Iterator[list[_Row]]":
    """What the workers answer, a few at a time. None is drawn for what they need not be asked."""
    engine = module.start(
        threads,
        [ALGORITHMS[name] for name in algorithms],
        options.medium,
        float(options.max_bytes_per_second or 0),
        _MEDIUM_CHUNK if options.medium else _CACHED_CHUNK,
    )
    out = 0  # the workers have these
    exhausted = False
    # Waiting for most of the few that may be out would let the workers stand idle meanwhile.
    together = max(1, min(_TOGETHER, options.look_ahead // 2))
    try:
        while True:
            batch: list[_Drawn] = []
            for _ in range(0 if exhausted else min(together, options.look_ahead - out)):
                task = next(drawn, _END)
                if task is _END:
                    exhausted = True
                if not isinstance(task, tuple):
                    break
                batch.append(task)
            module.submit(engine, batch)
            out += len(batch)
            # While more tasks can be drawn, only what is there already; then wait for a few.
            wait = _PATIENCE if exhausted or out >= options.look_ahead else 0.0
            rows = module.collect(engine, together, wait) if out else []
            out -= len(rows)
            yield rows
            if exhausted and not out:
                return
    finally:
        module.stop(engine)


_END: Final = object()
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


def _openssl_library() -> str | None:
    """The file of Python's own binding: the library it is linked with is the one to ask."""
    try:
        binding = importlib.import_module("_hashlib")
    except ImportError:
        return None
    return getattr(binding, "__file__", None)
