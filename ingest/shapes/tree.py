"""The members of any container as an `ObjectTree`, for rules that judge trees."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Sequence

from ingest.container import Container, ContainerFault, Member
from repository.digest import digest_stream
from repository.errors import Unavailable
from repository.ocfl.tree import TreeDigest, TreeEntry


class ContainerTree:
    """The members below `prefix`, which is left out of their names. Folders are told where asked for.

    A member whose stream turns out damaged is "cannot be read", never intact.
    """

    def __init__(self, container: Container, prefix: str = "", folders: Iterable[str] = ()) -> None:
        self._container = container
        self._folders = tuple(folders)
        self._members: dict[str, Member] = {
            member.name[len(prefix) :]: member
            for member in container.members
            if member.name.startswith(prefix)
        }

    def list(self) -> Iterator[TreeEntry]:
        """See `ObjectTree`."""
        for folder in self._folders:
            yield TreeEntry(folder, "dir")
        for name, member in self._members.items():
            yield TreeEntry(name, "file", member.size)

    def read(self, path: str, limit: int) -> bytes:
        """See `ObjectTree`. OSError when the stream is not what was declared."""
        try:
            with self._container.open(self._members[path]) as stream:
                return stream.read(limit + 1)
        except ContainerFault as fault:
            raise OSError(errno.EIO, fault.problem.code) from fault
        except Unavailable as fault:
            raise OSError(errno.EIO, "the medium cannot be read") from fault

    def digests(
        self, requests: Iterable[tuple[str, Sequence[str]]], *, again: bool = False
    ) -> Iterator[TreeDigest]:
        """See `ObjectTree`. Always by OpenSSL, so `again` is the same."""
        for path, algorithms in requests:
            try:
                with self._container.open(self._members[path]) as stream:
                    size, digests = digest_stream(stream, algorithms)
            except (ContainerFault, Unavailable):
                yield TreeDigest(path, None, {}, errno.EIO)
            else:
                yield TreeDigest(path, size, digests)


class Undigested(ContainerTree):
    """The same for a judge of all but the bytes: they are compared while they are copied, once."""

    def digests(
        self, requests: Iterable[tuple[str, Sequence[str]]], *, again: bool = False
    ) -> Iterator[TreeDigest]:
        """None: every request goes unanswered, and the caller compares what it copies."""
        for _ in requests:
            pass
        yield from ()
