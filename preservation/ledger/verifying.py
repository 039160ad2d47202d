"""Is the ledger's log whole? One pass over the journal, holding everything signed against it. Reads
only.

The tree is computed again from the entries. Against it stand: every checkpoint that was kept (root,
and signature by the key in force), the tiles, `log/checkpoint`, what an outsider wrote down (a
checkpoint or a register line), and every anchor. What cannot be judged is said apart from what is
wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from preservation.ledger.anchors import Anchor, AnchorVerdict, anchor_of
from preservation.ledger.chain import ChainHead, Entry, after
from preservation.ledger.checkpoint import BadNote, Checkpoint, SignedCheckpoint
from preservation.ledger.journal import Journal
from preservation.ledger.kept import Kept, KeptCheckpoints
from preservation.ledger.keys import KeyHistory
from preservation.ledger.register import RegisterLine
from preservation.ledger.signing import ANCHORS, LOG, shown_checkpoint
from preservation.ledger.tiles import Tiles
from preservation.ledger.tree import Growing
from repository.clock import parse_utc
from repository.errors import Corrupt, NotFound

Outside = SignedCheckpoint | RegisterLine
_TILES_IN_MEMORY = 64
_MOST_SAID = 20
_MOST_NAMED = 1000
_SKEW = timedelta(minutes=10)  # commands that end at the same time may be entered in another order
_DAY = timedelta(days=1)


@dataclass(slots=True)
class LogState:
    """What the pass found. `wrong`: damage, a sentence each; `open`: what could not be judged."""

    head: ChainHead = field(default_factory=ChainHead)
    origin: str = ""
    checkpoints: int = 0
    signed: int = 0  # entries under the last checkpoint
    keys: Sequence[tuple[int, str]] = ()
    without_old_key: Sequence[int] = ()
    anchors: list[Mapping[str, object]] = field(default_factory=list)
    outside: int = 0  # how many of the checkpoints given from outside were told by this ledger
    wrong: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    emptied: list[int] = field(default_factory=list)  # entries whose record is gone; at most 1,000
    clock: list[str] = field(
        default_factory=list
    )  # where the machine's clock was wrong, a sentence each
    broken: str = ""


def verify_log(
    folder: Path,
    *,
    outside: Sequence[Outside] = (),
    known_keys: Sequence[str] = (),
    judge: Callable[[Anchor], AnchorVerdict] | None = None,
    each: Callable[[Entry], None] = lambda _: None,
) -> LogState:
    """Hold everything in the ledger's folder against its journal.

    `known_keys`: verifier keys that were kept elsewhere. `judge` says what a time stamp is worth;
    without it none is judged. `each` is shown every entry.
    Memory stays flat but for the anchors. Never raises for damage: that is what it reports.
    """
    state = LogState()
    look = _Pass(folder, state, outside)
    try:
        for entry in Journal(folder).entries():
            look.take(entry)
            each(entry)
    except Corrupt as problem:
        state.broken = problem.operator
    look.end(judge)
    if not state.broken:
        _judge_keys(state, known_keys)
    return state


def _judge_keys(state: LogState, known: Sequence[str]) -> None:
    """A key from outside is one of the ledger's, and each that came after it was vouched for."""
    named = {vkey: seq for seq, vkey in state.keys}
    for vkey in known:
        if vkey not in named:
            state.wrong.append(
                f"The key given from outside, {vkey}, is none of this ledger's: it is another ledger, "
                "or was signed anew by somebody else."
            )
            continue
        state.open += [
            f"The key of entry {seq} came after the one you know, and no old key signed for it."
            for seq in state.without_old_key
            if seq > named[vkey]
        ]


class _Pass:
    def __init__(self, folder: Path, state: LogState, outside: Sequence[Outside]) -> None:
        self._folder = folder
        self._state = state
        self._tree = Growing()
        self._tiles = Tiles(folder / LOG)
        self._keys = KeyHistory()
        self._outside: dict[int, list[Outside]] = {}
        for one in outside:
            self._outside.setdefault(one.size, []).append(one)
        self._anchors: list[tuple[Anchor, str]] = []  # with the time of their event
        self._time = ""  # that of the last entry
        self._kept = KeptCheckpoints(folder).all()
        self._next = self._next_kept()

    def take(self, entry: Entry) -> None:
        state = self._state
        self._tree.add(bytes.fromhex(entry.hash))
        self._tiles.add(bytes.fromhex(entry.hash))
        if self._tiles.unwritten > _TILES_IN_MEMORY:
            self._tell_tiles(self._tiles.compare())
        state.head = after(entry)
        if entry.record is None and len(state.emptied) < _MOST_NAMED:
            state.emptied.append(entry.seq)
        self._take_time(entry)
        self._take_record(entry)
        while self._next is not None and self._next.signed.size <= entry.seq:
            self._judge_kept(self._next.signed)
            self._next = self._next_kept()
        for one in self._outside.pop(entry.seq, ()):
            self._judge_outside(one)

    def end(self, judge: Callable[[Anchor], AnchorVerdict] | None) -> None:
        state = self._state
        state.origin = self._keys.origin
        state.keys = [(seq, key.vkey) for seq, key in self._keys.all()]
        state.without_old_key = list(self._keys.without_old_key)
        if state.broken:
            return  # nothing behind the break was looked at, and it is told
        while self._next is not None:
            self._wrong(
                f"{self._next.signed.size} entries had been signed, but the ledger ends at entry "
                f"{state.head.seq}: it was cut off."
            )
            self._next = self._next_kept()
        for size, given in sorted(self._outside.items()):
            self._wrong(
                f"A checkpoint given from outside tells of {size} entries, but the ledger ends at "
                f"entry {state.head.seq}: it was cut off, or is another ledger. ({len(given)})"
            )
        self._tell_tiles(self._tiles.compare_end())
        self._judge_shown()
        self._judge_anchors(judge)
        self._judge_stamps()
        if state.emptied:
            named = ", ".join(map(str, state.emptied[:_MOST_SAID]))
            state.open.append(
                f"{len(state.emptied)} of the entries have no record any more ({named}): that they "
                "were there is proven, and nothing of what they said."
            )
        if state.head.seq > state.signed:
            state.open.append(
                f"{state.head.seq - state.signed} of the entries are not signed yet: the next command "
                "that writes does it."
            )

    # -- one thing each

    def _take_record(self, entry: Entry) -> None:
        try:
            self._keys.take(entry.seq, entry.record)
        except BadNote as problem:
            self._wrong(f"The ledger's keys: {problem}.")
        try:
            anchor = anchor_of(entry.record)
        except BadNote as problem:
            self._wrong(f"Entry {entry.seq}: {problem}.")
            return
        if anchor is not None:
            self._anchors.append((anchor, str((entry.record or {}).get("at", ""))))

    def _take_time(self, entry: Entry) -> None:
        """Told, and nothing worse: the order of the entries is proven by the chain, not by a clock."""
        at = str((entry.record or {}).get("at", "")) or self._time
        if at < self._time and _apart(at, self._time) > _SKEW:
            self._tell_clock(
                f"Entry {entry.seq} is dated {at}, the one before it {self._time}: the clock was put "
                "back, or had been wrong before."
            )
        self._time = at

    def _judge_kept(self, signed: SignedCheckpoint) -> None:
        state = self._state
        state.checkpoints += 1
        state.signed = signed.size
        if signed.root != self._tree.root():
            self._wrong(
                f"The checkpoint of {signed.size} entries has another root than the ledger: something "
                "before it was changed."
            )
        key = self._keys.in_force(signed.size)
        if key is None or not signed.signed_by(key):
            self._wrong(
                f"The checkpoint of {signed.size} entries is not signed by the ledger's key."
            )

    def _judge_outside(self, one: Outside) -> None:
        ours = Checkpoint(self._keys.origin, one.size, self._tree.root())
        if isinstance(one, RegisterLine):
            if one.tells(ours):
                self._state.outside += 1
            else:
                self._wrong(
                    f"The register's line of {one.size} entries was written of another ledger than "
                    "this one, or something before it was changed."
                )
            return
        key = self._keys.in_force(one.size)
        if key is None or not one.signed_by(key):
            self._wrong(
                f"The checkpoint from outside, of {one.size} entries, is not signed by the key that "
                "this ledger names."
            )
        elif one.checkpoint != ours:
            self._wrong(
                f"The checkpoint from outside, of {one.size} entries, is signed by the ledger's key "
                "and has another root: what stands here is not what stood there then."
            )
        else:
            self._state.outside += 1

    def _judge_shown(self) -> None:
        """`log/checkpoint` is the newest one kept, or an older one where a crash came between."""
        try:
            shown = shown_checkpoint(self._folder / LOG)
        except Corrupt as problem:
            self._wrong(problem.operator)
            return
        if shown is None:
            return
        if shown.size > self._state.signed:
            self._wrong(
                f"log/checkpoint is of {shown.size} entries, those kept end at {self._state.signed}."
            )
        elif not self._was_kept(shown.note, shown.size):
            self._wrong("log/checkpoint is none of the checkpoints that were kept.")

    def _was_kept(self, note: str, size: int) -> bool:
        try:
            return KeptCheckpoints(self._folder).of_size(size).signed.note == note
        except (NotFound, Corrupt):
            return False

    def _judge_anchors(self, judge: Callable[[Anchor], AnchorVerdict] | None) -> None:
        for anchor, at in self._anchors:
            verdict = AnchorVerdict("not judged", "") if judge is None else judge(anchor)
            if _apart(at, anchor.time) > _DAY:
                self._tell_clock(
                    f"The anchor of {anchor.size} entries was entered as of {at}; {anchor.target} says "
                    f"{anchor.time}: this machine's clock was wrong."
                )
            if not self._was_kept(anchor.note, anchor.size):
                verdict = AnchorVerdict("wrong", "its checkpoint is none of those that were kept")
            self._state.anchors.append(
                {"kind": anchor.kind, "size": anchor.size, "at": at, "target": anchor.target,
                 "verdict": verdict.verdict, "reason": verdict.reason}
            )  # fmt: skip
            said = f"The anchor of {anchor.size} entries ({anchor.target}): {verdict.reason}."
            if verdict.verdict == "wrong":
                self._wrong(said)
            elif verdict.verdict == "not judged" and anchor.kind == "rfc3161":
                self._state.open.append(said)

    def _judge_stamps(self) -> None:
        """A time stamp is entered into the ledger before it is laid beside it."""
        entered = {anchor.file_name for anchor, _ in self._anchors if anchor.token}
        folder = self._folder / LOG / ANCHORS
        try:
            there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        except OSError as problem:
            self._state.open.append(f"log/{ANCHORS} cannot be looked into: {problem.strerror}.")
            return
        for name in there:
            if name.endswith(".tsr") and name not in entered:
                self._wrong(
                    f"log/{ANCHORS}/{name} is a time stamp that no entry tells of: the ledger was cut "
                    "off, or is another than the one that was stamped."
                )

    def _tell_clock(self, said: str) -> None:
        if len(self._state.clock) < _MOST_SAID:
            self._state.clock.append(said)

    def _next_kept(self) -> Kept | None:
        try:
            return next(self._kept, None)
        except Corrupt as problem:
            self._wrong(problem.operator)
            return None

    def _tell_tiles(self, names: Sequence[str]) -> None:
        for name in names:
            self._wrong(f"log/{name} is not what the journal says.")

    def _wrong(self, said: str) -> None:
        if len(self._state.wrong) < _MOST_SAID:
            self._state.wrong.append(said)
        elif len(self._state.wrong) == _MOST_SAID:
            self._state.wrong.append("And more of the kind.")


def _apart(one: str, other: str) -> timedelta:
    """How far two instants are apart; nothing when one of them is none."""
    try:
        return abs(parse_utc(one) - parse_utc(other))
    except ValueError:
        return timedelta()
