"""Reading what the stores hold, as the catalogue says it must be.

Every byte given out from here was compared with a digest written before it was stored: small files
before the first byte leaves, larger ones while they are sent (`api/sending.py`). Read from the primary
store; from the next one when that is away, or when its copy of the file is damaged, which is reported.
"""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import BinaryIO

from api.problems import ApiProblem
from api.services import ApiServices
from api.spool import Damage, DamageKind
from repository.catalogue.records import VersionRecord
from repository.digest import digest_bytes
from repository.errors import Corrupt, NotFound, Unavailable
from repository.model import ContentPath, InvalidValue, ObjectId, StateFile, VersionNumber
from repository.ocfl.inventory import InvalidInventory, Inventory, parse_inventory
from repository.store import Store

SMALL = 1024 * 1024  # bytes; a file up to here is proven before any of it is sent
_KEPT_FILES = 50_000  # files of version states kept in memory
_log = logging.getLogger("kho.api")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file under an object's folder, and what its bytes must be."""

    object_id: ObjectId
    path: ContentPath
    size: int
    sha512: str


@dataclass(slots=True)
class Found:
    """A file ready to be sent: proven bytes, or a stream that has to be proven while it is sent."""

    wanted: Wanted
    store: str
    data: bytes | None = None
    stream: BinaryIO | None = None


@dataclass(frozen=True, slots=True)
class VersionState:
    """The files of one version by logical path, in order."""

    files: Mapping[str, StateFile] = field(default_factory=dict)


class Holdings:
    """Looks things up in catalogue and stores. Usable from several threads."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services
        self._states: OrderedDict[str, VersionState] = OrderedDict()
        self._lock = Lock()

    def version(self, object_id: str, version: str) -> VersionRecord:
        """One version of an object, named exactly as it is called. `not-found` otherwise."""
        for record in self._services.catalogue.versions(object_id):
            if record.version == version:
                return record
        raise ApiProblem("not-found")

    def inventory(self, version: VersionRecord) -> Found:
        """The inventory of one version, proven, as bytes. Corrupt when no store has it intact."""
        path = ContentPath(f"{version.version}/inventory.json")
        size = self._sizes(version.object_id).get(path)
        if size is None:
            raise Corrupt(f"The catalogue has no {path} of {version.object_id}.")
        wanted = Wanted(ObjectId(version.object_id), path, size, version.inventory_sha512)
        return self._find(wanted, prove_up_to=size)

    def state(self, version: VersionRecord) -> VersionState:
        """What one version consists of."""
        key = version.inventory_sha512
        with self._lock:
            if key in self._states:
                self._states.move_to_end(key)
                return self._states[key]
        data = self.inventory(version).data
        assert data is not None
        try:
            inventory = parse_inventory(data)
        except InvalidInventory as problem:
            raise Corrupt(
                f"The inventory of {version.object_id} {version.version} is not valid."
            ) from problem
        state = _state(inventory, version.version, self._sizes(version.object_id))
        with self._lock:
            self._states[key] = state
            while len(self._states) > 1 and self._kept() > _KEPT_FILES:
                self._states.popitem(last=False)
        return state

    def file(self, version: VersionRecord, path: str) -> StateFile:
        """One file of a version. `not-found` when the version has none of that name."""
        try:
            return self.state(version).files[path]
        except KeyError:
            raise ApiProblem("not-found") from None

    def open(self, object_id: str, file: StateFile) -> Found:
        """The bytes of a file, or a stream over them, from the first store that can give them.

        Corrupt when every store that is there has it damaged; Unavailable when none is there.
        """
        wanted = Wanted(ObjectId(object_id), file.content_path, file.size, file.digests["sha512"])
        return self._find(wanted, SMALL)

    def report(self, wanted: Wanted, store: str, kind: DamageKind) -> None:
        """Tell the audit that a copy of a file is damaged; the server's log, when it cannot be told."""
        _log.error("%s: %s of %s in %s", kind, wanted.path, wanted.object_id, store)
        if self._services.spool is None:
            return
        damage = Damage(wanted.object_id, store, wanted.path, kind, wanted.sha512)
        try:
            self._services.spool.report_damage(damage, self._services.clock.now())
        except Unavailable as problem:
            _log.error("this damage could not be noted: %s", problem.operator)

    def _find(self, wanted: Wanted, prove_up_to: int) -> Found:
        damaged = False
        for store in self._services.stores_to_read():
            try:
                return _open(store, wanted, prove_up_to)
            except Unavailable:
                continue
            except _Damaged as found:
                self.report(wanted, store.name, found.kind)
                damaged = True
        if damaged:
            raise Corrupt(f"No store has {wanted.path} of {wanted.object_id} intact.")
        raise Unavailable(f"No store is there to read {wanted.object_id} from.")

    def _sizes(self, object_id: str) -> Mapping[str, int]:
        return {file.path: file.size for file in self._services.catalogue.expected(object_id)}

    def _kept(self) -> int:
        return sum(len(state.files) for state in self._states.values())


class _Damaged(Exception):
    """One store's copy of a file is not what it must be."""

    def __init__(self, kind: DamageKind) -> None:
        super().__init__(kind)
        self.kind = kind


def _open(store: Store, wanted: Wanted, prove_up_to: int) -> Found:
    """The file in this store. _Damaged; Unavailable when the store is away."""
    try:
        stream = store.open(wanted.object_id, wanted.path)
    except NotFound:
        raise _Damaged("missing") from None
    except Unavailable:
        store.check_available()  # raises when it is the store that is away
        raise _Damaged("unreadable") from None
    kept = False
    try:
        if stream.seek(0, os.SEEK_END) != wanted.size:
            raise _Damaged("altered")
        stream.seek(0)
        if wanted.size > prove_up_to:
            kept = True
            return Found(wanted, store.name, stream=stream)
        data = stream.read(wanted.size)
    except OSError:
        raise _Damaged("unreadable") from None
    finally:
        if not kept:
            stream.close()
    if digest_bytes(data, ["sha512"])["sha512"] != wanted.sha512:
        raise _Damaged("altered")
    return Found(wanted, store.name, data=data)


def _state(inventory: Inventory, version: str, sizes: Mapping[str, int]) -> VersionState:
    sha256 = {
        path: digest
        for digest, paths in inventory.fixity.get("sha256", {}).items()
        for path in paths
    }
    files: dict[str, StateFile] = {}
    try:
        state = inventory.state(VersionNumber.parse(version))
        for path in sorted(state):
            content_path = inventory.content_path(state[path])
            digests = {inventory.digest_algorithm: state[path]}
            if content_path in sha256:
                digests["sha256"] = sha256[content_path]
            files[path] = StateFile(path, content_path, sizes[content_path], digests)
    except (KeyError, InvalidValue) as problem:
        raise Corrupt(
            f"Catalogue and inventory of {inventory.object_id} do not agree: {problem}."
        ) from problem
    return VersionState(files)
