"""A store in memory, on a medium that can be told to lie.

Keeps the contract of `repository.store.Store` as far as memory can: nothing survives the process.
Used to hold the contract's suite against a second implementation, and to see what the archive does
when a medium gives other bytes than it was given, fewer, none, or old ones.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from repository.digest import digest_bytes
from repository.errors import Conflict, Corrupt, NotFound, Unavailable
from repository.local_plan import Staged, inventory_files, is_head_of, plan_version
from repository.model import ContentPath, ExpectedFile, ObjectId, VersionFacts, VersionNumber
from repository.ocfl.inventory import InvalidInventory, Inventory, parse_inventory
from repository.ocfl.layout import HASHED_WITH_ID, read_layout, write_layout
from repository.store import (
    STORAGE_ROOT,
    Head,
    ObjectFacts,
    Observation,
    ObservedFile,
    Receipt,
    Recovered,
    RootEntry,
    Store,
    StoreStatus,
    VersionPlan,
)

Lie = Literal["flip", "short", "eio", "lost", "stale"]
DECLARATION = "0=ocfl_object_1.1"


@dataclass
class Medium:
    """Files by path. Each lie is about the paths that end with what it is told for."""

    files: dict[str, bytes] = field(default_factory=dict)
    before: dict[str, bytes] = field(default_factory=dict)  # for listings that are stale
    lies: dict[str, Lie] = field(default_factory=dict)

    def write(self, path: str, data: bytes) -> None:
        if self._lie(path) != "lost":
            self.files[path] = data

    def read(self, path: str) -> bytes:
        """What the medium says is in the file. OSError."""
        lie = self._lie(path)
        files = self.before if lie == "stale" else self.files
        if path not in files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        data = files[path]
        if lie == "eio":
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        if lie == "short":
            return data[: len(data) // 2]
        if lie == "flip" and data:
            return bytes([data[0] ^ 1]) + data[1:]
        return data

    def list(self, prefix: str) -> list[str]:
        files = self.before if "stale" in self.lies.values() else self.files
        return sorted(path for path in files if path.startswith(prefix))

    def _lie(self, path: str) -> Lie | None:
        return next((lie for end, lie in self.lies.items() if path.endswith(end)), None)


class MemoryStore:
    """One copy of everything, in memory."""

    def __init__(self, name: str, medium: Medium | None = None) -> None:
        self._name = name
        self.medium = medium or Medium()
        self.available = True
        self._evidence: dict[str, bytes] = {}
        files = write_layout(HASHED_WITH_ID)
        layout = read_layout(
            files["ocfl_layout.json"], files[f"extensions/{HASHED_WITH_ID}/config.json"]
        )
        assert layout is not None
        self._layout = layout
        for path, data in files.items():
            self.medium.write(path, data)

    @property
    def name(self) -> str:
        return self._name

    def check_available(self) -> None:
        if not self.available:
            raise Unavailable(f"Store {self._name} is not there.")

    def status(self) -> StoreStatus:
        reason = "" if self.available else f"Store {self._name} is not there."
        return StoreStatus(self._name, "memory", self._name, not reason, reason, None, None, None)

    def head(self, object_id: ObjectId) -> Head | None:
        self.check_available()
        if not self._holds(object_id):
            return None
        inventory, data = self._inventory(object_id)
        return Head(inventory.head, _sha512(data))

    def commit(self, plan: VersionPlan) -> Receipt:
        self.check_available()
        held = self._inventory(plan.object_id)[0] if self._holds(plan.object_id) else None
        if held is not None and is_head_of(held, plan):
            return self._again(plan.object_id)
        if (held.head if held else None) != plan.follows:
            raise Conflict(f"{plan.object_id} is not at {plan.follows}")
        planned = plan_version(plan, held)
        return self._publish(plan.object_id, planned.number, planned.files)

    def replicate(self, source: Store, object_id: ObjectId) -> Receipt:
        self.check_available()
        theirs = source.facts(object_id)
        here = []
        if self._holds(object_id):
            here = [one.inventory_sha512 for one in self.facts(object_id).versions]
        there = [one.inventory_sha512 for one in theirs.versions]
        if here != there[: len(here)]:
            raise Conflict(f"{object_id} differs")
        if here == there:
            return self._again(object_id)
        folders = {f"{one.version}/" for one in theirs.versions[len(here) :]}
        files = [
            Staged(file.path, file.size, file.sha512, _read(source, object_id, file.path))
            for file in theirs.expected
            if file.path[: file.path.find("/") + 1] in folders or "/" not in file.path
        ]
        return self._publish(object_id, theirs.head.version, files)

    def facts(self, object_id: ObjectId) -> ObjectFacts:
        self.check_available()
        if not self._holds(object_id):
            raise NotFound(f"Store {self._name} does not hold {object_id}.")
        inventory, data = self._inventory(object_id)
        names = [f"{number}/inventory.json" for number in inventory.versions]
        own = {"": data, **{n.rpartition("/")[0]: self._read(object_id, n) for n in names}}
        expected = [self._expected(object_id, DECLARATION)]
        for folder, found in own.items():
            at = f"{folder}/" if folder else ""
            for staged in inventory_files(at, found, _sha512(found)):
                expected.append(ExpectedFile(ContentPath(staged.path), staged.size, staged.sha512))
        for digest, paths in inventory.manifest.items():
            for path in paths:
                size = len(self._read(object_id, path))
                expected.append(ExpectedFile(path, size, digest))
        versions = tuple(
            VersionFacts(
                str(number),
                version.created,
                version.message or "",
                version.user_name or "",
                version.user_address or "",
                _sha512(own[str(number)]),
            )
            for number, version in inventory.versions.items()
        )
        expected.sort(key=lambda file: file.path)
        head = Head(inventory.head, _sha512(data))
        return ObjectFacts(object_id, head, versions, tuple(expected), inventory)

    def open(self, object_id: ObjectId, path: ContentPath) -> BinaryIO:
        self.check_available()
        try:
            return io.BytesIO(self.medium.read(f"{self.object_path(object_id)}/{path}"))
        except FileNotFoundError as problem:
            raise NotFound(f"{path} is not in store {self._name}.") from problem
        except OSError as problem:
            raise Unavailable(f"{path} cannot be read in store {self._name}.") from problem

    def observe(
        self,
        object_ids: Iterable[ObjectId],
        *,
        medium: bool = True,
        confirm: bool = False,
        payload: bool = True,
        in_order: bool = True,
    ) -> Iterator[Observation]:
        self.check_available()
        for object_id in object_ids:
            prefix = f"{self.object_path(object_id)}/"
            files = tuple(self._observed(prefix, path) for path in self.medium.list(prefix))
            if not payload:
                files = tuple(
                    file._replace(sha512=None) if "/content/" in file.path else file
                    for file in files
                )
            self.check_available()
            yield Observation(object_id, self._name, bool(files), files)

    def observe_root(self, known: Callable[[str], bool], *, medium: bool = True) -> Observation:
        self.check_available()
        files = tuple(
            self._observed("", path)
            for path in self.medium.list("")
            if not any(known(path[:end]) for end, char in enumerate(path) if char == "/")
        )
        return Observation(STORAGE_ROOT, self._name, True, files)

    def expected_root(self) -> Mapping[str, bytes]:
        return write_layout(HASHED_WITH_ID)

    def object_path(self, object_id: ObjectId) -> str:
        return self._layout.path(object_id)

    def walk(self) -> Iterator[RootEntry]:
        self.check_available()
        for path in self.medium.list(""):
            folder, _, name = path.rpartition("/")
            if name == DECLARATION and folder:
                data = self.medium.read(f"{folder}/inventory.json")
                yield RootEntry(folder, parse_inventory(data).object_id)

    @contextmanager
    def settled(self, object_id: ObjectId) -> Iterator[None]:
        self.check_available()
        yield

    def recover(self) -> Sequence[Recovered]:
        self.check_available()
        return []

    def put_evidence(self, name: str, data: bytes, offset: int) -> None:
        self.check_available()
        held = self._evidence.get(name, b"")
        if len(held) < offset:
            raise Conflict(f"{name} ends at {len(held)}, not at {offset}")
        present = held[offset : offset + len(data)]
        if not data.startswith(present):
            raise Conflict(f"{name} differs")
        self._evidence[name] = held + data[len(present) :]

    def evidence(self) -> Mapping[str, int]:
        self.check_available()
        return {name: len(data) for name, data in sorted(self._evidence.items())}

    def read_evidence(self, name: str) -> bytes:
        self.check_available()
        if name not in self._evidence:
            raise NotFound(f"Store {self._name} was given no {name}.")
        return self._evidence[name]

    # -- within

    def _publish(
        self, object_id: ObjectId, version: VersionNumber, files: Sequence[Staged]
    ) -> Receipt:
        at = self.object_path(object_id)
        staged = Medium(lies=self.medium.lies)
        for file in files:
            staged.write(f"{at}/{file.path}", _bytes_of(file))
        for file in files:
            self._check(staged, f"{at}/{file.path}", file.size, file.sha512)
        self.medium.before = dict(self.medium.files)
        self.medium.files |= staged.files
        size = sum(file.size for file in files)
        digest = next(file.sha512 for file in files if file.path == "inventory.json")
        return Receipt(self._name, Head(version, digest), "cached", len(files), size)

    def _again(self, object_id: ObjectId) -> Receipt:
        facts = self.facts(object_id)
        for file in facts.expected:
            path = f"{self.object_path(object_id)}/{file.path}"
            self._check(self.medium, path, file.size, file.sha512)
        return Receipt(self._name, facts.head, "cached", 0, 0)

    def _check(self, medium: Medium, path: str, size: int, digest: str) -> None:
        try:
            data = medium.read(path)
        except FileNotFoundError as problem:
            raise Corrupt(f"{path} was not kept") from problem
        except OSError as problem:
            raise Unavailable(f"{path} cannot be read back") from problem
        if (len(data), _sha512(data)) != (size, digest):
            raise Corrupt(f"{path} was read back with other bytes than planned")

    def _holds(self, object_id: ObjectId) -> bool:
        return bool(self.medium.list(f"{self.object_path(object_id)}/"))

    def _read(self, object_id: ObjectId, path: str) -> bytes:
        try:
            return self.medium.read(f"{self.object_path(object_id)}/{path}")
        except OSError as problem:
            raise Corrupt(f"{path} of {object_id} cannot be read") from problem

    def _inventory(self, object_id: ObjectId) -> tuple[Inventory, bytes]:
        data = self._read(object_id, "inventory.json")
        if self._read(object_id, "inventory.json.sha512").split()[:1] != [_sha512(data).encode()]:
            raise Corrupt(f"the inventory of {object_id} does not match its sidecar")
        try:
            return parse_inventory(data), data
        except InvalidInventory as problem:
            raise Corrupt(f"the inventory of {object_id} is not valid") from problem

    def _expected(self, object_id: ObjectId, path: str) -> ExpectedFile:
        data = self._read(object_id, path)
        return ExpectedFile(ContentPath(path), len(data), _sha512(data))

    def _observed(self, prefix: str, path: str) -> ObservedFile:
        name = path.removeprefix(prefix)
        try:
            data = self.medium.read(path)
        except OSError as problem:
            return ObservedFile(name, None, None, problem.errno)
        return ObservedFile(name, len(data), _sha512(data), None)


def _bytes_of(file: Staged) -> bytes:
    if isinstance(file.source, bytes):
        return file.source
    try:
        with file.source() as stream:
            return stream.read()
    except OSError as problem:
        raise Unavailable(f"the source of {file.path} cannot be read") from problem


def _read(source: Store, object_id: ObjectId, path: ContentPath) -> bytes:
    with source.open(object_id, path) as stream:
        return stream.read()


def _sha512(data: bytes) -> str:
    return digest_bytes(data, ["sha512"])["sha512"]
