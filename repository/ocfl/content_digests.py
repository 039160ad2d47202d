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
from repository.ocfl.tree import ObjectTree, TreeDigest
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
        suspects = [
            result.path
            for result in tree.digests(
                self._request(path) for path in self._wanted if path in files
            )
            if result.errno is not None or self._differences(result)
        ]
        for result in tree.digests(map(self._request, sorted(suspects)), again=True):
            if result.errno is not None:
                yield unreadable(result.path, result.errno)
                continue
            for algorithm, actual, digest, code, place in self._differences(result):
                where = result.path if place == "inventory.json" else f"{result.path} ({place})"
                yield from finding(
                    self._spec, code, where, f"{algorithm} {actual}", f"{algorithm} {digest}"
                )

    def _request(self, path: str) -> tuple[str, list[str]]:
        algorithms = {wanted[0] for wanted in self._wanted[path]} - {_SIZE}
        return path, sorted(algorithms or {"sha512"})

    def _differences(self, result: TreeDigest) -> list[tuple[str, str, str, str, str]]:
        found = []
        for algorithm, digest, code, place in self._wanted[result.path]:
            actual = str(result.size) if algorithm == _SIZE else result.digests[algorithm]
            if actual != digest:
                found.append((algorithm, actual, digest, code, place))
        return found
