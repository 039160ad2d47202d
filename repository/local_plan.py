"""What a plan means in files: every file of a new version, what it must hold, and from where.

Core: opens nothing and writes nothing. The layout of files in an object's folder is OCFL 1.1's (§3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
    inventory_after,
    new_contents,
    no_inventory,
    parse_inventory,
    serialise_inventory,
)
from repository.ocfl.plain_form import KnownStrings
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


@dataclass(frozen=True, slots=True)
class Following:
    """The inventory of a planned version in bytes, not yet judged, and the files it adds."""

    data: bytes
    creates: bool
    content: tuple[Staged, ...]


def plan_version(plan: VersionPlan, held: Inventory | None) -> PlannedVersion:
    """The files of the version that follows `held`.

    Conflict when something was to be kept that no earlier version has, Refused when OCFL has no valid
    inventory for such a version. ValueError when the plan contradicts itself.
    """
    return judged(plan, following(plan, held))


def following(plan: VersionPlan, held: Inventory | None) -> Following:
    """The first half of `plan_version`, after which `held` is needed no more: with it in memory the
    second would take half as much again of an object of very many files."""
    for file in plan.files:
        if isinstance(file.source, Kept) and (held is None or file.sha512 not in held.manifest):
            raise Conflict(
                f"{plan.object_id}: {file.logical_path} was to be kept, "
                "but no earlier version has its bytes."
            )
    ordered = sorted(plan.files, key=lambda file: file.logical_path)
    inventory = inventory_after(
        held or no_inventory(plan.object_id),
        (NewContent(f.logical_path, f.sha512, {"sha256": f.sha256}) for f in ordered),
        plan.created,
        plan.message,
        plan.user_name,
        plan.user_address,
    )
    planned = {file.logical_path: file for file in ordered}
    content = []
    for path, logical in new_contents(held, inventory):
        file = planned[logical]
        content.append(Staged(path, file.size, file.sha512, _source(file)))
    del ordered, planned  # there may be very many
    return Following(serialise_inventory(inventory), held is None, tuple(content))


def judged(plan: VersionPlan, made: Following) -> PlannedVersion:
    """The version, once its inventory was read from its bytes and found valid. Refused."""
    try:
        number = parse_inventory(made.data, known_of(plan)).head
    except InvalidInventory as problem:
        raise Refused(f"{plan.object_id}: the planned version is not valid: {problem}") from problem
    digest = digest_bytes(made.data, ["sha512"])["sha512"]
    files = [
        *made.content,
        *inventory_files(f"{number}/", made.data, digest),
        *inventory_files("", made.data, digest),
    ]
    if made.creates:
        files.append(declaration())
    return PlannedVersion(number, made.creates, digest, tuple(files))


def known_of(plan: VersionPlan) -> KnownStrings:
    """The plan's own strings, for inventories that mostly have the same."""
    digests = {file.sha512: file.sha512 for file in plan.files}
    digests.update((file.sha256, file.sha256) for file in plan.files)
    return KnownStrings(digests, {file.sha512: file.logical_path for file in plan.files})


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


def _source(file: PlannedFile) -> Callable[[], BinaryIO] | bytes:
    match file.source:
        case FromBytes(data):
            return data
        case FromPath(path):
            return _FromPath(path)
        case Kept():
            raise AssertionError(f"{file.logical_path} is kept and needs no new content path")


class _FromPath:
    """Opens one file of ours. A class, for there may be very many."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self) -> BinaryIO:
        return open_regular(self._path)


def _generated(path: str, data: bytes) -> Staged:
    return Staged(path, len(data), digest_bytes(data, ["sha512"])["sha512"], data)
