"""What the engine is asked and what it answers. Values only; no effects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Source: TypeAlias = Literal["cached", "evicted", "direct"]
"""Where the bytes came from.

``cached``: through the page cache, so perhaps from memory; says nothing about the medium.
``evicted``: through the page cache after the kernel was asked to drop the file from it, and no page was
found to have stayed (first and last looked at, where the file system lets us look).
``direct``: past the page cache (O_DIRECT).
A device's own cache is beyond all three.
"""

EngineName: TypeAlias = Literal["auto", "hashlib", "native"]


class EngineUnavailable(RuntimeError):
    """``engine="native"`` was demanded and this installation cannot give it; the text says why."""


@dataclass(frozen=True, slots=True)
class FileTask:
    """One file to digest, or ``length`` bytes of it from ``start`` on (None: all that follows).

    ``key`` is the caller's, given back untouched. ``path`` is relative to the folder open as
    ``dir_fd``, if that is given; the descriptor must stay open until the result has come.
    """

    key: object
    path: str
    dir_fd: int | None = None
    start: int = 0
    length: int | None = None

    def __post_init__(self) -> None:
        if self.start < 0 or (self.length is not None and self.length < 0):
            raise ValueError("a range begins at 0 or later and has no negative length")


@dataclass(frozen=True, slots=True)
class FileResult:
    """Either ``size`` and every digest asked for, or ``errno`` and neither. Never both, never part.

    ``errno`` is the operating system's, or ours: ``ELOOP`` the path's last component is a symbolic
    link; ``EINVAL`` not a regular file, or a name no file can have; ``ENODATA`` the file ends
    before the range does; ``ESTALE`` the file changed while it was read (size or modification
    time), so no digest of it exists.
    """

    key: object
    size: int | None
    digests: Mapping[str, str]
    errno: int | None
    source: Source

    def __post_init__(self) -> None:
        if self.errno is None:
            complete = self.size is not None and bool(self.digests)
        else:
            complete = self.size is None and not self.digests
        if not complete:
            raise ValueError("a result is digests with a size, or an errno alone")


ListedFolder: TypeAlias = tuple[object, str, Iterable[str]]
"""A key, a folder's path, and the names of files below it, each digested whole."""

ListedResult: TypeAlias = tuple[object, str, int | None, str | None, int | None, Source]
"""Of one file of a `ListedFolder`: key, name, and as in `FileResult`: size, digest, errno, source."""


@dataclass(frozen=True, slots=True)
class DigestOptions:
    """How to digest.

    ``threads``: workers; also the number of files being read at once from a slow medium. None chooses:
    one for each processor, and at least four with ``medium``. 0: with hashlib the caller's own thread
    (which then waits for every read itself), else one.
    ``medium``: read the medium, not the page cache, and leave the page cache as it was found as far as
    the kernel allows. Each result's ``source`` says what was achieved.
    ``max_bytes_per_second``: over all workers together.
    ``engine``: ``auto`` takes the faster one that can do all algorithms asked for; ``hashlib`` is
    OpenSSL; ``native`` raises ``EngineUnavailable`` rather than fall back.
    ``look_ahead``: tasks drawn before their results are taken; what a kill makes be read again.
    """

    threads: int | None = None
    medium: bool = False
    max_bytes_per_second: int | None = None
    engine: EngineName = "auto"
    look_ahead: int = 512

    def __post_init__(self) -> None:
        if self.threads is not None and not 0 <= self.threads <= 256:
            raise ValueError("threads must be from 0 to 256")
        if self.max_bytes_per_second is not None and self.max_bytes_per_second < 1:
            raise ValueError("max_bytes_per_second must be at least 1")
        if self.engine not in ("auto", "hashlib", "native"):
            raise ValueError(f"unknown engine {self.engine!r}")
        if not 1 <= self.look_ahead <= 512:
            raise ValueError("look_ahead must be from 1 to 512")
