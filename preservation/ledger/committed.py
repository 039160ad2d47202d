"""What the ledger committed to of each object: the digest of the root inventory it last had.

The catalogue is an index and can be wrong; this is what it is held against before bytes are copied
from one store to another. Reads the whole chain and proves it on the way.
"""

from __future__ import annotations

from pathlib import Path

from preservation.ledger.journal import Journal


def committed_inventories(folder: Path) -> dict[str, str]:
    """The sha512 of the root inventory last committed to, by object. Corrupt: the chain is broken."""
    found: dict[str, str] = {}
    for entry in Journal(folder).entries():
        if entry.record is None:
            continue
        detail = entry.record.get("detail") or {}
        object_id = str(entry.record.get("object_id") or "")
        if object_id and "inventory_sha512" in detail:
            found[object_id] = str(detail["inventory_sha512"])
    return found
