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
    line,
    link,
    whole_lines,
)
from repository import durable
from repository.errors import Corrupt

SEGMENT_BYTES = 8 * 1024 * 1024
_WHAT_TO_DO = (
    "`kho ledger verify` says which store has a whole copy; move the ledger's folder aside and "
    "`kho rebuild` fetches that copy. Nothing was changed."
)
SEGMENT = re.compile(r"journal-(\d{6})\.jsonl\Z")


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
                self._write(segment, bytes(pending), size)
                segment, size, pending = segment + 1, 0, bytearray()
            pending += line(entry)
            head = after(entry)
        if pending:
            self._write(segment, bytes(pending), size)
        self._known = _Position(segment, size + len(pending), head)
        return head

    def entries(self) -> Iterator[Entry]:
        """Every entry from the first, each proven to follow the one before. Corrupt."""
        head = ChainHead()
        segments = self._segments()
        for name, number in segments:
            data = self._read(name)
            try:
                for entry in follow(head, whole_lines(data)):
                    head = after(entry)
                    yield entry
                if number < len(segments) and not data.endswith(b"\n"):
                    raise BrokenChain("something was put behind the last entry of a closed segment")
            except BrokenChain as problem:
                raise _broken(name, problem) from problem

    def segments(self) -> Mapping[str, int]:
        """The segments by name with the length of their acknowledged part, in order."""
        names = [name for name, _ in self._segments()]
        with self._reading():
            sizes = {name: (self._folder / name).stat().st_size for name in names}
        if names:
            sizes[names[-1]] = self._read(names[-1]).rfind(b"\n") + 1
        return sizes

    def read_segment(self, name: str, start: int, end: int) -> bytes:
        """Bytes of one segment."""
        with self._reading(), (self._folder / name).open("rb") as stream:
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
            data = self._read(name)
            skip = start.size if number == start.segment else 0
            if len(data) < skip:
                raise Corrupt(f"{name} of the ledger has become shorter. {_WHAT_TO_DO}")
            lines = whole_lines(data[skip:])
            head = position.head
            try:
                for entry in follow(head, lines):
                    head = after(entry)
            except BrokenChain as problem:
                raise _broken(name, problem) from problem
            if lines or number == start.segment:
                position = _Position(number, skip + sum(map(len, lines)), head)
        self._known = position
        return position

    def _last_segment_start(self) -> _Position:
        for name, number in reversed(self._segments()):
            lines = whole_lines(self._read(name))
            if lines:
                try:
                    head = claimed_start(lines[0])
                    if number == 1 and head != ChainHead():
                        raise BrokenChain("the first entry is not the first ever written")
                except BrokenChain as problem:
                    raise _broken(name, problem) from problem
                return _Position(number, 0, head)
        return _Position(1, 0, ChainHead())

    def _segments(self) -> list[tuple[str, int]]:
        found = []
        with self._reading():
            for path in self._folder.iterdir():
                match = SEGMENT.match(path.name)
                if match:
                    found.append((path.name, int(match.group(1))))
        found.sort()
        if [number for _, number in found] != list(range(1, len(found) + 1)):
            raise Corrupt(f"A segment of the ledger in {self._folder} is missing. {_WHAT_TO_DO}")
        return found

    def _read(self, name: str) -> bytes:
        with self._reading():
            return (self._folder / name).read_bytes()

    def _write(self, segment: int, data: bytes, offset: int) -> None:
        try:
            durable.append_durably(self._path(segment), data, offset)
        except OSError as problem:
            raise durable.explained(problem, "writing the ledger") from problem

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise durable.explained(problem, "reading the ledger") from problem

    def _path(self, segment: int) -> Path:
        return self._folder / f"journal-{segment:06d}.jsonl"


def _broken(name: str, problem: BrokenChain) -> Corrupt:
    return Corrupt(f"The ledger is broken in {name}: {problem}. {_WHAT_TO_DO}")
