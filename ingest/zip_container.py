"""Safe access to the members of a ZIP: judged whole before one byte is extracted, bounded while read.

`open_zip` looks at the directory and every local header and reports all that is wrong: unsafe or
clashing names, links, encryption, bombs, overlaps, sizes that contradict each other. A container with
an error is not opened. `ZipContainer.open` then gives each member's bytes, never more than declared
and checked against the CRC; what the stream itself reveals is a `ContainerFault` that carries the
finding. Nothing here writes anywhere, follows a link, or knows what the members mean.

The sender's file is opened once and read by position, so it cannot be exchanged between the judgement
and the copy by renaming another over it.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from ingest.container import Container, Limits, Member, bomb, recorded_name
from ingest.member_names import ReadName, check_clashes, printable, read_name
from ingest.member_stream import DEFLATED, STORED, MemberStream, Packed
from ingest.tops import opened
from ingest.zip_directory import (
    BadZip,
    CentralEntry,
    LocalHeader,
    Source,
    TooMuch,
    extra_field,
    read_directory,
    read_local_header,
)
from repository.errors import NotFound, Unavailable
from repository.problems import Problem, Report, Severity, error, warning

_METHODS: Final = {1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "BZip2", 14: "LZMA", 93: "Zstandard",
                   95: "XZ", 98: "PPMd", 99: "AES"}  # fmt: skip
_CHUNK: Final = 256 * 1024


class ZipContainer(Container):
    """An opened, judged ZIP."""

    def __init__(
        self,
        name: str,
        source: Source,
        limits: Limits,
        members: tuple[Member, ...],
        places: dict[int, Packed],
    ) -> None:
        self.limits = limits
        self.name = name  # the file's own name
        self.top = ""
        self.members = members
        self._source = source
        self._places = places  # index → where its bytes lie, and how

    def open(self, member: Member) -> BinaryIO:
        """The bytes of a member, from its start. Reading raises ContainerFault when the stream is
        longer or shorter than declared, damaged, or has another CRC; Unavailable when the medium fails.
        """
        raw = MemberStream(self._source, member, self._places[member.index])
        return io.BufferedReader(raw, _CHUNK)

    def close(self) -> None:
        """Let go of the sender's file."""
        self._source.close()


class ReadZip(NamedTuple):
    """What a ZIP's directory shows. `container` is None when there is an error among `problems`."""

    container: ZipContainer | None
    problems: list[Problem]
    names: list[str]  # of its files, those that are safe


def open_zip(path: Path, limits: Limits | None = None) -> tuple[Container | None, Report]:
    """The container, or None with at least one error that says why it may not be opened.

    Raises NotFound when there is no such file, Unavailable when it cannot be read.
    """
    return opened(*read_zip(path, limits))


def read_zip(path: Path, limits: Limits | None = None) -> ReadZip:
    """The same with the members' whole names, whatever it holds."""
    name = recorded_name(path)
    source = open_source(path)
    if source is None:
        return ReadZip(None, [error("ING-NOT-ZIP", name, name=name, reason="not-file")], [])
    keep = False
    try:
        found = judge_source(name, source, limits or Limits())
        keep = found.container is not None
        return found
    finally:
        if not keep:
            source.close()


def open_source(path: Path) -> Source | None:
    """The file at `path` for reading by position; None when it is no file. NotFound, Unavailable."""
    # O_NONBLOCK: a named pipe in the drop folder must not stop the intake for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError as fault:
        raise NotFound(f"there is no file {path}") from fault
    except OSError as fault:
        raise Unavailable(f"{path} cannot be opened: {fault}") from fault
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        return None
    return Source(os.fdopen(descriptor, "rb", buffering=0), facts.st_size)


def judge_source(name: str, source: Source, limits: Limits) -> ReadZip:
    """What the bytes of a ZIP show. Who calls it closes `source` where there is no container."""
    try:
        directory = read_directory(
            source, max_members=limits.max_members, max_bytes=limits.max_directory
        )
    except BadZip as fault:
        code = "ING-NOT-ZIP" if fault.kind == "not-zip" else "ING-CORRUPT"
        found = error(code, name, name=name, reason="container", detail=fault.reason)
        return ReadZip(None, [found], [])
    except TooMuch as fault:
        found = bomb(name, fault.what.replace(" ", "-"), fault.value, fault.limit)
        return ReadZip(None, [found], [])
    problems: list[Problem] = []
    names = [
        read_name(
            entry.raw_name,
            utf8_flag=bool(entry.flags & 0x800),
            unicode_extra=extra_field(entry.extra, 0x7075),
            limit=limits.max_name,
        )
        for entry in directory.entries
    ]
    slashed = [n for n in names if n.had_backslash]
    if slashed:
        problems.append(
            warning("ING-BACKSLASH", "", count=len(slashed), name=printable(slashed[0].text))
        )
    for entry, read in zip(directory.entries, names, strict=True):
        problems.extend(read.problems)
        problems.extend(_check_kind(entry, read, limits))
    problems.extend(check_clashes([(n.text, n.is_folder) for n in names if n.is_safe and n.text]))
    problems.extend(_check_sizes(name, directory.entries, names, limits))
    headers: dict[int, LocalHeader] = {}
    problems.extend(_check_headers(source, directory.entries, names, directory.offset, headers))
    safe = [n.text for n in names if not n.is_folder and n.is_safe]
    if any(p.severity is Severity.ERROR for p in problems):
        return ReadZip(None, problems, safe)
    members: list[Member] = []
    places: dict[int, Packed] = {}
    for entry, read in zip(directory.entries, names, strict=True):
        if not read.is_folder:
            members.append(_member(entry, read.text))
            offset = headers[entry.index].data_offset
            places[entry.index] = Packed(entry.method, offset, entry.compressed_size, entry.crc)
    return ReadZip(ZipContainer(name, source, limits, tuple(members), places), problems, safe)


def _check_kind(entry: CentralEntry, read: ReadName, limits: Limits) -> Iterator[Problem]:
    place = printable(read.text)
    mode = entry.external_attributes >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = "link" if stat.S_ISLNK(mode) else "special"
        yield error("ING-LINK", place, name=place, reason=kind)
    elif entry.external_attributes & 0x400:  # Windows reparse point: junction or symbolic link
        yield error("ING-LINK", place, name=place, reason="link")
    if entry.flags & 0x2041 or entry.method == 99:
        yield error("ING-ENCRYPTED", place, name=place)
    elif entry.method not in (STORED, DEFLATED):
        shown = _METHODS.get(entry.method, str(entry.method))
        yield error("ING-COMPRESSION", place, name=place, method=shown)
    if read.is_folder and entry.size:
        yield error("ING-CORRUPT", place, name=place, reason="folder", detail=f"{entry.size} bytes")
    if read.text.count("/") >= limits.max_depth:
        yield bomb(place, "depth", read.text.count("/") + 1, limits.max_depth)
    if entry.method == STORED and entry.size != entry.compressed_size:
        detail = f"{entry.compressed_size} / {entry.size}"
        yield error("ING-CORRUPT", place, name=place, reason="size", detail=detail)


def _check_sizes(
    name: str, entries: tuple[CentralEntry, ...], names: list[ReadName], limits: Limits
) -> Iterator[Problem]:
    total = sum(entry.size for entry in entries)
    packed = sum(entry.compressed_size for entry in entries)
    if total > limits.max_total:
        yield bomb(name, "total", total, limits.max_total)
    if total > limits.total_ratio_from and total > limits.max_total_ratio * max(packed, 1):
        yield bomb(name, "total-ratio", total // max(packed, 1), limits.max_total_ratio)
    for entry, read in zip(entries, names, strict=True):
        ratio = entry.size // max(entry.compressed_size, 1)
        if entry.size > limits.ratio_from and ratio > limits.max_ratio:
            yield bomb(printable(read.text), "ratio", ratio, limits.max_ratio)


def _check_headers(
    source: Source,
    entries: tuple[CentralEntry, ...],
    names: list[ReadName],
    directory_offset: int,
    headers: dict[int, LocalHeader],
) -> Iterator[Problem]:
    """Local headers agree with the directory, and no two members share a byte (overlap bombs)."""
    end = 0
    unclaimed = 0
    for entry in sorted(entries, key=lambda e: e.local_offset):
        place = printable(names[entry.index].text)
        try:
            header = read_local_header(source, entry)
        except BadZip as fault:
            yield error("ING-CORRUPT", place, name=place, reason="header", detail=fault.reason)
            continue
        headers[entry.index] = header
        detail = _disagreement(entry, header)
        if detail:
            yield error("ING-CORRUPT", place, name=place, reason="header", detail=detail)
        if entry.local_offset < end:
            yield error("ING-BOMB", place, reason="overlap", value=entry.local_offset, limit=end)
        stop = header.data_offset + entry.compressed_size
        if stop > directory_offset:
            detail = f"{stop} > {directory_offset}"
            yield error("ING-CORRUPT", place, name=place, reason="size", detail=detail)
        unclaimed += max(0, entry.local_offset - end)
        end = max(end, stop)
        if entry.flags & 0x8 and end == stop:
            end += _descriptor_length(source, stop)
    unclaimed += max(0, directory_offset - end)
    if unclaimed:
        yield warning("ING-HIDDEN-BYTES", "", bytes=unclaimed)


def _descriptor_length(source: Source, offset: int) -> int:
    """Bytes of the data descriptor, which has four forms; found by what stands after it."""
    data = source.read_at(offset, 28)
    for length in (16, 12, 24, 20):
        if data[length : length + 2] == b"PK" or len(data) == length:
            return length
    return 0


def _disagreement(entry: CentralEntry, header: LocalHeader) -> str:
    """How a local header contradicts the directory (programs differ in which they believe)."""
    if header.raw_name != entry.raw_name:
        return f"name {printable(header.raw_name.decode('utf-8', 'replace'))}"
    if header.method != entry.method:
        return f"method {header.method} / {entry.method}"
    if (header.flags ^ entry.flags) & 0x1:
        return "encryption"
    if header.flags & 0x8:  # sizes follow the data; zeros stand here
        return ""
    if (header.size, header.compressed_size) != (entry.size, entry.compressed_size):
        return f"size {header.size} / {entry.size}"
    if header.crc != entry.crc:
        return f"CRC {header.crc:08x} / {entry.crc:08x}"
    return ""


def _member(entry: CentralEntry, text: str) -> Member:
    return Member(
        index=entry.index,
        name=text,
        raw_name=entry.raw_name,
        size=entry.size,
        modified=_dos_time(entry.dos_date, entry.dos_time),
    )


def _dos_time(date: int, time: int) -> str:
    year, month, day = 1980 + (date >> 9), (date >> 5) & 15, date & 31
    hour, minute, second = time >> 11, (time >> 5) & 63, (time & 31) * 2
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60):
        return ""
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"
