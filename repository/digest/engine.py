"""Which engine does the work, and what this installation has."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from repository.digest.multi import check_algorithms
from repository.digest.tasks import DigestOptions, EngineUnavailable, FileResult, FileTask
from repository.digest.threads import digest_with_hashlib

_DEFAULT = DigestOptions()


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
    if options.engine == "native":
        raise EngineUnavailable("the native engine is not built")
    return digest_with_hashlib(tasks, names, options, _threads(options))


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What ``digest_files`` with ``engine="auto"`` uses here, for ``kho doctor``."""

    name: str
    native_available: bool
    reason: str
    instructions: str


def engine_report() -> EngineReport:
    """Says which engine runs and why; loads and tests the native one if that was not done yet."""
    return EngineReport("hashlib", False, "the native engine is not built", "OpenSSL's own")


def _threads(options: DigestOptions) -> int:
    if options.threads is not None:
        return options.threads
    processors = len(os.sched_getaffinity(0))
    return max(4, processors) if options.medium else processors
