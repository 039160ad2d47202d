"""Looking at folders of a storage root: every name and every byte, without judging.

Links are never followed. What cannot be read is told with its errno. Whether a missing file is missing
or its whole disk is gone is decided here, before anything is said: when an observation has anything
odd in it the store is asked again whether it is there at all.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from repository.digest import DigestOptions, FileResult, FileTask, digest_files
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

    def complete(self) -> bool:
        return len(self.found) == len(self.files)

    def observation(self, store: str) -> Observation:
        return Observation(
            object_id=self.object_id,
            store=store,
            exists=self.exists,
            files=tuple(sorted(self.found, key=lambda file: file.path)),
            odd=tuple(sorted(self.odd)),
            unlisted=tuple(sorted(self.unlisted)),
        )

    def questionable(self) -> bool:
        return (
            not self.exists
            or bool(self.odd or self.unlisted)
            or any(file.errno is not None for file in self.found)
        )


def observe_folders(
    store: str,
    folders: Iterable[tuple[ObjectId, Path]],
    check_available: Callable[[], None],
    options: DigestOptions,
) -> Iterator[Observation]:
    """An observation per folder, in order; digests of many folders are computed side by side."""
    waiting: list[_Listing] = []

    def tasks() -> Iterator[FileTask]:
        for object_id, folder in folders:
            listing = _Listing(object_id)
            _list(listing, folder)
            waiting.append(listing)
            for name in listing.files:
                yield FileTask(key=(listing, name), path=os.fspath(folder / name))

    for result in digest_files(tasks(), ["sha512"], options=options):
        listing, name = _key(result)
        listing.found.append(_observed(name, result))
        while waiting and waiting[0].complete():
            yield _checked(waiting.pop(0), store, check_available)
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
    tasks = [FileTask(key=(listing, name), path=os.fspath(root / name)) for name in listing.files]
    for result in digest_files(tasks, ["sha512"], options=options):
        listing.found.append(_observed(_key(result)[1], result))
    return _checked(listing, store, check_available)


def walk_root(root: Path) -> Iterator[RootEntry]:
    """Object folders of a storage root in the order of their paths; anything else is named."""
    pending = [""]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(root / here) as entries:
                children = sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError as problem:
            yield RootEntry(here, None, f"cannot be listed: {problem.strerror}")
            continue
        if here and any(child.name.startswith(_DECLARATION) for child in children):
            yield _object_entry(root, here)
            continue
        for child in children:
            path = f"{here}/{child.name}" if here else child.name
            if child.is_dir(follow_symlinks=False):
                if path != "extensions":
                    pending.append(path)
            elif here:
                yield RootEntry(path, None, "a file outside any object")


def _object_entry(root: Path, path: str) -> RootEntry:
    try:
        data = (root / path / "inventory.json").read_bytes()
        return RootEntry(path, parse_inventory(data).object_id)
    except (OSError, InvalidInventory, InvalidValue) as problem:
        return RootEntry(path, None, f"an object without a readable inventory: {problem}")


def _list(listing: _Listing, folder: Path, skip: Callable[[str], bool] = lambda _: False) -> None:
    pending = [""]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(folder / here if here else folder) as entries:
                children = list(entries)
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
            if child.is_dir(follow_symlinks=False):
                if not skip(path):
                    pending.append(path)
            elif child.is_file(follow_symlinks=False):
                listing.files.append(path)
            else:
                listing.odd.append(path)


def _key(result: FileResult) -> tuple[_Listing, str]:
    key = result.key
    assert isinstance(key, tuple)
    return key


def _observed(name: str, result: FileResult) -> ObservedFile:
    return ObservedFile(
        path=name,
        size=result.size,
        sha512=result.digests.get("sha512"),
        errno=result.errno,
        source=result.source,
    )


def _checked(listing: _Listing, store: str, check_available: Callable[[], None]) -> Observation:
    if listing.questionable():
        check_available()
    return listing.observation(store)
