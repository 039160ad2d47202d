"""Proofs that stand by themselves: what anybody needs to check one event, or all about one object.

`docs/ledger.md` has the documents. A proof is of the newest checkpoint; entries that are not under
one yet cannot be proven. Reads only: where a tile is missing, TreeIncomplete is raised, and
`signing.make_tree` makes it again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from preservation.ledger.chain import Entry
from preservation.ledger.checkpoint import BadNote, SignedCheckpoint
from preservation.ledger.journal import Journal
from preservation.ledger.kept import KeptCheckpoints
from preservation.ledger.keys import KeyHistory
from preservation.ledger.signing import LOG, scanned_keys, shown_keys
from preservation.ledger.tiles import Tiles, TreeIncomplete
from preservation.ledger.tree import (
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
)
from repository.errors import Conflict, NotFound

PROOF = "kho-ledger-proof/1"
_CHANCES = 3
_NODES = 4096  # kept in memory
CONSISTENCY = "kho-ledger-consistency/1"


class Prover:
    """Makes proofs from one ledger's folder, of its newest checkpoint."""

    def __init__(self, folder: Path) -> None:
        """NotFound when nothing was signed yet; TreeIncomplete; Conflict, Corrupt: see `verify`."""
        self._journal = Journal(folder)
        self._kept = KeptCheckpoints(folder)
        self.signed, tiles = self._take_up(folder / LOG)
        self._node = lru_cache(_NODES)(tiles.node)  # many proofs go through the same few
        if tree_root(tiles.size, self._node) != self.signed.root:
            raise Conflict(
                "The ledger's tree is not the one that was signed last. Run `kho ledger verify`."
            )
        self._read: dict[int, Entry] = {}
        self._keys = self._find_keys(folder)

    def _take_up(self, log: Path) -> tuple[SignedCheckpoint, Tiles]:
        """The newest checkpoint and its tree; looked for again while a writer may be widening it."""
        chances = _CHANCES
        while True:
            last = self._kept.last()
            if last is None:
                raise NotFound(
                    "Nothing of this ledger is signed yet. The next command that writes begins with it."
                )
            tiles = Tiles(log)
            chances -= 1
            try:
                tiles.load(last.signed.size)
            except TreeIncomplete:
                if not chances:
                    raise
                time.sleep(0.1)
            else:
                return last.signed, tiles

    def of_entries(self, seqs: Iterable[int]) -> dict[str, Any]:
        """The proof of these entries.

        NotFound when an entry is not there, or not signed yet. Every proof was checked.
        """
        size = self.signed.size
        wanted = sorted(set(seqs))
        if wanted and wanted[-1] > size:
            raise NotFound(
                f"Entry {wanted[-1]} is not signed yet: the last checkpoint is of {size} entries. The "
                "next command that writes signs it."
            )
        return {
            "format": PROOF,
            "origin": self.signed.checkpoint.origin,
            "size": size,
            "root": self.signed.root.hex(),
            "checkpoint": self.signed.note,
            "keys": [self._proven(seq) for seq in self._keys],
            "entries": [self._proven(seq) for seq in wanted],
            "object": None,
        }

    def of_object(self, object_id: str, seqs: Iterable[int]) -> dict[str, Any]:
        """The proof of all of the object's entries (`seqs`) that are signed already, with the one
        that last committed to its root inventory. NotFound when none does."""
        proof = self.of_entries(seq for seq in seqs if seq <= self.signed.size)
        committed = None
        for entry in proof["entries"]:
            record = entry["record"] or {}
            digest = (record.get("detail") or {}).get("inventory_sha512")
            if record.get("object_id") == object_id and digest:
                committed = {
                    "object_id": object_id, "inventory_sha512": digest, "seq": entry["seq"]
                }  # fmt: skip
        if committed is None:
            raise NotFound(f"No signed entry of the ledger commits to {object_id}.")
        return {**proof, "object": committed}

    def of_consistency(self, old: int, new: int | None = None) -> dict[str, Any]:
        """What shows that one checkpoint's tree is a beginning of another's. NotFound when none was
        signed of a size; Conflict when it is not so."""
        earlier = self._kept.of_size(old).signed
        later = self.signed if new is None else self._kept.of_size(new).signed
        if earlier.size > later.size:
            earlier, later = later, earlier
        path = consistency_proof(earlier.size, later.size, self._node)
        if not check_consistency(earlier.size, later.size, earlier.root, later.root, path):
            raise Conflict(
                f"The checkpoint of {later.size} entries does not go on from that of {earlier.size}. "
                "Run `kho ledger verify`."
            )
        return {
            "format": CONSISTENCY,
            "origin": later.checkpoint.origin,
            "old": earlier.note,
            "new": later.note,
            "keys": [self._proven(seq, later) for seq in self._keys if seq <= later.size],
            "proof": [step.hex() for step in path],
        }

    def _find_keys(self, folder: Path) -> Sequence[int]:
        """The entries that name the log's keys. What is noted of them is believed only when the
        last of them signed the checkpoint; else the whole journal is read."""
        for seqs in (shown_keys(folder / LOG), None):
            found = scanned_keys(self._journal) if seqs is None else seqs
            if self._lead_to_signer(found):
                return [seq for seq in found if seq <= self.signed.size]
        raise Conflict(
            "No entry of the ledger names the key that signed its last checkpoint. Run `kho ledger "
            "verify`."
        )

    def _lead_to_signer(self, seqs: Sequence[int]) -> bool:
        history = KeyHistory()
        try:
            for seq in seqs:
                history.take(seq, self._entry(seq).record)
        except (BadNote, NotFound):
            return False
        key = history.in_force(self.signed.size)
        return key is not None and self.signed.signed_by(key)

    def _entry(self, seq: int) -> Entry:
        if seq not in self._read:
            self._read[seq] = self._journal.entry(seq)
        return self._read[seq]

    def _proven(self, seq: int, signed: SignedCheckpoint | None = None) -> dict[str, Any]:
        under = signed or self.signed
        entry = self._entry(seq)
        path = inclusion_proof(seq - 1, under.size, self._node)
        leaf = leaf_hash(bytes.fromhex(entry.hash))
        if not check_inclusion(leaf, seq - 1, under.size, path, under.root):
            raise Conflict(
                f"Entry {seq} of the ledger is not the one that was signed. Run `kho ledger verify`."
            )
        return _entry(entry, path)


def _entry(entry: Entry, path: Sequence[bytes]) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "prev": entry.prev,
        "salt": entry.salt,
        "record": entry.record,
        "commitment": entry.commitment,
        "hash": entry.hash,
        "proof": [step.hex() for step in path],
    }
