"""Looking at folders of a storage root: every name and every byte, without judging.

Links are never followed, not even on the way to an object. What cannot be read is told with its errno.
Whether a missing file is missing or its whole disk is gone or was exchanged is decided here: after each
object was looked at, and before anything is said of it, the store is asked again whether it is there.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from repository.digest import DigestOptions, FileResult, FileTask, digest_files
from repository.local_place import MAX_INVENTORY, read_bounded
from repository.model import InvalidValue, ObjectId
from repository.ocfl.inventory import InvalidInventory, parse_inventory
from repository.store import STORAGE_ROOT, Observation, ObservedFile, RootEntry

_DECLARATION = "0=ocfl_object_"


@dataclass
class _Listing:
    """What one folder holds by name: filled by `_list`, then joined with the digests."""

    object_id: ObjectId
    exists: bool = True
    files: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    unlisted: list[tuple[str, int]] = field(default_factory=list)
    found: list[ObservedFile] = field(default_factory=list)

    digested: int = 0

    def complete(self) -> bool:
        return self.digested == len(self.files)

    def take(self, name: str, result: FileResult) -> None:
        self.digested += 1
        self.found.append(
            ObservedFile(
                path=name,
                size=result.size,
                sha512=result.digests.get("sha512"),
                errno=result.errno,
                source=result.source,
            )
        )

    def observation(self, store: str) -> Observation:
        return Observation(
            object_id=self.object_id,
            store=store,
            exists=self.exists,
            files=tuple(sorted(self.found, key=lambda file: file.path)),
            odd=tuple(sorted(self.odd)),
            unlisted=tuple(sorted(self.unlisted)),
        )


def observe_folders(
    store: str,
    root: Path,
    folders: Iterable[tuple[ObjectId, str]],
    check_available: Callable[[], None],
    options: DigestOptions,
) -> Iterator[Observation]:
    """An observation per folder below `root`, in order; many folders are digested side by side."""
    waiting: deque[_Listing] = deque()

    def tasks() -> Iterator[FileTask]:
        for object_id, folder in folders:
            listing = _Listing(object_id)
            at = _on_the_way(listing, root, folder)
            if at is not None:
                _list(listing, at)
            waiting.append(listing)
            for name in listing.files:
                yield FileTask(key=(listing, name), path=f"{at}/{name}")

    for result in digest_files(tasks(), ["sha512"], options=options):
        listing, name = _key(result)
        listing.take(name, result)
        while waiting and waiting[0].complete():
            yield _checked(waiting.popleft(), store, check_available)
    for listing in waiting:
        yield _checked(listing, store, check_available)


def observe_root(
    store: str,
    root: Path,
    known: Callable[[str], bool],
    check_available: Callable[[], None],
    options: DigestOptions,
) -> Observation:
    """Every file below `root` that is in no folder for which `known` holds."""
    listing = _Listing(STORAGE_ROOT)
    _list(listing, root, skip=known)
    # Folders on the way to objects come and go with them; only what has bytes counts here.
    listing.odd = [name for name in listing.odd if not name.endswith("/")]
    tasks = (FileTask(key=(listing, name), path=f"{root}/{name}") for name in listing.files)
    for result in digest_files(tasks, ["sha512"], options=options):
        listing.take(_key(result)[1], result)
    return _checked(listing, store, check_available)


def walk_root(root: Path) -> Iterator[RootEntry]:
    """Object folders of a storage root in the order of their paths; anything else is named."""
    pending = [""]
    while pending:
        here = pending.pop()
        try:
            children = sorted(_children(root / here), key=lambda child: child.name, reverse=True)
        except OSError as problem:
            yield RootEntry(here, None, f"cannot be listed: {problem.strerror}")
            continue
        if here and any(child.name.startswith(_DECLARATION) for child in children):
            yield _object_entry(root, here)
            continue
        for child in children:
            path = f"{here}/{child.name}" if here else child.name
            if child.kind == "folder":
                if path != "extensions":
                    pending.append(path)
            elif here:
                what = "a file" if child.kind == "file" else "neither a file nor a folder"
                yield RootEntry(path, None, f"{what}, outside any object")


def _object_entry(root: Path, path: str) -> RootEntry:
    try:
        data = read_bounded(root, f"{path}/inventory.json", MAX_INVENTORY)
        return RootEntry(path, parse_inventory(data).object_id)
    except (OSError, InvalidInventory, InvalidValue) as problem:
        return RootEntry(path, None, f"an object without a readable inventory: {problem}")


def _on_the_way(listing: _Listing, root: Path, folder: str) -> Path | None:
    """The object's folder, or None when there is a link or a file on the way to it or in its place.

    What is reached through a link lies somewhere else: it may vanish or change with that place.
    """
    at = root
    for part in folder.split("/"):
        at = at / part
        try:
            mode = at.stat(follow_symlinks=False).st_mode
        except (FileNotFoundError, NotADirectoryError):
            listing.exists = False
            return None
        except OSError as problem:
            listing.unlisted.append((".", problem.errno or errno.EIO))
            return None
        if not stat.S_ISDIR(mode):
            listing.odd.append(".")
            return None
    return at


def _list(listing: _Listing, folder: Path, skip: Callable[[str], bool] = lambda _: False) -> None:
    pending = [""]
    while pending:
        here = pending.pop()
        try:
            children = _children(folder / here)
        except FileNotFoundError:
            if not here:
                listing.exists = False
            continue  # a folder that vanished meanwhile: its files are missing, and will be said so
        except NotADirectoryError:
            listing.odd.append(here or ".")
            continue
        except OSError as problem:
            listing.unlisted.append((here or ".", problem.errno or errno.EIO))
            continue
        if here and not children:
            listing.odd.append(f"{here}/")
        for child in children:
            path = f"{here}/{child.name}" if here else child.name
            if child.errno is not None:
                listing.found.append(ObservedFile(path, None, None, child.errno))
            elif child.kind == "file":
                listing.files.append(path)
            elif child.kind == "odd":
                listing.odd.append(path)
            elif not skip(path):
                pending.append(path)


@dataclass(frozen=True, slots=True)
class _Child:
    name: str
    kind: Literal["file", "folder", "odd"]
    errno: int | None = None  # set when not even its kind could be learnt


def _children(folder: Path) -> list[_Child]:
    with os.scandir(folder) as entries:
        return [_child(entry) for entry in entries]


def _child(entry: os.DirEntry[str]) -> _Child:
    try:
        if entry.is_dir(follow_symlinks=False):
            return _Child(entry.name, "folder")
        if entry.is_file(follow_symlinks=False):
            return _Child(entry.name, "file")
    except OSError as problem:
        return _Child(entry.name, "odd", problem.errno or errno.EIO)
    return _Child(entry.name, "odd")


def _key(result: FileResult) -> tuple[_Listing, str]:
    key = result.key
    assert isinstance(key, tuple)
    return key


def _checked(listing: _Listing, store: str, check_available: Callable[[], None]) -> Observation:
    check_available()
    return listing.observation(store)
