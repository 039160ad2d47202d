"""Who audits which copy now, so that two audits at once do not judge the same copy twice.

A lease is one byte of a file that is locked by the kernel: the byte's place is the object's number. It
lives exactly as long as its holder does; a killed audit holds nothing, so no heartbeat is needed and
none can be late. A lease keeps nobody waiting: who does not get it takes the copy up again at the end,
and takes over what the other has found meanwhile.

Not here: locks between machines whose file systems do not see one another's locks. There the same copy
is judged twice, which costs time and proves nothing wrong.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from repository import durable
from repository.local_place import lock_name

# struct flock of Linux on 64 bit: type, whence, start, length, process (0, as the kernel demands).
_FLOCK = "hhqqi4x"


class Leases:
    """The leases of one audit in one store."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._held: dict[str, int] = {}  # the place of each

    def __enter__(self) -> Leases:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def take(self, object_id: str) -> bool:
        """Hold the lease of one object, unless another audit holds it. Never waits. To take what is
        held already changes nothing."""
        if self._descriptor is None:
            return True
        place = int(lock_name(object_id)[:15], 16)
        try:
            self._set(fcntl.F_WRLCK, place)
        except OSError as problem:
            if problem.errno in (errno.EAGAIN, errno.EACCES):
                return False
            if problem.errno not in (errno.EINVAL, errno.ENOLCK, errno.ENOSYS):
                raise durable.explained(problem, "leasing a copy to the audit") from problem
            return True  # a file system without such locks: see above
        self._held[object_id] = place
        return True

    def give_back(self, object_id: str) -> None:
        """Let another audit have it: what was found is recorded."""
        if object_id in self._held and self._descriptor is not None:
            self._set(fcntl.F_UNLCK, self._held.pop(object_id))

    def _set(self, kind: int, place: int) -> None:
        assert self._descriptor is not None
        packed = struct.pack(_FLOCK, kind, os.SEEK_SET, place, 1, 0)
        fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, packed)


@contextmanager
def leases(folder: Path | None, store: str) -> Iterator[Leases]:
    """The leases in one store, all given back at the end. Without a folder every lease is granted."""
    if folder is None:
        yield Leases(None)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(folder / f"{lock_name(store)[:16]}.leases", flags, 0o644)
    except OSError as problem:
        raise durable.explained(problem, "leasing copies to the audit") from problem
    with Leases(descriptor) as held:
        yield held
