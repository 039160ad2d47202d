"""The only place the read service writes: lines of JSON that a worker or the clock takes away.

    spool/access-YYYY-MM-DD.jsonl   every reading of what is not open, written before it is given
    spool/damage-YYYY-MM-DD.jsonl   stored bytes that did not match when they were to be served
    spool/wishes-YYYY-MM-DD.jsonl   access copies that a reader looked for and that are not made yet

A line is on the medium when the call returns. Files are only ever added to, by one write a line, so
several servers may share a folder; each call opens the file anew, so it may be moved away at any time.
A line torn by a full disk is ended by the next one; whoever reads skips lines that are not JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from repository.clock import utc_text
from repository.errors import Unavailable

DamageKind = Literal["altered", "missing", "unreadable"]

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_DSYNC | os.O_NOFOLLOW | os.O_CLOEXEC
_LONGEST = 2_000  # characters kept of a value that came from outside


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of what is not open: who, from where, what."""

    reader: str
    client: str
    method: str
    path: str
    query: str
    object_id: str = ""


@dataclass(frozen=True, slots=True)
class Damage:
    """One file that was not, in one store, what it must be."""

    object_id: str
    store: str
    path: str  # below the object's folder
    kind: DamageKind
    expected_sha512: str


@dataclass(frozen=True, slots=True)
class Wish:
    """One access copy that is wanted: of which file of which object, by which recipe (its key)."""

    object_id: str
    path: str  # logical path in the version that was looked at
    sha512: str
    recipe: str


class Spool:
    """A folder for those lines."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: set[tuple[str, Damage | Wish]] = set()

    def log_reading(self, reading: Reading, at: datetime) -> None:
        """Write down a reading. Unavailable when that is not possible: then nothing may be given."""
        self._append("access", asdict(reading), utc_text(at))

    def report_damage(self, damage: Damage, at: datetime) -> None:
        """Write down damage, the same once a day. Unavailable when that is not possible."""
        self._append_once("damage", damage, at)

    def wish(self, wish: Wish, at: datetime) -> None:
        """Write down a wish, the same once a day. Unavailable when that is not possible."""
        self._append_once("wishes", wish, at)

    def _append_once(self, kind: str, what: Damage | Wish, at: datetime) -> None:
        told = (utc_text(at)[:10], what)
        if told in self._told:
            return
        self._append(kind, asdict(what), utc_text(at))
        if len(self._told) >= 10_000:
            self._told.clear()
        self._told.add(told)

    def _append(self, kind: str, values: Mapping[str, str], at: str) -> None:
        entry = {"at": at, **{name: value[:_LONGEST] for name, value in values.items()}}
        line = json.dumps(entry).encode() + b"\n"
        try:
            self._write(self._folder / f"{kind}-{at[:10]}.jsonl", line)
        except OSError as problem:
            raise Unavailable(
                f"The spool at {self._folder} cannot be written: {problem.strerror}."
            ) from problem

    def _write(self, path: Path, line: bytes) -> None:
        descriptor = os.open(path, _FLAGS, 0o640)
        try:
            written = os.write(descriptor, line)
            if written != len(line):
                os.write(descriptor, b"\n")
                raise OSError(0, "only a part of the line could be written")
        finally:
            os.close(descriptor)
