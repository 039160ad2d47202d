"""Putting a whole copy in the place of a damaged one in a local store.

    rebuilding/{lock name}.{random}/object/…       the new copy, until it has its name
    rebuilding/{lock name}.{random}/decided.json   it is complete, flushed, read back and valid
    aside/{lock name}.{random}/object              what lay in its place, whatever it was
    aside/{lock name}.{random}/note.json           whose it was, when and why it was taken out

After a crash one rule holds, applied by the holder of the object's lock before anything else is done
to the object: without `decided.json` nothing outside was touched, and the work is removed; with it the
exchange is finished: what lies there goes aside, then the new copy gets its name. Nothing is ever
removed but our own unpublished work.

Where good bytes come from is `rebuild_copy`'s to say; the contract is that of `RebuildableStore`.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from repository import durable, local_settle, locks
from repository.errors import ArchiveError, Conflict, Corrupt, Locked, Refused
from repository.local_commit import read_back_staged, write_staged
from repository.local_place import LocalPlace, is_there, lock_name, read_bounded
from repository.local_plan import Staged
from repository.model import InvalidValue, ObjectId, VersionNumber
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.plain_form import KnownStrings
from repository.ocfl.validate import judge_structure
from repository.rebuild_copy import RebuildPlan, Rebuilt
from repository.store import Head, Receipt, Recovered

_WORK = re.compile(r"([0-9a-f]{40})\.[0-9a-f]{12}")
_SMALL = 1024 * 1024  # a storage root's own file is far smaller


@dataclass(frozen=True, slots=True)
class _Decided:
    object_id: ObjectId
    note: Mapping[str, str]


def rebuild(
    store: LocalPlace,
    plan: RebuildPlan,
    note: Mapping[str, str],
    still_wanted: Callable[[], None],
) -> Rebuilt:
    """As `RebuildableStore.rebuild`. The caller holds the object's lock and has called `settle`."""
    object_id = plan.object_id
    if plan.missing:
        raise Refused(
            f"{object_id}: {len(plan.missing)} files are intact in no store. Nothing was touched."
        )
    # What a dead writer left is settled where it can be. Where it cannot, for bytes that cannot be
    # read, the exchange takes away what it was to be settled in, and what it left goes with it.
    with suppress(OSError, Corrupt):
        local_settle.settle(store, object_id)
    still_wanted()
    folder = store.folder(object_id)
    _check_way(store, folder)
    work = store.place / "rebuilding" / f"{lock_name(object_id)}.{secrets.token_hex(6)}"
    try:
        receipt = _stage(store, work, plan)
        decided = {"object_id": object_id, "note": dict(note)}
        durable.write_durably(work / "decided.json", json.dumps(decided).encode())
    except BaseException:
        # What stopped the work is what must be told; left-over work is removed by `recover`.
        with suppress(OSError):
            durable.remove_staging(work)
        raise
    store.step("rebuild decided")
    try:
        kept = _exchange(store, _Decided(object_id, note), work)
    except (OSError, ArchiveError) as problem:
        doing = f"exchanging the copy of {object_id} in store {store.name}"
        failure = durable.explained(problem, doing) if isinstance(problem, OSError) else problem
        raise type(failure)(
            f"{failure.operator} The new copy is complete in {work}: the next command finishes it."
        ) from problem
    return Rebuilt(receipt, kept)


def rebuild_root(
    store: LocalPlace, expected: Mapping[str, bytes], note: Mapping[str, str]
) -> list[str]:
    """As `RebuildableStore.rebuild_root`. The caller holds the root's lock."""
    mended = []
    for name, data in expected.items():
        path = store.root / name
        _check_way(store, path)
        if _holds(store, name, data):
            continue
        if is_there(path):
            kept = _noted(store, f"root.{secrets.token_hex(6)}", {**note, "path": name})
            _keep_root_file(path, kept / "object")
            store.step(f"kept aside {name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write_durably(path, data, durable.READ_ONLY)
        durable.sync_names(path.parent, below=store.root)
        store.step(f"mended {name}")
        mended.append(name)
    return mended


def settle(store: LocalPlace, object_id: ObjectId) -> list[Recovered]:
    """Finish or undo what a dead rebuilding of this object left. The caller holds its lock.

    Corrupt, Conflict or OSError when that cannot be: then it stays to be settled.
    """
    return [_settle_one(store, work) for work in _works(store) if _of(work, object_id)]


def recover(store: LocalPlace) -> list[Recovered]:
    """As `settle`, for every object with a rebuilding left behind. What somebody alive holds stays."""
    done = []
    for work in list(_works(store)):
        name = work.name.partition(".")[0]
        try:
            with locks.held(store.place / "locks" / f"{name}.lock", name, wait=0):
                if is_there(work):
                    done.append(_settle_one(store, work))
        except Locked:
            continue
        except (OSError, ArchiveError) as problem:
            doing = "finishing a rebuilding"
            failure = durable.explained(problem, doing) if isinstance(problem, OSError) else problem
            done.append(Recovered(store.name, "", "postponed", f"{name}: {failure.operator}"))
    return done


# -- making the new copy


def _stage(store: LocalPlace, work: Path, plan: RebuildPlan) -> Receipt:
    staged = work / "object"
    files = [
        Staged(one.file.path, one.file.size, one.file.sha512, one.source) for one in plan.files
    ]
    if not work.parent.is_dir():
        work.parent.mkdir(exist_ok=True)
        durable.sync_folder(work.parent.parent)
    work.mkdir()
    with durable.flushing(work) as flush_all:
        staged.mkdir()
        store.step("rebuild begun")
        write_staged(store, staged, files)
        flush_all()
        store.step("rebuild staged and flushed")
        read_back = read_back_staged(store, staged, files)
        store.step("rebuild read back")
        del files  # there may be very many, and the judge makes its own account of them
        head = _check_valid(staged, plan)
        store.step("rebuild validated")
    return Receipt(store.name, head, read_back, len(plan.files), plan.byte_count())


def _check_valid(staged: Path, plan: RebuildPlan) -> Head:
    """The staged copy's head. Corrupt unless inventory, planned files and OCFL agree.

    Its bytes were all read and compared just now; here is only what they mean together.
    """
    judged = judge_structure(LocalTree(str(staged)), _known_of(plan))
    report = judged.conclude(()).report
    if report.has_errors or judged.expectations is None or judged.head is None:
        codes = ", ".join(sorted(set(report.codes())))
        raise Corrupt(f"The rebuilt copy of {plan.object_id} would not be valid OCFL: {codes}.")
    if judged.object_id != plan.object_id:
        raise Corrupt(f"The inventory of {plan.object_id} is that of {judged.object_id}.")
    manifest = judged.expectations.manifest()
    planned = 0
    for one in plan.files:
        if one.file.path in manifest:
            planned += 1
            if manifest[one.file.path] != one.file.sha512:
                raise Corrupt(
                    f"{one.file.path} is not what the inventory of {plan.object_id} says."
                )
    if planned != len(manifest):
        raise Corrupt(f"The inventory of {plan.object_id} names files that were not planned.")
    return Head(VersionNumber.parse(judged.head), plan.root_inventory_sha512)


def _known_of(plan: RebuildPlan) -> KnownStrings:
    """The plan's own strings, of which the inventory is made for the most part."""
    digests = {one.file.sha512: one.file.sha512 for one in plan.files}
    return KnownStrings(digests, content={one.file.path: one.file.path for one in plan.files})


# -- the exchange


def _exchange(store: LocalPlace, decided: _Decided, work: Path) -> str:
    """Do it, or what is left of it to do. Returns where the old copy lies, empty: there was none."""
    folder, staged = store.folder(decided.object_id), work / "object"
    kept = store.place / "aside" / work.name
    if is_there(staged):
        _check_way(store, folder)
        if is_there(folder):
            if is_there(kept / "object"):
                raise Conflict(
                    f"Somebody put {folder} there while it was being rebuilt. Move it away by hand."
                )
            durable.withdraw_folder(folder, _noted(store, work.name, decided.note) / "object")
            store.step("damaged kept aside")
        durable.publish_folder(staged, folder, below=store.root)
        store.step("rebuilt published")
    elif is_there(folder):
        durable.sync_names(folder.parent, below=store.root)  # its flush may not have been reached
    durable.remove_staging(work)
    store.step("rebuild ended")
    return f"aside/{work.name}" if is_there(kept / "object") else ""


def _keep_root_file(path: Path, kept: Path) -> None:
    """Give it a second name, so that the first can get its bytes in one step; else move it."""
    if stat.S_ISREG(path.lstat().st_mode):
        with suppress(OSError):  # a file system without links
            durable.keep_beside(path, kept)
            return
    durable.withdraw_folder(path, kept)


def _noted(store: LocalPlace, name: str, note: Mapping[str, str]) -> Path:
    """A folder in `aside/` with a note for the person who looks at what is put into it."""
    kept = store.place / "aside" / name
    if not kept.is_dir():
        kept.mkdir(parents=True, exist_ok=True)
        durable.sync_folder(kept.parent)
    text = json.dumps({"store": store.name, **note}, ensure_ascii=False, indent=1)
    durable.write_durably(kept / "note.json", f"{text}\n".encode())
    return kept


def _check_way(store: LocalPlace, path: Path) -> None:
    """Conflict when the way from the storage root to `path` leads through anything but folders."""
    current = store.root
    for part in path.parent.relative_to(store.root).parts:
        current = current / part
        if is_there(current) and not stat.S_ISDIR(current.lstat().st_mode):
            raise Conflict(
                f"{current} should be a folder and is none. Nothing was touched; move it away by "
                "hand, keep it, and repair again."
            )


def _holds(store: LocalPlace, name: str, data: bytes) -> bool:
    try:
        return read_bounded(store.root, name, _SMALL) == data
    except OSError:
        return False  # gone, no regular file, too large, or not readable: not what it must be


# -- what a dead one left


def _works(store: LocalPlace) -> Iterator[Path]:
    folder = store.place / "rebuilding"
    if is_there(folder):
        for work in sorted(folder.iterdir()):
            if _WORK.fullmatch(work.name) and work.is_dir() and not work.is_symlink():
                yield work


def _of(work: Path, object_id: ObjectId) -> bool:
    return work.name.startswith(f"{lock_name(object_id)}.")


def _settle_one(store: LocalPlace, work: Path) -> Recovered:
    decided = _read_decided(work)
    if decided is None:
        durable.remove_staging(work)
        return Recovered(store.name, "", "staging removed", f"rebuilding/{work.name}")
    kept = _exchange(store, decided, work)
    told = f"the copy was rebuilt; what lay there is in {kept}" if kept else "the copy was rebuilt"
    return Recovered(store.name, decided.object_id, "finished", told)


def _read_decided(work: Path) -> _Decided | None:
    path = work / "decided.json"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        value = json.loads(data)
        decided = _Decided(ObjectId(value["object_id"]), dict(value["note"]))
    except (ValueError, KeyError, TypeError, InvalidValue) as problem:
        raise Corrupt(f"{os.fspath(path)} cannot be understood: {problem}") from problem
    if not _of(work, decided.object_id):
        raise Corrupt(f"{os.fspath(path)} speaks of another object: {decided.object_id}.")
    return decided
