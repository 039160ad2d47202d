"""The bytes of one member of a ZIP, unpacked while they are read, never more than declared.

What the stream reveals against the directory (longer, shorter, damaged, another CRC) is a
`ContainerFault` that carries the finding. It comes at the latest with the last byte, so a reader that
has all bytes has them judged.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import Final

from ingest.container import ContainerFault, Member
from ingest.zip_directory import Source
from repository.problems import error

STORED: Final = 0
DEFLATED: Final = 8
_CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Packed:
    """How the bytes of one member lie in its ZIP."""

    method: int
    offset: int
    compressed_size: int
    crc: int


class MemberStream(io.RawIOBase):
    """The unpacked bytes of one member, never more than declared, judged when the last is given."""

    def __init__(self, source: Source, member: Member, packed: Packed) -> None:
        super().__init__()
        self._source = source
        self._member = member
        self._expected_crc = packed.crc
        self._offset = packed.offset
        self._left = packed.compressed_size
        self._inflater = zlib.decompressobj(-15) if packed.method == DEFLATED else None
        self._pending = b""
        self._given = 0
        self._crc = 0
        self._judged = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), self._member.size - self._given)
        data = self._next(wanted) if wanted else b""
        if wanted and not data:
            raise self._fault("ING-CORRUPT", reason="short", detail=f"{self._given}")
        buffer[: len(data)] = data
        self._given += len(data)
        self._crc = zlib.crc32(data, self._crc)
        if self._given == self._member.size and not self._judged:
            self._judged = True
            self._judge_end()
        return len(data)

    def _next(self, wanted: int) -> bytes:
        """At least one byte of the member, or none at the end of its stream."""
        if self._inflater is None:
            return self._packed(wanted)
        while not self._inflater.eof:
            data = self._pending or self._packed(_CHUNK)
            try:
                out = self._inflater.decompress(data, wanted)
            except zlib.error as fault:
                raise self._fault("ING-CORRUPT", reason="stream", detail=str(fault)) from None
            self._pending = self._inflater.unconsumed_tail
            if out:
                return out
            if not data:
                return b""
        return b""

    def _packed(self, wanted: int) -> bytes:
        length = min(wanted, self._left)
        data = self._source.read_at(self._offset, length) if length else b""
        if len(data) < length and not data:
            raise self._fault("ING-CORRUPT", reason="short", detail=f"{self._given}")
        self._offset += len(data)
        self._left -= len(data)
        return data

    def _judge_end(self) -> None:
        if self._next(1):
            raise ContainerFault(
                error(
                    "ING-BOMB",
                    self._member.name,
                    reason="lying-size",
                    value=f"> {self._member.size}",
                    limit=self._member.size,
                )
            )
        if self._left or self._pending or (self._inflater and self._inflater.unused_data):
            raise self._fault("ING-CORRUPT", reason="size", detail=f"+{self._left}")
        if self._inflater and not self._inflater.eof:
            raise self._fault("ING-CORRUPT", reason="short", detail=f"{self._given}")
        if self._crc != self._expected_crc:
            detail = f"{self._crc:08x} / {self._expected_crc:08x}"
            raise self._fault("ING-CORRUPT", reason="crc", detail=detail)

    def _fault(self, code: str, **params: str) -> ContainerFault:
        return ContainerFault(error(code, self._member.name, name=self._member.name, **params))
