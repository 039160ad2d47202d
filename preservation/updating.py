"""What a new version of a held object begins with: its record, its inventory, the bytes it may keep.

Read from the primary store and compared with the catalogue first: what was changed behind our back
must not become the base of a new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from preservation import indexing
from preservation.holding import HoldingServices
from preservation.indexing import IndexedObject
from preservation.package.plan import KeptFile
from repository.errors import Corrupt
from repository.model import LogicalPath, ObjectId
from repository.store import ObjectFacts


@dataclass(frozen=True, slots=True)
class Base:
    """A held object as the base of its next version."""

    held: IndexedObject
    record: bytes  # its dossier.json
    kept: Mapping[LogicalPath, KeptFile]


def read_base(services: HoldingServices, object_id: ObjectId) -> Base:
    """The object at its head. NotFound; Corrupt when storage has not what the catalogue says, or it
    was not made by Kho. The caller holds the work's lock."""
    store = services.stores[0]
    held = indexing.read_object(store, object_id)
    versions = services.catalogue.versions(object_id)
    if not versions or versions[-1].inventory_sha512 != held.facts.head.inventory_sha512:
        raise Corrupt(
            f"{object_id} in {store.name} is not what the catalogue says. Nothing was written; "
            "audit it."
        )
    facts = held.facts
    record = indexing.read_logical(store, facts, facts.head.version, indexing.RECORD_PATH)
    return Base(held, record, _kept(facts))


def _kept(facts: ObjectFacts) -> Mapping[LogicalPath, KeptFile]:
    sizes = {file.path: file.size for file in facts.expected}
    sha256 = {
        path: digest
        for digest, paths in facts.inventory.fixity.get("sha256", {}).items()
        for path in paths
    }
    kept = {}
    for logical, digest in facts.inventory.state(facts.head.version).items():
        path = facts.inventory.content_path(digest)
        if path not in sha256:
            raise Corrupt(f"{facts.object_id} has no sha256 of {path}: it was not made by Kho.")
        kept[logical] = (sizes[path], digest, sha256[path])
    return kept
