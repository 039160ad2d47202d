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
from dataclasses import dataclass, replace
from itertools import chain
from typing import BinaryIO, Protocol, overload

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
    reason. Of very many files nothing is held twice: what was expected and what was seen share their
    strings, and each of `files` is made when it is asked for.
    """

    object_id: ObjectId
    files: Sequence[RebuildFile]
    missing: tuple[ExpectedFile, ...]
    seen: Mapping[str, Observation]
    away: Mapping[str, str]

    @property
    def root_inventory_sha512(self) -> str:
        """What the root inventory of the rebuilt copy will be."""
        every = chain((one.file for one in self.files), self.missing)
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
    held: list[_Held] = []
    seen: dict[str, Observation] = {}
    away: dict[str, str] = {}
    for store in stores:
        try:
            observed = next(iter(store.observe([object_id], confirm=True)))
        except Unavailable as problem:
            away[store.name] = problem.operator
            continue
        observed = _in_the_words_of(expected, observed)
        seen[store.name] = observed
        here = _Held(store, observed)
        if all(here.path_of(file) is not None for file in expected):
            held = [here]
            break
        held.append(here)
    chosen = _Chosen(object_id)
    missing = []
    for file in expected:
        one = next((one for one in held if one.path_of(file) is not None), None)
        if one is not None:
            chosen.add(file, one.store, one.path_of(file) or "")
        elif file.path in known:
            chosen.add(file, None, known[file.path])
        else:
            missing.append(file)
    return RebuildPlan(object_id, chosen, tuple(missing), seen, away)


def _in_the_words_of(expected: Sequence[ExpectedFile], observed: Observation) -> Observation:
    """The same observation, made of the strings of `expected` where they are equal."""
    paths: dict[str, str] = {file.path: file.path for file in expected}
    digests = {file.sha512: file.sha512 for file in expected}
    shared = (
        file._replace(
            path=paths.get(file.path, file.path),
            sha512=digests.get(file.sha512, file.sha512) if file.sha512 else file.sha512,
        )
        for file in observed.files
    )
    return replace(observed, files=tuple(shared))


class _Held:
    """The whole files that one store was found to hold, by what they hold."""

    def __init__(self, store: Store, observed: Observation) -> None:
        self.store = store
        self._files = {file.sha512: file for file in observed.files if file.sha512 is not None}

    def path_of(self, file: ExpectedFile) -> str | None:
        """Where bytes of this size and digest lie, or None."""
        found = self._files.get(file.sha512)
        return found.path if found is not None and found.size == file.size else None


class _Chosen(Sequence[RebuildFile]):
    """The files of a plan in the order they were added, each made when it is asked for."""

    __slots__ = ("_files", "_object_id", "_origins", "_stores")

    def __init__(self, object_id: ObjectId) -> None:
        self._object_id = object_id
        self._files: list[ExpectedFile] = []
        self._stores: list[Store | None] = []
        self._origins: list[str | bytes] = []

    def add(self, file: ExpectedFile, store: Store | None, origin: str | bytes) -> None:
        """One file more, to be had from a path in a store, or of known bytes."""
        self._files.append(file)
        self._stores.append(store)
        self._origins.append(origin)

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, at: int) -> RebuildFile: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[RebuildFile]: ...
    def __getitem__(self, at: int | slice) -> RebuildFile | Sequence[RebuildFile]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        file, store, origin = self._files[at], self._stores[at], self._origins[at]
        if isinstance(origin, bytes):
            return RebuildFile(file, "", origin)
        assert store is not None
        return RebuildFile(file, store.name, _FromCopy(store, self._object_id, origin))


class _FromCopy:
    """Opens one file of a store's copy."""

    __slots__ = ("_object_id", "_path", "_store")

    def __init__(self, store: Store, object_id: ObjectId, path: str) -> None:
        self._store = store
        self._object_id = object_id
        self._path = path

    def __call__(self) -> BinaryIO:
        return self._store.open(self._object_id, ContentPath(self._path))


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
        if (len(data), digest_bytes(data, ["sha512"])["sha512"]) == (file.size, file.sha512):
            known[file.path] = data
    return known
