"""ZIP files written byte by byte, so that every field can lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One member; what is None is as it should be."""

    name: bytes | str
    data: bytes = b""
    method: int = 8
    flags: int | None = None
    external: int = 0o100644 << 16
    extra: bytes = b""
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    packed: bytes | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    local_method: int | None = None
    local_offset: int | None = None
    descriptor: bytes = b""
    after: bytes = b""

    @property
    def raw_name(self) -> bytes:
        return self.name if isinstance(self.name, bytes) else self.name.encode()

    @property
    def all_flags(self) -> int:
        if self.flags is not None:
            return self.flags
        return 0x800 if isinstance(self.name, str) and not self.name.isascii() else 0


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def zip_bytes(
    entries: Sequence[Entry],
    *,
    prefix: bytes = b"",
    comment: bytes = b"",
    count: int | None = None,
    directory_size: int | None = None,
    directory_offset: int | None = None,
    disk: int = 0,
    before_directory: bytes = b"",
    tail: bytes = b"",
    zip64: bool = False,
) -> bytes:
    """The whole file."""
    body = bytearray(prefix)
    central = bytearray()
    for entry in entries:
        packed = entry.packed
        if packed is None:
            packed = deflate(entry.data) if entry.method == 8 else entry.data
        size = len(entry.data) if entry.size is None else entry.size
        packed_size = len(packed) if entry.packed_size is None else entry.packed_size
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        offset = len(body) if entry.local_offset is None else entry.local_offset
        name = entry.raw_name
        local_name = name if entry.local_name is None else entry.local_name
        streamed = bool(entry.all_flags & 0x8)
        body += struct.pack(
            "<4s5H3L2H",
            b"PK\x03\x04",
            20,
            entry.all_flags,
            entry.method if entry.local_method is None else entry.local_method,
            0,
            0x5A21,
            0 if streamed else crc,
            0 if streamed else packed_size,
            0 if streamed else (size if entry.local_size is None else entry.local_size),
            len(local_name),
            0,
        )
        body += local_name + packed + entry.descriptor + entry.after
        central += struct.pack(
            "<4s6H3L5H2L",
            b"PK\x01\x02",
            (3 << 8) | 20,
            20,
            entry.all_flags,
            entry.method,
            0,
            0x5A21,
            crc,
            packed_size,
            size,
            len(name),
            len(entry.extra),
            0,
            0,
            0,
            entry.external,
            offset,
        )
        central += name + entry.extra
    body += before_directory
    start = len(body) if directory_offset is None else directory_offset
    length = len(central) if directory_size is None else directory_size
    number = len(entries) if count is None else count
    body += central
    if zip64:
        record = len(body)
        body += struct.pack(
            "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, number, number, length, start
        )
        body += struct.pack("<4sLQL", b"PK\x06\x07", 0, record, 1)
        number, length, start = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
    body += struct.pack(
        "<4s4H2LH", b"PK\x05\x06", disk, disk, number, number, length, start, len(comment)
    )
    return bytes(body + comment + tail)
