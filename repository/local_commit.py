"""Writing into a local store: staged, flushed, read back, validated, then made real by rename.

    staging/{lock name}.{random}/intent.json   whose work this is, and which version it makes
    staging/{lock name}.{random}/object/…      what will be published

A new object becomes real by one rename of `object/`. A later version takes three, in this order, each
flushed: the version folder, the root inventory, its sidecar. The rule of recovery (`settle`), applied
only where an intent of a dead writer says that it was at work:

* the version folder is there and every byte of it is what its inventory says → the remaining renames
  are done (rolled forward);
* it is there and not complete → it is moved out and kept in `aside/` for a person (rolled back);
* it is not there → the object is as it was.

The caller holds the object's lock. Nothing here removes or replaces anything that was published,
except that the root inventory and its sidecar follow the head, as OCFL 1.1 §3.5 demands; every earlier
inventory stays in its version folder.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from repository import durable, locks
from repository.digest import DigestOptions, FileTask, digest_bytes, digest_files
from repository.errors import ArchiveError, Conflict, Corrupt, Locked
from repository.local_place import (
    DECLARATION_BYTES,
    OBJECT_DECLARATION,
    LocalPlace,
    lock_name,
    open_regular,
    sidecar_bytes,
)
from repository.model import ContentPath, ObjectId, VersionNumber
from repository.ocfl.inventory import (
    Inventory,
    NewContent,
    first_inventory,
    new_content_paths,
    next_inventory,
    serialise_inventory,
)
from repository.store import (
    FromBytes,
    FromPath,
    Head,
    Kept,
    PlannedFile,
    ReadBack,
    Receipt,
    Recovered,
    Store,
    VersionPlan,
)

_Action = Literal["rolled forward", "rolled back", "staging removed"]
_COPY_BUFFER = 1024 * 1024
_WEAKEST_FIRST: tuple[ReadBack, ...] = ("cached", "evicted", "direct")


@dataclass(frozen=True, slots=True)
class _Staged:
    """One file to be written below the staged object folder, and what it must then hold."""

    path: str
    size: int
    sha512: str
    source: Callable[[], BinaryIO] | bytes


def commit(store: LocalPlace, plan: VersionPlan) -> Receipt:
    """Write one planned version. The contract is that of `Store.commit`."""
    settle(store, plan.object_id)
    folder = store.folder(plan.object_id)
    held = store.inventory(plan.object_id, folder)[0] if folder.exists() else None
    if held is not None and _follows(held, plan):
        return _already_there(store, plan, folder)
    if (held.head if held else None) != plan.follows:
        found = f"its head is {held.head}" if held else "it is not there"
        raise Conflict(
            f"{plan.object_id} in store {store.name} should be at {plan.follows or 'nothing'}, "
            f"but {found}. Read it again and plan anew."
        )
    inventory = _planned_inventory(plan, held)
    data = serialise_inventory(inventory)
    digest = digest_bytes(data, ["sha512"])["sha512"]
    files = [*_content(plan, held, inventory), *_inventory_files(str(inventory.head), data, digest)]
    if held is None:
        files += _object_files(data, digest)
    return _write(store, plan.object_id, inventory.head, files, data, new=held is None)


def replicate(store: LocalPlace, source: Store, object_id: ObjectId) -> Receipt:
    """Copy what `source` has more of one object. The contract is that of `Store.replicate`."""
    settle(store, object_id)
    facts = source.facts(object_id)
    folder = store.folder(object_id)
    by_path = {file.path: file for file in facts.expected}

    def files_below(prefix: str) -> list[_Staged]:
        return [
            _Staged(path, file.size, file.sha512, _opener(source, object_id, path))
            for path, file in by_path.items()
            if path.startswith(prefix)
        ]

    if not folder.exists():
        data = _read_all(source, object_id, "inventory.json")
        return _write(store, object_id, facts.head.version, files_below(""), data, new=True)
    here = store.facts(object_id)
    ours = [version.inventory_sha512 for version in here.versions]
    theirs = [version.inventory_sha512 for version in facts.versions]
    if ours != theirs[: len(ours)]:
        raise Conflict(
            f"{object_id}: the copy in {store.name} is not a beginning of the one in {source.name}. "
            "Neither was touched; audit both."
        )
    receipt = Receipt(store.name, here.head, "cached", 0, 0)
    for version in facts.versions[len(ours) :]:
        data = _read_all(source, object_id, f"{version.version}/inventory.json")
        receipt = _write(
            store,
            object_id,
            VersionNumber.parse(version.version),
            files_below(f"{version.version}/"),
            data,
            new=False,
        )
    return receipt


def settle(store: LocalPlace, object_id: ObjectId) -> list[Recovered]:
    """Finish or undo what a dead writer of this object left. The caller holds the lock."""
    done = []
    for work in sorted(store.staging.glob(f"{lock_name(object_id)}.*")):
        done += _settle_one(store, object_id, work)
    return done


def recover(store: LocalPlace) -> Sequence[Recovered]:
    """As `settle`, for every object with work left behind. What somebody holds is left alone."""
    done: list[Recovered] = []
    for work in sorted(store.staging.iterdir()):
        intent = _read_intent(work)
        if intent is None:
            if not locks.is_held(store.place / "locks" / f"{work.name.split('.')[0]}.lock"):
                durable.remove_staging(work)
                done.append(Recovered(store.name, "", "staging removed", work.name))
            continue
        object_id = ObjectId(str(intent["object_id"]))
        try:
            with locks.held(store.lock_path(object_id), str(object_id), wait=0):
                done += settle(store, object_id)
        except Locked:
            continue
    return done


# -- one version, from staging to its name


def _write(
    store: LocalPlace,
    object_id: ObjectId,
    version: VersionNumber,
    files: Sequence[_Staged],
    inventory: bytes,
    *,
    new: bool,
) -> Receipt:
    digest = digest_bytes(inventory, ["sha512"])["sha512"]
    folder = store.folder(object_id)
    with _staging(store, object_id, version) as work:
        staged = work / "object"
        _write_staged(store, staged, files)
        if not new:
            # Beside the version folder: they take the place of the root's own by rename.
            durable.write_new(staged / "inventory.json", inventory)
            durable.write_new(staged / "inventory.json.sha512", sidecar_bytes(digest))
        durable.sync_tree(work)
        store.step("staged and flushed")
        read_back = _read_back(staged, files)
        store.step("read back")
        if new:
            durable.publish_folder(staged, folder, below=store.root)
            store.step("published object")
        else:
            _publish_version(store, staged, folder, version)
    return Receipt(
        store=store.name,
        head=Head(version, digest),
        read_back=read_back,
        files_written=len(files),
        bytes_written=sum(file.size for file in files),
    )


def _publish_version(store: LocalPlace, staged: Path, folder: Path, version: VersionNumber) -> None:
    durable.publish_folder(staged / str(version), folder / str(version), below=folder)
    store.step("published version folder")
    durable.publish_file(staged / "inventory.json", folder / "inventory.json")
    store.step("published inventory")
    durable.publish_file(staged / "inventory.json.sha512", folder / "inventory.json.sha512")
    store.step("published sidecar")


@contextmanager
def _staging(store: LocalPlace, object_id: ObjectId, version: VersionNumber) -> Iterator[Path]:
    work = store.staging / f"{lock_name(object_id)}.{secrets.token_hex(6)}"
    try:
        work.mkdir()
        intent = {"object_id": object_id, "version": str(version)}
        durable.write_durably(work / "intent.json", json.dumps(intent).encode())
        (work / "object").mkdir()
        store.step("staging made")
        yield work
    except OSError as problem:
        # Where renames were already done, settling now finishes them; else it cleans up.
        failure = durable.explained(problem, f"writing {object_id} to store {store.name}")
        _try_settle(store, object_id, failure)
        raise failure from problem
    except ArchiveError as problem:
        _try_settle(store, object_id, problem)
        raise
    durable.remove_staging(work)
    store.step("staging removed")


def _try_settle(store: LocalPlace, object_id: ObjectId, failure: ArchiveError) -> None:
    try:
        settle(store, object_id)
    except (OSError, ArchiveError) as second:
        # The first failure is what the operator must read; the next start settles again.
        failure.add_note(f"Cleaning up was not possible either: {second}")


def _write_staged(store: LocalPlace, staged: Path, files: Sequence[_Staged]) -> None:
    for folder in sorted({(staged / file.path).parent for file in files}):
        folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        if isinstance(file.source, bytes):
            durable.write_new(staged / file.path, file.source)
        else:
            with file.source() as reader, durable.create_file(staged / file.path) as writer:
                shutil.copyfileobj(reader, writer, _COPY_BUFFER)
        store.step(f"wrote {file.path}")


def _read_back(staged: Path, files: Sequence[_Staged]) -> ReadBack:
    """Every staged file again from the medium, compared with what it must hold. Corrupt."""
    expected = {file.path: file for file in files}
    tasks = [FileTask(key=path, path=str(staged / path)) for path in expected]
    weakest: ReadBack = "direct"
    options = DigestOptions(medium=True, engine="hashlib")
    for result in digest_files(tasks, ["sha512"], options=options):
        file = expected[str(result.key)]
        if result.errno is not None:
            raise OSError(result.errno, "reading back what was written", file.path)
        if (result.size, result.digests["sha512"]) != (file.size, file.sha512):
            raise Corrupt(
                f"{file.path} was read back with another digest than planned: the source changed "
                "or the medium does not keep what it is given. Nothing was published."
            )
        weakest = min(weakest, result.source, key=_WEAKEST_FIRST.index)
    return weakest


# -- what a plan means in files


def _planned_inventory(plan: VersionPlan, held: Inventory | None) -> Inventory:
    contents = [
        NewContent(file.logical_path, file.sha512, {"sha256": file.sha256}) for file in plan.files
    ]
    words = (plan.created, plan.message, plan.user_name, plan.user_address)
    if held is None:
        return first_inventory(plan.object_id, contents, *words)
    return next_inventory(held, contents, *words)


def _content(plan: VersionPlan, held: Inventory | None, inventory: Inventory) -> Iterator[_Staged]:
    planned = {file.logical_path: file for file in plan.files}
    if held is not None:
        for file in plan.files:
            if isinstance(file.source, Kept) and file.sha512 not in held.manifest:
                raise Conflict(
                    f"{plan.object_id}: {file.logical_path} was to be kept, "
                    "but no earlier version has its bytes."
                )
    for path, logical in new_content_paths(held, inventory).items():
        file = planned[logical]
        yield _Staged(path, file.size, file.sha512, _source(file))


def _source(file: PlannedFile) -> Callable[[], BinaryIO] | bytes:
    source = file.source
    if isinstance(source, FromBytes):
        return source.data
    if isinstance(source, FromPath):
        path = Path(source.path)
        return lambda: open_regular(path)
    raise Conflict(f"{file.logical_path} was to be kept, but nothing holds its bytes.")


def _inventory_files(prefix: str, data: bytes, digest: str) -> list[_Staged]:
    sidecar = sidecar_bytes(digest)
    at = f"{prefix}/" if prefix else ""
    return [
        _Staged(f"{at}inventory.json", len(data), digest, data),
        _generated(f"{at}inventory.json.sha512", sidecar),
    ]


def _object_files(data: bytes, digest: str) -> list[_Staged]:
    declaration = _generated(OBJECT_DECLARATION, DECLARATION_BYTES)
    return [declaration, *_inventory_files("", data, digest)]


def _generated(path: str, data: bytes) -> _Staged:
    return _Staged(path, len(data), digest_bytes(data, ["sha512"])["sha512"], data)


def _opener(source: Store, object_id: ObjectId, path: ContentPath) -> Callable[[], BinaryIO]:
    return lambda: source.open(object_id, path)


def _read_all(source: Store, object_id: ObjectId, path: str) -> bytes:
    with source.open(object_id, ContentPath(path)) as stream:
        return stream.read()


# -- what is there already


def _follows(held: Inventory, plan: VersionPlan) -> bool:
    """Whether the head could be the very version that is planned."""
    expected = plan.follows.next() if plan.follows else VersionNumber(1)
    if held.head != expected:
        return False
    state = {file.logical_path: file.sha512 for file in plan.files}
    version = held.versions[held.head]
    return dict(held.state(held.head)) == state and version.created == plan.created


def _already_there(store: LocalPlace, plan: VersionPlan, folder: Path) -> Receipt:
    """The receipt of a version that was committed before: its bytes are read again now."""
    head = store.head(plan.object_id)
    assert head is not None
    expected = {file.path: file for file in store.facts(plan.object_id).expected}
    files = [
        _Staged(path, file.size, file.sha512, b"")
        for path, file in expected.items()
        if path.startswith(f"{head.version}/")
    ]
    return Receipt(store.name, head, _read_back(folder, files), 0, 0)


# -- after a crash


def _settle_one(store: LocalPlace, object_id: ObjectId, work: Path) -> list[Recovered]:
    folder = store.folder(object_id)
    done = []
    intent = _read_intent(work)
    if intent is not None and folder.exists():
        version = VersionNumber.parse(str(intent["version"]))
        outcome = _settle_version(store, folder, version, work)
        if outcome is not None:
            done.append(Recovered(store.name, object_id, *outcome))
    durable.remove_staging(work)
    durable.remove_empty_folders(folder.parent, below=store.root)
    if not done:
        done.append(Recovered(store.name, object_id, "staging removed", work.name))
    return done


def _settle_version(
    store: LocalPlace, folder: Path, version: VersionNumber, work: Path
) -> tuple[_Action, str] | None:
    at = folder / str(version)
    if not at.exists() or _root_is_at(store, folder, version):
        return None
    try:
        inventory, data = store.read_inventory(at)
        _check_version(inventory, version, at)
    except (Corrupt, OSError) as problem:
        aside = store.place / "aside"
        aside.mkdir(exist_ok=True)
        durable.withdraw_folder(at, aside / f"{work.name}.{version}")
        return "rolled back", f"{version} was not complete ({problem}); kept in aside/"
    digest = digest_bytes(data, ["sha512"])["sha512"]
    for name, content in (
        ("inventory.json", data),
        ("inventory.json.sha512", sidecar_bytes(digest)),
    ):
        fresh = work / f"settled-{name}"
        durable.write_durably(fresh, content, durable.READ_ONLY)
        durable.publish_file(fresh, folder / name)
    return "rolled forward", f"{version} was complete; the head follows it"


def _root_is_at(store: LocalPlace, folder: Path, version: VersionNumber) -> bool:
    try:
        return store.read_inventory(folder)[0].head >= version
    except Corrupt:
        return False  # inventory and sidecar are of two versions: the state between two renames


def _check_version(inventory: Inventory, version: VersionNumber, at: Path) -> None:
    """Corrupt unless every file the inventory gives this version is there with the right bytes."""
    if inventory.head != version:
        raise Corrupt(f"the inventory in {at.name} is of {inventory.head}")
    wanted = {
        path: digest
        for digest, paths in inventory.manifest.items()
        for path in paths
        if path.startswith(f"{version}/")
    }
    tasks = [FileTask(key=path, path=str(at.parent / path)) for path in wanted]
    for result in digest_files(tasks, ["sha512"], options=DigestOptions(engine="hashlib")):
        if result.digests.get("sha512") != wanted[ContentPath(str(result.key))]:
            raise Corrupt(f"{result.key} is not what its inventory says")


def _read_intent(work: Path) -> Mapping[str, object] | None:
    try:
        intent = json.loads((work / "intent.json").read_bytes())
    except (OSError, ValueError):
        return None  # the writer died before it had said what it was about: nothing was published
    return intent if isinstance(intent, dict) and {"object_id", "version"} <= set(intent) else None
