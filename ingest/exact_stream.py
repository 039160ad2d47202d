"""Bytes of a member that lies unpacked somewhere: exactly as many as were seen when it was judged."""

from __future__ import annotations

import io
from collections.abc import Callable

from ingest.container import ContainerFault, Member
from repository.problems import error


class ExactStream(io.RawIOBase):
    """The bytes that `read_at` gives from position 0, never more than the member's size.

    Fewer is a ContainerFault; more too, where `read_at` can see behind the end (a file that grew).
    """

    def __init__(
        self,
        member: Member,
        read_at: Callable[[int, int], bytes],
        *,
        look_behind: bool,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._member = member
        self._read_at = read_at
        self._look_behind = look_behind
        self._close = close
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), self._member.size - self._given)
        data = self._read_at(self._given, wanted) if wanted else b""
        if wanted and not data:
            raise self._fault("short", f"{self._given}")
        buffer[: len(data)] = data
        self._given += len(data)
        at_end = self._given == self._member.size
        if at_end and self._look_behind and self._read_at(self._given, 1):
            raise self._fault("size", f"> {self._member.size}")
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._close()
        super().close()

    def _fault(self, reason: str, detail: str) -> ContainerFault:
        name = self._member.name
        return ContainerFault(error("ING-CORRUPT", name, name=name, reason=reason, detail=detail))
