"""Every checkpoint that was ever signed, kept for ever beside the journal.

    FOLDER/checkpoints-000001.jsonl, …      one line of canonical JSON each:
    {"at":…,"note":…,"size":…}

Sizes only grow. Appends are durable before they return; nothing is ever taken away. Whether a
signature is right, and the root the tree's, is judged in `verifying`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from preservation.ledger.chain import canonical, whole_lines
from preservation.ledger.checkpoint import MAX_NOTE, BadNote, SignedCheckpoint, parse_note
from preservation.ledger.segments import SEGMENT_BYTES, Segments, broken
from repository.errors import NotFound

_MAX_LINE = 2 * MAX_NOTE


@dataclass(frozen=True, slots=True)
class Kept:
    """One checkpoint, and when this machine says it signed it."""

    signed: SignedCheckpoint
    at: str


class KeptCheckpoints:
    """The checkpoints in one folder. One process appends at a time: the caller holds the lock."""

    def __init__(self, folder: Path) -> None:
        self._files = Segments(folder, "checkpoints")

    def last(self) -> Kept | None:
        """The newest. Corrupt when it is damaged."""
        for number in range(self._files.count(), 0, -1):
            if end := self._files.acknowledged(number):
                return self._read(number, self._files.line_start(number, end - 1), end)
        return None

    def of_size(self, size: int) -> Kept:
        """The one of this size. NotFound, Corrupt."""
        place = self._files.locate(size)
        if place is None:
            raise NotFound(f"No checkpoint was signed at {size} entries.")
        return self._read(*place)

    def all(self) -> Iterator[Kept]:
        """All of them, smallest first. Corrupt when a line is none, or sizes do not grow."""
        size = 0
        count = self._files.count()
        for number in range(1, count + 1):
            data = self._files.read(number)
            for raw in whole_lines(data):
                kept = self._parsed(number, raw)
                if kept.signed.size <= size:
                    raise broken(self._files.name(number), "the sizes do not grow")
                size = kept.signed.size
                yield kept
            if number < count and not data.endswith(b"\n"):
                raise broken(self._files.name(number), "something was put behind its last line")

    def append(self, kept: Kept) -> None:
        """Keep one more. After return it is on the medium; after a crash it is there or it is not."""
        number = max(1, self._files.count())
        end = self._files.acknowledged(number) if self._files.count() else 0
        if end >= SEGMENT_BYTES:
            number, end = number + 1, 0
        self._files.write(number, line(kept), end)

    def _read(self, number: int, start: int, end: int) -> Kept:
        if end - start > _MAX_LINE:
            raise broken(self._files.name(number), "a line is longer than any that was written")
        return self._parsed(number, self._files.read(number, start, end))

    def _parsed(self, number: int, raw: bytes) -> Kept:
        try:
            return parse_line(raw)
        except BadNote as problem:
            raise broken(self._files.name(number), problem) from problem


def line(kept: Kept) -> bytes:
    """The checkpoint as it stands in a segment. `parse_line` reads it."""
    value = {"at": kept.at, "note": kept.signed.note, "size": kept.signed.size}
    return canonical(value) + b"\n"


def parse_line(raw: bytes) -> Kept:
    """The checkpoint of one line, newline included. BadNote."""
    try:
        if len(raw) > _MAX_LINE:
            raise ValueError
        value = json.loads(raw)
        note, at = value["note"], value["at"]
        if not isinstance(note, str) or not isinstance(at, str):
            raise TypeError
        kept = Kept(parse_note(note), at)
        if line(kept) != raw:
            raise BadNote("a line is not in canonical form")
    except BadNote:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise BadNote("a line is no checkpoint") from problem
    return kept
