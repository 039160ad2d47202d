"""The central directory of a ZIP, read without trusting it (APPNOTE 6.3.9, §4.3).

Owns the bytes of the format: end record, ZIP64 records, central entries, local headers. It says what
the file claims; `ingest.container` judges the claims. The standard library's reader is not used here,
because it cuts names at NUL, reads a directory of any size into memory, tolerates two directories in
one file and differs between Python releases in what it refuses. Nothing is decompressed here.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from repository.errors import Unavailable

_END: Final = struct.Struct("<4s4H2LH")  # §4.3.16
_END64: Final = struct.Struct("<4sQ2H2L4Q")  # §4.3.14
_LOCATOR: Final = struct.Struct("<4sLQL")  # §4.3.15
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")  # §4.3.12
_LOCAL: Final = struct.Struct("<4s5H3L2H")  # §4.3.7
_LONG: Final = 0xFFFFFFFF
_SHORT: Final = 0xFFFF
_MAX_COMMENT: Final = 0xFFFF


class BadZip(Exception):
    """The bytes are not a ZIP whose directory can be read. `kind` is `not-zip` or `corrupt`."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class TooMuch(Exception):
    """The directory claims more than the limits allow."""

    def __init__(self, what: str, value: int, limit: int) -> None:
        super().__init__(f"{what}: {value} > {limit}")
        self.what = what
        self.value = value
        self.limit = limit


class Source:
    """Positioned reads of one open file, fit for several streams and threads at once."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.size = size

    def read_at(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`. Unavailable when the medium cannot be read."""
        if offset < 0 or offset >= self.size or length <= 0:
            return b""
        try:
            with self._lock:
                self._file.seek(offset)
                return self._file.read(length)
        except OSError as fault:
            raise Unavailable(
                f"the container could not be read at byte {offset}: {fault}"
            ) from fault

    def close(self) -> None:
        """Let go of the file. Later reads raise ValueError, as for any closed file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class CentralEntry:
    """One entry as the central directory states it; offsets are counted from the file's first byte."""

    index: int
    raw_name: bytes
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int
    local_offset: int
    external_attributes: int
    dos_date: int
    dos_time: int
    extra: bytes


@dataclass(frozen=True, slots=True)
class Directory:
    """All entries, and where the directory itself lies."""

    entries: tuple[CentralEntry, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class LocalHeader:
    """What stands before the data of one entry, and where its data begins."""

    raw_name: bytes
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int
    data_offset: int


def read_directory(source: Source, *, max_members: int, max_bytes: int) -> Directory:
    """Every entry of the one central directory. Raises BadZip or TooMuch, never anything else."""
    end_offset, disk, count, size, offset = _find_end(source)
    if disk:
        raise BadZip("not-zip", "one part of a ZIP split over several files")
    if count > max_members:
        raise TooMuch("members", count, max_members)
    if size > max_bytes:
        raise TooMuch("directory bytes", size, max_bytes)
    start = end_offset - size
    shift = start - offset  # bytes that stand before the ZIP, as in a self-extracting file
    if start < 0 or shift < 0:
        raise BadZip("corrupt", "the central directory does not lie where the end record says")
    entries = tuple(_entries(source.read_at(start, size), shift))
    if len(entries) != count:
        raise BadZip(
            "corrupt", f"the end record counts {count} members, the list has {len(entries)}"
        )
    return Directory(entries, start)


def read_local_header(source: Source, entry: CentralEntry) -> LocalHeader:
    """The local header of one entry. Raises BadZip when there is none where the directory says."""
    data = source.read_at(entry.local_offset, _LOCAL.size + len(entry.raw_name))
    if len(data) < _LOCAL.size or not data.startswith(b"PK\x03\x04"):
        raise BadZip("corrupt", "no local header where the directory points")
    (_, _, flags, method, _, _, crc, packed, size, name_length, extra_length) = _LOCAL.unpack_from(
        data
    )
    name = data[_LOCAL.size : _LOCAL.size + name_length]
    if _LONG in (packed, size):
        extra = source.read_at(entry.local_offset + _LOCAL.size + name_length, extra_length)
        size, packed, _ = _zip64(extra, size, packed, 0)
    return LocalHeader(
        raw_name=name,
        flags=flags,
        method=method,
        crc=crc,
        compressed_size=packed,
        size=size,
        data_offset=entry.local_offset + _LOCAL.size + name_length + extra_length,
    )


def extra_field(extra: bytes, wanted: int) -> bytes | None:
    """The value of one extra field (§4.5), or None when it is absent or the block is broken."""
    position = 0
    while position + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, position)
        value = extra[position + 4 : position + 4 + length]
        if len(value) != length:
            return None
        if tag == wanted:
            return value
        position += 4 + length
    return None


def _find_end(source: Source) -> tuple[int, int, int, int, int]:
    """(offset of the end records, disk, members, directory size, directory offset)."""
    tail_offset = max(0, source.size - _END.size - _MAX_COMMENT)
    tail = source.read_at(tail_offset, source.size - tail_offset)
    found = []
    position = tail.find(b"PK\x05\x06")
    while position >= 0:
        if position + _END.size <= len(tail):
            record = _END.unpack_from(tail, position)
            if position + _END.size + record[7] == len(tail):
                found.append((tail_offset + position, record))
        position = tail.find(b"PK\x05\x06", position + 1)
    if not found:
        if source.read_at(0, 4) in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
            raise BadZip("corrupt", "the ZIP is cut short or something was added after its end")
        raise BadZip("not-zip", "no ZIP end record")
    if len(found) > 1:
        raise BadZip("corrupt", "two end records: programs would not agree on the contents")
    offset, (_, disk, start_disk, _, count, size, start, _) = found[0]
    locator = source.read_at(offset - _LOCATOR.size, _LOCATOR.size)
    if locator.startswith(b"PK\x06\x07") and len(locator) == _LOCATOR.size:
        return _find_end64(source, offset, locator)
    if disk or start_disk:
        return offset, max(disk, start_disk), count, size, start
    return offset, 0, count, size, start


def _find_end64(source: Source, end: int, locator: bytes) -> tuple[int, int, int, int, int]:
    _, disk, stated, disks = _LOCATOR.unpack(locator)
    # The record stands just before its locator, unless it carries an extensible data sector.
    for offset in (end - _LOCATOR.size - _END64.size, stated):
        data = source.read_at(offset, _END64.size)
        if data.startswith(b"PK\x06\x06") and len(data) == _END64.size:
            (_, _, _, _, own_disk, start_disk, _, count, size, start) = _END64.unpack(data)
            return offset, max(disk, own_disk, start_disk, disks - 1, 0), count, size, start
    raise BadZip("corrupt", "the ZIP64 end record is missing")


def _entries(data: bytes, shift: int) -> Iterator[CentralEntry]:
    position = 0
    index = 0
    while position < len(data):
        if position + _CENTRAL.size > len(data) or data[position : position + 4] != b"PK\x01\x02":
            raise BadZip("corrupt", f"the list of members is damaged after member {index}")
        fields = _CENTRAL.unpack_from(data, position)
        (_, _, _, flags, method, time, date, crc, packed, size) = fields[:10]
        name_length, extra_length, comment_length, disk, _, external, offset = fields[10:]
        position += _CENTRAL.size
        name = data[position : position + name_length]
        extra = data[position + name_length : position + name_length + extra_length]
        position += name_length + extra_length + comment_length
        if position > len(data):
            raise BadZip("corrupt", f"the list of members is damaged at member {index}")
        if disk not in (0, _SHORT):
            raise BadZip("not-zip", "one part of a ZIP split over several files")
        size, packed, offset = _zip64(extra, size, packed, offset)
        yield CentralEntry(
            index=index,
            raw_name=name,
            flags=flags,
            method=method,
            crc=crc,
            compressed_size=packed,
            size=size,
            local_offset=offset + shift,
            external_attributes=external,
            dos_date=date,
            dos_time=time,
            extra=extra,
        )
        index += 1


def _zip64(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The three numbers with those that did not fit in 32 bits read from the extra field (§4.5.3)."""
    if _LONG not in (size, packed, offset):
        return size, packed, offset
    value = extra_field(extra, 0x0001)
    if value is None:
        return size, packed, offset
    numbers = list(struct.unpack_from(f"<{len(value) // 8}Q", value))
    result = []
    for number in (size, packed, offset):
        if number == _LONG:
            if not numbers:
                raise BadZip("corrupt", "a ZIP64 size is missing")
            number = numbers.pop(0)
        result.append(number)
    return result[0], result[1], result[2]
