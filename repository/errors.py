"""Failures: what stops an operation. Findings about the material are `problems`, not exceptions.

    ArchiveError
    ├── NotFound        the thing asked for does not exist here
    ├── Conflict        somebody else changed it first, or it exists already
    ├── Locked          another process is working on it and did not finish in time
    ├── Corrupt         bytes are not what they were recorded to be
    ├── Unavailable     a store or service cannot be reached now; trying again may help
    ├── Refused         asked for something the archive's rules forbid
    ├── Cancelled       the operator stopped the work; what was finished stays finished
    └── Misconfigured   the installation itself is wrong; a person must mend it

Each carries two texts: `public`, fit for a reader (no paths, no internals), and `operator`, which says
what happened, where, and what to do. Nothing here knows HTTP or exit statuses: `api/problems.py` and
`kho/exits.py` map every class, and a test walks the tree so that none is left unmapped.
Errors of the programmer are built-in exceptions and are never caught.
"""

from __future__ import annotations


class ArchiveError(Exception):
    """Root of every failure Kho raises on purpose."""

    def __init__(self, operator: str, *, public: str | None = None) -> None:
        super().__init__(operator)
        self.operator = operator
        self.public = public or self.default_public

    default_public = "The archive could not do this."


class NotFound(ArchiveError):
    """The thing asked for does not exist here."""

    default_public = "Nothing is held under this name."


class Conflict(ArchiveError):
    """Somebody else changed it first, or it exists already."""

    default_public = "It was changed by somebody else at the same time."


class Locked(ArchiveError):
    """Another process is working on it and did not finish in time."""

    default_public = "Somebody else is working on this now."


class Corrupt(ArchiveError):
    """Bytes are not what they were recorded to be."""

    default_public = "What was found does not match the record. Nothing was changed."


class Unavailable(ArchiveError):
    """A store or service cannot be reached now; trying again may help."""

    default_public = "A part of the archive cannot be reached now."


class Refused(ArchiveError):
    """Asked for something the archive's rules forbid."""

    default_public = "The rules of the archive do not allow this."


class Cancelled(ArchiveError):
    """The operator stopped the work; what was finished stays finished."""

    default_public = "The work was stopped."


class Misconfigured(ArchiveError):
    """The installation itself is wrong; a person must mend it."""

    default_public = "The archive is not set up correctly."
