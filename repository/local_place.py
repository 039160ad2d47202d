"""A store's folder: where everything lies in it, and reading its inventories strictly.

    PLACE/store.json   who this store is (a random id)
    PLACE/root/        the OCFL 1.1 storage root
    PLACE/staging/     unpublished work, same file system
    PLACE/aside/       unfinished versions that recovery moved out, for a person to look at
    PLACE/locks/       one lock for each object at work
    PLACE/ledger/      the ledger segments this store was given

Reads only, and follows no link below the storage root. Writing is in `local_commit`, undoing and
finishing in `local_settle`, looking at every byte in `local_observe`, the contract in `local_store`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from repository.digest import digest_bytes, digest_stream
from repository.errors import Corrupt, NotFound
from repository.model import ContentPath, ExpectedFile, ObjectId, VersionFacts, VersionNumber
from repository.ocfl.inventory import InvalidInventory, Inventory, parse_inventory
from repository.ocfl.layout import Layout, read_layout, write_layout
from repository.ocfl.plain_form import KnownStrings
from repository.store import Head, ObjectFacts

OBJECT_DECLARATION = "0=ocfl_object_1.1"
DECLARATION_BYTES = b"ocfl_object_1.1\n"
MAX_INVENTORY = 512 * 1024 * 1024
_PIECE = 64 * 1024


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
        if not is_there(folder):
            return None
        inventory, data = self.inventory(object_id, folder)
        return Head(inventory.head, digest_bytes(data, ["sha512"])["sha512"])

    def facts(self, object_id: ObjectId) -> ObjectFacts:
        """As `Store.facts`."""
        folder = self.folder(object_id)
        if not is_there(folder):
            raise NotFound(f"Store {self.name} does not hold {object_id}.")
        inventory, data = self.inventory(object_id, folder)
        root_size, root_digest = len(data), digest_bytes(data, ["sha512"])["sha512"]
        del data  # the list below is made in its place
        expected = [
            _expected(OBJECT_DECLARATION, DECLARATION_BYTES),
            *_inventory_files("", root_size, root_digest),
        ]
        versions = []
        for number, version in inventory.versions.items():
            if number == inventory.head:
                self._check_same(folder, folder / str(number), root_digest)
                size, digest = root_size, root_digest
            else:
                size, digest = self._earlier_inventory(folder / str(number), number, inventory)
            expected += _inventory_files(f"{number}/", size, digest)
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
        sizes = _Sizes(folder)
        for digest, paths in inventory.manifest.items():
            for path in paths:
                expected.append(ExpectedFile(path, sizes.of(path), digest))
        return ObjectFacts(
            object_id=object_id,
            head=Head(inventory.head, root_digest),
            versions=tuple(versions),
            expected=tuple(sorted(expected, key=lambda file: file.path)),
            inventory=inventory,
        )

    def inventory(
        self, object_id: ObjectId, folder: Path, known: KnownStrings | None = None
    ) -> tuple[Inventory, bytes]:
        """The inventory in an object's folder, or in one of its version folders, with its bytes.

        Corrupt unless it matches its sidecar, is valid, and is this object's, with sha512.
        """
        data = self._matching_sidecar(folder)
        try:
            inventory = parse_inventory(data, known)
        except InvalidInventory as problem:
            raise Corrupt(f"The inventory in {folder} is not valid: {problem}") from problem
        if inventory.object_id != object_id:
            raise Corrupt(f"{folder} holds {inventory.object_id}, expected {object_id}.")
        if (inventory.spec_version, inventory.digest_algorithm) != ("1.1", "sha512"):
            raise Corrupt(
                f"{folder} is OCFL {inventory.spec_version} with {inventory.digest_algorithm}; "
                "this store writes OCFL 1.1 with sha512."
            )
        return inventory, data

    def _check_same(self, folder: Path, at: Path, root_digest: str) -> None:
        """Corrupt unless the head's own inventory is the root's. Not held in memory a second time."""
        try:
            with open_below(
                self.root, (at / "inventory.json").relative_to(self.root).as_posix()
            ) as own:
                _, found = digest_stream(own, ["sha512"])
            sidecar = self._read(at / "inventory.json.sha512", 4096)
        except OSError as problem:
            raise Corrupt(f"The inventory in {at} cannot be read: {problem.strerror}.") from problem
        if found["sha512"] != root_digest or sidecar.split() != sidecar_bytes(root_digest).split():
            raise Corrupt(f"The inventory in {folder} is not the one of its head {at.name}.")

    def _earlier_inventory(
        self, at: Path, number: VersionNumber, root: Inventory
    ) -> tuple[int, str]:
        """Size and digest of a version's own inventory, which must agree with the root's."""
        own, data = self.inventory(root.object_id, at)
        if own.head != number or any(
            own.versions.get(earlier) != version
            for earlier, version in root.versions.items()
            if earlier <= number
        ):
            raise Corrupt(f"The inventory in {at} is not of a version that the object came from.")
        return len(data), digest_bytes(data, ["sha512"])["sha512"]

    def _matching_sidecar(self, folder: Path) -> bytes:
        try:
            data = self._read(folder / "inventory.json", MAX_INVENTORY)
            sidecar = self._read(folder / "inventory.json.sha512", 4096)
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

    def _read(self, path: Path, limit: int) -> bytes:
        return read_bounded(self.root, path.relative_to(self.root).as_posix(), limit)


def is_there(path: Path) -> bool:
    """Whether the name exists, whatever it is. OSError when that cannot be known: `exists` and
    `lexists` would say no, and an object that cannot be looked at would pass for a new one."""
    try:
        path.stat(follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def unread(problem: Corrupt) -> bool:
    """Whether it came of bytes that could not be read, so that nothing is known of them."""
    cause = problem.__cause__
    return isinstance(cause, OSError) and cause.errno not in DEFINITE


# What says of a path that no such regular file is there, rather than that it could not be looked at.
DEFINITE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL, errno.EFBIG})


class _Sizes:
    """Sizes of the files below a folder, through no link. Corrupt when one is not a regular file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._real: set[str] = set()

    def of(self, path: ContentPath) -> int:
        self._check_folder(path.rpartition("/")[0])
        found = self._look(path)
        if not stat.S_ISREG(found.st_mode):
            raise Corrupt(f"{self._folder / path} is not a regular file.")
        return found.st_size

    def _check_folder(self, path: str) -> None:
        if not path or path in self._real:
            return
        self._check_folder(path.rpartition("/")[0])
        if not stat.S_ISDIR(self._look(path).st_mode):
            raise Corrupt(f"{self._folder / path} is not a folder.")
        self._real.add(path)

    def _look(self, path: str) -> os.stat_result:
        try:
            # Not through `Path`, which takes three times as long over 200,000 names.
            return os.stat(f"{self._folder}/{path}", follow_symlinks=False)  # noqa: PTH116
        except OSError as problem:
            raise Corrupt(
                f"{self._folder / path} cannot be looked at: {problem.strerror}."
            ) from problem


def lock_name(object_id: str) -> str:
    """A file name for an object: the same in every store and at every time."""
    return digest_bytes(object_id.encode("utf-8", "surrogatepass"), ["sha256"])["sha256"][:40]


def open_regular(path: Path | str, *, at: int | None = None) -> BinaryIO:
    """Open a regular file for reading; links, devices and folders are refused with OSError."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    descriptor = os.open(path, flags, dir_fd=at)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def open_below(folder: Path, path: str) -> BinaryIO:
    """As `open_regular`, for a path below `folder` in which no component may be a link."""
    *parents, name = path.split("/")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for parent in parents:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            below = os.open(parent, flags, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        return open_regular(Path(name), at=descriptor)
    finally:
        os.close(descriptor)


def read_bounded(folder: Path, path: str, limit: int) -> bytes:
    """The whole of a regular file of at most `limit` bytes below `folder`, through no link.

    OSError (EFBIG when larger).
    """
    with open_below(folder, path) as stream:
        data = read_at_most(stream, limit + 1, probably=os.fstat(stream.fileno()).st_size)
    if len(data) > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    return data


def read_at_most(stream: BinaryIO, most: int, *, probably: int = _PIECE) -> bytes:
    """Everything that follows in a stream, or its first `most` bytes where there is more.

    A piece at a time, `probably` first: `read` would reserve all that it is asked for, and of a very
    generous limit that is half a gigabyte for a file of a few kilobytes.
    """
    parts: list[bytes] = []
    size, asked = 0, min(probably + 1, most)
    while asked:
        parts.append(stream.read(asked))
        size += len(parts[-1])
        if not parts[-1]:
            break
        more = _PIECE if len(parts[-1]) < asked else max(size, _PIECE)  # less: probably the end
        asked = min(more, most - size)
    return parts[0] if size == len(parts[0]) else b"".join(parts)


def _layout(name: str) -> Layout:
    files = write_layout(name)
    layout = read_layout(files["ocfl_layout.json"], files[f"extensions/{name}/config.json"])
    assert layout is not None
    return layout


def _expected(path: str, data: bytes) -> ExpectedFile:
    return ExpectedFile(ContentPath(path), len(data), digest_bytes(data, ["sha512"])["sha512"])


def _inventory_files(prefix: str, size: int, digest: str) -> list[ExpectedFile]:
    return [
        ExpectedFile(ContentPath(f"{prefix}inventory.json"), size, digest),
        _expected(f"{prefix}inventory.json.sha512", sidecar_bytes(digest)),
    ]


def sidecar_bytes(digest: str) -> bytes:
    """The sidecar of an inventory whose sha512 is `digest` (OCFL 1.1 §3.7)."""
    return f"{digest} inventory.json\n".encode()
