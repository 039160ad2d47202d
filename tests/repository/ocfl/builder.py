"""Objects made in memory, valid but for what a test changes, and a tree that shows them."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from repository.digest import digest_bytes
from repository.model import LogicalPath, ObjectId
from repository.ocfl.inventory import (
    Inventory,
    NewContent,
    first_inventory,
    new_content_paths,
    next_inventory,
    serialise_inventory,
)
from repository.ocfl.tree import TreeDigest, TreeEntry

CREATED = "2026-11-22T08:00:00+07:00"


class MemoryTree:
    """A tree of bytes. `links`, `special`, and paths that answer with an errno can be planted."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        *,
        dirs: Iterable[str] = (),
        links: Iterable[str] = (),
        special: Iterable[str] = (),
        failing: Mapping[str, int] | None = None,
        unlistable: Mapping[str, int] | None = None,
    ) -> None:
        self.files = dict(files)
        self.dirs = set(dirs)
        self.links = set(links)
        self.special = set(special)
        self.failing = dict(failing or {})
        self.unlistable = dict(unlistable or {})
        self.read_count: dict[str, int] = {}

    def list(self) -> Iterator[TreeEntry]:
        folders = set(self.dirs) | set(self.unlistable)
        for path in {*self.files, *self.links, *self.special, *folders}:
            parts = path.split("/")
            folders |= {"/".join(parts[:i]) for i in range(1, len(parts))}
        hidden = tuple(f"{path}/" if path else "" for path in self.unlistable)
        for path in sorted(folders - {""}):
            if not path.startswith(hidden) or not hidden:
                yield TreeEntry(path, "dir")
        for path, code in self.unlistable.items():
            yield TreeEntry(path, "dir", errno=code)
        for kind, paths in (("link", self.links), ("special", self.special)):
            for path in sorted(paths):
                yield TreeEntry(path, kind)  # type: ignore[arg-type]
        for path, data in sorted(self.files.items()):
            if not hidden or not path.startswith(hidden):
                yield TreeEntry(path, "file", len(data))

    def read(self, path: str, limit: int) -> bytes:
        if path in self.failing:
            raise OSError(self.failing[path], "planted")
        if path not in self.files:
            raise OSError(errno.ENOENT, "not there")
        return self.files[path][: limit + 1]

    def digests(
        self, requests: Iterable[tuple[str, Sequence[str]]], *, again: bool = False
    ) -> Iterator[TreeDigest]:
        for path, algorithms in requests:
            self.read_count[path] = self.read_count.get(path, 0) + 1
            if path in self.failing:
                yield TreeDigest(path, None, errno=self.failing[path])
            else:
                data = self.files[path]
                yield TreeDigest(path, len(data), digest_bytes(data, algorithms))


def content(path: str, data: bytes) -> NewContent:
    return NewContent(
        LogicalPath(path),
        hashlib.sha512(data).hexdigest(),
        {"sha256": hashlib.sha256(data).hexdigest()},
    )


def make_object(
    *versions: Mapping[str, bytes], object_id: str = "urn:H49:uuid-1"
) -> dict[str, bytes]:
    """Every file of a valid object with these states, one after the other."""
    tree: dict[str, bytes] = {"0=ocfl_object_1.1": b"ocfl_object_1.1\n"}
    inventory: Inventory | None = None
    for state in versions:
        files = [content(path, data) for path, data in state.items()]
        who = ("a version", "An archivist", "mailto:archivist@example.org")
        if inventory is None:
            following = first_inventory(ObjectId(object_id), files, CREATED, *who)
        else:
            following = next_inventory(inventory, files, CREATED, *who)
        for path, logical in new_content_paths(inventory, following).items():
            tree[path] = state[logical]
        inventory = following
        put_inventory(tree, serialise_inventory(inventory), "", f"{inventory.head}/")
    return tree


def put_inventory(
    tree: dict[str, bytes], data: bytes, *folders: str, algorithm: str = "sha512"
) -> None:
    """Write an inventory with its sidecar into these folders ("" is the object root)."""
    digest = hashlib.new(algorithm, data).hexdigest()
    for folder in folders:
        tree[f"{folder}inventory.json"] = data
        tree[f"{folder}inventory.json.{algorithm}"] = f"{digest} inventory.json\n".encode()


TWO_VERSIONS: tuple[dict[str, bytes], ...] = (
    {"data/a.txt": b"alpha", "data/empty": b"", "bagit.txt": b"first"},
    {"data/a.txt": b"alpha", "data/copy of a.txt": b"alpha", "bagit.txt": b"second"},
)


def write_root(root: Path, count: int) -> Path:
    """A storage root of so many objects, in folders named by their numbers, each with a file `a`."""
    (root / "0=ocfl_1.1").write_bytes(b"ocfl_1.1\n")
    for number in range(count):
        for path, data in make_object({"a": b"%d" % number}, object_id=f"urn:{number}").items():
            target = root / f"{number:03d}" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return root
