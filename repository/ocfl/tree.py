"""What a judge needs to see of a folder, and nothing else: the contract between rules and storage.

The OCFL and BagIt validators ask a tree and never a file system, so the same rules judge a folder, a
simulated store or a bucket. Paths are relative to the tree's root, with `/`; a name that is not UTF-8
comes with surrogate escapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, Protocol, runtime_checkable

EntryKind = Literal["file", "dir", "link", "special"]


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One name below the root. `errno` says why nothing more is known of it: for a folder, that what
    lies in it could not be listed. `same_as` is equal for two names of one file (hard links)."""

    path: str
    kind: EntryKind
    size: int = 0
    errno: int | None = None
    same_as: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class TreeDigest:
    """The digests of one file in the algorithms asked for, or why it could not be read."""

    path: str
    size: int | None
    digests: Mapping[str, str] = field(default_factory=dict)
    errno: int | None = None


class ObjectTree(Protocol):
    """A folder to be judged."""

    def list(self) -> Iterator[TreeEntry]:
        """Every name below the root once, folders before what they hold; links are not followed.

        A folder that cannot be listed, the root (path "") included, is told by a further entry with
        errno.
        """
        ...

    def read(self, path: str, limit: int) -> bytes:
        """The first `limit` + 1 bytes of a file: more than `limit` says that it is longer.

        OSError when it cannot be read or is not a regular file.
        """
        ...

    def digests(
        self, requests: Iterable[tuple[str, Sequence[str]]], *, again: bool = False
    ) -> Iterator[TreeDigest]:
        """One answer for every request (path, algorithms), in any order.

        `again`: the first answer was not what was expected, so now by the surest means, whatever it
        costs. Only then does a difference become a finding.
        """
        ...


@runtime_checkable
class OpensFiles(Protocol):
    """What a tree can do besides, so that a large file need not be held whole to be judged."""

    def open(self, path: str) -> BinaryIO:
        """A stream over one file. OSError as `ObjectTree.read`."""
        ...
