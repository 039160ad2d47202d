"""What a plan means in files: every file of a new version, what it must hold, and from where.

Core: opens nothing and writes nothing. The layout of files in an object's folder is OCFL 1.1's (§3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from repository.digest import digest_bytes
from repository.errors import Conflict, Refused
from repository.local_place import (
    DECLARATION_BYTES,
    OBJECT_DECLARATION,
    open_regular,
    sidecar_bytes,
)
from repository.model import VersionNumber
from repository.ocfl.inventory import (
    InvalidInventory,
    Inventory,
    NewContent,
    first_inventory,
    new_contents,
    next_inventory,
    parse_inventory,
    serialise_inventory,
)
from repository.store import FromBytes, FromPath, Kept, PlannedFile, VersionPlan


@dataclass(frozen=True, slots=True)
class Staged:
    """One file to be written below the staged object folder, and what it must then hold."""

    path: str
    size: int
    sha512: str
    source: Callable[[], BinaryIO] | bytes


@dataclass(frozen=True, slots=True)
class PlannedVersion:
    """A version as files: those of its own folder, and those of the object's root."""

    number: VersionNumber
    creates: bool  # the object is new: version folder and root files are published together
    inventory_sha512: str
    files: tuple[Staged, ...]


def plan_version(plan: VersionPlan, held: Inventory | None) -> PlannedVersion:
    """The files of the version that follows `held`.

    Conflict when something was to be kept that no earlier version has, Refused when OCFL has no valid
    inventory for such a version. ValueError when the plan contradicts itself.
    """
    inventory = _inventory(plan, held)
    data = serialise_inventory(inventory)
    # What is read from the bytes takes its place, without what only the bytes need: two inventories
    # of 200,000 files at a time are too much memory.
    del inventory
    try:
        inventory = replace(parse_inventory(data), fixity={})
    except InvalidInventory as problem:
        raise Refused(f"{plan.object_id}: the planned version is not valid: {problem}") from problem
    digest = digest_bytes(data, ["sha512"])["sha512"]
    number = inventory.head
    files = [
        *_content(plan, held, inventory),
        *inventory_files(f"{number}/", data, digest),
        *inventory_files("", data, digest),
    ]
    if held is None:
        files.append(declaration())
    return PlannedVersion(number, held is None, digest, tuple(files))


def inventory_files(prefix: str, data: bytes, digest: str) -> list[Staged]:
    """An inventory and its sidecar, to lie below `prefix`."""
    return [
        Staged(f"{prefix}inventory.json", len(data), digest, data),
        _generated(f"{prefix}inventory.json.sha512", sidecar_bytes(digest)),
    ]


def declaration() -> Staged:
    """The file that says what the folder is."""
    return _generated(OBJECT_DECLARATION, DECLARATION_BYTES)


def is_head_of(held: Inventory, plan: VersionPlan) -> bool:
    """Whether the head is the very version that is planned: it was committed before."""
    expected = plan.follows.next() if plan.follows else VersionNumber(1)
    if held.head != expected:
        return False
    version = held.versions[held.head]
    said = (version.created, version.message, version.user_name, version.user_address)
    planned = (plan.created, plan.message, plan.user_name, plan.user_address)
    state = {file.logical_path: file.sha512 for file in plan.files}
    return said == planned and dict(held.state(held.head)) == state


def _inventory(plan: VersionPlan, held: Inventory | None) -> Inventory:
    contents = [
        NewContent(file.logical_path, file.sha512, {"sha256": file.sha256}) for file in plan.files
    ]
    words = (plan.created, plan.message, plan.user_name, plan.user_address)
    if held is None:
        return first_inventory(plan.object_id, contents, *words)
    return next_inventory(held, contents, *words)


def _content(plan: VersionPlan, held: Inventory | None, inventory: Inventory) -> Iterator[Staged]:
    planned = {file.logical_path: file for file in plan.files}
    before: Mapping[str, object] = held.manifest if held is not None else {}
    for file in plan.files:
        if isinstance(file.source, Kept) and file.sha512 not in before:
            raise Conflict(
                f"{plan.object_id}: {file.logical_path} was to be kept, "
                "but no earlier version has its bytes."
            )
    for path, logical in new_contents(held, inventory):
        file = planned[logical]
        yield Staged(path, file.size, file.sha512, _source(file))


def _source(file: PlannedFile) -> Callable[[], BinaryIO] | bytes:
    match file.source:
        case FromBytes(data):
            return data
        case FromPath(path):
            return lambda: open_regular(path)
        case Kept():
            raise AssertionError(f"{file.logical_path} is kept and needs no new content path")


def _generated(path: str, data: bytes) -> Staged:
    return Staged(path, len(data), digest_bytes(data, ["sha512"])["sha512"], data)
