"""What a power cut could leave on the disk, from the system calls the real process made.

The trace is replayed into inodes and names. Each write, truncation and change of names is *pending*
until a flush covers it: `fsync` of a file covers its bytes, of a folder the names in it, `syncfs`
everything. At every point of the trace the cut may keep or drop any of the pending changes, in any
combination (POSIX promises no order), and may tear a write or leave zeros for it; a change of names is
made whole or not at all, a rename included. Of these states `states` gives the extremes and a seeded
sample.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_LINE = re.compile(r"(\d+) +(.*)\Z")
_CALL = re.compile(r"([a-z0-9_]+)\((.*)\) += (-?\d+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?')
_ROOT = 0


@dataclass(frozen=True)
class Names:
    """A change of names, made whole or not at all: (folder, name, inode or None)."""

    changes: tuple[tuple[int, bytes, int | None], ...]


@dataclass(frozen=True)
class Bytes:
    """A write into a file."""

    inode: int
    offset: int
    data: bytes


@dataclass(frozen=True)
class Size:
    """A truncation of a file."""

    inode: int
    size: int


Change = Names | Bytes | Size


@dataclass
class Replay:
    """The trace of one process on one ground: its changes, and what was durable after each event."""

    folders: set[int]
    start_names: dict[tuple[int, bytes], int]
    start_bytes: dict[int, bytes]
    changes: list[Change] = field(default_factory=list)
    # After each event: how many changes there were, and which of them were still pending.
    points: list[tuple[int, frozenset[int]]] = field(default_factory=list)

    def reachable(self) -> set[int]:
        """The inodes that have a name when all was done."""
        names = dict(self.start_names)
        for change in self.changes:
            for folder, name, inode in change.changes if isinstance(change, Names) else ():
                if inode is None:
                    del names[folder, name]
                else:
                    names[folder, name] = inode
        found = {_ROOT}
        while more := {i for (at, _), i in names.items() if at in found} - found:
            found |= more
        return found


def replay(log: Path, ground: Path) -> Replay:
    """Read the log of `trial.record` for work that was done on `ground` as it is *now*."""
    return _Reader(ground).read(log.read_text("ascii"))


class _Reader:
    def __init__(self, ground: Path) -> None:
        self._place = str(ground).encode()
        self._names: dict[tuple[int, bytes], int] = {}
        self._open: dict[int, tuple[int | None, int]] = {}
        self._next = 1
        self._pending: set[int] = set()
        self._out = Replay({_ROOT}, {}, {})
        self._load(ground, _ROOT)
        self._out.start_names = dict(self._names)

    def _load(self, folder: Path, inode: int) -> None:
        for path in folder.iterdir():
            made = self._new(folder=path.is_dir())
            self._names[inode, path.name.encode()] = made
            if path.is_dir():
                self._load(path, made)
            else:
                self._out.start_bytes[made] = path.read_bytes()

    def _new(self, *, folder: bool) -> int:
        inode = self._next
        self._next += 1
        if folder:
            self._out.folders.add(inode)
        return inode

    def read(self, text: str) -> Replay:
        begun: dict[str, str] = {}
        self._point()
        for line in text.splitlines():
            match = _LINE.match(line)
            assert match, line[:200]
            thread, rest = match.groups()
            if rest.endswith("<unfinished ...>"):
                begun[thread] = rest.removesuffix("<unfinished ...>").rstrip()
                continue
            if rest.startswith("<..."):
                rest = begun.pop(thread) + rest.partition("resumed>")[2]
            call = _CALL.match(rest)
            if call is None or int(call[3]) < 0:
                continue  # a signal, the end, or a call that failed and changed nothing
            self._take(call[1], call[2], int(call[3]))
        return self._out

    def _take(self, call: str, arguments: str, result: int) -> None:
        strings = [bytes.fromhex(hexed.replace("\\x", "")) for hexed in _STRING.findall(arguments)]
        words = [word.strip() for word in _STRING.sub("S", arguments).split(",")]
        match call:
            case "openat":
                self._openat(words, strings[0], result)
            case "close":
                self._open.pop(int(words[0]), None)
            case "lseek":
                self._seek(int(words[0]), result)
            case "write":
                self._write(int(words[0]), strings[0][:result], None)
            case "pwrite64":
                self._write(int(words[0]), strings[0][:result], int(words[3]))
            case "ftruncate":
                self._truncate(int(words[0]), int(words[1]))
            case "mkdir":
                self._mkdir(self._at("AT_FDCWD", strings[0]))
            case "mkdirat":
                self._mkdir(self._at(words[0], strings[0]))
            case "rename":
                self._rename(self._at("AT_FDCWD", strings[0]), self._at("AT_FDCWD", strings[1]))
            case "renameat" | "renameat2":
                self._rename(self._at(words[0], strings[0]), self._at(words[2], strings[1]))
            case "unlink" | "rmdir":
                self._remove(self._at("AT_FDCWD", strings[0]))
            case "unlinkat":
                self._remove(self._at(words[0], strings[0]))
            case "fsync" | "fdatasync":
                self._fsync(int(words[0]))
            case "syncfs":
                self._pending.clear()
                self._point()
            case "fcntl" if "F_DUPFD" in arguments:
                self._open[result] = self._open.get(int(words[0]), (None, 0))
            case "dup":
                self._open[result] = self._open.get(int(words[0]), (None, 0))
            case "flock" | "fcntl":
                pass
            case _:
                raise AssertionError(f"a call the replay does not know: {call}({arguments[:200]})")

    def _openat(self, words: list[str], path: bytes, result: int) -> None:
        at = self._at(words[0], path)
        if at is None:
            self._open[result] = (None, 0)
            return
        inode = _ROOT if at == (_ROOT, b"") else self._names.get(at)
        if inode is None:
            assert "O_CREAT" in words[2], (words, path)
            inode = self._new(folder=False)
            self._change(Names(((*at, inode),)))
        elif "O_TRUNC" in words[2]:
            self._change(Size(inode, 0))
        self._open[result] = (inode, 0)

    def _seek(self, descriptor: int, result: int) -> None:
        if descriptor in self._open:
            self._open[descriptor] = (self._open[descriptor][0], result)

    def _write(self, descriptor: int, data: bytes, offset: int | None) -> None:
        inode, position = self._open.get(descriptor, (None, 0))
        if inode is None:
            return
        self._change(Bytes(inode, position if offset is None else offset, data))
        if offset is None:
            self._open[descriptor] = (inode, position + len(data))

    def _truncate(self, descriptor: int, size: int) -> None:
        inode, _ = self._open.get(descriptor, (None, 0))
        if inode is not None:
            self._change(Size(inode, size))

    def _mkdir(self, at: tuple[int, bytes] | None) -> None:
        if at is not None:
            self._change(Names(((*at, self._new(folder=True)),)))

    def _rename(self, old: tuple[int, bytes] | None, new: tuple[int, bytes] | None) -> None:
        assert old is not None and new is not None
        self._change(Names(((*old, None), (*new, self._names[old]))))

    def _remove(self, at: tuple[int, bytes] | None) -> None:
        if at is not None:
            self._change(Names(((*at, None),)))

    def _fsync(self, descriptor: int) -> None:
        inode, _ = self._open[descriptor]
        for number in list(self._pending):
            change = self._out.changes[number]
            if isinstance(change, Names):
                # A rename is one change: whichever of its folders is flushed takes it along.
                covered = any(folder == inode for folder, _, _ in change.changes)
            else:
                covered = change.inode == inode
            if covered:
                self._pending.discard(number)
        self._point()

    def _change(self, change: Change) -> None:
        if isinstance(change, Names):
            for folder, name, inode in change.changes:
                if inode is None:
                    del self._names[folder, name]
                else:
                    self._names[folder, name] = inode
        self._pending.add(len(self._out.changes))
        self._out.changes.append(change)
        self._point()

    def _point(self) -> None:
        self._out.points.append((len(self._out.changes), frozenset(self._pending)))

    def _at(self, base: str, path: bytes) -> tuple[int, bytes] | None:
        """Folder and name of a path on the ground; None for one elsewhere."""
        if base == "AT_FDCWD":
            if path == self._place:
                return (_ROOT, b"")
            if not path.startswith(self._place + b"/"):
                return None
            parts = path[len(self._place) + 1 :].split(b"/")
            here: int | None = _ROOT
        else:
            parts = path.split(b"/")
            here = self._open.get(int(base), (None, 0))[0]
        for part in parts[:-1]:
            if here is None:
                return None
            here = self._names.get((here, part))
        return None if here is None else (here, parts[-1])


def states(told: Replay, chance: random.Random, samples: int) -> Iterator[dict[str, bytes | None]]:
    """What the disk could hold: path → bytes, None for a folder. Each only once."""
    seen: set[int] = set()
    for count, pending in told.points:
        for kept, tear in _choices(told, sorted(pending), chance, samples):
            state = _made(told, count, pending, kept, tear)
            key = hash(frozenset(state.items()))
            if key not in seen:
                seen.add(key)
                yield state


def _choices(
    told: Replay, pending: list[int], chance: random.Random, samples: int
) -> Iterator[tuple[frozenset[int], str]]:
    """Which pending changes the cut keeps, and what becomes of the writes that it does not."""
    names = frozenset(n for n in pending if isinstance(told.changes[n], Names))
    everything = frozenset(pending)
    yield everything, ""
    yield frozenset(), ""
    if not pending:
        return
    for tear in ("", "half", "zeros"):
        yield names, tear
    yield everything - names, ""
    for one in sorted(names):
        yield everything - {one}, ""
        yield frozenset({one}), ""
        yield names - {one}, ""
    for _ in range(samples):
        kept = frozenset(n for n in pending if chance.random() < 0.5)
        yield kept, chance.choice(("", "half", "zeros"))


def _made(
    told: Replay, count: int, pending: frozenset[int], kept: frozenset[int], tear: str
) -> dict[str, bytes | None]:
    names = dict(told.start_names)
    content = {inode: bytearray(data) for inode, data in told.start_bytes.items()}
    for number, change in enumerate(told.changes[:count]):
        dropped = number in pending and number not in kept
        match change:
            case Names(changes) if not dropped:
                for folder, name, inode in changes:
                    if inode is None:
                        names.pop((folder, name), None)
                    else:
                        names[folder, name] = inode
            case Bytes(inode, offset, data):
                if dropped and tear == "half":
                    data = data[: len(data) // 2]
                elif dropped and tear == "zeros":
                    data = bytes(len(data))
                elif dropped:
                    continue
                held = content.setdefault(inode, bytearray())
                held.extend(bytes(max(0, offset + len(data) - len(held))))
                held[offset : offset + len(data)] = data
            case Size(inode, size) if not dropped:
                held = content.setdefault(inode, bytearray())
                del held[size:]
                held.extend(bytes(size - len(held)))
            case _:
                pass
    children: dict[int, list[tuple[bytes, int]]] = {}
    for (folder, name), inode in names.items():
        children.setdefault(folder, []).append((name, inode))
    found: dict[str, bytes | None] = {}
    waiting = [("", _ROOT)]
    while waiting:
        here, at = waiting.pop()
        for name, inode in children.get(at, ()):
            path = f"{here}{name.decode('utf-8', 'surrogateescape')}"
            if inode in told.folders:
                found[path] = None
                waiting.append((f"{path}/", inode))
            else:
                found[path] = bytes(content.get(inode, b""))
    return found


def make(state: dict[str, bytes | None], place: Path) -> Path:
    """Put a state on a disk."""
    place.mkdir(parents=True)
    for path in sorted(state):
        data = state[path]
        if data is None:
            (place / path).mkdir()
        else:
            (place / path).write_bytes(data)
    return place
