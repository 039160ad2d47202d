"""A folder as a container: a bag or package unpacked, or the files of a list. Never follows a link.

The listing is judged whole: links, pipes, devices and unsafe or clashing names refuse it. Each file is
opened from the folder's own descriptor, component by component without following links, so exchanging
a part of the path for a link between judgement and copy leads nowhere. Nothing is written.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from ingest.container import Container, ContainerFault, Limits, Member, bomb, recorded_name
from ingest.exact_stream import ExactStream
from ingest.member_names import printable
from ingest.names_judged import Entry, judge_entries
from repository.clock import VIETNAM
from repository.errors import NotFound, Unavailable
from repository.problems import Problem, error

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK: Final = 256 * 1024
_LAST_YEAR: Final = 253_000_000_000  # seconds; what follows is no year of four digits


class FolderContainer(Container):
    """An opened, judged folder."""

    def __init__(self, name: str, root: int, limits: Limits, members: tuple[Member, ...]) -> None:
        self.limits = limits
        self.name = name
        self.top = ""
        self.members = members
        self._root = root

    def open(self, member: Member) -> BinaryIO:
        """See `Container`. A file that is gone, no file any more, or of another size is a fault."""
        try:
            descriptor = _open_inside(self._root, member.raw_name)
        except OSError as fault:
            if fault.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
                raise ContainerFault(_changed(member)) from None
            raise _unavailable(member.name, fault) from fault
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ContainerFault(_changed(member))

        def read_at(offset: int, length: int) -> bytes:
            try:
                return os.pread(descriptor, length, offset)
            except OSError as fault:
                raise _unavailable(member.name, fault) from fault

        raw = ExactStream(member, read_at, look_behind=True, close=lambda: os.close(descriptor))
        return io.BufferedReader(raw, _CHUNK)

    def close(self) -> None:
        """Let go of the folder."""
        if self._root >= 0:
            os.close(self._root)
            self._root = -1


class ReadFolder(NamedTuple):
    """What a folder shows. `container` is None when there is an error among `problems`."""

    container: FolderContainer | None
    problems: list[Problem]
    names: list[str]


def read_folder(
    path: Path, limits: Limits | None = None, *, only: Iterable[bytes] | None = None
) -> ReadFolder:
    """The files of a folder, with their whole names below it; with `only`, just those that are named
    so and are there.

    Raises NotFound when there is no such folder, Unavailable when it cannot be read.
    """
    limits = limits or Limits()
    try:
        root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as fault:
        raise NotFound(f"there is no folder {path}") from fault
    except OSError as fault:
        raise Unavailable(f"{path} cannot be opened: {fault.strerror}") from fault
    keep = False
    try:
        problems: list[Problem] = []
        found = _walk(root, limits, problems) if only is None else _named(root, only, problems)
        judged = judge_entries(list(found), limits)
        problems += judged.problems
        if any(p.severity.value == "error" for p in problems):
            return ReadFolder(None, problems, judged.names)
        keep = True
        name = recorded_name(path.absolute())
        return ReadFolder(
            FolderContainer(name, root, limits, judged.members), problems, judged.names
        )
    finally:
        if not keep:
            os.close(root)


def _walk(root: int, limits: Limits, problems: list[Problem]) -> Iterator[Entry]:
    """Every name below the root. Bounded: what is beyond a bound is an error and not looked at."""
    waiting = [b""]
    seen = 0
    while waiting:
        folder = waiting.pop()
        if folder.count(b"/") >= limits.max_depth:
            problems.append(bomb(_shown(folder), "depth", folder.count(b"/") + 1, limits.max_depth))
            continue
        for name, found in _names_in(root, folder):
            seen += 1
            if seen > limits.max_members:
                problems.append(bomb("", "members", seen, limits.max_members))
                return
            whole = folder + b"/" + name if folder else name
            entry = _entry(whole, found, problems)
            if entry is None:
                continue
            if entry.is_folder:
                waiting.append(whole)
            yield entry


def _named(root: int, only: Iterable[bytes], problems: list[Problem]) -> Iterator[Entry]:
    for whole in dict.fromkeys(only):
        try:
            descriptor = _open_folder(root, whole.rpartition(b"/")[0])
            try:
                name = whole.rsplit(b"/", 1)[-1]
                found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            continue  # it went away since it was seen: whoever names it finds it missing
        except OSError as fault:
            raise _unavailable(_shown(whole), fault) from fault
        entry = _entry(whole, found, problems)
        if entry is not None and not entry.is_folder:
            yield entry


def _names_in(root: int, folder: bytes) -> list[tuple[bytes, os.stat_result]]:
    """What lies directly in a folder, by name."""
    try:
        descriptor = _open_folder(root, folder)
        try:
            with os.scandir(descriptor) as children:
                return sorted(
                    (os.fsencode(c.name), c.stat(follow_symlinks=False)) for c in children
                )
        finally:
            os.close(descriptor)
    except OSError as fault:
        raise _unavailable(_shown(folder) or ".", fault) from fault


def _entry(whole: bytes, found: os.stat_result, problems: list[Problem]) -> Entry | None:
    if stat.S_ISDIR(found.st_mode):
        return Entry(whole, is_folder=True)
    if not stat.S_ISREG(found.st_mode):
        place = printable(_shown(whole))
        kind = "link" if stat.S_ISLNK(found.st_mode) else "special"
        problems.append(error("ING-LINK", place, name=place, reason=kind))
        return None
    return Entry(whole, False, found.st_size, modified_text(found.st_mtime))


def modified_text(seconds: float) -> str:
    """The time of change as text; empty for one no calendar has."""
    if not 0 < seconds < _LAST_YEAR:
        return ""
    return datetime.fromtimestamp(int(seconds), VIETNAM).isoformat()


def _open_folder(root: int, folder: bytes) -> int:
    """A descriptor of a folder below the root, reached without following any link."""
    descriptor = os.dup(root)
    try:
        for part in folder.split(b"/") if folder else ():
            inner = os.open(part, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _open_inside(root: int, whole: bytes) -> int:
    folder = _open_folder(root, whole.rpartition(b"/")[0])
    try:
        return os.open(whole.rsplit(b"/", 1)[-1], _FILE, dir_fd=folder)
    finally:
        os.close(folder)


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def _changed(member: Member) -> Problem:
    return error(
        "ING-CORRUPT", member.name, name=member.name, reason="short", detail="changed while read"
    )


def _unavailable(name: str, fault: OSError) -> Unavailable:
    return Unavailable(f"{name} cannot be read: {fault.strerror}. Check its owner and the medium.")
