"""Whether the right store is at its place: its `store.json`, its storage root, and no mark.

A store that is away, or has another in its place, is unavailable; its files are never called missing.
Asked before and after everything that is said of an object, so it must cost next to nothing while
nothing changes. Reads, and writes only the store's own identity and the mark of a detached one.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from repository import durable
from repository.errors import Unavailable
from repository.local_place import is_there
from repository.store import StoreStatus

STORE_FORMAT: Final = 1
_DETACHED: Final = "detached"


def write_identity(place: Path) -> str:
    """Give a store that was just made its random id, durably, and return it."""
    store_id = secrets.token_hex(16)
    note = {"store_id": store_id, "format": STORE_FORMAT}
    durable.write_durably(place / "store.json", (json.dumps(note) + "\n").encode(), 0o444)
    return store_id


class Presence:
    """The place of one store, and what was there when all of it was last looked at."""

    def __init__(self, name: str, place: Path, store_id: str) -> None:
        self._name = name
        self._place = place
        self._id = store_id
        self._seen: tuple[int, ...] | None = None

    def check(self) -> None:
        """As `Store.check_available`."""
        if self._as_last_seen():
            return
        before = None
        with suppress(OSError):
            before = self._look()
        self._check_place()
        try:
            detached = is_there(self._place / _DETACHED)
        except OSError as problem:
            raise Unavailable(
                f"Store {self._name} at {self._place} cannot be looked at: {problem.strerror}."
            ) from problem
        if detached:
            raise Unavailable(
                f"Store {self._name} at {self._place} was detached. When it is to be used again: "
                f"`kho copies attach {self._name}`."
            )
        self._seen = before

    def mark_detached(self, why: str) -> None:
        """Durably. OSError."""
        durable.write_durably(self._place / _DETACHED, f"{why}\n".encode())

    def attach(self) -> None:
        """Take the mark away. Unavailable when the right store is not there."""
        mark = self._place / _DETACHED
        self._check_place()
        try:
            mark.unlink(missing_ok=True)
            durable.sync_folder(mark.parent)
        except OSError as problem:
            raise durable.explained(problem, f"attaching store {self._name}") from problem

    def status(self, kind: str) -> StoreStatus:
        """As `Store.status`."""
        reason = ""
        try:
            self.check()
        except Unavailable as problem:
            reason = problem.operator
        room: os.statvfs_result | None = None
        device: int | None = None
        try:
            room = os.statvfs(self._place)
            device = self._place.stat().st_dev
        except OSError as problem:
            reason = reason or f"Store {self._name} cannot be looked at: {problem.strerror}."
        return StoreStatus(
            name=self._name,
            kind=kind,
            store_id=self._id,
            available=not reason,
            reason=reason,
            device=device,
            free_bytes=room.f_bavail * room.f_frsize if room else None,
            total_bytes=room.f_blocks * room.f_frsize if room else None,
        )

    def _as_last_seen(self) -> bool:
        """Whether the very file that was read last still says which store this is, unchanged, beside a
        storage root and no mark: asked after every object, so without opening anything."""
        try:
            return self._seen is not None and self._seen == self._look()
        except OSError:
            return False  # then say what is wrong

    def _look(self) -> tuple[int, ...]:
        place = str(self._place)
        note = os.stat(f"{place}/store.json", follow_symlinks=False)  # noqa: PTH116 - quicker
        root = os.stat(f"{place}/root", follow_symlinks=False)  # noqa: PTH116
        marked = os.path.lexists(f"{place}/{_DETACHED}")
        return (
            note.st_dev, note.st_ino, note.st_size, note.st_mtime_ns, note.st_ctime_ns,
            root.st_dev, root.st_ino, stat.S_ISDIR(root.st_mode), marked,
        )  # fmt: skip

    def _check_place(self) -> None:
        """Unavailable unless the right store is there, detached or not."""
        try:
            note = json.loads((self._place / "store.json").read_bytes())
            found = note["store_id"]
            there = stat.S_ISDIR((self._place / "root").stat(follow_symlinks=False).st_mode)
        except FileNotFoundError as problem:
            raise Unavailable(
                f"Store {self._name} is not at {self._place} ({problem.filename} is not there). "
                "Is the disk attached and mounted?"
            ) from problem
        except OSError as problem:
            raise Unavailable(
                f"Store {self._name} at {self._place} cannot be looked at: {problem.strerror}. "
                "Check the disk, the mount and the permissions."
            ) from problem
        except (ValueError, KeyError, TypeError) as problem:
            raise Unavailable(
                f"What lies at {self._place} cannot be told to be store {self._name}: its "
                "store.json is damaged. Compare its id with the archive's settings."
            ) from problem
        if found != self._id:
            raise Unavailable(
                f"Another store lies at {self._place}: its id is {found}, "
                f"{self._name} has {self._id}. Attach the right disk."
            )
        if not there:
            raise Unavailable(f"Store {self._name} has no storage root at {self._place / 'root'}.")
