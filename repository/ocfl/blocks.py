"""The blocks digest → paths of an inventory, held in the least memory Python has for them.

Core. Large objects are mostly paths, and a path with its type and a tuple around it takes twice the
memory of the path: here a path is a plain string, and gets its type when somebody asks for it.
Strings alone also leave the garbage collector nothing to walk, again and again, while they grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Generic, TypeVar, cast

from repository.model import ContentPath, LogicalPath

Path = TypeVar("Path", ContentPath, LogicalPath)


class PlainBlock(Mapping[str, tuple[str, ...]]):
    """A block of which is known: each digest is lower-case hex, each has one path or more, and every
    path is safe. `length`: how many digits every digest has; 0 when they differ, or there is none.

    `held` has the path itself where a digest has only one, and is not changed any more.
    """

    __slots__ = ("held", "length")

    def __init__(self, held: dict[str, str | tuple[str, ...]]) -> None:
        self.held = held
        lengths = set(map(len, held))
        self.length = lengths.pop() if len(lengths) == 1 else 0

    def __getitem__(self, digest: str) -> tuple[str, ...]:
        paths = self.held[digest]
        return (paths,) if isinstance(paths, str) else paths

    def __contains__(self, digest: object) -> bool:
        return digest in self.held

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PlainBlock):
            return self.held == other.held
        return _same(self, other) if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as every mapping

    def keys(self) -> KeysView[str]:
        return self.held.keys()


class TypedBlock(Mapping[str, tuple[Path, ...]], Generic[Path]):
    """The same with the paths in their type. The paths of `block` have been judged safe."""

    __slots__ = ("_block", "_kind")

    def __init__(self, kind: type[Path], block: Mapping[str, tuple[str, ...]]) -> None:
        self._kind: type[Path] = kind
        self._block = block

    @property
    def plain(self) -> Mapping[str, tuple[str, ...]]:
        """The same block, its paths as strings."""
        return self._block

    def __getitem__(self, digest: str) -> tuple[Path, ...]:
        # The rule of the type has been applied, as its constructor would.
        return tuple([str.__new__(self._kind, path) for path in self._block[digest]])

    def __contains__(self, digest: object) -> bool:
        return digest in self._block

    def __iter__(self) -> Iterator[str]:
        return iter(self._block)

    def __len__(self) -> int:
        return len(self._block)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TypedBlock):
            return self._block == other._block
        return _same(self, other) if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as every mapping

    def __repr__(self) -> str:
        return repr(dict(self))

    def keys(self) -> KeysView[str]:
        return self._block.keys()


Held = str | tuple[str, ...]  # one path, or several


def pairs(block: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Every path of a block, as a string, with its digest."""
    for digest, paths in _entries(block):
        if isinstance(paths, str):
            yield digest, paths
        else:
            for path in paths:
                yield digest, path


def paths_of(block: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Every path of a block, in the same order."""
    for _, paths in _entries(block):
        if isinstance(paths, str):
            yield paths
        else:
            yield from paths


class Growing:
    """A block that is being added to, begun as another. Holds the strings it is given, not copies."""

    def __init__(self, begun: Mapping[str, tuple[str, ...]]) -> None:
        self._held: dict[str, str | tuple[str, ...] | list[str]] = dict(_entries(begun))

    def __contains__(self, digest: str) -> bool:
        return digest in self._held

    def first(self, digest: str) -> str:
        """The first path of a digest. KeyError when there is none."""
        paths = self._held[digest]
        return paths if isinstance(paths, str) else paths[0]

    def add(self, digest: str, path: str) -> None:
        there = self._held.get(digest)
        if there is None:
            self._held[digest] = path
        elif isinstance(there, list):
            there.append(path)
        else:
            self._held[digest] = [there, path] if isinstance(there, str) else [*there, path]

    def done(self) -> PlainBlock:
        """The block. Nothing is added any more; every path given must have been safe."""
        held = self._held
        for digest, paths in held.items():
            if isinstance(paths, list):
                held[digest] = tuple(paths)
        return PlainBlock(cast("dict[str, Held]", held))


def _entries(block: Mapping[str, tuple[str, ...]]) -> Iterable[tuple[str, Held]]:
    if isinstance(block, TypedBlock):
        block = block.plain
    return block.held.items() if isinstance(block, PlainBlock) else block.items()


def _same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return len(one) == len(other) and all(
        digest in other and other[digest] == paths for digest, paths in one.items()
    )
