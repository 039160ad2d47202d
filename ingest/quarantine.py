"""Quarantine: a transfer's bytes, copied once, digested while copied, under names of ours.

The sender's copy is only read. A member never gets a name the sender chose: members are numbered, and
what they were called stands in the record. One read of each member gives every digest, ours and those
the sender wrote.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.arrival import Arrival
from ingest.container import Container, ContainerFault, Member, recorded_name
from ingest.received import ReceivedBytes
from repository import durable
from repository.digest import MultiDigest, digest_stream
from repository.errors import NotFound, Refused, Unavailable
from repository.problems import Problem

RECORDED = ("sha512", "sha256")
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """The container as it came: its name, size and sha256. It is not kept; this is."""

    name: str
    size: int
    sha256: str

    @property
    def transfer_id(self) -> str:
        """The same bytes are the same transfer, whenever and however often they come."""
        return f"TN-{self.sha256[:20]}"


def read_container(source: Path | Arrival) -> ContainerFacts:
    """Digest the container. NotFound when there is none, Unavailable when it cannot be read."""
    path = Arrival.of(source).path
    try:
        # A pipe or a device could go on for ever; opening it so does not wait for a writer.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise Refused(f"{path} is not a file. Name a SIP_hoso ZIP or a folder of them.")
            size, digests = digest_stream(stream, ["sha256"])
    except FileNotFoundError as problem:
        raise NotFound(f"There is no {path}.") from problem
    except OSError as problem:
        raise Unavailable(
            f"{path} cannot be read: {problem.strerror}. Check its owner and the medium it is on."
        ) from problem
    return ContainerFacts(recorded_name(path), size, digests["sha256"])


def copy_members(
    container: Container,
    members: Iterable[tuple[Member, frozenset[str]]],
    folder: Path,
    *,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Iterator[ReceivedBytes | Problem]:
    """Copy each member into `folder`, with the digests asked for, and tell what was received.

    A member whose stream lies is a Problem, and its file holds nothing to rely on. The files are not
    flushed: until something is held they can be fetched from the sender again.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as problem:
        raise durable.explained(problem, "making room in quarantine") from problem
    for number, (member, algorithms) in enumerate(members, start=1):
        file_id = f"f{number:04d}"
        path = folder / file_id
        digest = MultiDigest(sorted({*RECORDED, *algorithms}))
        try:
            with container.open(member) as reader, durable.create_file(path) as writer:
                while chunk := reader.read(_CHUNK):
                    writer.write(chunk)
                    digest.update(chunk)
                    on_bytes(len(chunk))
        except ContainerFault as fault:
            yield fault.problem
            continue
        except OSError as problem:
            raise durable.explained(problem, f"copying {member.name} into quarantine") from problem
        yield ReceivedBytes(member.index, file_id, digest.size, digest.hexdigests(), str(path))
