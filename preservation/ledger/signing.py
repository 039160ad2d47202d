"""The tree brought up to the journal, and a checkpoint signed of it.

Nothing is signed before it is proven that the tree signed last is a beginning of the new one. A
journal that lost or changed anything that was signed is a Conflict, told loudly, and no checkpoint
comes of it.

    journal (durable) → tree in memory → consistency proven → tiles → checkpoint kept →
    `log/checkpoint`

Killed after any of these, the next call goes on from the last checkpoint that was kept. The caller
holds the sequencer's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from preservation.events import EventType
from preservation.ledger import checkpoint
from preservation.ledger.chain import ChainHead, Entry, after
from preservation.ledger.checkpoint import BadNote, Checkpoint, SignedCheckpoint, VerifierKey
from preservation.ledger.journal import Journal
from preservation.ledger.kept import Kept, KeptCheckpoints
from preservation.ledger.keys import KeyFiles, KeyHistory, LedgerKey, check_follows, key_of
from preservation.ledger.tiles import Tiles, TreeIncomplete
from preservation.ledger.tree import check_consistency, consistency_proof
from repository import durable
from repository.clock import utc_text
from repository.errors import Conflict, Corrupt, NotFound

LOG = "log"
CHECKPOINT = "checkpoint"
KEYS = "keys"
ANCHORS = "anchors"
_MOST_KEYS = 64 * 1024
_TILES_IN_MEMORY = 256
_REFUSED = (
    "Nothing was signed. Run `kho ledger verify` to see what differs; `kho rebuild` fetches a whole "
    "copy of the ledger from a store once the ledger's folder is moved aside."
)


class SignedLog:
    """The signed tree over one journal."""

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        keys: KeyFiles,
        step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take up what was signed last.

        Conflict when the journal has not all of it any more, or the tree is another; Corrupt when
        either is damaged. A tree that is missing is made again from the journal.
        """
        self._log = folder / LOG
        self._kept = KeptCheckpoints(folder)
        self._journal = journal
        self._keys = keys
        self._step = step
        self._head = ChainHead()
        # Keys named behind the last checkpoint, with their entries.
        self._named: list[tuple[int, VerifierKey]] = []
        self._tiles = Tiles(self._log)
        kept = self._kept.last()
        self._last: SignedCheckpoint | None = kept.signed if kept else None
        self._check_shown()
        if self._last is not None:
            self._take_up(self._last)

    @property
    def head(self) -> ChainHead:
        """Where the tree in memory ends."""
        return self._head

    def take_new(self) -> None:
        """Add to the tree in memory what the journal has behind it. Corrupt."""
        self.take(self._journal.entries(self._head))

    def take(self, entries: Iterable[Entry]) -> None:
        """Add entries that were proven, or just written, behind the tree in memory. Corrupt."""
        for entry in entries:
            if entry.prev != self._head.hash:
                raise Corrupt(f"Entry {entry.seq} of the ledger does not follow. {_REFUSED}")
            self._tiles.add(bytes.fromhex(entry.hash))
            self._head = after(entry)
            try:
                said = key_of(entry.record)
                if said is not None:
                    self._named.append((entry.seq, self._named_key(said)))
            except BadNote as problem:
                raise Corrupt(
                    f"Entry {entry.seq} of the ledger: {problem}. {_REFUSED}"
                ) from problem
            if self._tiles.unwritten > _TILES_IN_MEMORY:
                self._tiles.write_complete()

    def _named_key(self, said: LedgerKey) -> VerifierKey:
        if self._named:
            return check_follows(self._named[-1][1], said)
        if self._last is None:
            return checkpoint.parse_vkey(said.vkey)
        # The last checkpoint says whether the key named as the one before it was that.
        before = checkpoint.parse_vkey(said.previous)
        self._check_signer(before)
        return check_follows(before, said)

    def key(self) -> VerifierKey | None:
        """The key that signs the next checkpoint; None before there was any. Conflict when the last
        checkpoint is not signed by its own."""
        if self._named:
            return self._named[-1][1]
        if self._last is None:
            return None
        origin = self._last.checkpoint.origin
        private = self._keys.of(origin, self._last.key_id)
        key = checkpoint.public_half(origin, private) if private else self._key_in_journal()
        self._check_signer(key)
        return key

    def private(self, key: VerifierKey) -> Ed25519PrivateKey | None:
        """The private half; None when it was lost."""
        return self._keys.of(key.name, key.key_id)

    def sign(self, private: Ed25519PrivateKey, origin: str, now: datetime) -> SignedCheckpoint:
        """Sign the tree as it is in memory, unless it was signed already, and keep the checkpoint.

        Conflict when the tree signed last is no beginning of this one.
        """
        last, size = self._last, self._tiles.size
        if last is not None and last.size == size:
            self._show(last)
            return last
        root = self._root_that_follows(last)
        self._step("ledger: consistent")
        self._tiles.write()
        self._show_keys()
        self._step("ledger: tiles")
        signed = checkpoint.sign(Checkpoint(origin, size, root), private)
        self._kept.append(Kept(signed, utc_text(now)))
        self._last, self._named = signed, []
        self._step("ledger: signed")
        self._show(signed)
        self._step("ledger: shown")
        return signed

    # -- what was signed last

    def _check_shown(self) -> None:
        """Conflict when `log/checkpoint` tells of a signing that is not among those kept any more."""
        shown, last = self._shown(), self._last
        if shown is None:
            return
        size = last.size if last else 0
        if shown.size > size or (last and shown.size == size and shown.note != last.note):
            raise Conflict(
                f"The checkpoint in {self._log} is of {shown.size} entries and not among those that "
                f"were kept, which end at {size}: an old ledger was put back. {_REFUSED}"
            )

    def _take_up(self, last: SignedCheckpoint) -> None:
        try:
            self._tiles.load(last.size)
            leaf = self._tiles.last_leaf()
            root = self._tiles.root()
        except TreeIncomplete:
            self._tiles = make_tree(self._log, self._journal, last.size)
            leaf, root = self._tiles.last_leaf(), self._tiles.root()
        head = ChainHead(last.size, leaf.hex())
        if root != last.root or not self._journal.holds(head):
            raise Conflict(self._why_not(last))
        self._head = head

    def _why_not(self, last: SignedCheckpoint) -> str:
        end = self._journal.head().seq
        if end < last.size:
            return _cut_off(end, last.size)
        return (
            f"The ledger is not the one whose {last.size} entries had been signed: something in it was "
            f"changed. {_REFUSED}"
        )

    def _root_that_follows(self, last: SignedCheckpoint | None) -> bytes:
        size = self._tiles.size
        root = self._tiles.root()
        if last is None:
            return root
        try:
            proof = consistency_proof(last.size, size, self._tiles.node)
        except TreeIncomplete:
            self._tiles = make_tree(self._log, self._journal, size)
            root = self._tiles.root()
            proof = consistency_proof(last.size, size, self._tiles.node)
        if not check_consistency(last.size, size, last.root, root, proof):
            raise Conflict(self._why_not(last))
        return root

    def _check_signer(self, key: VerifierKey) -> None:
        if self._last is not None and not self._last.signed_by(key):
            raise Conflict(
                f"The last checkpoint, of {self._last.size} entries, is not signed by the ledger's "
                f"key. {_REFUSED}"
            )

    def _key_in_journal(self) -> VerifierKey:
        history = KeyHistory()
        try:
            for entry in self._journal.entries():
                history.take(entry.seq, entry.record)
        except BadNote as problem:
            raise Corrupt(f"The ledger's keys: {problem}. {_REFUSED}") from problem
        key = history.in_force(self._head.seq)
        if key is None:
            raise Conflict(f"No entry of the ledger names the key that signed it. {_REFUSED}")
        return key

    # -- `log/checkpoint`

    def _shown(self) -> SignedCheckpoint | None:
        return shown_checkpoint(self._log)

    def _show_keys(self) -> None:
        """Note which entries name the log's keys: where proofs find them without reading everything."""
        if not self._named:
            return
        first = self._named[0][0]
        known = [seq for seq in shown_keys(self._log) if seq < first]
        if not known and self._last is not None:
            known = [seq for seq in scanned_keys(self._journal) if seq < first]
        seqs = [*known, *(seq for seq, _ in self._named)]
        self._write(KEYS, "".join(f"{seq}\n" for seq in seqs))

    def _show(self, signed: SignedCheckpoint) -> None:
        shown = self._shown()
        if shown is not None and shown.note == signed.note:
            return
        self._write(CHECKPOINT, signed.note)

    def _write(self, name: str, text: str) -> None:
        try:
            self._log.mkdir(exist_ok=True)
            durable.write_durably(self._log / name, text.encode())
        except OSError as problem:
            raise durable.explained(problem, "keeping the ledger's checkpoint") from problem


def make_tree(log: Path, journal: Journal, size: int) -> Tiles:
    """Make the tree of the first `size` entries again from the journal, and put it on the medium.

    What is there of it already is held against it. Corrupt when it differs; Conflict when the
    journal is shorter. The caller holds the sequencer's lock.
    """
    tiles = Tiles(log)
    for entry in journal.entries():
        tiles.add(bytes.fromhex(entry.hash))
        if tiles.unwritten > _TILES_IN_MEMORY:
            tiles.write_complete()
        if entry.seq == size:
            break
    if tiles.size < size:
        raise Conflict(_cut_off(tiles.size, size))
    tiles.write()
    return tiles


def make_tree_of(folder: Path) -> None:
    """Make the tree that was signed last again, as `make_tree`. Nothing to do before there was one."""
    kept = KeptCheckpoints(folder).last()
    if kept is not None:
        make_tree(folder / LOG, Journal(folder), kept.signed.size)


def _cut_off(end: int, signed: int) -> str:
    return (
        f"The ledger ends at entry {end}, but {signed} entries had been signed: it was cut off, or an "
        f"old one was put back. {_REFUSED}"
    )


def shown_checkpoint(log: Path) -> SignedCheckpoint | None:
    """What `log/checkpoint` says; None when there is none. Corrupt."""
    try:
        with (log / CHECKPOINT).open("rb") as stream:
            data = stream.read(checkpoint.MAX_NOTE + 1)
        return checkpoint.parse_note(data.decode())
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise durable.explained(problem, "reading the ledger's checkpoint") from problem
    except (UnicodeDecodeError, BadNote) as problem:
        raise Corrupt(f"{log / CHECKPOINT} is no checkpoint: {problem}. {_REFUSED}") from problem


def shown_keys(log: Path) -> list[int]:
    """The entries that `log/keys` notes as naming the log's keys; none when it is not there, or no
    such note. A hint: who uses it checks what it leads to."""
    try:
        with (log / KEYS).open("rb") as stream:
            lines = stream.read(_MOST_KEYS).split()
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise durable.explained(problem, "reading the ledger's keys") from problem
    return [int(line) for line in lines if line.isdigit() and len(line) < 19]


def scanned_keys(journal: Journal) -> list[int]:
    """The entries that name the log's keys, found by reading the whole journal. Corrupt."""
    named = EventType.LEDGER_KEY.value
    return [entry.seq for entry in journal.entries() if (entry.record or {}).get("type") == named]


def newest_key_entry(folder: Path) -> Entry | None:
    """The entry that names the key which signed the newest checkpoint; None when there is none.
    Corrupt."""
    kept = KeptCheckpoints(folder).last()
    journal = Journal(folder)
    for seqs in (shown_keys(folder / LOG), scanned_keys(journal)) if kept else ():
        for seq in reversed(seqs):
            try:
                entry = journal.entry(seq)
                said = key_of(entry.record)
                if said and kept and kept.signed.signed_by(checkpoint.parse_vkey(said.vkey)):
                    return entry
            except (BadNote, NotFound):
                continue  # a note of where keys are is a hint: the whole journal is read next
    return None


def key_of_last(folder: Path) -> str:
    """The verifier key that signed the newest checkpoint, as an entry names it; empty when there is
    none. Corrupt."""
    entry = newest_key_entry(folder)
    said = key_of(entry.record) if entry else None
    return said.vkey if said else ""
