"""The one recipe by which bytes become durable and real.

    write into a new file (O_EXCL, O_NOFOLLOW, read-only mode) in the folder it will live in, or in a
    staging folder on the same file system → flush to the medium → rename → flush the folders

Only this module renames, replaces, truncates or flushes. Nothing here decides what is written. After a
crash at any point a name shows either the old bytes or the new, complete; a file that was never
published may be left behind under a name that begins with `.new-` or inside a staging folder.

POSIX rename(2), fsync(2). Where Linux's `syncfs` is known to reach the medium it flushes a whole tree
at once; everywhere else files and folders are flushed one by one.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from repository.errors import ArchiveError, Misconfigured, Unavailable

READ_ONLY = 0o444
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_BLOCK = 1024 * 1024
_HOLE = bytes(_BLOCK)


def create_file(path: Path, mode: int = READ_ONLY) -> BinaryIO:
    """A new file open for writing, that nobody can write once it is closed. FileExistsError."""
    return os.fdopen(os.open(path, CREATE, mode), "wb")


def write_new(path: Path, data: bytes, mode: int = READ_ONLY) -> None:
    """Write a whole new file, not yet flushed: follow with `sync_tree` of its folder."""
    with create_file(path, mode) as stream:
        stream.write(data)


def copy_new(path: Path, blocks: Iterator[bytes], mode: int = READ_ONLY) -> None:
    """Write a whole new file from blocks, not yet flushed. Large runs of zeros become holes."""
    with create_file(path, mode) as stream:
        for block in blocks:
            if len(block) == _BLOCK and block == _HOLE:
                stream.seek(_BLOCK, os.SEEK_CUR)
            else:
                stream.write(block)
        stream.truncate()  # a hole at the very end belongs to the file


def read_block(stream: BinaryIO) -> bytes:
    """The next bytes of a stream, as many as `copy_new` looks for holes in; empty at its end."""
    return stream.read(_BLOCK)


def write_durably(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put `data` at `path`, replacing what was there.

    After return the bytes are on the medium under that name. After an exception or a crash the name
    shows what it showed before, or all of `data`.
    """
    temporary = path.with_name(f".new-{secrets.token_hex(8)}")
    try:
        with create_file(temporary, mode) as stream:
            stream.write(data)
            flush(stream)
        os.replace(temporary, path)
    except BaseException:
        # What stopped the write is what must be told; a left-over `.new-` file does no harm.
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def append_durably(path: Path, data: bytes, offset: int) -> None:
    """Make the file hold `data` from `offset` on, and nothing behind it. One writer at a time.

    A torn tail that an earlier crash left behind `offset` is cut off first: it was never
    acknowledged. ValueError when the file is shorter than `offset`, for then something is lost.
    """
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
    # Always: a writer that died may have made the file and not come to this line.
    sync_folder(path.parent)


def flush(stream: BinaryIO) -> None:
    """Flush one open file to the medium."""
    stream.flush()
    os.fsync(stream.fileno())


def sync_folder(path: Path) -> None:
    """Flush a folder, so that names made or changed in it survive a power cut."""
    descriptor = os.open(path, _FOLDER)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def flushing(root: Path) -> Iterator[Callable[[], None]]:
    """Yield what flushes everything below `root`, and its own name; enter before the first write.

    The kernel tells a failed write-back to those who were looking when it happened. OSError from the
    yielded function when the medium refused anything written since.
    """
    descriptor = os.open(root, _FOLDER)
    try:
        yield lambda: _sync_all(root, descriptor)
    finally:
        os.close(descriptor)


def sync_tree(root: Path) -> None:
    """Flush every file and folder under `root`, and its name, whoever wrote them. OSError."""
    with flushing(root) as flush_all:
        flush_all()


def sync_names(folder: Path, below: Path) -> None:
    """Flush the names in `folder` and in every folder above it, up to and including `below`.

    Those above may have been made by another writer that has not flushed them yet, or died.
    """
    descriptor = os.open(folder, _FOLDER)
    try:
        if _flushes_whole(descriptor):
            _call_syncfs(descriptor, folder)
            return
    finally:
        os.close(descriptor)
    current = folder
    sync_folder(current)
    while current != below:
        current = current.parent
        sync_folder(current)


def publish_folder(staged: Path, target: Path, below: Path) -> None:
    """Give a complete, flushed staging folder its final name: the moment it becomes real.

    FileExistsError when something is there already. After a crash the name is there with everything
    in it, or it is not there.
    """
    for attempt in range(8):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            # rename would silently take the place of an empty folder.
            with suppress(FileNotFoundError):
                target.stat(follow_symlinks=False)
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
            os.rename(staged, target)
            break
        except FileNotFoundError:
            # Another writer's recovery removed an empty parent between two of the calls.
            if attempt == 7 or not os.path.lexists(staged):
                raise
    sync_names(target.parent, below)


def publish_file(staged: Path, target: Path) -> None:
    """Let a flushed file take the place of `target` in one step, and flush the folder's names."""
    os.replace(staged, target)
    sync_folder(target.parent)


def keep_beside(path: Path, kept: Path) -> None:
    """Give a file of ours a second name, under which it stays when the first gets new bytes."""
    os.link(path, kept)
    sync_folder(kept.parent)


def withdraw_folder(path: Path, aside: Path) -> None:
    """Move an unfinished folder out of an object to `aside`: the undoing of `publish_folder`."""
    if not aside.parent.is_dir():
        aside.parent.mkdir(exist_ok=True)
        sync_folder(aside.parent.parent)
    os.rename(path, aside)
    sync_folder(aside.parent)
    sync_folder(path.parent)


def remove_staging(path: Path) -> None:
    """Remove a staging or quarantine folder of ours: unpublished bytes, never preserved ones."""
    if os.path.lexists(path):
        shutil.rmtree(path)
        sync_folder(path.parent)


def destroy_file(path: Path) -> bool:
    """Overwrite a quarantined file once, flush that, and remove its name. Never a preserved one.

    False when only the name was removed: it was no regular file, or its bytes have another name, which
    may be somebody else's. What overwriting is worth depends on the medium; the caller says so.
    """
    facts = path.stat(follow_symlinks=False)
    whole = stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1
    if whole:
        path.chmod(0o600)
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "wb") as stream:
            for start in range(0, facts.st_size, _BLOCK):
                stream.write(_HOLE[: facts.st_size - start])
            flush(stream)
    path.unlink()
    sync_folder(path.parent)
    return whole


def remove_empty_folders(path: Path, below: Path) -> None:
    """Remove `path` and its parents up to `below` as long as they are empty; others stay."""
    current = path
    while current != below and current.is_relative_to(below):
        try:
            current.rmdir()
        except FileNotFoundError:
            pass  # never made, or removed by somebody else: its parent may be empty all the same
        except OSError:
            return
        current = current.parent


def explained(problem: OSError, doing: str) -> ArchiveError:
    """The failure an operator should read for an OSError met while `doing` something."""
    where = f" ({problem.filename})" if problem.filename else ""
    words = problem.strerror or str(problem)
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(f"No room left while {doing}{where}. Make room and run it again.")
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Misconfigured(
            f"Not allowed while {doing}{where}: {words}. Check the owner, the mode and the mount."
        )
    if problem.errno in (errno.ENAMETOOLONG, errno.EILSEQ, errno.EFBIG):
        return Misconfigured(
            f"The file system cannot hold what it was given while {doing}{where}: {words}. "
            "Keep the store on one that takes longer names and larger files."
        )
    return Unavailable(f"{words} while {doing}{where}. Check the disk, then run it again.")


# -- flushing a whole tree


# By statfs(2) f_type: file systems whose syncfs waits for the medium. Not FUSE, NFS or SMB: there it
# hands the pages to a server, and only fsync makes the server flush them.
_SYNCFS_REACHES_THE_MEDIUM = frozenset(
    {
        0xEF53,  # ext2, ext3, ext4
        0x58465342,  # xfs
        0x9123683E,  # btrfs
        0xF2F52010,  # f2fs
        0x2FC12FC1,  # zfs
        0x794C7630,  # overlayfs, which asks the file system below it
        0x01021994,  # tmpfs, which has no medium
    }
)


def _sync_all(root: Path, descriptor: int) -> None:
    if _flushes_whole(descriptor):
        _call_syncfs(descriptor, root)
        return
    for folder, _, names in os.walk(root, topdown=False, onerror=_refuse):
        for name in names:
            path = Path(folder, name)
            if not stat.S_ISREG(path.lstat().st_mode):
                continue  # nothing of ours: opening it might wait for ever
            opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)
        sync_folder(Path(folder))
    sync_folder(root.parent)


def _refuse(problem: OSError) -> None:
    raise problem  # a folder that cannot be listed cannot be flushed


def _flushes_whole(descriptor: int) -> bool:
    if _syncfs is None or _fstatfs is None:
        return False
    answer = (ctypes.c_long * 64)()  # struct statfs, which begins with f_type, and room to spare
    if _fstatfs(descriptor, answer) != 0:
        return False
    return answer[0] & 0xFFFFFFFF in _SYNCFS_REACHES_THE_MEDIUM


def _call_syncfs(descriptor: int, root: Path) -> None:
    assert _syncfs is not None
    if _syncfs(descriptor) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(root))


def _of_libc(name: str, *arguments: type) -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    release = tuple(int(part) for part in os.uname().release.split(".")[:2] if part.isdigit())
    if release < (5, 8):  # before, syncfs did not tell of writes that failed
        return None
    try:
        function = getattr(ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True), name)
    except (OSError, AttributeError):
        return None
    function.argtypes = list(arguments)
    function.restype = ctypes.c_int
    typed: Callable[..., int] = function
    return typed


_syncfs = _of_libc("syncfs", ctypes.c_int)
_fstatfs = _of_libc("fstatfs", ctypes.c_int, ctypes.c_void_p)
