"""Which engine does the work, and what this installation has."""

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from repository.digest.driving import digest_listed_natively, digest_natively
from repository.digest.multi import check_algorithms
from repository.digest.native import ALGORITHMS, NativeModule, native
from repository.digest.tasks import (
    DigestOptions,
    EngineUnavailable,
    FileResult,
    FileTask,
    ListedFolder,
    ListedResult,
)
from repository.digest.threads import digest_with_hashlib

_DEFAULT: Final = DigestOptions()
_WORTH_WHILE: Final = 1.05  # below this gain the engine that everybody knows is the better one


def digest_files(
    tasks: Iterable[FileTask],
    algorithms: Sequence[str],
    *,
    options: DigestOptions = _DEFAULT,
) -> Iterator[FileResult]:
    """Digest many files: exactly one result for each task, as each finishes, in any order.

    What is wrong with one file is its result's ``errno`` and stops nothing. ``tasks`` is drawn lazily,
    in the caller's thread, a bounded number ahead of the results taken; what it raises goes to the
    caller. Closing the iterator (or dropping it) cancels within a second; files not answered for by
    then have no result. Wrong arguments raise at once, before the first result is asked for.
    """
    names = check_algorithms(algorithms)
    threads = _threads(options)
    module = _module(names, options)
    if module is None:
        return digest_with_hashlib(tasks, names, options, threads)
    if options.engine == "auto" and not native().borrows_openssl():
        return _alone_or_many(module, tasks, names, options, threads)
    return digest_natively(module, tasks, names, options, max(1, threads))


def digest_listed(
    folders: Iterable[ListedFolder], algorithm: str, *, options: DigestOptions = _DEFAULT
) -> Iterator[Sequence[ListedResult]]:
    """As `digest_files`, for very many whole files named by their folders: results some at a time.

    Exactly one result for each name. The batches may be empty and have no meaning.
    """
    (name,) = check_algorithms([algorithm])
    module = _module((name,), options)
    if module is not None and (options.engine == "native" or native().borrows_openssl()):
        return digest_listed_natively(module, folders, name, options, max(1, _threads(options)))
    return _listed(folders, name, options)


def _listed(
    folders: Iterable[ListedFolder], algorithm: str, options: DigestOptions
) -> Iterator[Sequence[ListedResult]]:
    tasks = (
        FileTask((key, name), f"{folder}/{name}")
        for key, folder, names in folders
        for name in names
    )
    for result in digest_files(tasks, [algorithm], options=options):
        key, name = cast("tuple[object, str]", result.key)
        digest = result.digests.get(algorithm)
        yield [(key, name, result.size, digest, result.errno, result.source)]


def _module(algorithms: Sequence[str], options: DigestOptions) -> NativeModule | None:
    """The native engine where it is to be used: it is there, it is right, and it is the faster one."""
    if options.engine == "hashlib":
        return None
    if not ALGORITHMS.keys() >= set(algorithms):
        if options.engine == "native":
            raise EngineUnavailable(f"the native engine has not all of {', '.join(algorithms)}")
        return None
    found = native()
    if found.module is None and options.engine == "native":
        raise EngineUnavailable(found.reason)
    if options.engine == "auto" and found.gain(tuple(algorithms)) < _WORTH_WHILE:
        return None
    return found.module


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What ``digest_files`` with ``engine="auto"`` uses here, for ``kho doctor``."""

    name: str
    native_available: bool
    reason: str
    instructions: str


def engine_report() -> EngineReport:
    """Says which engine runs and why; loads and tests the native one if that was not done yet."""
    found = native()
    if found.module is None:
        return EngineReport("hashlib", False, found.reason, "OpenSSL's own")
    rates = []
    for family in ("sha512", "sha256"):
        best = found.best(family)
        if best is not None:
            rates.append(
                f"{family} {best.name} ×{best.lanes} {best.rate / 1e6:,.0f} MB/s a processor"
                f" (OpenSSL {found.openssl_rate[family] / 1e6:,.0f})"
            )
    instructions = "; ".join(rates)
    if max(found.gain(("sha512",)), found.gain(("sha256",))) < _WORTH_WHILE:
        reason = f"{found.reason}, but it is not faster than OpenSSL on this processor"
        return EngineReport("hashlib", True, reason, instructions)
    return EngineReport("native", True, found.reason, instructions)


def _alone_or_many(
    module: NativeModule,
    tasks: Iterable[FileTask],
    algorithms: tuple[str, ...],
    options: DigestOptions,
    threads: int,
) -> Iterator[FileResult]:
    """One file alone goes to OpenSSL, where the native engine could not borrow its function."""
    drawn = iter(tasks)
    first = list(itertools.islice(drawn, 2))
    if len(first) < 2:
        yield from digest_with_hashlib(first, algorithms, options, threads)
    else:
        every = itertools.chain(first, drawn)
        yield from digest_natively(module, every, algorithms, options, max(1, threads))


def _threads(options: DigestOptions) -> int:
    if options.threads is not None:
        return options.threads
    processors = len(os.sched_getaffinity(0))
    return max(4, processors) if options.medium else processors
