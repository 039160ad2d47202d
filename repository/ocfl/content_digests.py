"""What the files of an object must be, by all its inventories, and whether they are.

OCFL 1.1 §3.5.2, §3.5.4. Core, over an `ObjectTree`. Each file is read once, for all
digests any inventory gives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from repository.digest import SUPPORTED
from repository.ocfl.codes import finding
from repository.ocfl.draft import Draft
from repository.ocfl.object_shape import Shape, unreadable
from repository.ocfl.tree import ObjectTree
from repository.problems import Problem, info

_SIZE: Final = "size"  # extension 0009: a decimal number of bytes in place of a digest


class Expectations:
    """For each content path, every digest that some inventory says it has."""

    def __init__(self, spec_version: str | None) -> None:
        self._spec = spec_version
        # path → (algorithm, digest, code, place); later inventories mostly repeat the root's.
        self._wanted: dict[str, list[tuple[str, str, str, str]]] = {}
        self._unchecked: dict[str, str] = {}

    def add(self, draft: Draft) -> None:
        """Take over what an inventory says in `manifest` and `fixity`."""
        if draft.digest_algorithm is not None:
            self._add_block(draft.digest_algorithm, draft.manifest, "E092", draft.location)
        for algorithm, block in draft.fixity.items():
            if algorithm in SUPPORTED or algorithm == _SIZE:
                self._add_block(algorithm, block, "E093", draft.location)
            elif block:
                self._unchecked.setdefault(algorithm, f"{draft.location}#/fixity/{algorithm}")

    def _add_block(
        self, algorithm: str, block: Mapping[str, tuple[str, ...]], code: str, place: str
    ) -> None:
        for digest, paths in block.items():
            for path in paths:
                wanted = self._wanted.setdefault(path, [])
                if not any(w[0] == algorithm and w[1] == digest and w[2] == code for w in wanted):
                    wanted.append((algorithm, digest, code, place))

    def missing(self, shape: Shape) -> Iterator[Problem]:
        """Files that an inventory lists and that are not there, as far as we could look."""
        for path, wanted in self._wanted.items():
            if path not in shape.files and not shape.unknown(path):
                for code in sorted({code for _, _, code, _ in wanted}):
                    yield from finding(self._spec, code, path, "", wanted[0][1])

    def unchecked(self) -> Iterator[Problem]:
        """Fixity values in algorithms this installation has not (§3.4: to be ignored, so told)."""
        for algorithm, place in self._unchecked.items():
            yield info("STO-FIXITY-NOT-CHECKED", place, algorithm=algorithm)

    def mismatches(self, tree: ObjectTree, files: Mapping[str, int]) -> Iterator[Problem]:
        """Read every listed file that is there, and tell what is not as it should be."""
        requests = (
            (path, sorted({w[0] for w in wanted if w[0] != _SIZE} or {"sha512"}))
            for path, wanted in self._wanted.items()
            if path in files
        )
        for result in tree.digests(requests):
            if result.errno is not None:
                yield unreadable(result.path, result.errno)
                continue
            for algorithm, digest, code, place in self._wanted[result.path]:
                actual = str(result.size) if algorithm == _SIZE else result.digests[algorithm]
                if actual != digest:
                    where = result.path if place == "inventory.json" else f"{result.path} ({place})"
                    yield from finding(
                        self._spec, code, where, f"{algorithm} {actual}", f"{algorithm} {digest}"
                    )
