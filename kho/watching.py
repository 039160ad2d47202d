"""A watched drop folder: what has come to rest there is a transfer to be taken.

An office that copies a file here takes its time, so nothing is touched before it is whole:

* a packed transfer, or a folder (a transfer unpacked, a bag, a list with its files), is ready when no
  size and time in it has changed for `settle` seconds, or at once when an empty file of its name with
  `.ready` added stands beside it;
* a list lies in a folder with its files; one that lies loose is not looked at, for whose files it lists
  cannot be told;
* names that begin with a dot or end in `.part`, `.partial`, `.tmp`, `.filepart`, `.crdownload` are not
  looked at: copy under such a name and rename when it is whole, which is the surest way.

Nothing in the folder is ever changed, moved or removed. What was taken is known again by its digest, by
the catalogue, so a restart (or `kill -9`) takes nothing twice; a file that got other bytes is another
transfer. What was refused is not tried again by itself: the office sends it anew, or a person names it.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from ingest.arrival import Arrival
from ingest.container import recorded_name
from ingest.lists.mapping import SheetMapping
from ingest.quarantine import read_container
from ingest.shapes.finding import find
from kho.taking import Taken
from repository.catalogue.catalogue import Catalogue
from repository.errors import ArchiveError
from repository.problems import Problem

_NOT_YET: Final = (".part", ".partial", ".tmp", ".filepart", ".crdownload")
_PACKED: Final = (".zip", ".tar", ".tgz", ".tar.gz")
_MARK: Final = ".ready"
_MOST: Final = 100_000  # names looked at in the folder
_MOST_INSIDE: Final = 250_000  # and in one of its folders; one of more is never at rest
_DEEPEST: Final = 64

_Seen = tuple[int, int, int]  # size, time of change, inode; of a folder all sizes, last, how many


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the folder found: what may be taken, and why it could not look."""

    ready: tuple[Arrival, ...]
    trouble: str = ""
    strangers: tuple[tuple[str, Problem], ...] = ()  # what is at rest and no transfer; told once


class Watch:
    """One watched folder. Remembers what it saw only for as long as it lives."""

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        *,
        settle: float,
        mappings: Sequence[SheetMapping] = (),
        fonds: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self._catalogue, self._settle = folder, catalogue, settle
        self._mappings, self._fonds = mappings, fonds
        self._clock = clock
        self._failed: set[str] = set()  # since the last look
        self._since: dict[str, tuple[_Seen, float]] = {}  # as it is now, and since when
        self._done: dict[str, _Seen] = {}
        self._trouble = ""

    def look(self) -> Look:
        """Look once. Never raises for a folder that is away: that is told, once."""
        try:
            found = self._list()
        except OSError as problem:
            told = f"{self.folder}: {problem.strerror}"
            again, self._trouble = told == self._trouble, told
            return Look((), "" if again else told)
        self._trouble = ""
        self._failed.clear()
        now = self._clock()
        names = set(found)
        ready = []
        for name in sorted(names):
            if name.lower().endswith(_MARK):
                continue
            seen = found[name]
            before = self._since.get(name)
            if before is None or before[0] != seen:
                before = self._since[name] = (seen, now)
            if self._done.get(name) == seen:
                continue
            if f"{name}{_MARK}" in names or now - before[1] >= self._settle:
                ready.append(name)
        for forgotten in [name for name in self._since if name not in names]:
            del self._since[forgotten]
            self._done.pop(forgotten, None)
        arrivals: list[Arrival] = []
        strangers: list[tuple[str, Problem]] = []
        for name in ready:
            fresh, strange = self._unknown(self.folder / name)
            arrivals += fresh
            strangers += strange
            if not fresh:
                self._done[name] = found[name]
        return Look(tuple(arrivals), "", tuple(strangers))

    def settled(self, taken: Taken) -> None:
        """What became of one: a failure is tried again at a later look, all else is done with."""
        path = Arrival.of(taken.source).path
        name = path.relative_to(self.folder).parts[0]
        if name not in self._since:
            return
        if taken.failure is not None:
            self._failed.add(name)  # with all that lies in it; what was taken is known then
            self._since[name] = (self._since[name][0], self._clock())
            self._done.pop(name, None)
        elif name not in self._failed:
            self._done[name] = self._since[name][0]

    def rest(self, stop: Callable[[], bool]) -> None:
        """Wait until it is worth looking again, or until told to stop."""
        until = self._clock() + max(0.2, min(self._settle / 2, 5.0))
        while not stop() and self._clock() < until:
            time.sleep(0.1)

    def _list(self) -> dict[str, _Seen]:
        found: dict[str, _Seen] = {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower().endswith(_NOT_YET):
                    continue
                try:
                    facts = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISDIR(facts.st_mode):
                    inside = _inside(Path(entry.path))
                    if inside is not None:
                        found[entry.name] = inside
                elif stat.S_ISREG(facts.st_mode) and entry.name.lower().endswith((*_PACKED, _MARK)):
                    found[entry.name] = (facts.st_size, facts.st_mtime_ns, facts.st_ino)
                if len(found) >= _MOST:
                    break
        return found

    def _unknown(self, path: Path) -> tuple[list[Arrival], list[tuple[str, Problem]]]:
        """The transfers there whose bytes did not come before, whatever became of them then; and what
        is no transfer."""
        try:
            found = find([path], mappings=self._mappings)
        except ArchiveError:
            return [
                Arrival(path, fonds=self._fonds)
            ], []  # whoever takes it tells what is the matter
        fresh = []
        for arrival in found.arrivals:
            try:
                known = self._catalogue.transfer(read_container(arrival).transfer_id)
            except ArchiveError:
                known = None
            if known is None:
                fresh.append(replace(arrival, fonds=self._fonds))
        return fresh, [(recorded_name(strange), problem) for strange, problem in found.strangers]


def _inside(folder: Path) -> _Seen | None:
    """What changes when anything in the folder does; None while it has something unfinished or no file,
    or too much. What cannot be looked at is at rest: whoever takes it tells why."""
    size = last = count = files = 0
    waiting = [(folder, 0)]
    while waiting:
        place, depth = waiting.pop()
        try:
            entries = list(islice(os.scandir(place), _MOST_INSIDE + 1))
        except OSError:
            return 0, 0, 0
        for entry in entries:
            count += 1
            if count > _MOST_INSIDE or entry.name.lower().endswith(_NOT_YET):
                return None
            try:
                facts = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                return None  # somebody is at work there
            if stat.S_ISDIR(facts.st_mode):
                if depth >= _DEEPEST:
                    return None
                waiting.append((Path(entry.path), depth + 1))
            else:
                files += 1
                size += facts.st_size
            last = max(last, facts.st_mtime_ns, facts.st_ctime_ns)
    return (size, last, count) if files else None
