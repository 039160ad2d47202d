"""The journal on disk: numbered segments of entries, appended durably, read in order.

    FOLDER/journal-000001.jsonl, journal-000002.jsonl, …

An append is acknowledged once it is on the medium; what a crash left of one is cut off by the next.
Anything else that does not fit the chain is Corrupt and is never mended here.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from preservation.ledger.chain import (
    BrokenChain,
    ChainHead,
    Entry,
    after,
    claimed_start,
    follow,
    link_written,
    whole_lines,
)
from preservation.ledger.segments import SEGMENT_BYTES, WHAT_TO_DO, Segments, broken
from repository.errors import Corrupt, NotFound


@dataclass(frozen=True, slots=True)
class _Position:
    segment: int
    size: int
    head: ChainHead


class Journal:
    """The journal in one folder. One process appends at a time: the caller holds the lock."""

    def __init__(self, folder: Path) -> None:
        self._files = Segments(folder, "journal")
        self._known: _Position | None = None  # proven up to here by this process

    def head(self) -> ChainHead:
        """Where the acknowledged chain ends. Corrupt when it is broken behind what this process has
        proven already; at first that is the beginning of the last segment."""
        return self._position().head

    def holds(self, known: ChainHead) -> bool:
        """Whether the journal has exactly this entry; then it is read from there on only.

        For a head that somebody vouches for (a signed checkpoint). Corrupt: the entry is damaged.
        """
        if known.seq == 0:
            self._known = _Position(1, 0, ChainHead())
            return True
        place = self._files.locate(known.seq)
        if place is None:
            return False
        segment, start, end = place
        if after(self._lone(segment, start, end)) != known:
            return False
        self._known = _Position(segment, end, known)
        return True

    def append(self, records: Sequence[Mapping[str, Any]]) -> Sequence[Entry]:
        """Add one entry per record, in order, and return them.

        After return all are on the medium. After an exception or a crash a beginning of them may
        be: `head` tells how far.
        """
        position = self._position()
        segment, size, head = position.segment, position.size, position.head
        pending = bytearray()
        added = []
        for record in records:
            entry, written = link_written(head, record, secrets.token_hex(16))
            if size + len(pending) >= SEGMENT_BYTES:
                self._files.write(segment, bytes(pending), size)
                segment, size, pending = segment + 1, 0, bytearray()
            pending += written
            head = after(entry)
            added.append(entry)
        if pending:
            self._files.write(segment, bytes(pending), size)
        self._known = _Position(segment, size + len(pending), head)
        return added

    def entries(self, behind: ChainHead | None = None) -> Iterator[Entry]:
        """Every entry behind a head that somebody vouches for, else from the first; each proven to
        follow the one before. Corrupt; also when there is no such head any more."""
        head = behind or ChainHead()
        first, skip = 1, 0
        if head.seq:
            place = self._files.locate(head.seq)
            if place is None:
                raise Corrupt(f"The ledger has lost entry {head.seq}. {WHAT_TO_DO}")
            first, start, skip = place
            if after(self._lone(first, start, skip)) != head:
                raise Corrupt(f"Entry {head.seq} of the ledger is not what it was. {WHAT_TO_DO}")
        count = self._files.count()
        for number in range(first, count + 1):
            data = self._files.read(number, skip)
            skip = 0
            with self._judging(number):
                for entry in follow(head, whole_lines(data)):
                    head = after(entry)
                    yield entry
                if number < count and data and not data.endswith(b"\n"):
                    raise BrokenChain("something was put behind the last entry of a closed segment")

    def entry(self, seq: int) -> Entry:
        """One entry, proven by itself: its record is what it commits to. NotFound, Corrupt."""
        place = self._files.locate(seq) if seq > 0 else None
        if place is None:
            raise NotFound(f"The ledger has no entry {seq}.")
        return self._lone(*place)

    def segments(self) -> Mapping[str, int]:
        """The segments by name with the length of their acknowledged part, in order."""
        return self._files.sizes()

    def _position(self) -> _Position:
        """The end of the chain, proven from where this process last proved it, or from the
        beginning of the last segment that has an entry."""
        start = self._known or self._last_segment_start()
        position = start
        for number in range(start.segment, self._files.count() + 1):
            skip = start.size if number == start.segment else 0
            if self._files.length(number) < skip:
                name = self._files.name(number)
                raise Corrupt(f"{name} of the ledger has become shorter. {WHAT_TO_DO}")
            lines = whole_lines(self._files.read(number, skip))
            head = position.head
            with self._judging(number):
                for entry in follow(head, lines):
                    head = after(entry)
            if lines or number == start.segment:
                position = _Position(number, skip + sum(map(len, lines)), head)
        self._known = position
        return position

    def _last_segment_start(self) -> _Position:
        for number in range(self._files.count(), 0, -1):
            end = self._files.line_end(number, 0)
            if end:
                with self._judging(number):
                    head = claimed_start(self._files.read(number, 0, end))
                    if number == 1 and head != ChainHead():
                        raise BrokenChain("the first entry is not the first ever written")
                return _Position(number, 0, head)
        return _Position(1, 0, ChainHead())

    def _lone(self, segment: int, start: int, end: int) -> Entry:
        with self._judging(segment):
            raw = self._files.read(segment, start, end)
            (entry,) = follow(claimed_start(raw), [raw])
        return entry

    @contextmanager
    def _judging(self, number: int) -> Iterator[None]:
        try:
            yield
        except BrokenChain as problem:
            raise broken(self._files.name(number), problem) from problem
