"""A ledger brought up from a store's copy, for a rebuild after a loss or an old one put back.

What is there is only ever continued, never replaced. Every entry is proven to follow, and every
checkpoint to be signed by a key of the ledger, before any of it is written. A copy that differs
from what is there is no continuation and is left alone. The tree and `log/checkpoint` are made
again by the next `publish`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from re import Pattern

from preservation.ledger.chain import BrokenChain, ChainHead, Entry, after, follow, whole_lines
from preservation.ledger.checkpoint import BadNote
from preservation.ledger.journal import Journal
from preservation.ledger.kept import parse_line
from preservation.ledger.keys import KeyHistory
from preservation.ledger.segments import CHECKPOINTS, JOURNAL, evidence, read_evidence
from repository import durable
from repository.errors import ArchiveError, Conflict, Corrupt
from repository.store import Store


def continue_ledger(folder: Path, stores: Iterable[Store]) -> str:
    """Bring the ledger up to the longest whole copy that goes on where it ends, or begins it.

    Returns the name of the store that gave entries, or nothing when no store knows more. Corrupt
    when the ledger that is there is broken; Conflict when a whole copy tells another history than
    it, or than another copy. Then nothing was taken. After a crash a beginning of the copy is
    there: the next call goes on.
    """
    asked = list(stores)
    journal = Journal(folder)
    best, source = journal.head(), None
    heads = []
    for store in asked:
        if other_history(journal, store):
            raise _two_histories(
                f"in store {store.name} is whole, and tells another than the ledger"
            )
        head = proven_copy(store)
        if head is not None and head.seq > best.seq and continues(store, folder, JOURNAL):
            best, source = head, store
        if head is not None and head.seq:
            heads.append((store.name, head))
    if source is not None:
        wanted = {head for _, head in heads}
        passed: set[ChainHead] = set()
        proven_copy(source, lambda entry: passed.update({after(entry)} & wanted))
        for name, head in heads:
            if head not in passed:
                raise _two_histories(
                    f"in store {name} is whole, and tells another than {source.name}'s"
                )
    if source is not None:
        _take(folder, source, JOURNAL)
    _continue_checkpoints(folder, asked)
    return source.name if source else ""


def proven_copy(store: Store, each: Callable[[Entry], None] = lambda _: None) -> ChainHead | None:
    """Where the store's copy of the journal ends, proven from its first entry; None when it is
    broken, or cannot be read."""
    head = ChainHead()
    try:
        for name in _segments(store, JOURNAL):
            for entry in follow(head, whole_lines(store.read_evidence(name))):
                head = after(entry)
                each(entry)
    except (BrokenChain, ArchiveError):
        return None
    return head


def other_history(journal: Journal, store: Store) -> bool:
    """Whether the store's copy is whole, and neither it nor the journal is a beginning of the other."""
    ours = journal.head()
    met: list[ChainHead] = []

    def meet(entry: Entry) -> None:
        if entry.seq == ours.seq:
            met.append(after(entry))

    copy = proven_copy(store, meet)
    if copy is None or not copy.seq or not ours.seq:
        return False
    return met != [ours] if met else after(journal.entry(copy.seq)) != copy


def continues(store: Store, folder: Path, kind: Pattern[str]) -> bool:
    """Whether all that we have of a kind stands, byte for byte, at the beginning of the store's."""
    has = store.evidence()
    return all(
        has.get(name, 0) >= size
        and store.read_evidence(name)[:size] == read_evidence(folder, name, 0, size)
        for name, size in evidence(folder).items()
        if kind.match(name)
    )


def _two_histories(what: str) -> Conflict:
    return Conflict(
        f"The copy of the ledger {what}: one of the two was exchanged. `kho_verify.py` with a "
        "checkpoint or the key that was kept outside the archive says which is the archive's; move the "
        "other one aside (keep it: it is evidence) and try again."
    )


def _continue_checkpoints(folder: Path, stores: Iterable[Store]) -> None:
    keys = KeyHistory()
    end = 0
    try:
        for entry in Journal(folder).entries():
            keys.take(entry.seq, entry.record)
            end = entry.seq
    except BadNote as problem:
        raise Corrupt(f"The keys that the ledger names: {problem}.") from problem
    best = sum(size for name, size in evidence(folder).items() if CHECKPOINTS.match(name))
    source = None
    for store in stores:
        length = _signed_copy(store, keys, end)
        if length > best and continues(store, folder, CHECKPOINTS):
            best, source = length, store
    if source is not None:
        _take(folder, source, CHECKPOINTS)


def _signed_copy(store: Store, keys: KeyHistory, end: int) -> int:
    """How many bytes of checkpoints a store has, 0 when one of them is not the ledger's, or the
    store cannot be read."""
    size = length = 0
    try:
        for name in _segments(store, CHECKPOINTS):
            for raw in whole_lines(store.read_evidence(name)):
                signed = parse_line(raw).signed
                key = keys.in_force(signed.size)
                if not size < signed.size <= end or key is None or not signed.signed_by(key):
                    return 0
                size, length = signed.size, length + len(raw)
    except (BadNote, ArchiveError):
        return 0
    return length


def _take(folder: Path, store: Store, kind: Pattern[str]) -> None:
    try:
        folder.mkdir(exist_ok=True)
        for name in _segments(store, kind):
            data = store.read_evidence(name)
            durable.write_durably(folder / name, data[: data.rfind(b"\n") + 1])
    except OSError as problem:
        raise durable.explained(problem, "fetching the ledger") from problem


def _segments(store: Store, kind: Pattern[str]) -> Iterator[str]:
    return (name for name in sorted(store.evidence()) if kind.match(name))
