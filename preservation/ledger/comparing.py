"""Is the ledger whole, and do the stores' copies say the same?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from preservation.ledger.chain import ChainHead, after
from preservation.ledger.journal import Journal
from repository.errors import Unavailable
from repository.store import Store

CopyState = Literal["identical", "behind", "differs", "unavailable"]


@dataclass(frozen=True, slots=True)
class LedgerState:
    """Where the proven chain ends, and how each store's copy stands to it."""

    head: ChainHead
    copies: Mapping[str, CopyState]


def verify_ledger(folder: Path, stores: Iterable[Store]) -> LedgerState:
    """Prove the chain from its first entry, and compare each copy byte for byte. Corrupt."""
    journal = Journal(folder)
    head = ChainHead()
    for entry in journal.entries():
        head = after(entry)
    segments = journal.segments()
    return LedgerState(head, {store.name: _compare(journal, segments, store) for store in stores})


def _compare(journal: Journal, segments: Mapping[str, int], store: Store) -> CopyState:
    try:
        has = store.evidence()
        state: CopyState = "identical"
        if set(has) - set(segments):
            return "differs"
        for name, size in segments.items():
            theirs = store.read_evidence(name) if name in has else b""
            ours = journal.read_segment(name, 0, size)
            if theirs != ours:
                if not ours.startswith(theirs):
                    return "differs"
                state = "behind"
    except Unavailable:
        return "unavailable"
    return state
