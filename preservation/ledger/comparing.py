"""Is the ledger whole, and do the stores' copies say the same?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from preservation.ledger.against_catalogue import AgainstCatalogue
from preservation.ledger.anchors import Anchor, AnchorVerdict
from preservation.ledger.chain import ChainHead, Entry
from preservation.ledger.fetching import proven_copy
from preservation.ledger.segments import evidence, is_evidence, read_evidence
from preservation.ledger.sequencer import sequencing
from preservation.ledger.verifying import LogState, Outside, verify_log
from repository.catalogue.catalogue import Catalogue
from repository.errors import Corrupt, Misconfigured, NotFound, Unavailable
from repository.store import Store

# `whole` and `broken` are said of a copy when there is no whole ledger to compare it with.
CopyState = Literal["identical", "behind", "ahead", "differs", "unavailable", "whole", "broken"]


@dataclass(frozen=True, slots=True)
class LedgerState:
    """Where the proven chain ends, and how each store's copy stands to it.

    `broken` says why the ledger itself is not whole; the copies are then judged by themselves.
    `log` has what was found of tree, checkpoints, keys and anchors.
    """

    head: ChainHead
    copies: Mapping[str, CopyState]
    broken: str = ""
    log: LogState = field(default_factory=LogState)

    @property
    def damaged(self) -> bool:
        """Whether anything is there that should be otherwise."""
        bad_copy = {"ahead", "differs", "broken"} & set(self.copies.values())
        return bool(self.broken or self.log.wrong or bad_copy)

    @property
    def complete(self) -> bool:
        """Whether everything could be judged."""
        return not self.log.open and set(self.copies.values()) <= {"identical"}


def verify_ledger(
    folder: Path,
    stores: Iterable[Store],
    catalogue: Catalogue | None = None,
    *,
    outside: Sequence[Outside] = (),
    known_keys: Sequence[str] = (),
    judge: Callable[[Anchor], AnchorVerdict] | None = None,
) -> LedgerState:
    """Prove the chain from its first entry, hold everything signed against it, and compare each
    copy byte for byte.

    With a catalogue, also that the ledger has not lost entries which the catalogue knows it had (a
    chain that was cut off at an entry is whole by itself), and that every entry is the catalogue's
    event. `outside`: checkpoints and register lines that were kept elsewhere; `known_keys`: verifier
    keys that were; `judge`: what says what a time stamp is worth.

    While others write, what looks wrong may be half of a change. It is looked at again with every
    writer of the ledger kept out, where this account may do so. Locked when one is at work too long.
    """
    asked = list(stores)

    def verified() -> LedgerState:
        told = AgainstCatalogue(catalogue) if catalogue else None
        each = told.take if told else _nothing
        log = verify_log(folder, outside=outside, known_keys=known_keys, judge=judge, each=each)
        if told is not None:
            log.wrong += told.wrong
        return _compared(folder, asked, catalogue, log)

    found = verified()
    if not found.damaged:
        return found
    try:
        with sequencing(folder):
            return verified()
    except (Misconfigured, Unavailable):
        # A reader's account cannot keep a writer out, and a folder that is gone has none.
        return found


def _nothing(_: Entry) -> None:
    """For whoever has no catalogue to compare with."""


def _compared(
    folder: Path, stores: Sequence[Store], catalogue: Catalogue | None, log: LogState
) -> LedgerState:
    try:
        ours = evidence(folder)
    except Corrupt as problem:
        log.broken = log.broken or problem.operator
    if log.broken:
        return LedgerState(log.head, {s.name: _alone(s) for s in stores}, log.broken, log)
    copies = {store.name: _compare(folder, ours, store) for store in stores}
    lost = _lost(log.head, catalogue) if catalogue else ""
    return LedgerState(log.head, copies, lost, log)


def compare_copies(folder: Path, stores: Iterable[Store]) -> Mapping[str, CopyState]:
    """How each store's copy stands to the ledger, byte for byte; proves nothing of the ledger
    itself. Corrupt when a segment of it is missing."""
    ours = evidence(folder)
    return {store.name: _compare(folder, ours, store) for store in stores}


def _lost(head: ChainHead, catalogue: Catalogue) -> str:
    waiting = catalogue.outbox(limit=1)
    written = waiting[0].sequence - 1 if waiting else catalogue.last_sequence()
    if head.seq < written:
        return (
            f"The ledger ends at entry {head.seq}, but entries up to {written} had been written. Move "
            "its folder aside and run `kho rebuild`, which fetches a store's copy."
        )
    return ""


def _alone(store: Store) -> CopyState:
    try:
        store.check_available()
    except Unavailable:
        return "unavailable"
    return "broken" if proven_copy(store) is None else "whole"


def _compare(folder: Path, ours: Mapping[str, int], store: Store) -> CopyState:
    try:
        has = {name: size for name, size in store.evidence().items() if is_evidence(name)}
        for name, size in ours.items():
            there = min(has.get(name, 0), size)
            if there and store.read_evidence(name)[:there] != read_evidence(folder, name, 0, there):
                return "differs"
        if any(size > ours.get(name, 0) for name, size in has.items()):
            return "ahead"
        return "identical" if has == ours else "behind"
    except (NotFound, Unavailable):
        return "unavailable"
