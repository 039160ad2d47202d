"""What a dead writer left in a local store: finished or undone, by one stated rule.

Every writer leaves an intent in its staging folder before anything else, and it is flushed before
anything is published. The rule, applied only where an intent says that a writer was at work, and only
by the holder of the object's lock:

* the intent was for a new object → that becomes real by one rename, so nothing is left to finish;
* the intent was for a later version:
  - the root inventory is at that version or later, with its sidecar → nothing is left to finish;
  - the version folder is there and every byte of it is what its inventory says → the root inventory
    and its sidecar follow it (rolled forward);
  - it is there and its bytes are not that → the root inventory is that of the version before again,
    and the folder is moved out and kept in `aside/` for a person (rolled back);
  - something there could not be read → nothing is touched, and everything stays for another time;
  - it is not there → the object is as it was.

Then what was renamed is flushed, and only then the staging folder goes. Nothing here judges or mends
damage: where there is no intent there is nothing to settle.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from repository import durable, locks
from repository.digest import DigestOptions, FileTask, digest_bytes, digest_files
from repository.errors import ArchiveError, Corrupt, Locked
from repository.local_place import DEFINITE, LocalPlace, is_there, lock_name, sidecar_bytes, unread
from repository.model import ContentPath, InvalidValue, ObjectId, VersionNumber
from repository.store import Recovered

_Action = Literal["rolled forward", "rolled back", "staging removed", "postponed"]
_WORK = re.compile(r"([0-9a-f]{40})\.[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Intent:
    """Whose work a staging folder is, and what it makes."""

    object_id: ObjectId
    version: VersionNumber
    creates: bool


def write_intent(work: Path, intent: Intent) -> None:
    """Say it, in a staging folder that was just made. Flushed with all that follows in it."""
    note = {
        "object_id": intent.object_id,
        "version": str(intent.version),
        "creates": intent.creates,
    }
    durable.write_new(work / "intent.json", json.dumps(note).encode())


def settle(store: LocalPlace, object_id: ObjectId) -> list[Recovered]:
    """Finish or undo what dead writers of this object left. The caller holds the lock.

    Corrupt or OSError when something could not be read or written: then it stays to be settled.
    """
    return [_settle_one(store, work) for work in _works(store, lock_name(object_id))]


def recover(store: LocalPlace) -> list[Recovered]:
    """As `settle`, for every object with work left behind, and for left-over lock files.

    What somebody alive holds is left alone, and so is what is not a staging folder of ours.
    """
    done: list[Recovered] = []
    names = set()
    for work in sorted(store.staging.iterdir()):
        match = _WORK.fullmatch(work.name)
        if match is None or not _is_folder(work):
            if not is_there(work):
                continue  # its writer lives, and has just ended its work
            left = f"{work.name} in staging is not a staging folder and was left alone"
            done.append(Recovered(store.name, "", "postponed", left))
            continue
        names.add(match[1])
    for name in sorted(names):
        try:
            with locks.held(store.place / "locks" / f"{name}.lock", name, wait=0):
                done += [_settle_one(store, work) for work in _works(store, name)]
        except Locked:
            continue  # its writer lives
        except (OSError, Corrupt) as problem:
            done.append(Recovered(store.name, "", "postponed", f"{name}: {_words(problem)}"))
    locks.sweep(store.place / "locks")
    return done


def _works(store: LocalPlace, name: str) -> Iterator[Path]:
    for work in sorted(store.staging.glob(f"{name}.*")):
        if _WORK.fullmatch(work.name) and _is_folder(work):
            yield work


def _settle_one(store: LocalPlace, work: Path) -> Recovered:
    intent = _read_intent(work)
    if intent is None:
        durable.remove_staging(work)
        return Recovered(store.name, "", "staging removed", work.name)
    folder = store.folder(intent.object_id)
    outcome: tuple[_Action, str] = ("staging removed", work.name)
    if is_there(folder):
        if not intent.creates:
            outcome = _settle_version(store, folder, intent, work) or outcome
        # Its writer may have died between a rename and the flush of the name.
        durable.sync_names(folder, below=store.root)
    durable.remove_empty_folders(folder.parent, below=store.root)
    durable.remove_staging(work)
    return Recovered(store.name, intent.object_id, *outcome)


def _settle_version(
    store: LocalPlace, folder: Path, intent: Intent, work: Path
) -> tuple[_Action, str] | None:
    at = folder / str(intent.version)
    if not is_there(at) or _root_has(store, folder, intent):
        return None
    try:
        data = _complete(store, folder, at, intent)
    except Corrupt as problem:
        if unread(problem):
            raise
        return _roll_back(store, folder, at, intent, work, problem)
    _put_root_inventory(folder, data, work)
    return "rolled forward", f"{intent.version} was complete; the head follows it"


def _roll_back(
    store: LocalPlace, folder: Path, at: Path, intent: Intent, work: Path, found: Corrupt
) -> tuple[_Action, str]:
    # The root inventory first: were we to die between the two, the folder would still say what to do.
    before = VersionNumber(intent.version.number - 1, intent.version.width)
    detail = f"{intent.version} was not complete ({found.operator}); kept in aside/"
    try:
        inventory, data = store.inventory(intent.object_id, folder / str(before))
        if inventory.head != before:
            raise Corrupt(f"{before} of {intent.object_id} has the inventory of {inventory.head}.")
    except Corrupt as problem:
        if unread(problem):
            raise
        detail += f"; the root inventory could not be put back: {problem.operator}"
    else:
        if _root_bytes(store, folder, intent) != data:
            _put_root_inventory(folder, data, work)
    durable.withdraw_folder(at, store.place / "aside" / f"{work.name}.{intent.version}")
    return "rolled back", detail


def _root_has(store: LocalPlace, folder: Path, intent: Intent) -> bool:
    try:
        return store.inventory(intent.object_id, folder)[0].head >= intent.version
    except Corrupt as problem:
        if unread(problem):
            raise
        return False  # inventory and sidecar are of two versions: the state between two renames


def _root_bytes(store: LocalPlace, folder: Path, intent: Intent) -> bytes | None:
    try:
        return store.inventory(intent.object_id, folder)[1]
    except Corrupt:
        return None


def _complete(store: LocalPlace, folder: Path, at: Path, intent: Intent) -> bytes:
    """The inventory of a version all of whose bytes are there. Corrupt otherwise; OSError when a
    file could not be read, so that nothing is known of it."""
    inventory, data = store.inventory(intent.object_id, at)
    if inventory.head != intent.version:
        raise Corrupt(f"the inventory in {at.name} is of {inventory.head}")
    wanted = {
        path: digest
        for digest, paths in inventory.manifest.items()
        for path in paths
        if path.startswith(f"{intent.version}/")
    }
    tasks = (FileTask(key=path, path=str(folder / path)) for path in wanted)
    for result in digest_files(tasks, ["sha512"], options=DigestOptions(engine="hashlib")):
        path = ContentPath(str(result.key))
        if result.errno is not None and result.errno not in DEFINITE:
            raise OSError(result.errno, os.strerror(result.errno), str(folder / path))
        if result.digests.get("sha512") != wanted[path]:
            raise Corrupt(f"{path} is not what its inventory says")
    return data


def _put_root_inventory(folder: Path, data: bytes, work: Path) -> None:
    digest = digest_bytes(data, ["sha512"])["sha512"]
    for name, content in (
        ("inventory.json", data),
        ("inventory.json.sha512", sidecar_bytes(digest)),
    ):
        fresh = work / f"settled-{name}"
        durable.write_durably(fresh, content, durable.READ_ONLY)
        durable.publish_file(fresh, folder / name)


def _read_intent(work: Path) -> Intent | None:
    """The intent, or None when its writer died before it had said what it was about: then nothing
    was published, for the intent is flushed before. OSError when it is there and cannot be read."""
    try:
        note = json.loads((work / "intent.json").read_bytes())
        intent = Intent(
            ObjectId(note["object_id"]),
            VersionNumber.parse(note["version"]),
            note["creates"] is True,
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, InvalidValue):
        return None
    return intent if work.name.startswith(lock_name(intent.object_id)) else None


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _words(problem: OSError | ArchiveError) -> str:
    if isinstance(problem, ArchiveError):
        return problem.operator
    return durable.explained(problem, "finishing what a dead writer left").operator
