"""The contract of a store: one place that keeps one copy of every object (design section 3).

A store holds an OCFL storage root, and beside it the staging, the locks and the ledger segments it was
given. `tests/contracts` runs one suite against every implementation. What is planned here is complete
before anything is written, so a dry run prints the plan.

Findings and failures: methods raise `repository.errors` for what stops them; what is wrong with bytes
that could be looked at is told as observations, never as exceptions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Literal, NamedTuple, Protocol

from repository.model import (
    ContentPath,
    ExpectedFile,
    LogicalPath,
    ObjectId,
    VersionFacts,
    VersionNumber,
)
from repository.ocfl.inventory import Inventory

ReadBack = Literal["direct", "evicted", "cached"]

# The name under which the storage root's own files are observed, audited and reported.
STORAGE_ROOT = ObjectId("urn:kho:storage-root")
# And that of a store's copy of the ledger.
LEDGER = ObjectId("urn:kho:ledger")


@dataclass(frozen=True, slots=True)
class FromPath:
    """The bytes lie in a file of ours (quarantine, or another store's verified copy)."""

    path: str


@dataclass(frozen=True, slots=True)
class FromBytes:
    """The bytes were made in memory: metadata of the package."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes are in an earlier version of the same object: nothing is written again."""


Source = FromPath | FromBytes | Kept


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of the new version's state: its name, what its bytes must be, where they come from."""

    logical_path: LogicalPath
    size: int
    sha512: str
    sha256: str
    source: Source


@dataclass(frozen=True, slots=True)
class VersionPlan:
    """A whole new version: its complete state, and the head it follows (None: a new object)."""

    object_id: ObjectId
    follows: VersionNumber | None
    files: tuple[PlannedFile, ...]
    created: str  # RFC 3339, as it will stand in the inventory
    message: str
    user_name: str
    user_address: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a store has of an object: its head version and the digest of its root inventory."""

    version: VersionNumber
    inventory_sha512: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of one commit: what was written, and how it was read back before it became real."""

    store: str
    head: Head
    read_back: ReadBack
    files_written: int
    bytes_written: int


class ObservedFile(NamedTuple):  # an audit makes very many, and this is the quickest to make
    """One file as found: its size and digest, or the errno that kept it from being read."""

    path: str  # relative to the object root; surrogate escapes where the name is not UTF-8
    size: int | None
    sha512: str | None
    errno: int | None
    source: ReadBack = "cached"


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything found under one object's folder, without judging it.

    `exists` is False when the object has no folder in an *available* store. `odd` lists what is
    neither a regular file nor a folder, and empty folders. `unlisted` lists folders that could not be
    read, with the errno: what lies in them is not known.
    """

    object_id: ObjectId
    store: str
    exists: bool
    files: tuple[ObservedFile, ...]
    odd: tuple[str, ...] = ()
    unlisted: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """One object as storage has it: the source from which the catalogue is made."""

    object_id: ObjectId
    head: Head
    versions: tuple[VersionFacts, ...]
    expected: tuple[ExpectedFile, ...]  # every file under the object root
    inventory: Inventory


@dataclass(frozen=True, slots=True)
class RootEntry:
    """One object folder found while walking a storage root, or something that is not one."""

    path: str  # relative to the storage root
    object_id: ObjectId | None  # None: not an object we can name
    note: str = ""


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What a store says of itself to `kho doctor` and `kho status`."""

    name: str
    kind: str
    store_id: str
    available: bool
    reason: str
    device: int | None
    free_bytes: int | None
    total_bytes: int | None


@dataclass(frozen=True, slots=True)
class Recovered:
    """One interrupted piece of work that was finished, undone or put off, told in one line."""

    store: str
    object_id: str
    action: Literal[
        "rolled forward", "rolled back", "staging removed", "finished", "undone", "postponed"
    ]
    detail: str


class Store(Protocol):
    """One copy of everything. Unavailable is raised by any method while the store cannot be used."""

    @property
    def name(self) -> str:
        """The name the archive knows this store by, such as `primary`."""
        ...

    def check_available(self) -> None:
        """Return when the right store is there; raise Unavailable with the reason when it is absent,
        or when another store stands in its place."""
        ...

    def status(self) -> StoreStatus:
        """Never raises for an absent store: that is what it reports."""
        ...

    def head(self, object_id: ObjectId) -> Head | None:
        """The object's head, or None when this store has no such object. Corrupt when the folder is
        there and its root inventory cannot be read or does not match its sidecar."""
        ...

    def commit(self, plan: VersionPlan) -> Receipt:
        """Write one version, durably.

        After return: the version is complete on the medium, was read back and validated, and became
        real by one rename (new object) or by the three ordered renames of an update. After an
        exception: the object is as it was; or, where the medium failed after the first of those
        renames, complete in the new version or settled by the next writer or `recover`, as the
        exception says, and committing again brings the receipt. After a crash: the next `recover`
        makes it the old version or the new, never half. Conflict when the head is not
        `plan.follows`; Locked when another process works on the object; Refused when OCFL has no
        valid inventory for the plan; Corrupt when a source has other bytes than planned, or what was
        written is read back otherwise. Committing again what is already the head is answered with
        its receipt, after flushing and reading its files again, and writes nothing. `Kept` files are
        looked up in the object itself.
        """
        ...

    def replicate(self, source: Store, object_id: ObjectId) -> Receipt:
        """Bring this store's copy to the head of `source`, version by version, byte for byte.

        The guarantees of `commit` hold for each version. Conflict when what is here is not a
        beginning of what is there: then the copies differ and nothing is touched. Corrupt when a
        file of the source is not what its inventory says.
        """
        ...

    def facts(self, object_id: ObjectId) -> ObjectFacts:
        """Everything the catalogue needs of one object, from its inventories. NotFound, Corrupt."""
        ...

    def open(self, object_id: ObjectId, path: ContentPath) -> BinaryIO:
        """A stream over one file of the object, opened without following links. NotFound."""
        ...

    def observe(
        self,
        object_ids: Iterable[ObjectId],
        *,
        medium: bool = True,
        confirm: bool = False,
        payload: bool = True,
        in_order: bool = True,
    ) -> Iterator[Observation]:
        """Look at every file under each object, reading every byte.

        An observation per object, in the order asked, or each as it is complete where the order does
        not matter to the caller. `medium`: from the medium, not from the page cache. `confirm`: by
        OpenSSL, whatever engine is the fastest. Without `payload` the files below a version's
        `content/` are listed with their sizes and not read. Read errors are in the observation; only
        a store that is gone raises Unavailable, and then nothing has been said of the object at hand.
        """
        ...

    def observe_root(self, known: Callable[[str], bool], *, medium: bool = True) -> Observation:
        """Look at every file of the storage root that is in no known object folder.

        `known` is asked with folders relative to the storage root. The observation's `object_id` is
        STORAGE_ROOT.
        """
        ...

    def expected_root(self) -> Mapping[str, bytes]:
        """The files of the storage root itself and what they must hold."""
        ...

    def object_path(self, object_id: ObjectId) -> str:
        """Where the object lies or would lie, relative to the storage root."""
        ...

    def walk(self) -> Iterator[RootEntry]:
        """Every object folder of the storage root, and everything there that is not one."""
        ...

    def settled(self, object_id: ObjectId) -> AbstractContextManager[None]:
        """A context in which no writer of ours is at work on the object, after finishing or undoing
        what a dead one left. For judging again what looked wrong."""
        ...

    def recover(self) -> Sequence[Recovered]:
        """Finish or undo what dead writers left. Touches nothing a living writer holds."""
        ...

    def put_evidence(self, name: str, data: bytes, offset: int) -> None:
        """Make the evidence file `name` hold `data` from `offset` on, durably.

        Idempotent, and completes what a crash left torn. Conflict when bytes are there already
        that differ from `data`: nothing is ever taken away or replaced but zeros at the end, which
        a power cut can leave where an append had begun.
        """
        ...

    def evidence(self) -> Mapping[str, int]:
        """The evidence files this store was given, with their sizes."""
        ...

    def read_evidence(self, name: str) -> bytes:
        """One evidence file, whole. NotFound."""
        ...
