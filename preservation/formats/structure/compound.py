"""A compound file ([MS-CFB]: Word, Excel and PowerPoint up to 2003): every stream's chain of
sectors.

A file cut short or with a broken allocation table has streams whose chain ends early, leaves the
file or turns in a circle. What lies in the streams is not read. An Office Open XML document under a
password is such a file too, with a stream `EncryptedPackage`.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from preservation.formats.structure.seen import MOST_PROBLEMS, Seen

TOOL: Final = "kho compound-file reader 1"
_LAST: Final = 0xFFFFFFFA  # [MS-CFB] 2.1: the highest number of a real sector
_END: Final = 0xFFFFFFFE
_FREE: Final = 0xFFFFFFFF
_MOST_SECTORS: Final = 16 * 1024 * 1024
_MOST_ENTRIES: Final = 100_000
_STREAM, _ROOT = 2, 5
_MACROS: Final = {"_VBA_PROJECT_CUR", "VBA", "Macros", "_VBA_PROJECT"}


class _Broken(Exception):
    """The structure of the file leads nowhere."""


def look(path: Path) -> Seen:
    """Follow every chain."""
    seen = Seen("ole", TOOL)
    try:
        with path.open("rb") as stream:
            _File(stream, path.stat().st_size).check(seen)
    except _Broken as problem:
        seen.damage.append(str(problem))
    except struct.error:
        seen.damage.append("the header is cut short")
    return seen


class _File:
    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        header = stream.read(512)
        shift, small_shift = struct.unpack_from("<HH", header, 30)
        if shift not in (9, 12) or small_shift != 6:
            raise _Broken("the sizes of its sectors are none that there are")
        self._sector = 1 << shift
        self._small = 1 << small_shift
        # The last sector may be written shorter than it is.
        self._sectors = max(0, -(-(size - self._sector) // self._sector))
        if self._sectors > _MOST_SECTORS:
            raise _Broken("it has more sectors than are followed")
        self._directory_start, self._cutoff = (
            struct.unpack_from("<I", header, 48)[0],
            struct.unpack_from("<I", header, 56)[0],
        )
        self._small_start = struct.unpack_from("<I", header, 60)[0]
        self._table = self._allocation(header)
        self._size = size

    def check(self, seen: Seen) -> None:
        """Every stream of the directory has the sectors its length asks for."""
        entries = list(self._entries())
        names = {name for name, _, _, _ in entries}
        seen.properties["streams"] = str(sum(kind == _STREAM for _, kind, _, _ in entries))
        seen.properties["macros"] = "yes" if names & _MACROS else "no"
        seen.properties["encrypted"] = "yes" if "EncryptedPackage" in names else "no"
        root = next((entry for entry in entries if entry[1] == _ROOT), None)
        if root is None:
            raise _Broken("the directory has no root")
        small = self._numbers(self._chain(self._small_start)) if root[3] else array("I")
        self._follow(root, seen)
        for entry in entries:
            if len(seen.damage) > MOST_PROBLEMS:
                return
            if entry[1] != _STREAM or not entry[3]:
                continue
            if entry[3] >= self._cutoff:
                self._follow(entry, seen)
            else:
                self._follow_small(entry, small, seen)

    def _allocation(self, header: bytes) -> array[int]:
        """The allocation table, from the sectors the header and its continuation name."""
        named = list(struct.unpack_from("<109I", header, 76))
        following, count = struct.unpack_from("<II", header, 68)
        in_one = self._sector // 4 - 1
        for _ in range(min(count, self._sectors)):
            if following > _LAST:
                break
            numbers = self._numbers([following])
            named += numbers[:in_one]
            following = numbers[in_one] if len(numbers) > in_one else _END
        return self._numbers([sector for sector in named if sector <= _LAST])

    def _numbers(self, sectors: list[int]) -> array[int]:
        found = array("I")
        for sector in sectors:
            found.frombytes(self._read(sector))
        return found

    def _read(self, sector: int) -> bytes:
        self._stream.seek((sector + 1) * self._sector)
        data = self._stream.read(self._sector)
        if len(data) < self._sector:
            raise _Broken(f"the file ends before sector {sector}")
        return data

    def _chain(self, start: int) -> list[int]:
        found: list[int] = []
        sector = start
        while sector != _END:
            if sector > _LAST or sector >= min(self._sectors, len(self._table)):
                raise _Broken(f"a chain leads to sector {sector}, which is not in the file")
            found.append(sector)
            if len(found) > self._sectors:
                raise _Broken("a chain of sectors turns in a circle")
            sector = self._table[sector]
        return found

    def _entries(self) -> Iterator[tuple[str, int, int, int]]:
        """Name, kind, first sector and length of everything in the directory."""
        count = 0
        for sector in self._chain(self._directory_start):
            data = self._read(sector)
            for offset in range(0, self._sector, 128):
                length, kind = struct.unpack_from("<HB", data, offset + 64)
                if kind == 0:
                    continue
                count += 1
                if count > _MOST_ENTRIES:
                    raise _Broken("its directory is longer than is read")
                name = data[offset : offset + max(0, min(length, 64) - 2)]
                start, size = struct.unpack_from("<IQ", data, offset + 116)
                if self._sector == 512:
                    size &= (
                        0xFFFFFFFF  # [MS-CFB] 2.6.1: older writers leave the upper half undefined
                    )
                yield name.decode("utf-16-le", "replace"), kind, start, size

    def _follow(self, entry: tuple[str, int, int, int], seen: Seen) -> None:
        name, _, start, size = entry
        if not size:
            return
        try:
            chain = self._chain(start)
        except _Broken as problem:
            seen.damage.append(f"{name}: {problem}")
            return
        if len(chain) * self._sector < size:
            seen.damage.append(f"{name}: {size} bytes are promised, its chain has fewer")
            return
        last = size - (len(chain) - 1) * self._sector
        ends = max((sector + 1) * self._sector for sector in chain)
        if (last > 0 and (chain[-1] + 1) * self._sector + last > self._size) or ends > self._size:
            seen.damage.append(f"{name}: the file ends before it does")

    def _follow_small(
        self, entry: tuple[str, int, int, int], small: array[int], seen: Seen
    ) -> None:
        name, _, sector, size = entry
        count = 0
        while sector != _END:
            if sector >= len(small) or count > len(small):
                seen.damage.append(f"{name}: a chain leads out of the small sectors")
                return
            count += 1
            sector = small[sector]
        if count * self._small < size:
            seen.damage.append(f"{name}: {size} bytes are promised, its chain has fewer")
