"""A store in a folder: an OCFL storage root on a local or mounted file system.

Says whether the right store is there, and keeps the contract of `repository.store.Store`. Where things
lie is in `local_place`, writing and recovery in `local_commit`, looking at every byte in
`local_observe`.
"""

from __future__ import annotations

import errno
import io
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from repository import durable, local_commit, local_observe, locks
from repository.digest import DigestOptions
from repository.errors import Conflict, NotFound, Unavailable
from repository.local_place import LocalPlace, open_regular
from repository.model import ContentPath, ObjectId
from repository.ocfl.layout import HASHED_WITH_ID, write_layout
from repository.store import (
    Head,
    ObjectFacts,
    Observation,
    Receipt,
    Recovered,
    RootEntry,
    Store,
    StoreStatus,
    VersionPlan,
)

STORE_FORMAT = 1


def create_local_store(place: Path, layout: str = HASHED_WITH_ID) -> str:
    """Make an empty store and return its id. FileExistsError when something is there already.

    After a crash half of it may be there, without `store.json`, and may be removed by hand.
    """
    place.mkdir(parents=True)
    for name in ("root", "staging", "locks", "ledger"):
        (place / name).mkdir()
    for name, data in write_layout(layout).items():
        path = place / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write_new(path, data)
    store_id = secrets.token_hex(16)
    durable.sync_tree(place)
    note = {"store_id": store_id, "format": STORE_FORMAT}
    durable.write_durably(place / "store.json", (json.dumps(note) + "\n").encode(), 0o444)
    return store_id


class LocalStore:
    """The store in one folder. `step` is called at each named step of a write, for kill tests."""

    def __init__(
        self,
        name: str,
        place: Path,
        store_id: str,
        *,
        layout: str = HASHED_WITH_ID,
        step: Callable[[str], None] = lambda _: None,
        lock_wait: float = locks.DEFAULT_WAIT,
        threads: int | None = None,
    ) -> None:
        self._name = name
        self._id = store_id
        self._lock_wait = lock_wait
        self._threads = threads
        self._at = LocalPlace(name, place, layout, step)

    # -- what and whether it is

    @property
    def name(self) -> str:
        return self._name

    def check_available(self) -> None:
        try:
            note = json.loads((self._at.place / "store.json").read_text("utf-8"))
            found = note["store_id"]
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise Unavailable(
                f"Store {self._name} is not at {self._at.place} (no readable store.json). "
                "Is the disk attached and mounted?"
            ) from problem
        if found != self._id:
            raise Unavailable(
                f"Another store lies at {self._at.place}: its id is {found}, "
                f"{self._name} has {self._id}. Attach the right disk."
            )
        if not self._at.root.is_dir():
            raise Unavailable(f"Store {self._name} has no storage root at {self._at.root}.")

    def status(self) -> StoreStatus:
        try:
            self.check_available()
            reason = ""
        except Unavailable as problem:
            reason = problem.operator
        room: os.statvfs_result | None = None
        device: int | None = None
        try:
            room = os.statvfs(self._at.place)
            device = self._at.place.stat().st_dev
        except OSError as problem:
            reason = reason or str(problem)
        return StoreStatus(
            name=self._name,
            kind="local",
            store_id=self._id,
            available=not reason,
            reason=reason,
            device=device,
            free_bytes=room.f_bavail * room.f_frsize if room else None,
            total_bytes=room.f_blocks * room.f_frsize if room else None,
        )

    # -- what it holds

    def object_path(self, object_id: ObjectId) -> str:
        return self._at.layout.path(object_id)

    def head(self, object_id: ObjectId) -> Head | None:
        self.check_available()
        return self._at.head(object_id)

    def facts(self, object_id: ObjectId) -> ObjectFacts:
        self.check_available()
        return self._at.facts(object_id)

    def open(self, object_id: ObjectId, path: ContentPath) -> BinaryIO:
        self.check_available()
        try:
            return open_regular(self._at.folder(object_id) / path)
        except OSError as problem:
            if problem.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL):
                raise NotFound(
                    f"{path} of {object_id} is not in store {self._name}: {problem.strerror}."
                ) from problem
            raise Unavailable(
                f"{path} of {object_id} cannot be read in store {self._name}: {problem.strerror}."
            ) from problem

    def walk(self) -> Iterator[RootEntry]:
        self.check_available()
        return local_observe.walk_root(self._at.root)

    def observe(
        self, object_ids: Iterable[ObjectId], *, medium: bool = True, confirm: bool = False
    ) -> Iterator[Observation]:
        self.check_available()
        folders = ((object_id, self._at.folder(object_id)) for object_id in object_ids)
        options = DigestOptions(
            threads=self._threads, medium=medium, engine="hashlib" if confirm else "auto"
        )
        return local_observe.observe_folders(self._name, folders, self.check_available, options)

    def observe_root(self, known: Callable[[str], bool], *, medium: bool = True) -> Observation:
        self.check_available()
        options = DigestOptions(threads=self._threads, medium=medium)
        return local_observe.observe_root(
            self._name, self._at.root, known, self.check_available, options
        )

    def expected_root(self) -> Mapping[str, bytes]:
        """The files of the storage root itself, as `create_local_store` wrote them."""
        return write_layout(self._at.layout.name)

    # -- changing it

    def commit(self, plan: VersionPlan) -> Receipt:
        self.check_available()
        with self._lock(plan.object_id):
            return local_commit.commit(self._at, plan)

    def replicate(self, source: Store, object_id: ObjectId) -> Receipt:
        self.check_available()
        with self._lock(object_id):
            return local_commit.replicate(self._at, source, object_id)

    def settled(self, object_id: ObjectId) -> AbstractContextManager[None]:
        return self._settled(object_id)

    @contextmanager
    def _settled(self, object_id: ObjectId) -> Iterator[None]:
        self.check_available()
        with self._lock(object_id):
            local_commit.settle(self._at, object_id)
            yield

    def recover(self) -> Sequence[Recovered]:
        self.check_available()
        return local_commit.recover(self._at)

    def put_evidence(self, name: str, data: bytes, offset: int) -> None:
        self.check_available()
        path = self._evidence_path(name)
        try:
            there = path.stat().st_size if path.exists() else 0
            if there < offset:
                raise Conflict(
                    f"{name} in store {self._name} ends at {there}, not at {offset}: "
                    "a part of the ledger is missing there."
                )
            with path.open("rb") if there else io.BytesIO() as stream:
                stream.seek(offset)
                present = stream.read()
            if not data.startswith(present):
                raise Conflict(
                    f"{name} in store {self._name} differs from ours after byte {offset}. "
                    "Nothing was changed; compare both with `kho ledger verify`."
                )
            durable.append_durably(path, data[len(present) :], there)
        except OSError as problem:
            raise durable.explained(problem, f"copying the ledger to {self._name}") from problem

    def evidence(self) -> Mapping[str, int]:
        self.check_available()
        folder = self._at.place / "ledger"
        return {path.name: path.stat().st_size for path in sorted(folder.iterdir())}

    def read_evidence(self, name: str) -> bytes:
        self.check_available()
        try:
            return self._evidence_path(name).read_bytes()
        except FileNotFoundError as problem:
            raise NotFound(f"Store {self._name} was given no {name}.") from problem

    # -- within

    def _lock(self, object_id: ObjectId) -> AbstractContextManager[None]:
        return locks.held(
            self._at.lock_path(object_id),
            f"{object_id} in store {self._name}",
            wait=self._lock_wait,
        )

    def _evidence_path(self, name: str) -> Path:
        if not name or "/" in name or name.startswith("."):
            raise ValueError(f"not a name for evidence: {name!r}")
        return self._at.place / "ledger" / name
