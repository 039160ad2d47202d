"""Export: a version's state copied out of a store, every byte checked on the way.

    bag     the whole state: a BagIt bag that anybody's tool validates
    aip     the AIP_hoso alone: `data/` of the bag, in a folder named after the object id
    files   only the received documents: `representations/rep1/data/`

What is exported is read from one store; a file whose digest is not the inventory's stops the export of
that version with Corrupt, and its folder is removed, so that no damaged copy leaves as a good one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from repository import durable
from repository.digest import MultiDigest
from repository.errors import Conflict, Corrupt, NotFound
from repository.model import ContentPath, InvalidValue, LogicalPath, ObjectId, VersionNumber
from repository.store import ObjectFacts, Store

Shape = Literal["bag", "aip", "files"]
_PREFIXES: dict[Shape, str] = {
    "bag": "",
    "aip": "data/",
    "files": "data/representations/rep1/data/",
}
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Exported:
    """One version that was copied out."""

    version: str
    folder: str
    files: int
    bytes: int

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def export_versions(
    store: Store,
    object_id: ObjectId,
    to: Path,
    *,
    inventory_sha512: str,
    shape: Shape = "bag",
    version: str | None = None,
) -> Iterator[Exported]:
    """Copy the head, the named version or (`all`) every version into folders below `to`.

    `inventory_sha512`: of the root inventory, as known from outside of the store. NotFound for an
    unknown object or version; Conflict when a folder is there already; Corrupt when bytes differ, or
    the store's copy is another one. Folders of versions exported before an error stay.
    """
    facts = store.facts(object_id)
    if facts.head.inventory_sha512 != inventory_sha512:
        raise Corrupt(
            f"{object_id} in {store.name} is not what the catalogue says; nothing was exported. Export "
            "it from another store with --copy, and audit this one."
        )
    for number in _versions(facts, version):
        name = object_id.replace(":", "_").replace("/", "_")
        several = version == "all" or number != facts.head.version
        folder = to / (f"{name}_{number}" if several else name)
        yield _export(store, facts, number, folder, _PREFIXES[shape])


def _versions(facts: ObjectFacts, wanted: str | None) -> list[VersionNumber]:
    if wanted is None:
        return [facts.head.version]
    if wanted == "all":
        return list(facts.inventory.versions)
    try:
        number = VersionNumber.parse(wanted)
    except InvalidValue as problem:
        raise NotFound(f"{wanted} is not a version; {facts.object_id} has them up to "
                       f"{facts.head.version}.") from problem  # fmt: skip
    if number not in facts.inventory.versions:
        raise NotFound(f"{facts.object_id} has no {wanted}; its newest is {facts.head.version}.")
    return [number]


def _export(
    store: Store, facts: ObjectFacts, number: VersionNumber, folder: Path, prefix: str
) -> Exported:
    if folder.exists():
        raise Conflict(f"{folder} is there already. Choose another place for the export.")
    files = size = 0
    try:
        folder.mkdir(parents=True)
        for logical, digest in sorted(facts.inventory.state(number).items()):
            if not logical.startswith(prefix):
                continue
            target = folder / logical[len(prefix) :]
            target.parent.mkdir(parents=True, exist_ok=True)
            size += _copy(
                store, facts, logical, facts.inventory.content_path(digest), digest, target
            )
            files += 1
        durable.sync_tree(folder)
    except OSError as problem:
        durable.remove_staging(folder)
        raise durable.explained(problem, f"exporting {facts.object_id}") from problem
    except BaseException:
        durable.remove_staging(folder)
        raise
    return Exported(str(number), str(folder), files, size)


def _copy(
    store: Store,
    facts: ObjectFacts,
    logical: LogicalPath,
    content: ContentPath,
    digest: str,
    target: Path,
) -> int:
    seen = MultiDigest(["sha512"])
    with (
        store.open(facts.object_id, content) as reader,
        durable.create_file(target, 0o644) as writer,
    ):
        while chunk := reader.read(_CHUNK):
            seen.update(chunk)
            writer.write(chunk)
    if seen.hexdigests()["sha512"] != digest:
        raise Corrupt(
            f"{logical} of {facts.object_id} in {store.name} is damaged; nothing was exported. "
            "Export it from another store with --copy, and audit this one."
        )
    return seen.size
