"""A ZIP as the tree of a package, read through `ingest.container`; and CSIPSTR1, which it shows.

The container is judged whole before a byte is unpacked (bombs, traversal, links, overlaps); nothing is
written anywhere. A member whose stream turns out damaged is "cannot be read", never intact.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ingest.container import Container, ContainerFault
from ingest.eark.judge import judge_package
from ingest.zip_container import open_zip
from repository.digest import digest_stream
from repository.errors import Unavailable
from repository.ocfl.tree import TreeDigest, TreeEntry
from repository.problems import Problem, Report, Severity

_NOT_ONE_ROOT = "ING-TOP-FOLDER"
_OF_OUR_OWN_PACKAGES = "ING-METS-MISSING"  # here CSIPSTR4 says it


def judge_zip(path: Path) -> Report:
    """All findings about the package in a ZIP.

    Raises NotFound when there is no such file, Unavailable when it cannot be read.
    """
    container, opened = open_zip(path)
    found = Report.of(_in_our_words(opened))
    if container is None:
        return found
    with container:
        return found + judge_package(ZipTree(container), container.top or path.stem)


class ZipTree:
    """The members of an open container, without the package's root folder, as an `ObjectTree`."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._members = {member.name: member for member in container.members}

    def list(self) -> Iterator[TreeEntry]:
        """See `ObjectTree`. Folders are told by what they hold."""
        for member in self._container.members:
            yield TreeEntry(member.name, "file", member.size)

    def read(self, path: str, limit: int) -> bytes:
        """See `ObjectTree`. OSError when the stream is not what the directory promised."""
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


def _in_our_words(report: Report) -> Iterator[Problem]:
    """More than one root folder, or none, is CSIPSTR1; the rest stays as the container says it."""
    for problem in report:
        if problem.code == _NOT_ONE_ROOT:
            if problem.params.get("reason") != "deep":
                found = problem.params.get("folders", "")
                params = {"found": found, "count": "1"}
                yield Problem("CSIPSTR1", Severity.ERROR, problem.location, params)
        elif problem.code == _OF_OUR_OWN_PACKAGES:
            params = {"reason": "absent", "count": "1"}
            yield Problem("CSIPSTR4", Severity.ERROR, "METS.xml", params)
        else:
            yield problem
