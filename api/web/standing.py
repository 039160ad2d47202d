"""The whole archive in numbers and lists, for pages: fonds, and copies that are not as they should be.

Read from the catalogue in one walk and kept until the archive's history has grown, since nothing
changes without an event. Everything here is of what a reader may know of: the walk is given the modes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

from preservation.audit.policy import AuditPolicy, late_before, looked_at
from preservation.audit.readings import copies_as_read
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import CopyRecord, ObjectRecord
from repository.search_text import vietnamese_sort_key

LISTS: Final = ("damaged", "incomplete", "overdue", "never", "lacking")
_SHOWN_OF_FONDS = 25
_MOST_KINDS = 50_000


@dataclass(frozen=True, slots=True)
class Fonds:
    """One fonds: how much of it is held, and its first dossiers by title."""

    code: str
    name: str
    dossiers: int
    documents: int
    first_year: str
    last_year: str
    beginning: tuple[ObjectRecord, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One copy that somebody should look at; without `copy` it is a copy that should be there."""

    object_id: str
    title: str
    store: str
    copy: CopyRecord | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The state at one point of the history."""

    fonds: tuple[Fonds, ...]
    objects: int
    documents: int
    bytes: int
    copies: int
    damaged: tuple[Case, ...]
    incomplete: tuple[Case, ...]
    never: tuple[Case, ...]
    lacking: tuple[Case, ...]
    by_age: tuple[Case, ...]  # every copy, the one looked at the longest ago first
    by_window: Mapping[int, tuple[Case, ...]]  # the same, for each window in days

    def overdue(self, now: datetime) -> tuple[Case, ...]:
        """The copies that were not read within their window, the longest unread first."""
        late: list[Case] = []
        for days, cases in self.by_window.items():
            count = bisect_left(cases, late_before(days, now), key=_age)
            late += cases[:count]
        return tuple(sorted(late, key=_age))


@dataclass(slots=True)
class _Lists:
    damaged: list[Case] = field(default_factory=list)
    incomplete: list[Case] = field(default_factory=list)
    never: list[Case] = field(default_factory=list)
    lacking: list[Case] = field(default_factory=list)
    by_age: list[Case] = field(default_factory=list)
    by_window: dict[int, list[Case]] = field(default_factory=dict)


class Standings:
    """Remembers the last standing for each kind of reader. Usable from several threads."""

    def __init__(self, catalogue: Catalogue, stores: Collection[str], audits: AuditPolicy) -> None:
        self._catalogue = catalogue
        self._stores = tuple(stores)
        self._audits = audits
        self._lock = Lock()
        self._kept: dict[frozenset[str] | None, tuple[int, Standing]] = {}

    def of(self, modes: frozenset[str] | None, judged: frozenset[str] | None) -> Standing:
        """`modes`: of what may be known; `judged`: of what the integrity may be known (None: all)."""
        with self._lock:
            sequence = self._catalogue.last_sequence()
            kept = self._kept.get(modes)
            if kept is None or kept[0] != sequence:
                kept = (sequence, self._look(modes, judged))
                self._kept[modes] = kept
            return kept[1]

    def _look(self, modes: frozenset[str] | None, judged: frozenset[str] | None) -> Standing:
        held = self._catalogue.objects(modes=modes, canaries=False)
        records = {record.object_id: record for record in held}
        told = {i: r for i, r in records.items() if judged is None or r.mode in judged}
        lists = _Lists()
        for store in self._stores:
            there = {}
            for copy in copies_as_read(self._catalogue, store):
                if copy.object_id in told:
                    there[copy.object_id] = copy
            for object_id, record in told.items():
                window = self._audits.window(store, record)
                _sort_in(lists, record, store, there.get(object_id), window)
        for cases in (lists.by_age, *lists.by_window.values()):
            cases.sort(key=_age)
        return Standing(
            fonds=_fonds(list(records.values())),
            objects=len(records),
            documents=sum(record.document_count for record in records.values()),
            bytes=sum(record.byte_count for record in records.values()),
            copies=len(lists.by_age),
            damaged=tuple(lists.damaged),
            incomplete=tuple(lists.incomplete),
            never=tuple(lists.never),
            lacking=tuple(lists.lacking),
            by_age=tuple(lists.by_age),
            by_window={days: tuple(cases) for days, cases in lists.by_window.items()},
        )


def _age(case: Case) -> str:
    return looked_at(case.copy) if case.copy else ""


def _sort_in(
    lists: _Lists, record: ObjectRecord, store: str, copy: CopyRecord | None, window: int
) -> None:
    case = Case(record.object_id, record.title, store, copy)
    if copy is None:
        lists.lacking.append(case)
        return
    lists.by_age.append(case)
    lists.by_window.setdefault(window, []).append(case)
    if copy.head != record.head:
        lists.lacking.append(case)
    if not copy.last_checked_at:
        lists.never.append(case)
    if copy.last_verdict == "damaged":
        lists.damaged.append(case)
    elif copy.last_verdict == "incomplete":
        lists.incomplete.append(case)


def _fonds(records: list[ObjectRecord]) -> tuple[Fonds, ...]:
    by_code: dict[str, list[ObjectRecord]] = {}
    for record in records:
        by_code.setdefault(record.fonds_code, []).append(record)
    found = [_one_fonds(code, held) for code, held in by_code.items()]
    return tuple(sorted(found, key=lambda fonds: (vietnamese_sort_key(fonds.name), fonds.code)))


def _one_fonds(code: str, held: list[ObjectRecord]) -> Fonds:
    years = sorted(
        date[:4] for record in held for date in (record.start_date, record.end_date) if date
    )
    name = Counter(record.agency_name for record in held).most_common(1)[0][0]
    ordered = sorted(held, key=lambda record: (vietnamese_sort_key(record.title), record.object_id))
    return Fonds(
        code=code,
        name=name,
        dossiers=len(held),
        documents=sum(record.document_count for record in held),
        first_year=years[0] if years else "",
        last_year=years[-1] if years else "",
        beginning=tuple(ordered[:_SHOWN_OF_FONDS]),
    )


class Kinds:
    """The kinds of document in a dossier, remembered like a standing."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = Lock()
        self._sequence = -1
        self._kept: dict[str, frozenset[str]] = {}

    def of(self, object_id: str) -> frozenset[str]:
        """The codes of `typeName`. The caller has made sure that the reader may know them."""
        sequence = self._catalogue.last_sequence()
        with self._lock:
            if sequence != self._sequence or len(self._kept) > _MOST_KINDS:
                self._sequence, self._kept = sequence, {}
            if object_id not in self._kept:
                documents = self._catalogue.documents(object_id)
                codes = frozenset(document.type_code for document in documents)
                self._kept[object_id] = codes - {""}
            return self._kept[object_id]
