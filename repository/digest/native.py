"""The native engine: is it there, is it right, and how fast is it. Its driving is in `driving`.

The C extension may be absent (no compiler at installation), and is believed only after a self-test
against OpenSSL: known answers for every length from 0 to 1,100 bytes in every lane of every kernel
that this processor has. One wrong answer and the native engine is off for this process, with an error
in the log. Which kernel hashes how many files at once is decided by measurement at the same moment.
"""

import functools
import hashlib
import importlib
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, cast

from repository.digest.multi import digest_bytes
from repository.digest.tasks import Source

ALGORITHMS: Final = {"sha512": 0, "sha256": 1, "sha512/256": 2}
LONGEST_TESTED: Final = 1100
INTERFACE: Final = 3  # of the C extension; one that was built from an older source is not used

# Key, size, errno (or 0), source, a digest for each algorithm; and key, path, folder, start, length.
ResultRow: TypeAlias = tuple[int, int | None, int, Source, *tuple[str, ...]]
DrawnTask: TypeAlias = tuple[int, bytes, int, int, int]


class NativeModule(Protocol):
    """The C extension."""

    def prepare(
        self, library: str | None, pool: bytes, sha512: bytes, sha256: bytes
    ) -> "list[tuple[str, str, int, str, float]]": ...
    def hash_with(self, algorithm: int, kernel: str, messages: list[bytes]) -> list[bytes]: ...
    def start(
        self, threads: int, algorithms: list[int], medium: bool, rate: float, chunk: int
    ) -> object: ...
    def submit(self, engine: object, tasks: list[DrawnTask]) -> None: ...
    def submit_names(
        self, engine: object, first: int, folder: bytes, names: list[str]
    ) -> list[int]: ...
    def collect(self, engine: object, wanted: int, seconds: float) -> list[ResultRow]: ...
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


def _openssl_library() -> str | None:
    """The file of Python's own binding: the library it is linked with is the one to ask."""
    try:
        binding = importlib.import_module("_hashlib")
    except ImportError:
        return None
    return getattr(binding, "__file__", None)
