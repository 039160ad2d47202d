"""What the ledger committed to, held in memory: what every audit holds the catalogue against.

The catalogue is an index that somebody may have changed; the ledger is a chain that nobody can change
unseen. For each object: the digests of the root inventories it had, one for each version, the last one
being its head's. Read once and then only what was added; proven on the way.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from preservation.ledger.chain import ChainHead, Entry, after
from preservation.ledger.journal import Journal


class Commitments(Protocol):
    """What was committed to. `refresh` first: what came since is not known before."""

    def refresh(self) -> None:
        """Learn what was added. Corrupt: the ledger is not whole."""
        ...

    def of(self, object_id: str) -> tuple[str, ...]:
        """The sha512 of each root inventory of the object, first to last; empty: never spoken of."""
        ...

    def files_of(self, object_id: str) -> str:
        """The digest (`history.files_digest`) of all files of the object as it is since the last of
        these; empty: nobody said."""
        ...

    def objects(self) -> Collection[str]:
        """Every object that the ledger committed to."""
        ...

    def stores_of(self, object_id: str) -> tuple[str, ...]:
        """The stores that a copy of the object was written to."""
        ...


class LedgerCommitments:
    """The commitments of the ledger in one folder. Some 500 bytes an object."""

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(folder)
        self._head = ChainHead()
        self._inventories: dict[str, tuple[str, ...]] = {}
        self._files: dict[str, bytes] = {}
        self._stores: dict[str, tuple[str, ...]] = {}
        self._combinations: dict[tuple[str, ...], tuple[str, ...]] = {}  # each kept once
        # Two audits of one process share what is known: an entry that is read twice, out of its turn,
        # would make an earlier version the last.
        self._reading = threading.Lock()

    def refresh(self) -> None:
        """Read what was added, each entry proven to follow. Corrupt; also when the ledger has become
        shorter since."""
        with self._reading:
            for entry in self._journal.entries(self._head):
                self._take(entry)
                self._head = after(entry)

    def of(self, object_id: str) -> tuple[str, ...]:
        """The sha512 of each root inventory of the object, first to last."""
        return self._inventories.get(object_id, ())

    def files_of(self, object_id: str) -> str:
        """The digest of all files of the object as it is since the last of these, if it was said."""
        return self._files.get(object_id, b"").hex()

    def objects(self) -> Collection[str]:
        """Every object that the ledger committed to."""
        return self._inventories.keys()

    def stores_of(self, object_id: str) -> tuple[str, ...]:
        """The stores that a copy of the object was written to."""
        return self._stores.get(object_id, ())

    def _take(self, entry: Entry) -> None:
        record = entry.record
        if record is None:
            return
        object_id = str(record.get("object_id") or "")
        digest = (record.get("detail") or {}).get("inventory_sha512")
        if not object_id or digest is None:
            return
        known = self._inventories.get(object_id, ())
        # A copy that was made or repaired commits to the head again: that is no news. Nor does an
        # event that names an earlier version's inventory make that version the head again.
        if digest not in known:
            self._inventories[object_id] = (*known, str(digest))
            self._files[object_id] = _as_bytes(record["detail"].get("files_sha512"))
        for copy in record["detail"].get("copies", ()):
            self._held_in(object_id, str(copy["store"]))

    def _held_in(self, object_id: str, store: str) -> None:
        stores = self._stores.get(object_id, ())
        if store not in stores:
            more = (*stores, store)
            self._stores[object_id] = self._combinations.setdefault(more, more)


def _as_bytes(digest: object) -> bytes:
    """What is no digest vouches for nothing."""
    try:
        return bytes.fromhex(digest) if isinstance(digest, str) else b""
    except ValueError:
        return b""
