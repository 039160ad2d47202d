"""The one recipe by which bytes become durable and real.

    write into a new file (O_EXCL, O_NOFOLLOW, read-only mode) in the folder it will live in, or in a
    staging folder on the same file system → flush to the medium → rename → flush the folder

Only this module renames, replaces, truncates or flushes. Nothing here decides what is written. After a
crash at any point a name shows either the old bytes or the new, complete; a file that was never
published may be left behind under a name that begins with `.new-` or inside a staging folder.

POSIX rename(2), fsync(2); `syncfs` where Linux has it, which flushes a whole staging folder at once.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
import secrets
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from repository.errors import ArchiveError, Misconfigured, Unavailable

READ_ONLY = 0o444
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def create_file(path: Path, mode: int = READ_ONLY) -> BinaryIO:
    """A new file open for writing, that nobody can write once it is closed. FileExistsError."""
    return os.fdopen(os.open(path, CREATE, mode), "wb")


def write_new(path: Path, data: bytes, mode: int = READ_ONLY) -> None:
    """Write a whole new file, not yet flushed: follow with `sync_tree` of its folder."""
    with create_file(path, mode) as stream:
        stream.write(data)


def write_durably(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put `data` at `path`, replacing what was there.

    After return the bytes are on the medium under that name. After an exception or a crash the name
    shows what it showed before, or all of `data`.
    """
    temporary = path.with_name(f".new-{path.name[:80]}-{secrets.token_hex(6)}")
    try:
        with create_file(temporary, mode) as stream:
            stream.write(data)
            flush(stream)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def append_durably(path: Path, data: bytes, offset: int) -> None:
    """Make the file hold `data` from `offset` on, when it holds exactly `offset` bytes now.

    A torn tail that an earlier crash left behind `offset` is cut off first: it was never
    acknowledged. ValueError when the file is shorter than `offset`, for then something is lost.
    """
    made = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "r+b") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size < offset:
            raise ValueError(f"{path.name} has {size} bytes, {offset} were expected")
        if size > offset:
            stream.truncate(offset)
        stream.seek(offset)
        stream.write(data)
        flush(stream)
    if made:
        sync_folder(path.parent)


def flush(stream: BinaryIO) -> None:
    """Flush one open file to the medium."""
    stream.flush()
    os.fsync(stream.fileno())


def sync_folder(path: Path) -> None:
    """Flush a folder, so that names made or changed in it survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(root: Path) -> None:
    """Flush every file and folder under `root` to the medium, whoever wrote them.

    With `syncfs` in one call for the file system (Linux ≥ 5.8 reports write errors by it), else file
    by file. OSError when the medium refuses anything.
    """
    if _syncfs is not None:
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if _syncfs(descriptor) != 0:
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code), str(root))
        finally:
            os.close(descriptor)
        return
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            descriptor = os.open(Path(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(Path(folder))


def make_folders(path: Path, below: Path) -> None:
    """Make `path` and the folders between it and `below`, each one's name flushed."""
    missing = []
    current = path
    while current != below and not current.exists():
        missing.append(current)
        current = current.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def publish_folder(staged: Path, target: Path, below: Path) -> None:
    """Give a complete, flushed staging folder its final name: the moment it becomes real.

    FileExistsError when something is there already. After a crash the name is there with everything
    in it, or it is not there.
    """
    for attempt in range(8):
        make_folders(target.parent, below)
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        try:
            os.rename(staged, target)
            break
        except FileNotFoundError:
            # Another writer's recovery removed an empty parent between the two calls.
            if attempt == 7 or not staged.exists():
                raise
    sync_folder(target.parent)


def publish_file(staged: Path, target: Path) -> None:
    """Let a flushed file take the place of `target` in one step, and flush the folder's names."""
    os.replace(staged, target)
    sync_folder(target.parent)


def keep_beside(path: Path, kept: Path) -> None:
    """Give a file of ours a second name, under which it stays when the first gets new bytes."""
    os.link(path, kept)
    sync_folder(kept.parent)


def withdraw_folder(path: Path, aside: Path) -> None:
    """Move an unfinished folder out of an object into staging: the undoing of `publish_folder`."""
    os.rename(path, aside)
    sync_folder(path.parent)
    sync_folder(aside.parent)


def remove_staging(path: Path) -> None:
    """Remove a staging or quarantine folder of ours: unpublished bytes, never preserved ones."""
    if path.exists():
        shutil.rmtree(path)
        sync_folder(path.parent)


def remove_empty_folders(path: Path, below: Path) -> None:
    """Remove `path` and its parents up to `below` as long as they are empty; others stay."""
    current = path
    while current != below and current.is_relative_to(below):
        try:
            current.rmdir()
        except OSError:
            return
        current = current.parent


def explained(problem: OSError, doing: str) -> ArchiveError:
    """The failure an operator should read for an OSError met while `doing` something."""
    where = f" ({problem.filename})" if problem.filename else ""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(f"No room left while {doing}{where}. Make room and run it again.")
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Misconfigured(
            f"Not allowed to write while {doing}{where}: {problem.strerror}. "
            "Check the owner, the mode and the mount."
        )
    return Unavailable(f"{problem.strerror or problem} while {doing}{where}.")


def _find_syncfs() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        function = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True).syncfs
    except (OSError, AttributeError):
        return None
    function.argtypes = [ctypes.c_int]
    function.restype = ctypes.c_int
    return function


_syncfs = _find_syncfs()
