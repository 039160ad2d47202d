"""A ledger brought up from a store's copy, for a rebuild after a loss or an old one put back.

What is there is only ever continued, never replaced, and every entry is proven to follow before any
of it is written. A copy that differs from what is there is no continuation and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from preservation.ledger.chain import BrokenChain, ChainHead, after, follow, whole_lines
from preservation.ledger.journal import SEGMENT, Journal
from repository import durable
from repository.errors import ArchiveError
from repository.store import Store


def continue_ledger(folder: Path, stores: Iterable[Store]) -> str:
    """Bring the ledger up to the longest whole copy that goes on where it ends, or begins it.

    Returns the store's name, or nothing when no store knows more. Corrupt when the ledger that is there
    is broken. After a crash a beginning of the copy is there: the next call goes on.
    """
    journal = Journal(folder)
    best, source = journal.head(), None
    for store in stores:
        head = proven_copy(store)
        if head is not None and head.seq > best.seq and continues(store, journal):
            best, source = head, store
    if source is None:
        return ""
    for name in _segments(source):
        try:
            durable.write_durably(folder / name, _whole(source.read_evidence(name)))
        except OSError as problem:
            raise durable.explained(problem, "fetching the ledger") from problem
    return source.name


def proven_copy(store: Store) -> ChainHead | None:
    """Where the store's copy of the ledger ends, proven from its first entry; None when it is broken,
    or cannot be read."""
    head = ChainHead()
    try:
        for name in _segments(store):
            for entry in follow(head, whole_lines(store.read_evidence(name))):
                head = after(entry)
    except (BrokenChain, ArchiveError):
        return None
    return head


def continues(store: Store, journal: Journal) -> bool:
    """Whether all of the journal stands, byte for byte, at the beginning of the store's copy."""
    has = store.evidence()
    return all(
        has.get(name, 0) >= size
        and store.read_evidence(name)[:size] == journal.read_segment(name, 0, size)
        for name, size in journal.segments().items()
    )


def _segments(store: Store) -> Iterator[str]:
    return (name for name in sorted(store.evidence()) if SEGMENT.match(name))


def _whole(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]
