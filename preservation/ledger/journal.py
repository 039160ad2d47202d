"""The journal on disk: numbered segments of entries, appended durably, read in order.

    FOLDER/journal-000001.jsonl, journal-000002.jsonl, …

A segment is closed at about 8 MB and never changed again. An append is acknowledged once it is on the
medium; a torn last line, left by a crash, was never acknowledged and is cut off by the next append.
Anything else that does not fit the chain is Corrupt and is never mended here.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
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
    line,
    link,
)
from repository import durable
from repository.errors import Corrupt

SEGMENT_BYTES = 8 * 1024 * 1024
_SEGMENT = re.compile(r"journal-(\d{6})\.jsonl\Z")


@dataclass(frozen=True, slots=True)
class _Position:
    segment: int
    size: int
    head: ChainHead


class Journal:
    """The journal in one folder. One process appends at a time: the caller holds the lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: _Position | None = None  # proven up to here by this process

    def head(self) -> ChainHead:
        """Where the acknowledged chain ends. Corrupt when the last segment is broken."""
        return self._position().head

    def append(self, records: Sequence[Mapping[str, Any]]) -> ChainHead:
        """Add one entry per record, in order, and return the new head.

        After return all are on the medium. After an exception or a crash a beginning of them may
        be: `head` tells how far.
        """
        position = self._position()
        segment, size, head = position.segment, position.size, position.head
        pending = bytearray()
        for record in records:
            entry = link(head, record, secrets.token_hex(16))
            if size + len(pending) >= SEGMENT_BYTES:
                durable.append_durably(self._path(segment), bytes(pending), size)
                segment, size, pending = segment + 1, 0, bytearray()
            pending += line(entry)
            head = after(entry)
        if pending:
            durable.append_durably(self._path(segment), bytes(pending), size)
        self._known = _Position(segment, size + len(pending), head)
        return head

    def entries(self) -> Iterator[Entry]:
        """Every entry from the first, each proven to follow the one before. Corrupt."""
        head = ChainHead()
        for name, _ in self._segments():
            try:
                for entry in follow(head, _whole_lines((self._folder / name).read_bytes())):
                    head = after(entry)
                    yield entry
            except BrokenChain as problem:
                raise Corrupt(
                    f"The ledger is broken in {name}: {problem}. Compare it with the copies in "
                    "the stores; nothing was changed."
                ) from problem

    def segments(self) -> Mapping[str, int]:
        """The segments by name with the length of their acknowledged part, in order."""
        sizes = {name: (self._folder / name).stat().st_size for name, _ in self._segments()}
        if sizes:
            last = max(sizes)
            sizes[last] = (self._folder / last).read_bytes().rfind(b"\n") + 1
        return sizes

    def read_segment(self, name: str, start: int, end: int) -> bytes:
        """Bytes of one segment."""
        with (self._folder / name).open("rb") as stream:
            stream.seek(start)
            return stream.read(end - start)

    def _position(self) -> _Position:
        """The end of the chain, proven from where this process last proved it, or from the
        beginning of the last segment that has an entry."""
        start = self._known or self._last_segment_start()
        position = start
        for name, number in self._segments():
            if number < start.segment:
                continue
            data = (self._folder / name).read_bytes()
            skip = start.size if number == start.segment else 0
            if len(data) < skip:
                raise Corrupt(f"{name} of the ledger has become shorter. Compare with a store.")
            lines = list(_whole_lines(data[skip:]))
            head = position.head
            try:
                for entry in follow(head, lines):
                    head = after(entry)
            except BrokenChain as problem:
                raise Corrupt(f"The ledger is broken in {name}: {problem}.") from problem
            if lines or number == start.segment:
                position = _Position(number, skip + sum(map(len, lines)), head)
        self._known = position
        return position

    def _last_segment_start(self) -> _Position:
        for name, number in reversed(self._segments()):
            lines = list(_whole_lines((self._folder / name).read_bytes()))
            if lines:
                try:
                    head = claimed_start(lines[0])
                except BrokenChain as problem:
                    raise Corrupt(f"The ledger is broken in {name}: {problem}.") from problem
                if number == 1 and head != ChainHead():
                    raise Corrupt("The first entry of the ledger is not the first ever written.")
                return _Position(number, 0, head)
        return _Position(1, 0, ChainHead())

    def _segments(self) -> list[tuple[str, int]]:
        found = []
        for path in self._folder.iterdir():
            match = _SEGMENT.match(path.name)
            if match:
                found.append((path.name, int(match.group(1))))
        found.sort()
        if [number for _, number in found] != list(range(1, len(found) + 1)):
            raise Corrupt("A segment of the ledger is missing. Fetch it from a store's copy.")
        return found

    def _path(self, segment: int) -> Path:
        return self._folder / f"journal-{segment:06d}.jsonl"


def _whole_lines(data: bytes) -> Iterator[bytes]:
    for raw in data.splitlines(keepends=True):
        if raw.endswith(b"\n"):
            yield raw
