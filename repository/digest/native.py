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
import itertools
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from repository.digest.multi import digest_bytes
from repository.digest.tasks import DigestOptions, FileResult, FileTask, Source

ALGORITHMS: Final = {"sha512": 0, "sha256": 1, "sha512/256": 2}
LONGEST_TESTED: Final = 1100
INTERFACE: Final = 2  # of the C extension; one that was built from an older source is not used

_CACHED_CHUNK: Final = 64 * 1024
_MEDIUM_CHUNK: Final = 512 * 1024
_TOGETHER: Final = 32  # results taken at once, while more are coming
_PATIENCE: Final = 0.02  # seconds: a single result waits no longer than this for others

if TYPE_CHECKING:
    _Row: TypeAlias = tuple[int, int | None, int, Source, *tuple[str, ...]]


class NativeModule(Protocol):
    """The C extension."""

    def prepare(
        self, library: str | None, pool: bytes, sha512: bytes, sha256: bytes
    ) -> "list[tuple[str, str, int, str, float]]": ...
    def hash_with(self, algorithm: int, kernel: str, messages: list[bytes]) -> list[bytes]: ...
    def start(
        self, threads: int, algorithms: list[int], medium: bool, rate: float, chunk: int
    ) -> object: ...
    def submit(self, engine: object, tasks: "list[tuple[int, bytes, int, int, int]]") -> None: ...
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
    engine = module.start(
        threads,
        [ALGORITHMS[name] for name in algorithms],
        options.medium,
        float(options.max_bytes_per_second or 0),
        _MEDIUM_CHUNK if options.medium else _CACHED_CHUNK,
    )
    drawn = iter(tasks)
    keys: dict[int, object] = {}  # of the tasks the workers have
    numbers = itertools.count()
    exhausted = False
    # Waiting for many of the few that may be out would let the workers stand idle meanwhile.
    together = max(1, min(_TOGETHER, options.look_ahead // 4))
    try:
        while True:
            batch: list[tuple[int, bytes, int, int, int]] = []
            while not exhausted and len(batch) < together and len(keys) < options.look_ahead:
                task = next(drawn, None)
                if task is None:
                    exhausted = True
                    break
                try:
                    path = _path_bytes(task.path)
                except OSError as refusal:
                    yield FileResult(task.key, None, {}, refusal.errno, "cached")
                    continue
                number = next(numbers)
                keys[number] = task.key
                folder = _AT_CWD if task.dir_fd is None else task.dir_fd
                length = -1 if task.length is None else task.length
                batch.append((number, path, folder, task.start, length))
            module.submit(engine, batch)
            if not keys:
                if exhausted:
                    return
                continue
            # While more tasks can be drawn, only what is there already; then wait for a few.
            wait = _PATIENCE if exhausted or len(keys) >= options.look_ahead else 0.0
            for number, size, error, source, *digests in module.collect(engine, together, wait):
                key = keys.pop(number)
                if error:
                    yield FileResult(key, None, {}, error, source)
                else:
                    found = dict(zip(algorithms, digests, strict=True))
                    yield FileResult(key, size, found, None, source)
    finally:
        module.stop(engine)


_AT_CWD: Final = -100  # AT_FDCWD on Linux


def _path_bytes(path: str) -> bytes:
    try:
        name = os.fsencode(path)
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
