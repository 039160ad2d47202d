"""Rebuilding a copy: where intact bytes of every file of an object still lie, and the plan made of it.

A file may be taken from wherever bytes of its size and sha512 were read: from another store, from the
damaged copy itself, from another name in the same object (the head's inventory lies there twice), or
from what is known without reading (the declaration, sidecars). One store that has everything is
preferred to many. What is planned here is complete before anything is written, so a dry run prints it.

Does not decide what the bytes must be (`preservation.repair`) and writes nothing (`local_rebuild`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from repository.digest import digest_bytes
from repository.errors import Unavailable
from repository.local_place import DECLARATION_BYTES, OBJECT_DECLARATION, sidecar_bytes
from repository.model import ContentPath, ExpectedFile, ObjectId
from repository.store import Observation, Receipt, Store

_ROOT_INVENTORY = "inventory.json"
_SIDECAR = ".sha512"


@dataclass(frozen=True, slots=True)
class RebuildFile:
    """One file of the rebuilt copy and where its bytes come from. `store` is empty for known bytes."""

    file: ExpectedFile
    store: str
    source: Callable[[], BinaryIO] | bytes


@dataclass(frozen=True, slots=True)
class RebuildPlan:
    """Every file of one object's copy with its source, and the files that are intact nowhere.

    `seen` is what each store was found to hold, `away` the stores that could not be asked, with the
    reason.
    """

    object_id: ObjectId
    files: tuple[RebuildFile, ...]
    missing: tuple[ExpectedFile, ...]
    seen: Mapping[str, Observation]
    away: Mapping[str, str]

    @property
    def root_inventory_sha512(self) -> str:
        """What the root inventory of the rebuilt copy will be."""
        every = [*(one.file for one in self.files), *self.missing]
        return next(file.sha512 for file in every if file.path == _ROOT_INVENTORY)

    def sources(self) -> dict[str, int]:
        """How many files each store gives."""
        return dict(sorted(Counter(one.store for one in self.files if one.store).items()))

    def byte_count(self) -> int:
        return sum(one.file.size for one in self.files)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done: the receipt of the new copy, and where the old one lies; empty: there was none."""

    receipt: Receipt
    kept_aside: str


class RebuildableStore(Store, Protocol):
    """A store in which a copy can be put in the place of a damaged one."""

    def rebuild(
        self,
        plan: RebuildPlan,
        *,
        note: Mapping[str, str],
        still_wanted: Callable[[], None] = lambda: None,
    ) -> Rebuilt:
        """Put a whole copy of the object in the place of what lies there, durably.

        After return: every byte of the new copy is on the medium, was read back and is what the plan
        says, the object is valid OCFL, and what lay there before is in `aside/` with `note`. After
        an exception everything is as it was, or, as the exception says, the exchange is finished by
        the next writer or `recover`. After a crash: the same. Refused when the plan has missing
        files; Corrupt when a source gives other bytes than planned; Locked. `still_wanted` is asked
        under the object's lock before anything is written; what it raises stops the work.
        """
        ...

    def rebuild_root(self, *, note: Mapping[str, str]) -> Sequence[str]:
        """Give the storage root's own files the bytes they must have, damaged ones kept in `aside/`.

        Returns the names of those that were not as they must be. Each is changed in one step.
        """
        ...


def plan_rebuild(
    object_id: ObjectId, expected: Sequence[ExpectedFile], stores: Iterable[Store]
) -> RebuildPlan:
    """Read the object in the stores, in the order given, until every file was found intact.

    The first store that alone has everything gives everything. Stores that are away are named.
    """
    known = _known_bytes(expected)
    found: dict[tuple[int, str], _FromCopy] = {}
    seen: dict[str, Observation] = {}
    away: dict[str, str] = {}
    for store in stores:
        try:
            observed = next(iter(store.observe([object_id], confirm=True)))
        except Unavailable as problem:
            away[store.name] = problem.operator
            continue
        seen[store.name] = observed
        here = _intact(store, observed)
        if all(_key(file) in here for file in expected):
            found = here
            break
        found = {**here, **found}
    chosen, missing = [], []
    for file in expected:
        one = found.get(_key(file))
        if one is not None:
            chosen.append(RebuildFile(file, one.store.name, one))
        elif file.path in known:
            chosen.append(RebuildFile(file, "", known[file.path]))
        else:
            missing.append(file)
    return RebuildPlan(object_id, tuple(chosen), tuple(missing), seen, away)


def _intact(store: Store, observed: Observation) -> dict[tuple[int, str], _FromCopy]:
    return {
        (file.size, file.sha512): _FromCopy(store, observed.object_id, file.path)
        for file in observed.files
        if file.size is not None and file.sha512 is not None
    }


class _FromCopy:
    """Opens one file of a store's copy. A class, for there may be very many."""

    __slots__ = ("_object_id", "_path", "store")

    def __init__(self, store: Store, object_id: ObjectId, path: str) -> None:
        self.store = store
        self._object_id = object_id
        self._path = path

    def __call__(self) -> BinaryIO:
        return self.store.open(self._object_id, ContentPath(self._path))


def _known_bytes(expected: Sequence[ExpectedFile]) -> dict[str, bytes]:
    """What some files must hold is known without reading them; their digest proves it all the same."""
    digests = {file.path: file.sha512 for file in expected}
    known: dict[str, bytes] = {}
    for file in expected:
        inventory = digests.get(ContentPath(file.path.removesuffix(_SIDECAR) or file.path))
        if file.path == OBJECT_DECLARATION:
            data = DECLARATION_BYTES
        elif file.path.endswith(f"{_ROOT_INVENTORY}{_SIDECAR}") and inventory is not None:
            data = sidecar_bytes(inventory)
        else:
            continue
        if (len(data), digest_bytes(data, ["sha512"])["sha512"]) == _key(file):
            known[file.path] = data
    return known


def _key(file: ExpectedFile) -> tuple[int, str]:
    return file.size, file.sha512
