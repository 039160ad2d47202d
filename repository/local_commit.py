"""Writing into a local store: staged, flushed, read back, then made real by rename.

    staging/{lock name}.{random}/intent.json   whose work this is, and which version it makes
    staging/{lock name}.{random}/object/…      what will be published

A new object becomes real by one rename of `object/`. A later version takes three, in this order, each
flushed: the version folder, the root inventory, its sidecar. What is left after a crash at any point is
finished or undone by the rule in `local_settle`.

The caller holds the object's lock. Nothing here removes or replaces anything that was published,
except that the root inventory and its sidecar follow the head, as OCFL 1.1 §3.5 demands; every earlier
inventory stays in its version folder.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from repository import durable
from repository.digest import DigestOptions, FileTask, digest_files, digest_stream
from repository.errors import ArchiveError, Conflict, Corrupt, Unavailable
from repository.local_place import DEFINITE, LocalPlace, is_there, lock_name
from repository.local_plan import (
    PlannedVersion,
    Staged,
    declaration,
    following,
    inventory_files,
    is_head_of,
    judged,
    known_of,
)
from repository.local_settle import Intent, settle, write_intent
from repository.model import ContentPath, ExpectedFile, ObjectId, VersionFacts, VersionNumber
from repository.store import Head, ReadBack, Receipt, Store, VersionPlan

_WEAKEST_FIRST: tuple[ReadBack, ...] = ("cached", "evicted", "direct")


def commit(store: LocalPlace, plan: VersionPlan) -> Receipt:
    """Write one planned version. The contract is that of `Store.commit`."""
    settle(store, plan.object_id)
    folder = store.folder(plan.object_id)
    held = None
    if is_there(folder):
        held = store.inventory(plan.object_id, folder, known_of(plan))[0]
    if held is not None and is_head_of(held, plan):
        return _already_there(store, plan.object_id)
    if (held.head if held else None) != plan.follows:
        found = f"its head is {held.head}" if held else "it is not there"
        raise Conflict(
            f"{plan.object_id} in store {store.name} should be at {plan.follows or 'nothing'}, "
            f"but {found}. Read it again and plan anew."
        )
    made = following(plan, held)
    del held  # of 200,000 files one account at a time is enough
    return _write(store, plan.object_id, judged(plan, made))


def replicate(store: LocalPlace, source: Store, object_id: ObjectId) -> Receipt:
    """Copy what `source` has more of one object. The contract is that of `Store.replicate`.

    Reads only files of `source` that never change, so it may be written to meanwhile.
    """
    settle(store, object_id)
    theirs = source.facts(object_id)
    expected, versions = theirs.expected, theirs.versions
    del theirs  # its inventory: as in `commit`
    if not is_there(store.folder(object_id)):
        planned = _copied(source, object_id, expected, versions, creates=True)
        del expected
        return _write(store, object_id, planned)
    here = [version.inventory_sha512 for version in store.facts(object_id).versions]
    there = [version.inventory_sha512 for version in versions]
    if here != there[: len(here)]:
        raise Conflict(
            f"{object_id}: the copy in {store.name} is not a beginning of the one in {source.name}. "
            "Neither was touched; audit both."
        )
    if here == there:
        return _already_there(store, object_id)
    for version in versions[len(here) :]:
        planned = _copied(source, object_id, expected, [version], creates=False)
        receipt = _write(store, object_id, planned)
    return receipt


def _copied(
    source: Store,
    object_id: ObjectId,
    expected: Sequence[ExpectedFile],
    versions: Sequence[VersionFacts],
    *,
    creates: bool,
) -> PlannedVersion:
    """The last of `versions`, with all their files, as `source` has them."""
    last = versions[-1]
    folders = {f"{version.version}/" for version in versions}
    files = [
        Staged(file.path, file.size, file.sha512, _Opener(source, object_id, file.path))
        for file in expected
        if file.path[: file.path.find("/") + 1] in folders
    ]
    # The root's own comes from the version folder, which no writer of the source replaces.
    data = _read_all(source, object_id, f"{last.version}/inventory.json")
    files += inventory_files("", data, last.inventory_sha512)
    if creates:
        files.append(declaration())
    number = VersionNumber.parse(last.version)
    return PlannedVersion(number, creates, last.inventory_sha512, tuple(files))


# -- one version, from staging to its name


def _write(store: LocalPlace, object_id: ObjectId, planned: PlannedVersion) -> Receipt:
    folder = store.folder(object_id)
    with (
        _staging(store, Intent(object_id, planned.number, planned.creates)) as work,
        durable.flushing(work) as flush_all,
    ):
        staged = work / "object"
        write_staged(store, staged, planned.files)
        flush_all()
        store.step("staged and flushed")
        read_back = read_back_staged(store, staged, planned.files)
        store.step("read back")
        if planned.creates:
            durable.publish_folder(staged, folder, below=store.root)
            store.step("published object")
        else:
            _publish_version(store, staged, folder, planned.number)
    return Receipt(
        store=store.name,
        head=Head(planned.number, planned.inventory_sha512),
        read_back=read_back,
        files_written=len(planned.files),
        bytes_written=sum(file.size for file in planned.files),
    )


def _publish_version(store: LocalPlace, staged: Path, folder: Path, version: VersionNumber) -> None:
    durable.publish_folder(staged / str(version), folder / str(version), below=folder)
    store.step("published version folder")
    durable.publish_file(staged / "inventory.json", folder / "inventory.json")
    store.step("published inventory")
    durable.publish_file(staged / "inventory.json.sha512", folder / "inventory.json.sha512")
    store.step("published sidecar")


@contextmanager
def _staging(store: LocalPlace, intent: Intent) -> Iterator[Path]:
    """A staging folder for the length of the block, gone afterwards however it ends."""
    work = store.staging / f"{lock_name(intent.object_id)}.{secrets.token_hex(6)}"
    try:
        work.mkdir()
        write_intent(work, intent)
        (work / "object").mkdir()
        store.step("staging made")
        yield work
    except OSError as problem:
        doing = f"writing {intent.object_id} to store {store.name}"
        failure = durable.explained(problem, doing)
        raise _settled_after(store, intent, failure) from problem
    except ArchiveError as failure:
        raise _settled_after(store, intent, failure) from failure.__cause__
    except BaseException:
        settle(store, intent.object_id)
        raise
    # Everything is durable under its final name. What cannot be cleaned up now is cleaned up by the
    # next writer of the object or the next start; the commit is no less true for it.
    try:
        durable.remove_staging(work)
    except OSError:
        store.step("staging left")
    else:
        store.step("staging removed")


def _settled_after(store: LocalPlace, intent: Intent, failure: ArchiveError) -> ArchiveError:
    """The failure to raise, once what the failed write left was finished or undone, if it can be."""
    try:
        settle(store, intent.object_id)
        head = store.head(intent.object_id)
    except (OSError, ArchiveError) as second:
        later = "The object is settled before anything else is written to it"
        return type(failure)(f"{failure.operator} {later} ({_first_line(second)}).")
    if head is not None and head.version >= intent.version:
        return type(failure)(
            f"{failure.operator} It came after {intent.version} had become real: "
            "run it again to have it confirmed."
        )
    return failure


def _first_line(problem: BaseException) -> str:
    return str(problem).splitlines()[0].rstrip(".") if str(problem) else type(problem).__name__


def write_staged(store: LocalPlace, staged: Path, files: Sequence[Staged]) -> None:
    """Write every file below the staging folder, not yet flushed. Unavailable, Corrupt (too long)."""
    for folder in sorted({(staged / file.path).parent for file in files}):
        folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        if isinstance(file.source, bytes):
            durable.write_new(staged / file.path, file.source)
        else:
            with _opened(file) as reader:
                durable.copy_new(staged / file.path, _blocks(reader, file))
        store.step(f"wrote {file.path}")


def _opened(file: Staged) -> BinaryIO:
    assert not isinstance(file.source, bytes)
    try:
        return file.source()
    except OSError as problem:
        raise _unreadable_source(file, problem) from problem


def _blocks(reader: BinaryIO, file: Staged) -> Iterator[bytes]:
    read = 0
    while True:
        try:
            block = durable.read_block(reader)
        except OSError as problem:
            raise _unreadable_source(file, problem) from problem
        if not block:
            return
        read += len(block)
        if read > file.size:  # it may have no end
            raise Corrupt(f"The source of {file.path} has more than the planned {file.size} bytes.")
        yield block


def _unreadable_source(file: Staged, problem: OSError) -> Unavailable:
    return Unavailable(
        f"The source of {file.path} cannot be read: {problem.strerror or problem}. "
        "Nothing was published."
    )


def read_back_staged(store: LocalPlace, staged: Path, files: Sequence[Staged]) -> ReadBack:
    """Every staged file again from the medium, compared with what it must hold. Corrupt."""
    by_path = {file.path: file for file in files}
    weakest: ReadBack = "direct"
    for file, same, source in _looked_at(staged, by_path):
        if not same:
            raise Corrupt(_blame(store, file))
        weakest = min(weakest, source, key=_WEAKEST_FIRST.index)
    return weakest


def _looked_at(folder: Path, files: dict[str, Staged]) -> Iterator[tuple[Staged, bool, ReadBack]]:
    tasks = (FileTask(key=path, path=str(folder / path)) for path in files)
    options = DigestOptions(medium=True, engine="hashlib")
    for result in digest_files(tasks, ["sha512"], options=options):
        file = files[str(result.key)]
        if result.errno is not None and result.errno not in DEFINITE:
            raise OSError(result.errno, os.strerror(result.errno), str(folder / file.path))
        same = (result.size, result.digests.get("sha512")) == (file.size, file.sha512)
        yield file, same, result.source


def _blame(store: LocalPlace, file: Staged) -> str:
    """Whose fault a difference is: read the source once more and see."""
    if not isinstance(file.source, bytes):
        with _opened(file) as reader:
            size, found = digest_stream(reader, ["sha512"])
        if (size, found["sha512"]) != (file.size, file.sha512):
            return f"The source of {file.path} has other bytes than planned. Nothing was published."
    return (
        f"{file.path} was read back with other bytes than were written: the medium of store "
        f"{store.name} does not keep what it is given. Nothing was published; check the disk."
    )


# -- what is there already


def _already_there(store: LocalPlace, object_id: ObjectId) -> Receipt:
    """The receipt of a head that was committed before: flushed, and its bytes read again now."""
    folder = store.folder(object_id)
    facts = store.facts(object_id)
    # A writer that failed or died late may have left names that are not on the medium yet.
    durable.sync_names(folder, below=store.root)
    prefix = f"{facts.head.version}/"
    files: dict[str, Staged] = {
        file.path: Staged(file.path, file.size, file.sha512, b"")
        for file in facts.expected
        if file.path.startswith(prefix) or "/" not in file.path
    }
    weakest: ReadBack = "direct"
    for file, same, source in _looked_at(folder, files):
        if not same:
            raise Corrupt(
                f"{object_id} in store {store.name} is there already, but {file.path} is damaged. "
                "Nothing was changed; audit it."
            )
        weakest = min(weakest, source, key=_WEAKEST_FIRST.index)
    return Receipt(store.name, facts.head, weakest, 0, 0)


class _Opener:
    """Opens one file of another store. A class, for 200,000 of them are made at a time."""

    __slots__ = ("_object_id", "_path", "_store")

    def __init__(self, store: Store, object_id: ObjectId, path: ContentPath) -> None:
        self._store = store
        self._object_id = object_id
        self._path = path

    def __call__(self) -> BinaryIO:
        return self._store.open(self._object_id, self._path)


def _read_all(source: Store, object_id: ObjectId, path: str) -> bytes:
    try:
        with source.open(object_id, ContentPath(path)) as stream:
            return stream.read()
    except OSError as problem:
        raise Unavailable(
            f"{path} of {object_id} cannot be read in store {source.name}: {problem.strerror}."
        ) from problem
