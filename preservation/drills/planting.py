"""Planting damage in a canary: the only code of Kho that may harm stored bytes (ADR 0010).

Refuses anything but a canary: the identifier, the catalogue's record, the copy's own inventory and the
record inside the copy must all say so, read under the object's lock right before the first byte
is touched. What is planted is one of the kinds of damage that happen; what removes it is
`preservation.repair`, as for any other damage. After a crash the canary is as it was, or harmed; the
note in the ledger that was made before says which copy to look at.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from preservation.drills.notes import CANARY_PREFIX
from preservation.indexing import RECORD_PATH, read_logical
from preservation.package.record_json import read_record
from repository import durable
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import CANARY_FONDS
from repository.digest import digest_bytes
from repository.errors import ArchiveError, Refused
from repository.local_place import sidecar_bytes
from repository.model import ObjectId
from repository.store import ObjectFacts, Store

INVENTORY, SIDECAR = "inventory.json", "inventory.json.sha512"
_SMALL = 10_000_000  # a canary's file is far smaller


class Damage(StrEnum):
    """The kinds of damage that are planted in stored bytes."""

    FLIP = "flip"  # one bit of a document
    TRUNCATION = "truncation"
    MISSING = "missing"
    EXTRA = "extra"
    SWAPPED = "swapped"  # a document changed together with every checksum beside it
    STALE = "stale"  # the whole copy put back to its former version, valid in itself
    UNREADABLE = "unreadable"  # the account that audits may not read a file


@dataclass(frozen=True, slots=True)
class Planted:
    """What was planted: the paths whose bytes or presence changed, relative to the object."""

    damage: Damage
    paths: tuple[str, ...]


def plant(
    catalogue: Catalogue, store: Store, place: Path, object_id: ObjectId, damage: Damage
) -> Planted:
    """Harm one canary's copy in the store at `place`. Refused, before anything is touched, for
    everything that is not provably a canary and intact enough to say so."""
    with store.settled(object_id):
        facts = check_canary(catalogue, store, object_id)
        folder = place / "root" / store.object_path(object_id)
        _check_folder(folder, object_id)
        try:
            paths = _PLANTERS[damage](folder, facts)
            durable.sync_tree(folder)
        except OSError as problem:
            raise durable.explained(problem, f"planting {damage} in {object_id}") from problem
    return Planted(damage, paths)


def check_canary(catalogue: Catalogue, store: Store, object_id: ObjectId) -> ObjectFacts:
    """The copy's facts. Refused unless identifier, catalogue, inventory and record say: a canary."""
    record = catalogue.object(object_id)
    if (
        not object_id.startswith(CANARY_PREFIX)
        or record is None
        or record.fonds_code != CANARY_FONDS
    ):
        raise Refused(f"{object_id} is no canary. Nothing was touched.")
    try:
        facts = store.facts(object_id)
        dossier = read_record(read_logical(store, facts, facts.head.version, RECORD_PATH))
    except (ArchiveError, ValueError) as problem:
        raise Refused(
            f"The copy of {object_id} in {store.name} cannot show that it is a canary: {problem}. "
            "Nothing was touched."
        ) from problem
    if (dossier.fonds_code, dossier.object_id, facts.object_id) != (
        CANARY_FONDS,
        object_id,
        object_id,
    ):
        raise Refused(
            f"What lies as {object_id} in {store.name} is no canary. Nothing was touched."
        )
    return facts


def clear_aside(place: Path, kept_aside: str, object_id: ObjectId) -> bool:
    """Remove what a repair kept aside of a harmed canary: it is our own damage, and would pile up.

    Returns whether it was removed; anything that is not noted as this canary's stays.
    """
    folder = place / kept_aside
    if not kept_aside.startswith("aside/") or folder.parent != place / "aside":
        return False
    try:
        note = json.loads((folder / "note.json").read_bytes())
        if note.get("object_id") != object_id or not object_id.startswith(CANARY_PREFIX):
            return False
        durable.remove_staging(folder)
    except (OSError, ValueError, AttributeError):
        return False  # it stays, for a person
    return True


def _check_folder(folder: Path, object_id: ObjectId) -> None:
    """The bytes about to be touched are those of the object: read once more, by this very path."""
    with (folder / INVENTORY).open("rb") as stream:
        value = json.loads(stream.read(_SMALL))
    if value.get("id") != object_id or folder.is_symlink():
        raise Refused(f"{folder} is not the folder of {object_id}. Nothing was touched.")


# -- the kinds of damage


def _flip(folder: Path, facts: ObjectFacts) -> tuple[str, ...]:
    name = document_of(facts)
    data = bytearray(_read(folder / name))
    data[len(data) // 2] ^= 0x10
    _overwrite(folder / name, bytes(data))
    return (name,)


def _truncate(folder: Path, facts: ObjectFacts) -> tuple[str, ...]:
    name = document_of(facts)
    data = _read(folder / name)
    _overwrite(folder / name, data[: len(data) // 2])
    return (name,)


def _remove(folder: Path, facts: ObjectFacts) -> tuple[str, ...]:
    name = document_of(facts)
    (folder / name).unlink()
    return (name,)


def _add(folder: Path, facts: ObjectFacts) -> tuple[str, ...]:
    name = f"{document_of(facts).rsplit('/', 1)[0]}/planted-by-a-drill.txt"
    (folder / name).write_bytes(b"planted by a drill\n")
    return (name,)


def _swap(folder: Path, facts: ObjectFacts) -> tuple[str, ...]:
    """A document and everything in the object's folder that speaks of its digest."""
    name = document_of(facts)
    before = digest_bytes(_read(folder / name), ["sha512"])["sha512"]
    _flip(folder, facts)
    after = digest_bytes(_read(folder / name), ["sha512"])["sha512"]
    touched = [name]
    for inventory in ("", f"{facts.head.version}/"):
        path = folder / f"{inventory}{INVENTORY}"
        data = _read(path).replace(before.encode(), after.encode())
        _overwrite(path, data)
        digest = digest_bytes(data, ["sha512"])["sha512"]
        _overwrite(folder / f"{inventory}{SIDECAR}", sidecar_bytes(digest))
        touched += [f"{inventory}{INVENTORY}", f"{inventory}{SIDECAR}"]
    return tuple(touched)


def _put_back(folder: Path, facts: ObjectFacts) -> tuple[str, ...]:
    """The object as its former version left it: valid OCFL, and not what is held."""
    head = facts.head.version
    versions = [str(version.version) for version in facts.versions]
    if len(versions) < 2:
        raise Refused(f"{facts.object_id} has no former version to put back.")
    former = versions[-2]
    for name in (INVENTORY, SIDECAR):
        _overwrite(folder / name, _read(folder / former / name))
    gone = [file.path for file in facts.expected if file.path.startswith(f"{head}/")]
    shutil.rmtree(folder / str(head))
    return (INVENTORY, SIDECAR, *gone)


def _forbid(folder: Path, facts: ObjectFacts) -> tuple[str, ...]:
    name = document_of(facts)
    (folder / name).chmod(0)
    return (name,)


_PLANTERS: dict[Damage, Callable[[Path, ObjectFacts], tuple[str, ...]]] = {
    Damage.FLIP: _flip,
    Damage.TRUNCATION: _truncate,
    Damage.MISSING: _remove,
    Damage.EXTRA: _add,
    Damage.SWAPPED: _swap,
    Damage.STALE: _put_back,
    Damage.UNREADABLE: _forbid,
}


def document_of(facts: ObjectFacts) -> str:
    """The canary's largest document: content, and not what we wrote around it."""
    content = [file for file in facts.expected if "/data/representations/rep1/data/" in file.path]
    if not content:
        raise Refused(f"{facts.object_id} has no document to harm.")
    return max(content, key=lambda file: (file.size, file.path)).path


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(_SMALL + 1)
    if len(data) > _SMALL:
        raise Refused(f"{path} is larger than any canary's file.")
    return data


def _overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(0o444)
