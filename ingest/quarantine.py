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
from ingest.container import Container, ContainerFault, Limits, Member, recorded_name
from ingest.received import ReceivedBytes
from ingest.shapes.opening import is_folder, open_arrival
from repository import durable
from repository.digest import MultiDigest, digest_bytes, digest_stream
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
    """Digest what was sent. NotFound when there is none, Unavailable when it cannot be read.

    Of a folder or one dossier of a list the digest is that of the lines `sha256  name` of its files.
    """
    arrival = Arrival.of(source)
    if is_folder(arrival.path) or arrival.listed is not None or arrival.refused:
        return _read_several(arrival)
    size, sha256 = _digest_file(arrival.path)
    return ContainerFacts(recorded_name(arrival.path), size, sha256)


def _digest_file(path: Path) -> tuple[int, str]:
    try:
        # A pipe or a device could go on for ever; opening it so does not wait for a writer.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise Refused(
                    f"{path} is no file and no folder. Name a transfer or a folder of them."
                )
            size, digests = digest_stream(stream, ["sha256"])
    except FileNotFoundError as problem:
        raise NotFound(f"There is no {path}.") from problem
    except OSError as problem:
        raise Unavailable(
            f"{path} cannot be read: {problem.strerror}. Check its owner and the medium it is on."
        ) from problem
    return size, digests["sha256"]


def _read_several(arrival: Arrival) -> ContainerFacts:
    opened, report = open_arrival(arrival, Limits())
    name = recorded_name(arrival.path.absolute())
    lines: list[bytes] = []
    size = 0
    if opened is None:  # refused as it stands: the same folder refused again is the same transfer
        lines = [repr(sorted(p.as_dict().items())).encode() for p in report]
        lines.append(os.fsencode(arrival.path.absolute()))
    else:
        with opened.container as container:
            for member in container.members:
                digest = MultiDigest(["sha256"])
                try:
                    with container.open(member) as stream:
                        while chunk := stream.read(_CHUNK):
                            digest.update(chunk)
                except ContainerFault as fault:
                    lines.append(fault.problem.code.encode())  # copying it will say what is wrong
                size += digest.size
                lines.append(digest.hexdigests()["sha256"].encode() + b"  " + member.raw_name)
    whole = digest_bytes(b"\n".join(sorted(lines)), ["sha256"])["sha256"]
    return ContainerFacts(name, size, whole)


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
