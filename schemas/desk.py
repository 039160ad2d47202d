"""The bodies behind pages that are not behind any other address: fonds, the auditor's desk, page views.

As in `schemas/access.py`: frozen and closed, null where not known or not for this reader.
"""

from __future__ import annotations

from typing import Literal

from schemas.access import Bilingual, Body, HitBody, Links


class FondsBody(Body):
    """One fonds, as far as this reader may know of it."""

    fonds_code: str
    agency_name: str
    dossiers: int
    documents: int
    first_year: str | None
    last_year: str | None
    links: Links


class FondsList(Body):
    """All fonds, in Vietnamese order of their names."""

    items: tuple[FondsBody, ...]


class ChoiceBody(Body):
    """One value of a facet, and how many of the dossiers looked at have it."""

    value: str
    count: int
    chosen: bool


class NarrowedSearch(Body):
    """What was found, narrowed by facets. `more`: there were more hits than were looked at."""

    query: str
    looked_at: int
    more: bool
    total: int
    items: tuple[HitBody, ...]
    facets: dict[str, tuple[ChoiceBody, ...]]
    next: str | None


class CaseBody(Body):
    """One copy that somebody should look at."""

    object_id: str
    title: str
    store: str
    head: str | None
    last_checked_at: str | None
    verdict: str | None
    links: Links


class CaseList(Body):
    """One list of the auditor's desk."""

    name: str
    count: int
    items: tuple[CaseBody, ...]
    next: str | None


class IncidentBody(Body):
    """One incident: what is wrong, and how far its care has come."""

    incident_id: str
    cause: str
    state: str
    object_id: str | None
    store: str | None
    kinds: tuple[str, ...]
    opened_at: str
    changed_at: str
    seen_at: str
    seen_count: int
    diagnosis: str | None
    by: str | None
    reason: str | None
    run_id: str | None
    message: Bilingual
    links: Links


class IncidentList(Body):
    """How many incidents are open, and which they are: the latter for auditors."""

    open: int
    counts: dict[str, int]
    items: tuple[IncidentBody, ...] | None
    next: str | None


class DeskStore(Body):
    """One store, asked now."""

    name: str
    primary: bool
    available: bool
    reason: str | None


class DeskBody(Body):
    """What an auditor asks first: each number with the address of its list."""

    everything: bool  # false: of open dossiers only
    copies: int
    window_days: int
    oldest_look_at: str | None
    counts: dict[str, int]
    stores: tuple[DeskStore, ...]
    links: Links


class PageBody(Body):
    """One page of one held file, as an access copy."""

    object_id: str
    version: str
    path: str
    sha512: str
    state: Literal["made", "failed", "missing", "not-made"]
    reason: str | None
    page: int
    pages: int | None
    text: str | None
    links: Links
