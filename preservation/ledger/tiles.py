"""The Merkle tree on disk: C2SP tlog-tiles, written once, grown at its end, read for proofs.

    FOLDER/tile/L/N, FOLDER/tile/L/N.p/W, FOLDER/tile/entries/N, …      `docs/ledger.md`

All of it can be made again from the journal, so a file that is missing is no loss, and nothing is
flushed: a file that a power cut left short, or with zeros where its bytes should be, counts as
missing. One that says something else than the journal is Corrupt, and never written over. While it
grows, what is in memory is the incomplete tile of each level.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from preservation.ledger.tree import HASH_BYTES, complete_root, leaf_hash, tree_root
from repository import durable
from repository.errors import Corrupt, NotFound

WIDTH = 256
_HEIGHT = 8  # 2^8 hashes in a tile
_FULL = WIDTH * HASH_BYTES
_LENGTH = HASH_BYTES.to_bytes(2, "big")  # before each leaf's data in a bundle
_ENTRIES = "entries"
_CACHED = 64
_ZEROS = bytes(HASH_BYTES)  # no hash is all zeros
_PARTIAL = re.compile(r"[1-9]\d{0,2}\Z", re.ASCII)
Level = int | str  # a tile level, or `entries`


def tile_name(level: Level, number: int, width: int = WIDTH) -> str:
    """The path of a tile or bundle relative to the log's folder."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{path}" + ("" if width == WIDTH else f".p/{width}")


class TreeIncomplete(NotFound):
    """A tile is missing. `signing.make_tree` makes it again from the journal."""


class Tiles:
    """The tree in one folder, at one size. One process grows it at a time: the caller locks."""

    def __init__(self, folder: Path) -> None:
        """An empty tree; `load` takes up the one that is there."""
        self._folder = folder
        self.size = 0
        self._levels: list[bytearray] = []  # of each level the hashes of its incomplete tile
        self._bundle = bytearray()
        self._pending: dict[tuple[Level, int], bytes] = {}
        self._cache: OrderedDict[tuple[Level, int], bytes] = OrderedDict()

    def load(self, size: int) -> None:
        """Take up the tree of this size. TreeIncomplete when a tile that it ends with is missing."""
        levels: list[bytearray] = []
        count = size
        while count:
            levels.append(bytearray(self._beginning(len(levels), count)))
            count //= WIDTH
        bundle = bytearray(self._beginning(_ENTRIES, size))
        self.size, self._levels, self._bundle = size, levels, bundle
        self._pending.clear()

    def add(self, data: bytes) -> None:
        """One more leaf, in memory until `write`."""
        self._bundle += data
        self.size += 1
        if not self.size % WIDTH:
            self._pending[_ENTRIES, self.size // WIDTH - 1] = bytes(self._bundle)
            self._bundle.clear()
        new, level, count = leaf_hash(data), 0, self.size
        while True:
            if level == len(self._levels):
                self._levels.append(bytearray())
            part = self._levels[level]
            part += new
            if len(part) < _FULL:
                return
            self._pending[level, count // WIDTH - 1] = bytes(part)
            new = complete_root(part)
            part.clear()
            level, count = level + 1, count // WIDTH

    @property
    def unwritten(self) -> int:
        """How many complete tiles are in memory only."""
        return len(self._pending)

    def root(self) -> bytes:
        """The root of the tree as it is in memory. It must not be empty."""
        return tree_root(self.size, self.node)

    def last_leaf(self) -> bytes:
        """The data of the last leaf. TreeIncomplete when its bundle is missing."""
        if self._bundle:
            return bytes(self._bundle[-HASH_BYTES:])
        return self._tile(_ENTRIES, self.size // WIDTH - 1)[-HASH_BYTES:]

    def node(self, level: int, number: int) -> bytes:
        """A node of the tree (`tree.Nodes`). TreeIncomplete when its tile is missing; Corrupt."""
        row, inside = divmod(level, _HEIGHT)
        first = number << inside
        tile, place = divmod(first, WIDTH)
        start = place * HASH_BYTES
        data = self._tile(row, tile)[start : start + (HASH_BYTES << inside)]
        if len(data) != HASH_BYTES << inside:
            raise TreeIncomplete("The ledger's tree has no such node: its tile ends before it.")
        return complete_root(data)

    def write(self) -> None:
        """Put what was added into its files: complete tiles, then the incomplete ones as they are
        now.

        Corrupt when something else is there already. After a crash some are there, and writing
        again completes them.
        """
        self.write_complete()
        for level, number, data in self._incomplete():
            width = len(data) // HASH_BYTES
            self._put(level, number, width, data)
            self._drop_narrower(level, number, data)

    def write_complete(self) -> None:
        """Put the complete tiles into their files, so that memory is free again."""
        for (level, number), data in self._pending.items():
            self._put(level, number, WIDTH, data)
            self._drop_narrower(level, number, data)
        self._pending.clear()

    def compare(self) -> list[str]:
        """The names of files that are there and say something else than this tree. What was added
        since the last call, and the incomplete tiles, are looked at and then forgotten."""
        differing = []
        for (level, number), data in self._pending.items():
            differing += self._differing(level, number, data)
        self._pending.clear()
        return differing

    def compare_end(self) -> list[str]:
        """As `compare`, for the incomplete tiles, and for tiles behind the end of the tree."""
        differing = self.compare()
        for level, number, data in self._incomplete():
            differing += self._differing(level, number, data)
        count, level = self.size, 0
        while level <= len(self._levels):
            for name in (level, _ENTRIES) if level == 0 else (level,):
                behind = tile_name(name, -(-count // WIDTH))
                if (self._folder / behind).exists() or (self._folder / f"{behind}.p").exists():
                    differing.append(behind)
            count, level = count // WIDTH, level + 1
        return differing

    # -- files

    def _incomplete(self) -> Iterator[tuple[Level, int, bytes]]:
        count = self.size
        for level, part in enumerate(self._levels):
            if part:
                yield level, count // WIDTH, bytes(part)
            count //= WIDTH
        if self._bundle:
            yield _ENTRIES, self.size // WIDTH, bytes(self._bundle)

    def _tile(self, level: Level, number: int) -> bytes:
        """The hashes of a tile, or the data of a bundle's leaves, joined: all that are known."""
        if (level, number) in self._pending:
            return self._pending[level, number]
        if level == _ENTRIES and number == self.size // WIDTH:
            return bytes(self._bundle)
        if (
            isinstance(level, int)
            and level < len(self._levels)
            and number == self.size >> (_HEIGHT * (level + 1))
        ):
            return bytes(self._levels[level])
        if (level, number) not in self._cache:
            data = self._read(level, number, WIDTH)
            if data is None:
                raise TreeIncomplete(f"{tile_name(level, number)} of the ledger's tree is missing.")
            self._cache[level, number] = data
            if len(self._cache) > _CACHED:
                self._cache.popitem(last=False)
        self._cache.move_to_end((level, number))
        return self._cache[level, number]

    def _beginning(self, level: Level, count: int) -> bytes:
        """What the incomplete tile of a level holds when the level has `count` hashes."""
        number, width = divmod(count, WIDTH)
        if not width:
            return b""
        for there in (WIDTH, *self._widths(level, number)):
            if there >= width and (data := self._read(level, number, there)) is not None:
                return data[: width * HASH_BYTES]
        raise TreeIncomplete(f"{tile_name(level, number, width)} of the ledger's tree is missing.")

    def _widths(self, level: Level, number: int) -> list[int]:
        folder = self._path(level, number, 1).parent
        with self._touching():
            names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return sorted(int(name) for name in names if _PARTIAL.match(name) and int(name) < WIDTH)

    def _read(self, level: Level, number: int, width: int) -> bytes | None:
        """A file's hashes, or its leaves' data; None when it is missing, or was never written whole."""
        length = width * (HASH_BYTES + (len(_LENGTH) if level == _ENTRIES else 0))
        with self._touching():
            try:
                with self._path(level, number, width).open("rb") as stream:
                    data = stream.read(length + 1)
            except (FileNotFoundError, NotADirectoryError):
                return None
        if len(data) < length or _ZEROS in data:
            return None
        plain = _without_lengths(data) if level == _ENTRIES else data
        if len(data) != length or plain is None:
            raise _corrupt(tile_name(level, number, width), "is no tile of this width")
        return plain

    def _differing(self, level: Level, number: int, data: bytes) -> list[str]:
        """Those of the files for one tile that do not fit `data`, all its hashes so far."""
        width = len(data) // HASH_BYTES
        found = []
        for there in (WIDTH, *self._widths(level, number)):
            name = tile_name(level, number, there)
            try:
                held = self._read(level, number, there)
            except Corrupt:
                found.append(name)
                continue
            if held is not None and (there > width or held != data[: len(held)]):
                found.append(name)
        return found

    def _put(self, level: Level, number: int, width: int, data: bytes) -> None:
        held = self._read(level, number, width)
        if held is not None:
            if held != data:
                raise _corrupt(tile_name(level, number, width), "is not what the journal says")
            return
        path = self._path(level, number, width)
        with self._touching():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # what a power cut left of it
            durable.write_new(path, _with_lengths(data) if level == _ENTRIES else data)

    def _drop_narrower(self, level: Level, number: int, data: bytes) -> None:
        """A narrower tile is the beginning of a wider one and says nothing more."""
        width = len(data) // HASH_BYTES
        for there in self._widths(level, number):
            if there < width:
                held = self._read(level, number, there)
                if held is not None and not data.startswith(held):
                    name = tile_name(level, number, there)
                    raise _corrupt(name, "is not the beginning of what follows it")
                with self._touching():
                    self._path(level, number, there).unlink()
        if width == WIDTH:
            durable.remove_empty_folders(self._path(level, number, 1).parent, self._folder)

    def _path(self, level: Level, number: int, width: int) -> Path:
        return self._folder / tile_name(level, number, width)

    @contextmanager
    def _touching(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise durable.explained(problem, "keeping the ledger's tree") from problem


def _with_lengths(data: bytes) -> bytes:
    step = HASH_BYTES
    return b"".join(_LENGTH + data[place : place + step] for place in range(0, len(data), step))


def _without_lengths(data: bytes) -> bytes | None:
    step = len(_LENGTH) + HASH_BYTES
    plain = b"".join(data[place + 2 : place + step] for place in range(0, len(data), step))
    return plain if _with_lengths(plain) == data else None


def _corrupt(name: str, what: str) -> Corrupt:
    return Corrupt(
        f"{name} of the ledger's tree {what}. Nothing was changed: run `kho ledger verify`, and find "
        "out who wrote it. The tree is made again from the journal once `log` is moved aside."
    )
