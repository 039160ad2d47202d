"""Large objects: memory that does not grow with file sizes, and little with their number.

Each measurement runs in a process of its own and reports the growth of its peak resident memory.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from repository.digest import digest_bytes, digest_stream
from repository.local_store import LocalStore
from repository.model import LogicalPath, ObjectId, VersionNumber
from repository.ocfl.inventory import parse_inventory
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.validate import validate_object
from repository.rebuild_copy import plan_rebuild
from repository.store import FromBytes, FromPath, Kept, PlannedFile, VersionPlan
from tests.crash.store.judge import make_ground
from tests.crash.store.scenario import open_store

MANY = ObjectId("urn:limits:many")
LARGE = ObjectId("urn:limits:large")
BYTES_A_FILE = 1500
LARGE_MEMORY = 64 * 1024 * 1024


def run(base: Path, *, quick: bool) -> dict[str, object]:
    counts = (4_000, 20_000) if quick else (20_000, 200_000)
    verbs = ("commit", "parse", "facts", "observe") + (
        () if quick else ("validate", "replicate", "rebuild", "update", "metadata")
    )
    size = 256 * 1024 * 1024 if quick else 50 * 1024**3
    make_ground(base)
    wrong: list[str] = []
    out: dict[str, object] = {}
    seconds: dict[tuple[str, int], float] = {}
    memory: dict[tuple[str, int], int] = {}
    for count in counts:
        for verb in ("plan", *verbs):
            told = _measure(base, verb, count)
            seconds[verb, count], memory[verb, count] = told["seconds"], told["bytes"]
            out[f"{verb} {count} files"] = told
    few, many = counts

    def a_file(verb: str) -> float:
        return (memory[verb, many] - memory[verb, few]) / (many - few)

    for verb in verbs:
        # The plan is the caller's, and was made before.
        taken = a_file(verb) - (a_file("plan") if verb == "commit" else 0)
        out[f"{verb}: bytes a file"] = round(taken)
        if taken > BYTES_A_FILE:
            wrong.append(f"{verb} takes {taken:.0f} bytes of memory for each file")
        out[f"{verb}: time for {many // few} times the files"] = round(
            seconds[verb, many] / max(seconds[verb, few], 0.001), 1
        )
    large = _measure(base, "large", size)
    out[f"one sparse file of {size} bytes"] = large
    if large["bytes"] > LARGE_MEMORY:
        wrong.append(f"one large file takes {large['bytes']} bytes of memory")
    if large["allocated"] > size // 100:
        wrong.append(f"the sparse file takes {large['allocated']} bytes of disk")
    return {**out, "wrong": wrong}


def _measure(base: Path, verb: str, number: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.crash.store.limits", str(base), verb, str(number)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(ended.stdout)
    return told


def _one(base: Path, verb: str, number: int) -> dict[str, float]:
    object_id = ObjectId(f"{MANY}:{number}")
    primary, copy = open_store(base, "primary"), open_store(base, "copy")
    digest_bytes(b"", ["sha512"])
    extra: dict[str, float] = {}
    work: Callable[[], object]
    match verb:
        case "plan":
            work = lambda: _plan(object_id, number)  # noqa: E731
        case "commit":
            work = lambda: primary.commit(_plan(object_id, number))  # noqa: E731
        case "parse":
            at = base / "primary/root" / primary.object_path(object_id) / "inventory.json"
            work = lambda: parse_inventory(at.read_bytes())  # noqa: E731
        case "facts":
            work = lambda: primary.facts(object_id)  # noqa: E731
        case "observe":
            work = lambda: list(primary.observe([object_id]))  # noqa: E731
        case "update":
            after = _after(object_id, number)
            work = lambda: primary.commit(after)  # noqa: E731
        case "metadata":  # as "update", with other bytes for one file, after it
            again = _described_again(_after(object_id, number))
            work = lambda: primary.commit(again)  # noqa: E731
        case "validate":
            folder = base / "primary/root" / primary.object_path(object_id)
            work = lambda: validate_object(LocalTree(str(folder)))  # noqa: E731
        case "rebuild":
            work = lambda: _rebuild(primary, copy, object_id)  # noqa: E731
        case "replicate":
            work = lambda: copy.replicate(primary, object_id)  # noqa: E731
        case _:
            planned = _sparse(base, number)
            work = lambda: primary.commit(planned)  # noqa: E731
    before = _peak()
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    grown = _peak() - before
    if verb == "large":
        content = next((base / "primary" / "root").rglob("large.bin"))
        extra["allocated"] = content.stat().st_blocks * 512
        assert content.stat().st_size == number
    return {"seconds": round(seconds, 2), "bytes": grown, **extra}


def _plan(object_id: ObjectId, number: int) -> VersionPlan:
    files = []
    for n in range(number):
        data = b"%d" % n
        found = digest_bytes(data, ["sha512", "sha256"])
        name = LogicalPath(f"data/representations/rep1/data/{n // 1000:03d}/{n:06d}.pdf")
        files.append(
            PlannedFile(name, len(data), found["sha512"], found["sha256"], FromBytes(data))
        )
    return _version(object_id, tuple(files))


def _after(object_id: ObjectId, number: int) -> VersionPlan:
    """The second version: everything kept, one file more."""
    first = _plan(object_id, number)
    kept = [replace(file, source=Kept()) for file in first.files]
    found = digest_bytes(b"more", ["sha512", "sha256"])
    more = PlannedFile(
        LogicalPath("data/more.txt"), 4, found["sha512"], found["sha256"], FromBytes(b"more")
    )
    return replace(first, follows=VersionNumber(1), files=(*kept, more))


def _described_again(after: VersionPlan) -> VersionPlan:
    """The third version: the same files, other bytes for the last of them."""
    *kept, last = after.files
    found = digest_bytes(b"more and more", ["sha512", "sha256"])
    changed = PlannedFile(
        last.logical_path, 13, found["sha512"], found["sha256"], FromBytes(b"more and more")
    )
    return replace(after, follows=VersionNumber(2), files=(*kept, changed), message="described")


def _rebuild(source: LocalStore, target: LocalStore, object_id: ObjectId) -> None:
    expected = source.facts(object_id).expected
    target.rebuild(plan_rebuild(object_id, expected, [source]), note={"reason": "a measurement"})


def _sparse(base: Path, size: int) -> VersionPlan:
    path = base / "large.bin"
    with path.open("wb") as stream:
        stream.write(b"begin")
        stream.truncate(size - 3)
        stream.seek(0, os.SEEK_END)
        stream.write(b"end")
    with path.open("rb") as stream:
        _, found = digest_stream(stream, ["sha512", "sha256"])
    file = PlannedFile(
        LogicalPath("large.bin"), size, found["sha512"], found["sha256"], FromPath(str(path))
    )
    return _version(LARGE, (file,))


def _version(object_id: ObjectId, files: tuple[PlannedFile, ...]) -> VersionPlan:
    at = "2026-11-22T00:00:00Z"
    return VersionPlan(object_id, None, files, at, "intake", "A", "mailto:a@example.org")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    print(json.dumps(_one(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
