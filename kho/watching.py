"""A watched drop folder: what has come to rest there is a transfer to be taken.

An office that copies a file here takes its time, so nothing is touched before it is whole:

* a file is ready when its size and time have not changed for `settle` seconds, or at once when an empty
  file of its name with `.ready` added stands beside it;
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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.quarantine import read_container
from kho.taking import Taken
from repository.catalogue.catalogue import Catalogue
from repository.errors import ArchiveError

_NOT_YET: Final = (".part", ".partial", ".tmp", ".filepart", ".crdownload")
_TAKEN: Final = (".zip",)
_MARK: Final = ".ready"
_MOST: Final = 100_000  # names looked at in one folder

_Seen = tuple[int, int, int]  # size, time of change, inode


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the folder found: what may be taken, and why it could not look."""

    ready: tuple[Path, ...]
    trouble: str = ""


class Watch:
    """One watched folder. Remembers what it saw only for as long as it lives."""

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        *,
        settle: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._catalogue, self._settle = folder, catalogue, settle
        self._clock = clock
        self._since: dict[str, tuple[_Seen, float]] = {}  # as it is now, and since when
        self._done: dict[str, _Seen] = {}
        self._trouble = ""

    def look(self) -> Look:
        """Look once. Never raises for a folder that is away: that is told, once."""
        try:
            found = self._list()
        except OSError as problem:
            told = f"{self._folder}: {problem.strerror}"
            again, self._trouble = told == self._trouble, told
            return Look((), "" if again else told)
        self._trouble = ""
        now = self._clock()
        names = set(found)
        ready = []
        for name in sorted(names):
            if not name.lower().endswith(_TAKEN):
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
        return Look(tuple(path for name in ready if (path := self._unknown(name, found[name]))))

    def settled(self, taken: Taken) -> None:
        """What became of one: a failure is tried again at a later look, all else is done with."""
        name = taken.source.name
        if taken.failure is None and name in self._since:
            self._done[name] = self._since[name][0]
        elif name in self._since:
            self._since[name] = (self._since[name][0], self._clock())

    def rest(self, stop: Callable[[], bool]) -> None:
        """Wait until it is worth looking again, or until told to stop."""
        until = self._clock() + max(0.2, min(self._settle / 2, 5.0))
        while not stop() and self._clock() < until:
            time.sleep(0.1)

    def _list(self) -> dict[str, _Seen]:
        found: dict[str, _Seen] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower().endswith(_NOT_YET):
                    continue
                try:
                    facts = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(facts.st_mode):
                    found[entry.name] = (facts.st_size, facts.st_mtime_ns, facts.st_ino)
                if len(found) >= _MOST:
                    break
        return found

    def _unknown(self, name: str, seen: _Seen) -> Path | None:
        """The file, unless its bytes came before, whatever became of them then."""
        path = self._folder / name
        try:
            known = self._catalogue.transfer(read_container(path).transfer_id)
        except ArchiveError:
            return path  # whoever takes it tells what is the matter
        if known is None:
            return path
        self._done[name] = seen
        return None
