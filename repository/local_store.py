"""A store in a folder: an OCFL storage root on a local or mounted file system.

Keeps the contract of `repository.store.Store`: no OSError leaves it. Whether the right store is there
is in `local_presence`, where things lie in `local_place`, writing in `local_commit`, recovery in
`local_settle`, looking at every byte in `local_observe`.
"""

from __future__ import annotations

import errno
import io
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, TypeVar

from repository import durable, local_commit, local_observe, local_rebuild, locks
from repository.digest import DigestOptions, EngineName
from repository.errors import Conflict, Corrupt, NotFound, Unavailable
from repository.local_place import DEFINITE, LocalPlace, is_there, open_below, open_regular
from repository.local_presence import Presence, write_identity
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

# Files read at once from the medium: an SSD's queue wants to be full, a disk's head wants to stay.
READERS = {"local": 8, "nfs": 4, "smb": 4, "offline": 2}
READ_AHEAD = 64  # files of each reader that a kill may make be read again;
ASKED_FOR = 16  # so many of them all whoever asked has taken and not written down yet
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
    durable.sync_tree(place)
    return write_identity(place)


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
        self._lock_wait = lock_wait
        self._readers = readers or READERS[kind]
        self._rate = bytes_per_second  # of each audit of it
        self._at = LocalPlace(name, place, layout, step)
        self._path = lru_cache(maxsize=4096)(self._at.layout.path)
        self._presence = Presence(name, place, store_id)

    # -- what and whether it is

    @property
    def name(self) -> str:
        return self._name

    def check_available(self) -> None:
        self._presence.check()

    def detach(self, why: str) -> None:
        """Mark the store as put away, durably: from then on it is unavailable to every process,
        also while its disk is still mounted. The mark stays on the disk until `attach`."""
        with self._working("detaching"):
            self._presence.mark_detached(why)

    def attach(self) -> None:
        """Take the mark away. Unavailable when the right store is not there."""
        self._presence.attach()

    def status(self) -> StoreStatus:
        return self._presence.status(self._kind)

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
            look_ahead=min(512, READ_AHEAD * (threads or len(os.sched_getaffinity(0))) - ASKED_FOR),
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
