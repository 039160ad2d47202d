"""The body behind the page of coverage: how much of each copy was read again, file by file.

As in `schemas/access.py`: frozen and closed, null where not known or not for this reader.
"""

from __future__ import annotations

from schemas.access import Body, Links


class UnreadBody(Body):
    """One copy whose last look could not see all of it."""

    object_id: str
    files: int
    tried_at: str | None


class MonthBody(Body):
    """What audits read of a store in one month (UTC)."""

    month: str
    looks: int
    files: int
    bytes: int
    damaged: int
    not_seen: int


class StoreCoverageBody(Body):
    """One store. files = audited + written + unread + missing + late + unproven + lacking."""

    store: str
    window_days: int
    percent: str  # of `files`, those read within the window; rounded down
    complete: bool
    copies: int
    files: int
    bytes: int
    audited: int
    since: str | None
    until: str | None
    written: int
    unread: int
    not_seen: int
    missing: int
    late: int
    late_copies: int
    unproven: int
    lacking: int
    lacking_copies: int
    damaged_copies: int
    oldest_read_at: str | None
    unread_here: tuple[UnreadBody, ...]
    damaged_here: tuple[str, ...]
    months: tuple[MonthBody, ...] | None


class CoverageBody(Body):
    """Every store, at one instant."""

    at: str
    everything: bool  # false: of open dossiers only
    stores: tuple[StoreCoverageBody, ...]
    links: Links
