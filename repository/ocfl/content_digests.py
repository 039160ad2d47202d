"""What the files of an object must be, by all its inventories, and whether they are.

OCFL 1.1 §3.5.2, §3.5.4. Core, over an `ObjectTree`. Each file is read once, for all
digests any inventory gives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from repository.digest import SUPPORTED
from repository.ocfl.blocks import pairs
from repository.ocfl.codes import finding
from repository.ocfl.draft import Draft
from repository.ocfl.object_shape import INVENTORY, Shape, unreadable
from repository.ocfl.tree import ObjectTree
from repository.problems import Problem, info

_SIZE: Final = "size"  # extension 0009: a decimal number of bytes in place of a digest
_MANIFEST: Final = "E092"
_FIXITY: Final = "E093"
_NOTHING: Final = "—"  # found in place of a digest: there is no file


class _Wanted(NamedTuple):
    """What one inventory says of one file."""

    algorithm: str
    digest: str
    code: str
    place: str


class Expectations:
    """For each content path, every digest that some inventory says it has."""

    def __init__(self, root: Draft) -> None:
        self._spec = root.spec_version
        # (algorithm, code) → path → digest, as the root inventory has it: the strings are its own.
        self._root: dict[tuple[str, str], dict[str, str]] = {}
        # What is said otherwise, or by an earlier inventory only; mostly nothing.
        self._more: dict[str, list[_Wanted]] = {}
        self._unchecked: dict[str, str] = {}
        for algorithm, code, block in self._blocks(root):
            held = self._root.setdefault((algorithm, code), {})
            for digest, path in pairs(block):
                if held.setdefault(path, digest) != digest:
                    self._note(path, _Wanted(algorithm, digest, code, root.location))

    def add(self, draft: Draft) -> None:
        """Take over what an earlier inventory says in `manifest` and `fixity`."""
        for algorithm, code, block in self._blocks(draft):
            held = self._root.get((algorithm, code), {})
            for digest, path in pairs(block):
                if held.get(path) != digest:
                    self._note(path, _Wanted(algorithm, digest, code, draft.location))

    def _blocks(self, draft: Draft) -> Iterator[tuple[str, str, Mapping[str, tuple[str, ...]]]]:
        if draft.digest_algorithm in SUPPORTED:  # no other is allowed, and that is told (E025)
            yield draft.digest_algorithm, _MANIFEST, draft.manifest
        for algorithm, block in draft.fixity.items():
            if algorithm in SUPPORTED or algorithm == _SIZE:
                yield algorithm, _FIXITY, block
            elif block:
                self._unchecked.setdefault(algorithm, f"{draft.location}#/fixity/{algorithm}")

    def _note(self, path: str, wanted: _Wanted) -> None:
        noted = self._more.setdefault(path, [])
        if not any(one[:3] == wanted[:3] for one in noted):
            noted.append(wanted)

    def _of(self, path: str) -> list[_Wanted]:
        """Everything that is said of one path."""
        said = [
            _Wanted(algorithm, held[path], code, INVENTORY)
            for (algorithm, code), held in self._root.items()
            if path in held
        ]
        return said + self._more.get(path, [])

    def _algorithms(self, path: str) -> list[str]:
        # A file whose size alone is said must be readable all the same.
        return sorted({one.algorithm for one in self._of(path)} - {_SIZE} or {"sha512"})

    def _paths(self) -> Iterator[str]:
        """Every path that something is said of, once."""
        blocks = list(self._root.values())
        for number, block in enumerate(blocks):
            for path in block:
                if not any(path in earlier for earlier in blocks[:number]):
                    yield path
        for path in self._more:
            if not any(path in block for block in blocks):
                yield path

    def manifest(self) -> Mapping[str, str]:
        """Each content path of the root inventory with the digest that its manifest gives it."""
        return next((held for (_, code), held in self._root.items() if code == _MANIFEST), {})

    def missing(self, shape: Shape) -> Iterator[Problem]:
        """Files that an inventory lists and that are not there, as far as we could look."""
        for path in self._paths():
            if path not in shape.files and not shape.unknown(path):
                first = {one.code: one for one in reversed(self._of(path))}
                for code, one in sorted(first.items()):
                    expected = f"{one.algorithm} {one.digest}"
                    yield from finding(self._spec, code, path, _NOTHING, expected)

    def unchecked(self) -> Iterator[Problem]:
        """Fixity values in algorithms this installation has not (§3.4: to be ignored, so told)."""
        for algorithm, place in self._unchecked.items():
            yield info("STO-FIXITY-NOT-CHECKED", place, algorithm=algorithm)

    def to_read(self, files: Mapping[str, int]) -> dict[tuple[str, ...], list[str]]:
        """Every listed file that is there, by the algorithms in which it must be digested."""
        found: dict[tuple[str, ...], list[str]] = {}
        # Nearly all files stand in the same blocks, and so want the same.
        known: dict[tuple[bool, ...], list[str]] = {}
        blocks = list(self._root.values())
        for path in self._paths():
            if path not in files:
                continue
            stands = tuple([path in block for block in blocks])
            mine = known.get(stands)
            if mine is None or path in self._more:
                mine = found.setdefault(tuple(self._algorithms(path)), [])
                if path not in self._more:
                    known[stands] = mine
            mine.append(path)
        return found

    def is_met(self, path: str, size: int, digests: Mapping[str, str]) -> bool:
        """Whether the file has all that is said of it."""
        for (algorithm, _), held in self._root.items():
            digest = held.get(path)
            if digest is not None and digest != (
                str(size) if algorithm == _SIZE else digests[algorithm]
            ):
                return False
        return not any(
            one.digest != (str(size) if one.algorithm == _SIZE else digests[one.algorithm])
            for one in self._more.get(path, ())
        )

    def suspects(self, tree: ObjectTree, files: Mapping[str, int]) -> list[str]:
        """Read every listed file that is there; those that could not be read or differ."""
        wanted = self.to_read(files)
        requests = ((path, names) for names, paths in wanted.items() for path in paths)
        return [
            result.path
            for result in tree.digests(requests)
            if result.size is None or not self.is_met(result.path, result.size, result.digests)
        ]

    def confirmed(self, tree: ObjectTree, suspects: Iterable[str]) -> Iterator[Problem]:
        """Read the suspects again by the surest means, and tell what is not as it should be."""
        requests = [(path, self._algorithms(path)) for path in sorted(suspects)]
        for result in tree.digests(requests, again=True):
            if result.errno is not None:
                yield unreadable(result.path, result.errno)
                continue
            for algorithm, digest, code, place in self._of(result.path):
                actual = str(result.size) if algorithm == _SIZE else result.digests[algorithm]
                where = result.path if place == INVENTORY else f"{result.path} ({place})"
                if actual != digest:
                    yield from finding(
                        self._spec, code, where, f"{algorithm} {actual}", f"{algorithm} {digest}"
                    )
