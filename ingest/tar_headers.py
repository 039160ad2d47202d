"""The headers of a TAR, read without trusting them (POSIX.1-2017 pax and ustar, GNU tar).

Owns the bytes of the format: checksums, octal and base-256 numbers, prefix, GNU long names, pax
records. It says what the archive claims, entry by entry, in one pass forward; `ingest.tar_container`
judges. Names stay bytes. What is not understood, or is more than a bound, ends the reading with
BadTar: half a TAR is never taken for a whole one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

BLOCK: Final = 512
MAX_EXTENDED: Final = 1024 * 1024  # bytes of one pax or long-name record
_END: Final = b"\0" * BLOCK
_FILES: Final = frozenset({0, ord("0"), ord("7")})
_SPARSE: Final = ("GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.size", "GNU.sparse.realsize")


class BadTar(Exception):
    """The bytes are no TAR that can be read to its end. `kind`: not-tar or corrupt."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TarEntry:
    """One entry as its headers state it. `kind`: file, folder, link, special or sparse; `end` for the
    mark that closes the archive, which is always the last."""

    raw_name: bytes
    kind: str
    size: int
    modified: float
    offset: int  # of its data


def read_entries(read_at: Callable[[int, int], bytes]) -> Iterator[TarEntry]:
    """Every entry in order. `read_at(offset, length)` gives fewer bytes only at the end.

    Raises BadTar; what `read_at` raises passes through.
    """
    offset = 0
    names = _Names()
    common: dict[str, bytes] = {}
    while True:
        block = read_at(offset, BLOCK)
        if len(block) < BLOCK or block == _END:
            _check_end(block, offset, names)
            yield TarEntry(b"", "end", 0, 0, offset + BLOCK)
            return
        header = _header(block, offset)
        offset += BLOCK
        if header.flag in b"xgLK":
            data = _record(read_at, offset, header)
            offset += _padded(header.size)
            if header.flag in b"xg":
                (common if header.flag in b"g" else names.pax).update(_pax(data))
            else:
                names.take(header.flag, data)
            continue
        entry = _entry(header, offset, {**common, **names.pax}, names.long_name)
        names = _Names()
        yield entry
        offset += _padded(entry.size if entry.kind in ("file", "sparse") else header.size)


class _Names:
    """What extended headers said of the entry that follows."""

    def __init__(self) -> None:
        self.pax: dict[str, bytes] = {}
        self.long_name: bytes | None = None
        self.long_link: bytes | None = None

    def take(self, flag: bytes, data: bytes) -> None:
        if flag == b"L":
            self.long_name = data.split(b"\0", 1)[0]
        else:
            self.long_link = data.split(b"\0", 1)[0]

    def wait(self) -> bool:
        return bool(self.pax) or self.long_name is not None or self.long_link is not None


@dataclass(frozen=True, slots=True)
class _Header:
    name: bytes
    flag: bytes
    size: int
    modified: float


def _header(block: bytes, offset: int) -> _Header:
    stated = _number(block[148:156])
    blank = block[:148] + b" " * 8 + block[156:]
    # Old programs summed signed bytes.
    signed = sum(byte - 256 if byte > 127 else byte for byte in blank)
    if stated is None or stated not in (sum(blank), signed):
        kind = "corrupt" if offset else "not-tar"
        raise BadTar(kind, f"no header with a right sum at byte {offset}")
    size, modified = _number(block[124:136]), _number(block[136:148])
    if size is None or size < 0:
        raise BadTar("corrupt", f"the header at byte {offset} states no size")
    name = block[:100].split(b"\0", 1)[0]
    if block[257:263] == b"ustar\0":  # GNU's own form has other things in the prefix
        prefix = block[345:500].split(b"\0", 1)[0]
        name = prefix + b"/" + name if prefix else name
    return _Header(name, block[156:157], size, float(modified or 0))


def _number(field: bytes) -> int | None:
    """Octal digits, or GNU's base 256; None for anything else."""
    if field[:1] in (b"\x80", b"\xff"):
        value = int.from_bytes(field[1:], "big")
        return value - 256 ** (len(field) - 1) if field[:1] == b"\xff" else value
    text = field.split(b"\0", 1)[0].strip()
    if not text:
        return 0
    return int(text, 8) if all(c in b"01234567" for c in text) else None


def _record(read_at: Callable[[int, int], bytes], offset: int, header: _Header) -> bytes:
    if header.size > MAX_EXTENDED:
        raise BadTar("corrupt", f"an extended header of {header.size} bytes at byte {offset}")
    data = read_at(offset, header.size)
    if len(data) < header.size:
        raise BadTar("corrupt", "it is cut short inside an extended header")
    return data


def _pax(data: bytes) -> dict[str, bytes]:
    """Records `LENGTH KEY=VALUE\\n`; the length counts all of it."""
    found: dict[str, bytes] = {}
    position = 0
    while position < len(data):
        space = data.find(b" ", position, position + 12)
        digits = data[position:space] if space > 0 else b""
        length = int(digits) if digits.isdigit() else 0
        record = data[position : position + length]
        if length <= len(digits) + 1 or len(record) < length or record[-1:] != b"\n":
            raise BadTar("corrupt", "an extended header is not made of records")
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if not equals:
            raise BadTar("corrupt", "a record of an extended header has no value")
        found[key.decode("utf-8", "replace")] = value
        position += length
    return found


def _entry(
    header: _Header, offset: int, pax: Mapping[str, bytes], long_name: bytes | None
) -> TarEntry:
    name = pax.get("path", long_name if long_name is not None else header.name)
    size = header.size
    if "size" in pax:
        if not (pax["size"].isdigit() and len(pax["size"]) < 20):
            raise BadTar("corrupt", "an extended header states no size")
        size = int(pax["size"])
    return TarEntry(name, _kind(header, name, pax), size, header.modified, offset)


def _kind(header: _Header, name: bytes, pax: Mapping[str, bytes]) -> str:
    if header.flag == b"S" or any(key in pax for key in _SPARSE):
        return "sparse"
    if header.flag == b"5" or (header.flag in b"\x000" and name.endswith(b"/")):
        return "folder"
    if header.flag in (b"1", b"2"):
        return "link"
    return "file" if header.flag[0] in _FILES else "special"


def _check_end(block: bytes, offset: int, names: _Names) -> None:
    if offset == 0:
        raise BadTar("not-tar", "it has no header")
    if block != _END and block:
        raise BadTar("corrupt", f"it is cut short at byte {offset}")
    if not block:
        raise BadTar("corrupt", "it has no end: it is cut short, or was not finished")
    if names.wait():
        raise BadTar("corrupt", "an extended header has no entry")


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
