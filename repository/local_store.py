"""A store in a folder: an OCFL storage root on a local or mounted file system.

Says whether the right store is there, and keeps the contract of `repository.store.Store`: no OSError
leaves it. Where things lie is in `local_place`, writing in `local_commit`, recovery in `local_settle`,
looking at every byte in `local_observe`.
"""

from __future__ import annotations

import errno
import io
import json
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, TypeVar

from repository import durable, local_commit, local_observe, local_rebuild, locks
from repository.digest import DigestOptions, EngineName
from repository.errors import Conflict, Corrupt, NotFound, Unavailable
from repository.local_place import DEFINITE, LocalPlace, is_there, open_below, open_regular
from repository.local_settle import recover, settle
from repository.model import ContentPath, ObjectId
from repository.ocfl.layout import HASHED_WITH_ID, write_layout
from repository.rebuild_copy import RebuildPlan, Rebuilt
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
# Files read at once from the medium: an SSD's queue wants to be full, a disk's head wants to stay.
READERS = {"local": 8, "nfs": 4, "smb": 4, "offline": 2}
READ_AHEAD = 40  # files a reader may have read before they are asked for: a kill loses them
_DETACHED = "detached"
_WRITER_AT_WORK = 2.0  # seconds a reader waits for the three renames of an update, at most
_Found = TypeVar("_Found")


def create_local_store(place: Path, layout: str = HASHED_WITH_ID) -> str:
    """Make an empty store and return its id. FileExistsError when something is there already.

    After a crash half of it may be there, without `store.json`, and may be removed by hand.
    """
    place.mkdir(parents=True)
    for name in ("root", "staging", "aside", "locks", "ledger"):
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
        kind: str = "local",
        step: Callable[[str], None] = lambda _: None,
        lock_wait: float = locks.DEFAULT_WAIT,
        readers: int | None = None,
        bytes_per_second: int | None = None,
    ) -> None:
        self._name = name
        self._kind = kind
        self._id = store_id
        self._lock_wait = lock_wait
        self._readers = readers or READERS[kind]
        self._rate = bytes_per_second  # of each audit of it
        self._at = LocalPlace(name, place, layout, step)
        self._path = lru_cache(maxsize=4096)(self._at.layout.path)
        self._seen: tuple[int, ...] | None = None  # what was there when all of it was looked at

    # -- what and whether it is

    @property
    def name(self) -> str:
        return self._name

    def check_available(self) -> None:
        if self._as_last_seen():
            return
        before = None
        with suppress(OSError):
            before = self._look()
        self._check_place()
        try:
            detached = is_there(self._at.place / _DETACHED)
        except OSError as problem:
            raise Unavailable(
                f"Store {self._name} at {self._at.place} cannot be looked at: {problem.strerror}."
            ) from problem
        if detached:
            raise Unavailable(
                f"Store {self._name} at {self._at.place} was detached. When it is to be used again: "
                f"`kho copies attach {self._name}`."
            )
        self._seen = before

    def _as_last_seen(self) -> bool:
        """Whether the very file that was read last still says which store this is, unchanged, beside a
        storage root and no mark: asked after every object, so without opening anything."""
        try:
            return self._seen is not None and self._seen == self._look()
        except OSError:
            return False  # then say what is wrong

    def _look(self) -> tuple[int, ...]:
        place = str(self._at.place)
        note = os.stat(f"{place}/store.json", follow_symlinks=False)  # noqa: PTH116 - quicker
        root = os.stat(str(self._at.root), follow_symlinks=False)  # noqa: PTH116
        marked = os.path.lexists(f"{place}/{_DETACHED}")
        return (
            note.st_dev, note.st_ino, note.st_size, note.st_mtime_ns, note.st_ctime_ns,
            root.st_dev, root.st_ino, stat.S_ISDIR(root.st_mode), marked,
        )  # fmt: skip

    def _check_place(self) -> None:
        """Unavailable unless the right store is there, detached or not."""
        try:
            note = json.loads((self._at.place / "store.json").read_bytes())
            found = note["store_id"]
            there = stat.S_ISDIR(self._at.root.stat(follow_symlinks=False).st_mode)
        except FileNotFoundError as problem:
            raise Unavailable(
                f"Store {self._name} is not at {self._at.place} ({problem.filename} is not there). "
                "Is the disk attached and mounted?"
            ) from problem
        except OSError as problem:
            raise Unavailable(
                f"Store {self._name} at {self._at.place} cannot be looked at: {problem.strerror}. "
                "Check the disk, the mount and the permissions."
            ) from problem
        except (ValueError, KeyError, TypeError) as problem:
            raise Unavailable(
                f"What lies at {self._at.place} cannot be told to be store {self._name}: its "
                "store.json is damaged. Compare its id with the archive's settings."
            ) from problem
        if found != self._id:
            raise Unavailable(
                f"Another store lies at {self._at.place}: its id is {found}, "
                f"{self._name} has {self._id}. Attach the right disk."
            )
        if not there:
            raise Unavailable(f"Store {self._name} has no storage root at {self._at.root}.")

    def detach(self, why: str) -> None:
        """Mark the store as put away, durably: from then on it is unavailable to every process,
        also while its disk is still mounted. The mark stays on the disk until `attach`."""
        with self._working("detaching"):
            durable.write_durably(self._at.place / _DETACHED, f"{why}\n".encode())

    def attach(self) -> None:
        """Take the mark away. Unavailable when the right store is not there."""
        mark = self._at.place / _DETACHED
        self._check_place()
        try:
            mark.unlink(missing_ok=True)
            durable.sync_folder(mark.parent)
        except OSError as problem:
            raise durable.explained(problem, f"attaching store {self._name}") from problem

    def status(self) -> StoreStatus:
        reason = ""
        try:
            self.check_available()
        except Unavailable as problem:
            reason = problem.operator
        room: os.statvfs_result | None = None
        device: int | None = None
        try:
            room = os.statvfs(self._at.place)
            device = self._at.place.stat().st_dev
        except OSError as problem:
            reason = reason or f"Store {self._name} cannot be looked at: {problem.strerror}."
        return StoreStatus(
            name=self._name,
            kind=self._kind,
            store_id=self._id,
            available=not reason,
            reason=reason,
            device=device,
            free_bytes=room.f_bavail * room.f_frsize if room else None,
            total_bytes=room.f_blocks * room.f_frsize if room else None,
        )

    # -- what it holds

    def object_path(self, object_id: ObjectId) -> str:
        return self._path(object_id)

    def folder(self, object_id: ObjectId) -> Path:
        """Where the copy lies or would lie: for judges of others, who open files by themselves."""
        return self._at.root / self.object_path(object_id)

    def head(self, object_id: ObjectId) -> Head | None:
        with self._looking(object_id):
            found = self._steady(object_id, self._at.head)
            if found is None:
                self.check_available()  # gone meanwhile: then nothing is known of the object
            return found

    def facts(self, object_id: ObjectId) -> ObjectFacts:
        with self._looking(object_id):
            return self._steady(object_id, self._at.facts)

    def open(self, object_id: ObjectId, path: ContentPath) -> BinaryIO:
        self.check_available()
        try:
            return open_below(self._at.root, f"{self.object_path(object_id)}/{path}")
        except OSError as problem:
            self.check_available()  # gone meanwhile: then nothing is known of the file
            if problem.errno in DEFINITE:
                raise NotFound(
                    f"{path} of {object_id} is not in store {self._name}: {problem.strerror}."
                ) from problem
            raise Unavailable(
                f"{path} of {object_id} cannot be read in store {self._name}: {problem.strerror}."
            ) from problem

    def walk(self) -> Iterator[RootEntry]:
        self.check_available()
        return self._walk()

    def _walk(self) -> Iterator[RootEntry]:
        yield from local_observe.walk_root(self._at.root)
        self.check_available()  # or the end of the walk would pass for the end of the store

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
        folders = ((object_id, self.object_path(object_id)) for object_id in object_ids)
        engine: EngineName = "hashlib" if confirm else "auto"
        threads = self._threads(medium)
        options = DigestOptions(
            threads=threads,
            medium=medium,
            max_bytes_per_second=self._rate if medium else None,
            engine=engine,
            look_ahead=min(512, READ_AHEAD * (threads or len(os.sched_getaffinity(0)))),
        )
        return local_observe.observe_folders(
            self._name,
            self._at.root,
            folders,
            self.check_available,
            options,
            payload=payload,
            in_order=in_order,
        )

    def observe_root(self, known: Callable[[str], bool], *, medium: bool = True) -> Observation:
        self.check_available()
        rate = self._rate if medium else None
        options = DigestOptions(self._threads(medium), medium, rate)
        return local_observe.observe_root(
            self._name, self._at.root, known, self.check_available, options
        )

    def _threads(self, medium: bool) -> int | None:
        return self._readers if medium else None  # from memory a reader a processor is best

    def expected_root(self) -> Mapping[str, bytes]:
        """The files of the storage root itself, as `create_local_store` wrote them."""
        return write_layout(self._at.layout.name)

    # -- changing it

    def commit(self, plan: VersionPlan) -> Receipt:
        with self._working(f"writing {plan.object_id}"), self._lock(plan.object_id):
            return local_commit.commit(self._at, plan)

    def replicate(self, source: Store, object_id: ObjectId) -> Receipt:
        with self._working(f"copying {object_id}"), self._lock(object_id):
            return local_commit.replicate(self._at, source, object_id)

    def rebuild(
        self,
        plan: RebuildPlan,
        *,
        note: Mapping[str, str],
        still_wanted: Callable[[], None] = lambda: None,
    ) -> Rebuilt:
        with self._working(f"rebuilding {plan.object_id}"), self._lock(plan.object_id):
            return local_rebuild.rebuild(self._at, plan, note, still_wanted)

    def rebuild_root(self, *, note: Mapping[str, str]) -> Sequence[str]:
        with (
            self._working("mending the storage root"),
            locks.held(
                self._at.place / "locks" / "root.lock",
                f"The storage root of {self._name}",
                wait=self._lock_wait,
            ),
        ):
            return local_rebuild.rebuild_root(self._at, self.expected_root(), note)

    def settled(self, object_id: ObjectId) -> AbstractContextManager[None]:
        return self._settled(object_id)

    @contextmanager
    def _settled(self, object_id: ObjectId) -> Iterator[None]:
        with ExitStack() as stack:
            with self._working(f"settling {object_id}"):
                try:
                    stack.enter_context(self._lock(object_id))
                except OSError as problem:
                    # A mount that nobody can write through has no writer and nothing to settle.
                    if problem.errno != errno.EROFS:
                        raise
                else:
                    settle(self._at, object_id)
            yield

    def recover(self) -> Sequence[Recovered]:
        with self._working("recovering"):
            return [*local_rebuild.recover(self._at), *recover(self._at)]

    def put_evidence(self, name: str, data: bytes, offset: int) -> None:
        path = self._evidence_path(name)
        with (
            self._working("copying the ledger"),
            locks.held(
                self._at.place / "locks" / "ledger.lock",
                f"The ledger in store {self._name}",
                wait=self._lock_wait,
            ),
        ):
            there = path.stat(follow_symlinks=False).st_size if is_there(path) else 0
            if there < offset:
                raise Conflict(
                    f"{name} in store {self._name} ends at {there}, not at {offset}: "
                    "a part of the ledger is missing there."
                )
            with open_regular(path) if there else io.BytesIO() as stream:
                stream.seek(offset)
                present = stream.read(len(data))
            if not data.startswith(present) and there - offset <= len(data):
                # A power cut in an append can leave the length without the bytes. Zeros at the end
                # of the file are no evidence of anything; everything else is kept as it is.
                present = present.rstrip(b"\0")
                there = offset + len(present)
            if not data.startswith(present):
                raise Conflict(
                    f"{name} in store {self._name} differs from ours after byte {offset}. "
                    "Nothing was changed; compare both with `kho ledger verify`."
                )
            # Also when all of it is there: the writer of it may not have come to its flush.
            durable.append_durably(path, data[len(present) :], there)

    def evidence(self) -> Mapping[str, int]:
        with self._working("looking at the ledger"), os.scandir(self._at.place / "ledger") as found:
            sizes = {
                entry.name: entry.stat(follow_symlinks=False).st_size
                for entry in found
                if entry.is_file(follow_symlinks=False)
            }
        return dict(sorted(sizes.items()))

    def read_evidence(self, name: str) -> bytes:
        path = self._evidence_path(name)
        with self._working(f"reading {name}"):
            if not is_there(path):
                raise NotFound(f"Store {self._name} was given no {name}.")
            with open_regular(path) as stream:
                return stream.read()

    # -- within

    @contextmanager
    def _working(self, doing: str) -> Iterator[None]:
        """The right store is there, and an OSError becomes the failure it means."""
        self.check_available()
        try:
            yield
        except OSError as problem:
            self.check_available()
            raise durable.explained(problem, f"{doing} in store {self._name}") from problem

    @contextmanager
    def _looking(self, object_id: ObjectId) -> Iterator[None]:
        """As `_working`, and nothing is called damaged or absent in a store that went away."""
        with self._working(f"reading {object_id}"):
            try:
                yield
            except (Corrupt, NotFound):
                self.check_available()
                raise

    def _steady(self, object_id: ObjectId, look: Callable[[ObjectId], _Found]) -> _Found:
        """Look, and look again for a moment while a writer may be between two of its renames."""
        deadline = time.monotonic() + _WRITER_AT_WORK
        calm = False
        while True:
            try:
                return look(object_id)
            except Corrupt:
                if calm or time.monotonic() >= deadline:
                    raise
            # Without a writer one more look is the last: it may have ended since the first.
            calm = not is_there(self._at.lock_path(object_id))
            time.sleep(0.02)

    @contextmanager
    def _lock(self, object_id: ObjectId) -> Iterator[None]:
        """Nobody else writes the object, and no exchange of its copy is left half done."""
        with locks.held(
            self._at.lock_path(object_id),
            f"{object_id} in store {self._name}",
            wait=self._lock_wait,
        ):
            local_rebuild.settle(self._at, object_id)
            yield

    def _evidence_path(self, name: str) -> Path:
        if not name or "/" in name or "\0" in name or name.startswith("."):
            raise ValueError(f"not a name for evidence: {name!r}")
        return self._at.place / "ledger" / name
