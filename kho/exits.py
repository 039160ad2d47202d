"""Exit statuses: what a program that calls `kho` may rely on. Anything else means failure.

0 done and nothing found · 1 failure · 2 wrong usage · 3 damage or refusals found · 4 incomplete
(something unreadable or not checked, no damage found) · 10 no archive · 11 locked · 130 cancelled
"""

from __future__ import annotations

from enum import IntEnum

from kho.settings import NoArchive
from preservation.audit.fixity import CopyVerdict, Sums
from repository.errors import (
    ArchiveError,
    Cancelled,
    Conflict,
    Corrupt,
    Locked,
    Misconfigured,
    NotFound,
    Refused,
    Unavailable,
)


class Exit(IntEnum):
    """The statuses of design section 6."""

    DONE = 0
    FAILURE = 1
    USAGE = 2
    FOUND = 3
    INCOMPLETE = 4
    NO_ARCHIVE = 10
    LOCKED = 11
    CANCELLED = 130


FAILURES: dict[type[ArchiveError], Exit] = {
    NoArchive: Exit.NO_ARCHIVE,
    Locked: Exit.LOCKED,
    Cancelled: Exit.CANCELLED,
    NotFound: Exit.FAILURE,
    Conflict: Exit.FAILURE,
    Corrupt: Exit.FAILURE,
    Unavailable: Exit.FAILURE,
    Refused: Exit.FAILURE,
    Misconfigured: Exit.FAILURE,
}


def of_failure(failure: ArchiveError) -> Exit:
    """The status of a failure: that of its class, or of the nearest class above it."""
    for class_ in type(failure).__mro__:
        if class_ in FAILURES:
            return FAILURES[class_]
    return Exit.FAILURE


def of_audit(sums: Sums, stores_unavailable: bool, broken: str = "") -> Exit:
    """The status of an audit: damage outweighs a run whose sums cannot be relied on (`broken`), and
    that what could not be checked."""
    if sums.verdict() is CopyVerdict.DAMAGED:
        return Exit.FOUND
    if broken:
        return Exit.FAILURE
    if sums.verdict() is CopyVerdict.INCOMPLETE or stores_unavailable:
        return Exit.INCOMPLETE
    return Exit.DONE
