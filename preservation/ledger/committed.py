"""What the ledger committed to of each object: the digest of the root inventory it last had.

The catalogue is an index and can be wrong; this is what it is held against before bytes are copied
from one store to another, and when an audit says what they must be. The chain is proven on the way.
"""

from __future__ import annotations

from pathlib import Path

from preservation.ledger.chain import ChainHead, after
from preservation.ledger.journal import Journal


class CommittedInventories:
    """The ledger's word for single objects: read once, then only what is new.

    In memory are 64 bytes and the id for each object. One thread at a time.
    """

    def __init__(self, folder: Path) -> None:
        """Reads nothing yet: the first question does, as does `refresh`."""
        self._journal = Journal(folder)
        self._found: dict[str, bytes | str] = {}
        self._before: dict[str, tuple[bytes | str, ...]] = {}  # of objects with several versions
        self._head: ChainHead | None = None

    @property
    def head(self) -> ChainHead:
        """Where the ledger ended when it was last read. Corrupt as `refresh`."""
        return self._head if self._head is not None else self.refresh()

    def refresh(self) -> ChainHead:
        """Read what was entered since, and say where the ledger ends now.

        Corrupt when the chain is broken, or is not the one that was read before; what is known then
        stays as far as it was proven.
        """
        head = self._head or ChainHead()
        for entry in self._journal.entries(head):
            head = self._head = after(entry)
            if entry.record is None:
                continue
            detail = entry.record.get("detail")
            object_id = entry.record.get("object_id")
            digest = detail.get("inventory_sha512") if isinstance(detail, dict) else None
            if isinstance(object_id, str) and object_id and digest:
                self._take(object_id, _packed(str(digest)))
        self._head = head
        return head

    def _take(self, object_id: str, digest: bytes | str) -> None:
        """The newest inventory is the object's. An event that names one it had before does not make
        that one the newest again: nothing in the archive goes back."""
        known = self._found.get(object_id)
        before = self._before.get(object_id, ())
        if digest == known or digest in before:
            return
        if known is not None:
            self._before[object_id] = (*before, known)
        self._found[object_id] = digest

    def of(self, object_id: str) -> str | None:
        """The sha512 of the root inventory last committed to, as far as the ledger was read; None
        when it never was of this object."""
        if self._head is None:
            self.refresh()
        packed = self._found.get(object_id)
        return None if packed is None else _unpacked(packed)

    def all(self) -> dict[str, str]:
        """Every object with its digest, as far as the ledger was read."""
        if self._head is None:
            self.refresh()
        return {object_id: _unpacked(packed) for object_id, packed in self._found.items()}


def committed_inventories(folder: Path) -> dict[str, str]:
    """The sha512 of the root inventory last committed to, by object. Corrupt: the chain is broken."""
    return CommittedInventories(folder).all()


def _packed(digest: str) -> bytes | str:
    """Half the room of the text; what is no digest stays as it was written, and equals nothing."""
    try:
        data = bytes.fromhex(digest)
    except ValueError:
        return digest
    return data if data.hex() == digest else digest


def _unpacked(packed: bytes | str) -> str:
    return packed if isinstance(packed, str) else packed.hex()
