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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from repository.digest import DigestOptions, ListedFolder, ListedResult, digest_listed
from repository.local_place import MAX_INVENTORY, read_bounded
from repository.model import InvalidValue, ObjectId
from repository.ocfl.inventory import InvalidInventory, parse_inventory
from repository.store import STORAGE_ROOT, Observation, ObservedFile, RootEntry

_DECLARATION = "0=ocfl_object_"


@dataclass(slots=True)
class _Listing:
    """What one folder holds by name: filled by `_list`, then joined with the digests."""

    object_id: ObjectId
    exists: bool = True
    files: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    unlisted: list[tuple[str, int]] = field(default_factory=list)
    found: list[ObservedFile] = field(default_factory=list)
    left: int = 0  # files without a digest yet

    def observation(self, store: str) -> Observation:
        return Observation(
            object_id=self.object_id,
            store=store,
            exists=self.exists,
            files=tuple(sorted(self.found, key=_PATH)),
            odd=tuple(sorted(self.odd)),
            unlisted=tuple(sorted(self.unlisted)),
        )


_PATH = attrgetter("path")


def observe_folders(
    store: str,
    root: Path,
    folders: Iterable[tuple[ObjectId, str]],
    check_available: Callable[[], None],
    options: DigestOptions,
    *,
    payload: bool = True,
    in_order: bool = True,
) -> Iterator[Observation]:
    """An observation per folder below `root`; many folders are digested side by side.

    Without `payload` the files in `content/` of a version are only listed, with their sizes.
    `in_order`: as the folders are given; else each as it is complete, so that one with a very large
    file keeps no others waiting.
    """
    waiting: deque[_Listing] = deque()
    done: deque[_Listing] = deque()
    base = str(root)

    def listed() -> Iterator[ListedFolder]:
        for object_id, folder in folders:
            listing = _Listing(object_id)
            at = _on_the_way(listing, base, folder)
            if at is not None:
                _list(listing, at)
            if not payload:
                _only_sizes(listing, at or base)
            listing.left = len(listing.files)
            if in_order:
                waiting.append(listing)
            elif not listing.files:
                done.append(listing)
            yield listing, at or base, listing.files

    for results in digest_listed(listed(), "sha512", options=options):
        for listing in _joined(results):
            if not in_order:
                done.append(listing)
        while waiting and not waiting[0].left:
            done.append(waiting.popleft())
        while done:
            check_available()
            yield done.popleft().observation(store)
    for listing in (*done, *waiting):
        check_available()
        yield listing.observation(store)


def _joined(results: Sequence[ListedResult]) -> Iterator[_Listing]:
    """Put each result in its listing, and give those that have all of theirs now."""
    for listing, name, size, sha512, code, source in results:
        assert isinstance(listing, _Listing)
        listing.found.append(ObservedFile._make((name, size, sha512, code, source)))
        listing.left -= 1
        if not listing.left:
            yield listing


def _only_sizes(listing: _Listing, folder: str) -> None:
    """Take the payload out of what is to be read: only its sizes are looked at."""
    read = []
    for name in listing.files:
        if "/content/" not in name:
            read.append(name)
            continue
        try:
            # Not through `Path`, which takes three times as long over many names.
            size = os.stat(f"{folder}/{name}", follow_symlinks=False).st_size  # noqa: PTH116
        except OSError as problem:
            code = problem.errno or errno.EIO
            listing.found.append(ObservedFile(name, None, None, code))
        else:
            listing.found.append(ObservedFile(name, size, None, None))
    listing.files = read


def observe_root(
    store: str,
    root: Path,
    known: Callable[[str], bool],
    check_available: Callable[[], None],
    options: DigestOptions,
) -> Observation:
    """Every file below `root` that is in no folder for which `known` holds."""
    listing = _Listing(STORAGE_ROOT)
    _list(listing, str(root), skip=known)
    # Folders on the way to objects come and go with them; only what has bytes counts here.
    listing.odd = [name for name in listing.odd if not name.endswith("/")]
    listing.left = len(listing.files)
    for results in digest_listed([(listing, str(root), listing.files)], "sha512", options=options):
        deque(_joined(results), maxlen=0)
    check_available()
    return listing.observation(store)


def walk_root(root: Path) -> Iterator[RootEntry]:
    """Object folders of a storage root in the order of their paths; anything else is named."""
    pending = [""]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(root / here) as entries:
                children = sorted(entries, key=lambda child: child.name, reverse=True)
        except OSError as problem:
            yield RootEntry(here, None, f"cannot be listed: {problem.strerror}")
            continue
        if here and any(child.name.startswith(_DECLARATION) for child in children):
            yield _object_entry(root, here)
            continue
        for child in children:
            path = f"{here}/{child.name}" if here else child.name
            kind = _kind(child)
            if kind == "a folder":
                if path != "extensions":
                    pending.append(path)
            elif here:
                yield RootEntry(path, None, f"{kind}, outside any object")


def _kind(child: os.DirEntry[str]) -> str:
    try:
        if child.is_dir(follow_symlinks=False):
            return "a folder"
        if child.is_file(follow_symlinks=False):
            return "a file"
    except OSError:
        return "of a kind that cannot be learnt"
    return "neither a file nor a folder"


def _object_entry(root: Path, path: str) -> RootEntry:
    try:
        data = read_bounded(root, f"{path}/inventory.json", MAX_INVENTORY)
        return RootEntry(path, parse_inventory(data).object_id)
    except (OSError, InvalidInventory, InvalidValue) as problem:
        return RootEntry(path, None, f"an object without a readable inventory: {problem}")


def _on_the_way(listing: _Listing, root: str, folder: str) -> str | None:
    """The object's folder, or None when there is a link or a file on the way to it or in its place.

    What is reached through a link lies somewhere else: it may vanish or change with that place.
    """
    at = root
    for part in folder.split("/"):
        at = f"{at}/{part}"
        try:
            mode = os.stat(at, follow_symlinks=False).st_mode  # noqa: PTH116 - as in `_only_sizes`
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


def _list(listing: _Listing, folder: str, skip: Callable[[str], bool] = lambda _: False) -> None:
    pending = [""]
    while pending:
        here = pending.pop()
        prefix = f"{here}/" if here else ""
        try:
            # Closed at once: only a whole listing says what is not there.
            with os.scandir(f"{folder}/{here}" if here else folder) as entries:
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
            path = prefix + child.name
            try:
                if child.is_file(follow_symlinks=False):
                    listing.files.append(path)
                elif not child.is_dir(follow_symlinks=False):
                    listing.odd.append(path)
                elif not skip(path):
                    pending.append(path)
            except OSError as problem:
                code = problem.errno or errno.EIO
                listing.found.append(ObservedFile(path, None, None, code))
