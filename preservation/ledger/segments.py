"""Files that only ever grow: numbered segments of lines in one folder, appended durably, read in
order.

    FOLDER/KIND-000001.jsonl, KIND-000002.jsonl, …

A segment is closed once it has about 8 MB and is never changed again. A torn last line, left by a
crash, was never acknowledged and is cut off by the next append. What the lines say is the caller's
business.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from repository import durable
from repository.errors import Corrupt

SEGMENT_BYTES = 8 * 1024 * 1024
JOURNAL = re.compile(r"journal-(\d{6})\.jsonl\Z", re.ASCII)
CHECKPOINTS = re.compile(r"checkpoints-(\d{6})\.jsonl\Z", re.ASCII)
EVIDENCE = (JOURNAL, CHECKPOINTS)  # what every store is given a copy of
WHAT_TO_DO = (
    "`kho ledger verify` says which store has a whole copy; move the ledger's folder aside and "
    "`kho rebuild` fetches that copy. Nothing was changed."
)
_STEP = 4 * 1024

Kind = Literal["journal", "checkpoints"]


def is_evidence(name: str) -> bool:
    """Whether a file of this name is a segment of the journal or of the checkpoints."""
    return any(pattern.match(name) for pattern in EVIDENCE)


def broken(name: str, problem: object) -> Corrupt:
    """The failure that says so of a segment."""
    return Corrupt(f"The ledger is broken in {name}: {problem}. {WHAT_TO_DO}")


def evidence(folder: Path) -> Mapping[str, int]:
    """Every segment of every kind in a folder, with the length of its acknowledged part."""
    return {**Segments(folder, "journal").sizes(), **Segments(folder, "checkpoints").sizes()}


def read_evidence(folder: Path, name: str, start: int, end: int) -> bytes:
    """Bytes of one segment."""
    try:
        with (folder / name).open("rb") as stream:
            stream.seek(start)
            return stream.read(end - start)
    except OSError as problem:
        raise durable.explained(problem, "reading the ledger") from problem


class Segments:
    """The segments of one kind in one folder. One process appends at a time: the caller locks."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        self._folder = folder
        self._kind = kind
        self._pattern = JOURNAL if kind == "journal" else CHECKPOINTS
        # How every line ends, for canonical JSON sorts the names.
        number = "seq" if kind == "journal" else "size"
        self._number = re.compile(rf'"{number}":([0-9]{{1,19}})}}\n\Z'.encode())

    def name(self, number: int) -> str:
        """The name of a segment."""
        return f"{self._kind}-{number:06d}.jsonl"

    def count(self) -> int:
        """How many there are. Corrupt when one in between is missing."""
        found = []
        with self._reading():
            if self._folder.is_dir():
                for name in os.listdir(self._folder):  # noqa: PTH208  # asked for every entry
                    if match := self._pattern.match(name):
                        found.append(int(match[1]))
        if sorted(found) != list(range(1, len(found) + 1)):
            raise Corrupt(f"A segment of the ledger in {self._folder} is missing. {WHAT_TO_DO}")
        return len(found)

    def sizes(self) -> Mapping[str, int]:
        """The segments by name with the length of their acknowledged part, in order."""
        count = self.count()
        sizes = {self.name(number): self.length(number) for number in range(1, count + 1)}
        if count:
            sizes[self.name(count)] = self.acknowledged(count)
        return sizes

    def length(self, number: int) -> int:
        """How many bytes a segment has, a torn line included."""
        with self._reading():
            return self._path(number).stat().st_size

    def acknowledged(self, number: int) -> int:
        """Where the last whole line of a segment ends, newline included."""
        return self.line_start(number, self.length(number))

    def line_start(self, number: int, end: int) -> int:
        """Where the line begins that byte `end` - 1 of a segment would be a part of, were it no
        newline: behind the last newline before `end`."""
        with self._opened(number) as stream:
            return _line_start(stream, end)

    def line_end(self, number: int, start: int) -> int:
        """Where the line that has byte `start` ends, newline included; `start` when it is torn."""
        with self._opened(number) as stream:
            return _line_end(stream, start)

    def read(self, number: int, start: int = 0, end: int | None = None) -> bytes:
        """Bytes of a segment; all that is behind `start` without an end."""
        with self._opened(number) as stream:
            stream.seek(start)
            return stream.read() if end is None else stream.read(end - start)

    def locate(self, key: int) -> tuple[int, int, int] | None:
        """The segment, and the start and end in it, of the line whose number is `key`."""
        low, high = 1, self.count()
        while low < high:  # the last segment that begins at or before it
            middle = (low + high + 1) // 2
            with self._opened(middle) as stream:
                end = _line_end(stream, 0)
                before = bool(end) and self._key(middle, stream, 0, end) <= key
            low, high = (middle, high) if before else (low, middle - 1)
        if not high:
            return None
        with self._opened(low) as stream:
            start, stop = 0, _line_start(stream, stream.seek(0, 2))
            while start < stop:
                middle = (start + stop) // 2
                begin = max(start, _line_start(stream, middle))
                end = _line_end(stream, middle)
                found = self._key(low, stream, begin, end)
                if found == key:
                    return low, begin, end
                start, stop = (end, stop) if found < key else (start, begin)
        return None

    def write(self, number: int, data: bytes, offset: int) -> None:
        """Make a segment hold `data` from `offset` on and nothing behind it, durably."""
        try:
            self._folder.mkdir(exist_ok=True)
            durable.append_durably(self._path(number), data, offset)
        except OSError as problem:
            raise durable.explained(problem, "writing the ledger") from problem

    def _key(self, number: int, stream: BinaryIO, start: int, end: int) -> int:
        place = max(start, end - 40)
        stream.seek(place)
        match = self._number.search(stream.read(end - place))
        if match is None:
            raise broken(self.name(number), f"what stands before byte {end} is no line of it")
        return int(match[1])

    @contextmanager
    def _opened(self, number: int) -> Iterator[BinaryIO]:
        with self._reading(), self._path(number).open("rb") as stream:
            yield stream

    def _path(self, number: int) -> Path:
        return self._folder / self.name(number)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise durable.explained(problem, "reading the ledger") from problem


def _line_start(stream: BinaryIO, end: int) -> int:
    while end > 0:
        start = max(0, end - _STEP)
        stream.seek(start)
        found = stream.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _line_end(stream: BinaryIO, start: int) -> int:
    stream.seek(start)
    passed = start
    while block := stream.read(_STEP):
        found = block.find(b"\n")
        if found >= 0:
            return passed + found + 1
        passed += len(block)
    return start
