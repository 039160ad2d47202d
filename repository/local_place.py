"""A store's folder: where everything lies in it, and reading its inventories strictly.

    PLACE/store.json   who this store is (a random id)
    PLACE/root/        the OCFL 1.1 storage root
    PLACE/staging/     unpublished work, same file system
    PLACE/aside/       unfinished versions that recovery moved out, for a person to look at
    PLACE/locks/       one lock for each object at work
    PLACE/ledger/      the ledger segments this store was given

Reads only. Writing is in `local_commit`, looking at every byte in `local_observe`, and the contract in
`local_store`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from repository.digest import digest_bytes
from repository.errors import Corrupt, NotFound
from repository.model import ContentPath, ExpectedFile, ObjectId, VersionFacts
from repository.ocfl.inventory import InvalidInventory, Inventory, parse_inventory
from repository.ocfl.layout import Layout, read_layout, write_layout
from repository.store import Head, ObjectFacts

OBJECT_DECLARATION = "0=ocfl_object_1.1"
DECLARATION_BYTES = b"ocfl_object_1.1\n"
MAX_INVENTORY = 512 * 1024 * 1024


class LocalPlace:
    """The folder of one store. `step` is called at each named step of a write, for kill tests."""

    def __init__(self, name: str, place: Path, layout: str, step: Callable[[str], None]) -> None:
        self.name = name
        self.place = place
        self.root = place / "root"
        self.staging = place / "staging"
        self.step = step
        # From the settings, not from the root: a damaged ocfl_layout.json is to be found by an
        # audit, and must not keep the audit from finding the objects.
        self.layout = _layout(layout)

    def folder(self, object_id: ObjectId) -> Path:
        """Where the object lies, or would lie, by the store's layout."""
        return self.root / self.layout.path(object_id)

    def lock_path(self, object_id: ObjectId) -> Path:
        """The lock of one object at work."""
        return self.place / "locks" / f"{lock_name(object_id)}.lock"

    def head(self, object_id: ObjectId) -> Head | None:
        """As `Store.head`."""
        folder = self.folder(object_id)
        if not folder.exists():
            return None
        inventory, data = self.inventory(object_id, folder)
        return Head(inventory.head, digest_bytes(data, ["sha512"])["sha512"])

    def facts(self, object_id: ObjectId) -> ObjectFacts:
        """As `Store.facts`."""
        folder = self.folder(object_id)
        if not folder.exists():
            raise NotFound(f"Store {self.name} does not hold {object_id}.")
        inventory, data = self.inventory(object_id, folder)
        root_digest = digest_bytes(data, ["sha512"])["sha512"]
        expected = [
            _expected(OBJECT_DECLARATION, DECLARATION_BYTES),
            *_inventory_files("", data, root_digest),
        ]
        versions = []
        for number, version in inventory.versions.items():
            at = folder / str(number)
            own = data if number == inventory.head and _same(at, data) else self._version_bytes(at)
            digest = digest_bytes(own, ["sha512"])["sha512"]
            expected += _inventory_files(f"{number}/", own, digest)
            versions.append(
                VersionFacts(
                    version=str(number),
                    created=version.created,
                    message=version.message or "",
                    user_name=version.user_name or "",
                    user_address=version.user_address or "",
                    inventory_sha512=digest,
                )
            )
        for digest, paths in inventory.manifest.items():
            for path in paths:
                expected.append(ExpectedFile(path, self._size(folder, path), digest))
        return ObjectFacts(
            object_id=object_id,
            head=Head(inventory.head, root_digest),
            versions=tuple(versions),
            expected=tuple(sorted(expected, key=lambda file: file.path)),
            inventory=inventory,
        )

    def read_inventory(self, folder: Path) -> tuple[Inventory, bytes]:
        """The root inventory of the object folder, checked against its sidecar. Corrupt."""
        data = self._version_bytes(folder)
        try:
            return parse_inventory(data), data
        except InvalidInventory as problem:
            raise Corrupt(f"The inventory in {folder} is not valid: {problem}") from problem

    def inventory(self, object_id: ObjectId, folder: Path) -> tuple[Inventory, bytes]:
        """As `read_inventory`, and it must be this object's, with sha512. Corrupt otherwise."""
        inventory, data = self.read_inventory(folder)
        if inventory.object_id != object_id:
            raise Corrupt(f"{folder} holds {inventory.object_id}, expected {object_id}.")
        if inventory.digest_algorithm != "sha512":
            raise Corrupt(f"{folder} uses {inventory.digest_algorithm}; this store writes sha512.")
        return inventory, data

    def _version_bytes(self, folder: Path) -> bytes:
        try:
            data = read_bounded(folder / "inventory.json", MAX_INVENTORY)
            sidecar = read_bounded(folder / "inventory.json.sha512", 4096)
        except OSError as problem:
            raise Corrupt(
                f"The inventory in {folder} cannot be read: {problem.strerror}."
            ) from problem
        if sidecar.split() != [
            digest_bytes(data, ["sha512"])["sha512"].encode(),
            b"inventory.json",
        ]:
            raise Corrupt(f"The inventory in {folder} does not match its sidecar.")
        return data

    def _size(self, folder: Path, path: ContentPath) -> int:
        try:
            return (folder / path).stat(follow_symlinks=False).st_size
        except OSError as problem:
            raise Corrupt(f"{folder / path} cannot be looked at: {problem.strerror}.") from problem


def lock_name(object_id: str) -> str:
    """A file name for an object: the same in every store and at every time."""
    return digest_bytes(object_id.encode("utf-8", "surrogatepass"), ["sha256"])["sha256"][:40]


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; links, devices and folders are refused with OSError."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return os.fdopen(descriptor, "rb")


def read_bounded(path: Path, limit: int) -> bytes:
    """The whole of a regular file of at most `limit` bytes. OSError (EFBIG when larger)."""
    with open_regular(path) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return data


def _layout(name: str) -> Layout:
    files = write_layout(name)
    layout = read_layout(files["ocfl_layout.json"], files[f"extensions/{name}/config.json"])
    assert layout is not None
    return layout


def _same(version_folder: Path, data: bytes) -> bool:
    try:
        return read_bounded(version_folder / "inventory.json", MAX_INVENTORY) == data
    except OSError:
        return False  # the caller then reads it the strict way, which says what is wrong


def _expected(path: str, data: bytes) -> ExpectedFile:
    return ExpectedFile(ContentPath(path), len(data), digest_bytes(data, ["sha512"])["sha512"])


def _inventory_files(prefix: str, data: bytes, digest: str) -> list[ExpectedFile]:
    sidecar = sidecar_bytes(digest)
    return [
        ExpectedFile(ContentPath(f"{prefix}inventory.json"), len(data), digest),
        _expected(f"{prefix}inventory.json.sha512", sidecar),
    ]


def sidecar_bytes(digest: str) -> bytes:
    """The sidecar of an inventory whose sha512 is `digest` (OCFL 1.1 §3.7)."""
    return f"{digest} inventory.json\n".encode()
