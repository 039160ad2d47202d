"""The pieces of work that the campaigns interrupt, always with the same bytes.

A *ground* is a folder with two stores, `primary` and `copy`, as they are before the work. Everything is
fixed (instants, names, content), so that what a store holds afterwards is byte for byte the old tree or
the new one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from repository.local_store import LocalStore
from repository.model import LogicalPath, ObjectId, VersionNumber
from repository.store import FromBytes, FromPath, Kept, PlannedFile, Source, VersionPlan

IDS = {"primary": "1" * 32, "copy": "2" * 32}
OBJECT = ObjectId("urn:hatinh:uuid-11111111-1111-4111-8111-111111111111")
NEIGHBOUR = ObjectId("urn:hatinh:uuid-22222222-2222-4222-8222-222222222222")
SEGMENT = "segment-00000001.jsonl"

FIRST = {
    "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
    "data/METS.xml": b"<mets/>" * 50,
    "data/representations/rep1/data/quy\u1ebft \u0111\u1ecbnh.pdf": bytes(range(256)) * 300,
    "data/representations/rep1/data/empty": b"",
    "data/documentation/again.xml": b"<mets/>" * 50,
}
SECOND = {
    **{name: data for name, data in FIRST.items() if not name.endswith("empty")},
    "data/METS.xml": b"<mets v='2'/>" * 50,
    "data/metadata/preservation/PREMIS.xml": b"<premis/>" * 40,
}
_LARGE = 10_000
LINES = [b'{"n": %d}\n' % n for n in range(40)]


@dataclass(frozen=True)
class Work:
    """One piece of work: what is there before it, and what it does. `store` is where it writes."""

    name: str
    store: str
    before: Callable[[Path], None]
    do: Callable[[Path], object]
    commits: bool = True


def open_store(ground: Path, name: str) -> LocalStore:
    return LocalStore(name, ground / name, IDS[name], lock_wait=20, readers=2)


def receive(ground: Path) -> None:
    """Put there what the plans have by path."""
    for data in {*FIRST.values(), *SECOND.values()}:
        if len(data) > _LARGE:
            _received(ground, data).parent.mkdir(exist_ok=True)
            _received(ground, data).write_bytes(data)


def plan(
    ground: Path,
    object_id: ObjectId,
    state: Mapping[str, bytes],
    follows: Mapping[str, bytes] | None = None,
    version: int = 0,
    message: str = "intake",
) -> VersionPlan:
    """The version that makes `state`. Bytes that `follows` has are kept, large ones come by path."""
    kept = set((follows or {}).values())
    return VersionPlan(
        object_id=object_id,
        follows=VersionNumber(version) if version else None,
        files=tuple(_file(ground, name, data, data in kept) for name, data in state.items()),
        created=f"2026-11-{version + 1:02d}T08:00:00Z",
        message=message,
        user_name="Nguy\u1ec5n V\u0103n A",
        user_address="mailto:a@example.org",
    )


def _file(ground: Path, name: str, data: bytes, kept: bool) -> PlannedFile:
    source: Source
    if kept:
        source = Kept()
    elif len(data) > _LARGE:
        source = FromPath(str(_received(ground, data)))
    else:
        source = FromBytes(data)
    return PlannedFile(
        LogicalPath(name),
        len(data),
        hashlib.sha512(data).hexdigest(),
        hashlib.sha256(data).hexdigest(),
        source,
    )


def _received(ground: Path, data: bytes) -> Path:
    return ground / "received" / hashlib.sha256(data).hexdigest()[:16]


def _create(ground: Path) -> object:
    return open_store(ground, "primary").commit(plan(ground, OBJECT, FIRST))


def _update(ground: Path) -> object:
    return open_store(ground, "primary").commit(plan(ground, OBJECT, SECOND, FIRST, 1))


def _neighbour(ground: Path) -> None:
    # What was received lies there already, and putting it there is no part of the work.
    receive(ground)
    open_store(ground, "primary").commit(plan(ground, NEIGHBOUR, {"bagit.txt": b"other"}))


def _held(ground: Path) -> None:
    _neighbour(ground)
    _create(ground)


def _held_twice(ground: Path) -> None:
    _held(ground)
    _replicate(ground)
    _update(ground)


def _held_at_second(ground: Path) -> None:
    _held(ground)
    _update(ground)


def _replicate(ground: Path) -> object:
    return open_store(ground, "copy").replicate(open_store(ground, "primary"), OBJECT)


def _begun_ledger(ground: Path) -> None:
    open_store(ground, "primary").put_evidence(SEGMENT, b"".join(LINES[:20]), 0)


def _append(ground: Path) -> object:
    begun = b"".join(LINES[:20])
    rest = b"".join(LINES[20:])
    open_store(ground, "primary").put_evidence(SEGMENT, rest, len(begun))
    return open_store(ground, "primary").put_evidence("segment-00000002.jsonl", LINES[0], 0)


def _torn(ground: Path) -> None:
    """An update whose writer died between its first rename and its second."""
    _held(ground)
    child = os.fork()
    if child == 0:
        step = {"published version folder": lambda: os._exit(0)}
        store = LocalStore(
            "primary",
            ground / "primary",
            IDS["primary"],
            step=lambda name: step.get(name, lambda: None)(),
        )
        store.commit(plan(ground, OBJECT, SECOND, FIRST, 1))
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def _torn_and_lost(ground: Path) -> None:
    """The same, on a medium that lost a byte of what it had been made to flush."""
    _torn(ground)
    at = ground / "primary" / "root" / open_store(ground, "primary").object_path(OBJECT)
    (at / "v2/content/data/METS.xml").write_bytes(b"lost")


def _recover(ground: Path) -> object:
    return open_store(ground, "primary").recover()


WORKS = {
    work.name: work
    for work in (
        Work("create", "primary", _neighbour, _create),
        Work("update", "primary", _held, _update),
        Work("replicate", "copy", _held_at_second, _replicate),
        Work("replicate-update", "copy", _held_twice, _replicate),
        Work("evidence", "primary", _begun_ledger, _append, False),
        Work("settle", "primary", _torn, _recover, False),
        Work("settle-back", "primary", _torn_and_lost, _recover, False),
    )
}
