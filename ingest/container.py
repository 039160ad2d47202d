"""What a transfer looks like to the intake, whatever it came as: members with names, sizes and streams.

The contract of every container (ZIP, TAR, folder, bag, one dossier of a list): it was judged whole
before it is handed out, its members' names are safe and clash with nothing, a stream never gives more
than was declared, and what it reveals against that is a `ContainerFault`. Nothing here opens a file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from repository.problems import Problem, error


@dataclass(frozen=True, slots=True)
class Limits:
    """What a container may claim. Sizes in bytes; ratios are unpacked to packed."""

    max_members: int = 200_000
    max_total: int = 200 * 10**9
    max_ratio: int = 200  # of one member larger than `ratio_from`
    ratio_from: int = 10**6
    max_total_ratio: int = 100  # of all members, above `total_ratio_from`
    total_ratio_from: int = 100 * 10**6
    max_metadata: int = 64 * 1024 * 1024  # one METS, one list
    max_record: int = 4 * 1024 * 1024  # one EAD file, schema or stub
    max_name: int = 2_000  # bytes of a whole name
    max_depth: int = 32  # folders inside each other
    max_directory: int = 256 * 1024 * 1024  # bytes of the central directory


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a container. `name` is relative to the package's top folder, with `/`."""

    index: int
    name: str
    raw_name: bytes  # the whole name, byte for byte
    size: int
    modified: str  # the sender's time as ISO 8601, empty when it is not a time


class ContainerFault(Exception):
    """The stream of one member is not what was promised. `problem` is the finding."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class Container(Protocol):
    """An opened, judged container. Close it, or use it in a `with` statement."""

    limits: Limits
    name: str  # of the file or folder that was sent
    top: str  # the folder that holds the package; empty when there is none
    members: tuple[Member, ...]

    def open(self, member: Member) -> BinaryIO:
        """The bytes of a member, from its start. Reading raises ContainerFault when the stream is
        not as declared; Unavailable when the medium fails.
        """
        ...

    def close(self) -> None:
        """Let go of the sender's file."""
        ...

    def read_small(self, member: Member, limit: int) -> bytes:
        """The whole of a small member. ContainerFault when it is larger than `limit` or damaged."""
        if member.size > limit:
            raise ContainerFault(
                error("ING-BOMB", member.name, reason="metadata", value=member.size, limit=limit)
            )
        with self.open(member) as stream:
            return stream.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def recorded_name(path: Path) -> str:
    """The file's own name as records and findings give it: what is not UTF-8 as \\xNN."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def bomb(place: str, reason: str, value: int, limit: int) -> Problem:
    """The finding for what exceeds a limit."""
    return error("ING-BOMB", place, reason=reason, value=value, limit=limit)
