"""Is the ledger whole, and do the stores' copies say the same?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from preservation.ledger.chain import ChainHead, after
from preservation.ledger.fetching import proven_copy
from preservation.ledger.journal import SEGMENT, Journal
from repository.catalogue.catalogue import Catalogue
from repository.errors import Corrupt, NotFound, Unavailable
from repository.store import Store

# `whole` and `broken` are said of a copy when there is no whole ledger to compare it with.
CopyState = Literal["identical", "behind", "ahead", "differs", "unavailable", "whole", "broken"]


@dataclass(frozen=True, slots=True)
class LedgerState:
    """Where the proven chain ends, and how each store's copy stands to it.

    `broken` says why the ledger itself is not whole; the copies are then judged by themselves.
    """

    head: ChainHead
    copies: Mapping[str, CopyState]
    broken: str = ""

    @property
    def damaged(self) -> bool:
        """Whether anything is there that should be otherwise."""
        return bool(self.broken) or bool({"ahead", "differs", "broken"} & set(self.copies.values()))


def verify_ledger(
    folder: Path, stores: Iterable[Store], catalogue: Catalogue | None = None
) -> LedgerState:
    """Prove the chain from its first entry, and compare each copy byte for byte.

    With a catalogue, also that the ledger has not lost entries which the catalogue knows it had: a
    chain that was cut off at an entry is whole by itself.
    """
    journal = Journal(folder)
    head = ChainHead()
    last_event = ""
    try:
        for entry in journal.entries():
            head = after(entry)
            last_event = str((entry.record or {}).get("event_id", ""))
        segments = journal.segments()
    except Corrupt as problem:
        return LedgerState(head, {s.name: _alone(s) for s in stores}, problem.operator)
    copies = {store.name: _compare(journal, segments, store) for store in stores}
    return LedgerState(head, copies, _lost(head, last_event, catalogue) if catalogue else "")


def _lost(head: ChainHead, last_event: str, catalogue: Catalogue) -> str:
    waiting = catalogue.outbox(limit=1)
    written = waiting[0].sequence - 1 if waiting else catalogue.last_sequence()
    if head.seq < written:
        return (
            f"The ledger ends at entry {head.seq}, but entries up to {written} had been written. Move "
            "its folder aside and run `kho rebuild`, which fetches a store's copy."
        )
    known = catalogue.events(after=head.seq - 1, limit=1) if head.seq else []
    if last_event and known and known[0].event_id != last_event:
        return (
            f"Entry {head.seq} of the ledger is not the event that the catalogue has under this "
            "number: one of them was exchanged. Compare both with the copies in the stores."
        )
    return ""


def _alone(store: Store) -> CopyState:
    try:
        store.check_available()
    except Unavailable:
        return "unavailable"
    return "broken" if proven_copy(store) is None else "whole"


def _compare(journal: Journal, segments: Mapping[str, int], store: Store) -> CopyState:
    try:
        has = {name: size for name, size in store.evidence().items() if SEGMENT.match(name)}
        differing = [name for name in segments if not _begins_alike(journal, segments, store, name)]
        if differing:
            return "differs"
        if any(size > segments.get(name, 0) for name, size in has.items()):
            return "ahead"
        return "identical" if has == segments else "behind"
    except (NotFound, Unavailable):
        return "unavailable"


def _begins_alike(journal: Journal, segments: Mapping[str, int], store: Store, name: str) -> bool:
    """Whether, as far as both go, ours and theirs hold the same bytes."""
    there = store.evidence().get(name, 0)
    if not there:
        return True
    length = min(there, segments[name])
    return store.read_evidence(name)[:length] == journal.read_segment(name, 0, length)
