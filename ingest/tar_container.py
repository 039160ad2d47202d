"""A TAR or `.tar.gz` as a container: judged whole in one pass, then read by position.

Links, devices, sparse files and unsafe or clashing names refuse it. Nothing is unpacked anywhere: of a
compressed one the metadata are kept in memory when the judging pass comes by them, and the payload is
unpacked again while it is copied.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol

from ingest.container import Container, ContainerFault, Limits, Member, bomb, recorded_name
from ingest.exact_stream import ExactStream
from ingest.folder_container import modified_text
from ingest.member_names import printable
from ingest.names_judged import Entry, judge_entries
from ingest.tar_headers import BadTar, TarEntry, read_entries
from ingest.tar_source import GzipSource
from ingest.zip_container import open_source
from repository.problems import Problem, Severity, error, warning

_CHUNK: Final = 256 * 1024
_METADATA: Final = (".xml", ".txt", ".xsd", ".xlsx", ".csv")
_MOST_KEPT: Final = 64 * 1024 * 1024
_LOOKED_BEHIND: Final = 1024 * 1024  # bytes after the end that are looked at


class Bytes(Protocol):
    """Bytes by position, plain or unpacked on the way."""

    def read_at(self, offset: int, length: int) -> bytes: ...

    def close(self) -> None: ...


class TarContainer(Container):
    """An opened, judged TAR."""

    def __init__(
        self,
        name: str,
        source: Bytes,
        limits: Limits,
        members: tuple[Member, ...],
        places: dict[int, int],
        kept: dict[int, bytes],
    ) -> None:
        self.limits = limits
        self.name = name
        self.top = ""
        self.members = members
        self._source = source
        self._places = places  # index → where its bytes begin
        self._kept = kept  # where its bytes begin → the bytes

    def open(self, member: Member) -> BinaryIO:
        """See `Container`."""
        begin = self._places[member.index]
        if begin in self._kept:
            return io.BytesIO(self._kept[begin])

        def read_at(offset: int, length: int) -> bytes:
            return self._source.read_at(begin + offset, length)

        return io.BufferedReader(ExactStream(member, read_at, look_behind=False), _CHUNK)

    def close(self) -> None:
        """Let go of the sender's file."""
        self._source.close()


class ReadTar(NamedTuple):
    """What a TAR shows. `container` is None when there is an error among `problems`."""

    container: TarContainer | None
    problems: list[Problem]
    names: list[str]


def read_tar(path: Path, limits: Limits | None = None) -> ReadTar:
    """The TAR with its members' whole names. Raises NotFound, Unavailable."""
    limits = limits or Limits()
    name = recorded_name(path)
    packed = open_source(path)
    if packed is None:
        return ReadTar(None, [error("ING-NOT-ZIP", name, name=name, reason="not-file")], [])
    compressed = packed.read_at(0, 2) == b"\x1f\x8b"
    source: Bytes = GzipSource(name, packed, limits) if compressed else packed
    keep = False
    try:
        found = _judge(name, source, limits, compressed)
        keep = found.container is not None
        return found
    finally:
        if not keep:
            packed.close()


def _judge(name: str, source: Bytes, limits: Limits, compressed: bool) -> ReadTar:
    problems: list[Problem] = []
    entries: list[Entry] = []
    kept: dict[int, bytes] = {}
    kept_bytes = 0
    try:
        for entry in read_entries(source.read_at):
            if entry.kind == "end":
                problems.extend(_after(name, source, entry.offset))
                continue
            if len(entries) == limits.max_members:
                raise ContainerFault(bomb(name, "members", len(entries) + 1, limits.max_members))
            taken = _take(entry, problems)
            if taken is None:
                continue
            if not taken.raw_name.rstrip(b"/") or taken.raw_name in (b".", b"./"):
                continue  # the folder that everything lies in
            entries.append(taken)
            if compressed and _is_metadata(entry) and kept_bytes + entry.size <= _MOST_KEPT:
                kept[entry.offset] = source.read_at(entry.offset, entry.size)
                kept_bytes += entry.size
    except BadTar as fault:
        code = "ING-NOT-ZIP" if fault.kind == "not-tar" else "ING-CORRUPT"
        found = error(code, name, name=name, reason="container", detail=fault.reason)
        return ReadTar(None, [found], [])
    except ContainerFault as fault:
        return ReadTar(None, [fault.problem], [])
    judged = judge_entries(entries, limits)
    problems += judged.problems
    if any(p.severity is Severity.ERROR for p in problems):
        return ReadTar(None, problems, judged.names)
    places = {m.index: e.offset for m, e in zip(judged.members, judged.entries, strict=True)}
    container = TarContainer(name, source, limits, judged.members, places, kept)
    return ReadTar(container, problems, judged.names)


def _take(entry: TarEntry, problems: list[Problem]) -> Entry | None:
    place = printable(entry.raw_name.decode("utf-8", "backslashreplace"))
    if entry.kind in ("link", "special"):
        problems.append(error("ING-LINK", place, name=place, reason=entry.kind))
        return None
    if entry.kind == "sparse":
        problems.append(error("ING-COMPRESSION", place, name=place, method="sparse"))
        return None
    is_folder = entry.kind == "folder"
    size = 0 if is_folder else entry.size
    return Entry(entry.raw_name, is_folder, size, modified_text(entry.modified), entry.offset)


def _is_metadata(entry: TarEntry) -> bool:
    return entry.raw_name.decode("latin-1").lower().endswith(_METADATA)


def _after(name: str, source: Bytes, end: int) -> list[Problem]:
    """What stands behind the end and is no filling: hidden from every program that reads the TAR."""
    behind = source.read_at(end, _LOOKED_BEHIND)
    hidden = len(behind.strip(b"\0"))
    return [warning("ING-HIDDEN-BYTES", name, bytes=hidden)] if hidden else []
