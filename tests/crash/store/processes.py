"""Two processes update the same objects and are killed at random: nothing lost, twice, or locked."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from repository.errors import Conflict, Locked
from repository.local_store import LocalStore
from repository.model import ObjectId
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.validate import validate_object
from tests.crash.store.judge import make_ground
from tests.crash.store.scenario import open_store, plan

TARGET = 4  # each object is brought to this version by whoever comes first


def run(base: Path, objects: int, kills: int, chance: random.Random) -> dict[str, object]:
    """Two workers bring every object to version TARGET, are killed `kills` times, and start again."""
    ground = base / "ground"
    make_ground(ground)
    ids = [ObjectId(f"urn:shared:{number:05d}") for number in range(objects)]
    journal = base / "acknowledged"
    journal.mkdir()
    running = {_start(ground, ids, journal, chance.randrange(2**30)) for _ in range(2)}
    killed = 0
    deadline = time.monotonic() + 600
    while running and time.monotonic() < deadline:
        if killed < kills:
            time.sleep(chance.uniform(0.01, 0.15))
            victim = chance.choice(sorted(running))
            os.kill(victim, signal.SIGKILL)
            killed += 1
        pid, status = os.waitpid(-1, 0)
        running.discard(pid)
        if os.WIFSIGNALED(status):
            running.add(_start(ground, ids, journal, chance.randrange(2**30)))
        elif os.WEXITSTATUS(status) != 0:
            raise AssertionError(f"a worker ended with {os.WEXITSTATUS(status)}")
    wrong = [f"still at work after ten minutes: {running}"] if running else []
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    store = open_store(ground, "primary")
    store.recover()
    wrong += _check(store, ground, ids, journal)
    lines = [line for path in journal.iterdir() for line in path.read_text().splitlines()]
    told = Counter(line for line in lines if not line.startswith("{"))
    return {
        "objects": objects,
        "commits acknowledged": sum(line.endswith("}") for line in lines),
        "killed": killed,
        # Refused because the other process was at work, or had been there first.
        "conflicts": told.pop("Conflict", 0),
        "locked": told.pop("Locked", 0),
        # What the workers found of killed ones when they began, by what was done with it.
        "settled": dict(told),
        "wrong": wrong,
    }


def _check(store: LocalStore, ground: Path, ids: Sequence[ObjectId], journal: Path) -> list[str]:
    wrong = []
    acknowledged: dict[str, dict[int, str]] = {}
    for path in journal.iterdir():
        for line in path.read_text().splitlines():
            if not (line.startswith("{") and line.endswith("}")):
                continue  # about recovery; or its worker was killed while it wrote this line
            note = json.loads(line)
            known = acknowledged.setdefault(note["id"], {})
            if known.setdefault(note["version"], note["digest"]) != note["digest"]:
                wrong.append(f"{note['id']} v{note['version']} was acknowledged twice, differently")
    for object_id in ids:
        facts = store.facts(object_id)
        if len(facts.versions) != TARGET:
            wrong.append(f"{object_id} has {len(facts.versions)} versions")
        for number, digest in acknowledged.get(object_id, {}).items():
            if facts.versions[number - 1].inventory_sha512 != digest:
                wrong.append(f"{object_id} v{number} is not what was acknowledged")
        folder = ground / "primary" / "root" / store.object_path(object_id)
        if validate_object(LocalTree(str(folder))).has_errors:
            wrong.append(f"{object_id} is not valid")
    found = [entry.object_id for entry in store.walk()]
    if sorted(map(str, found)) != sorted(ids):
        wrong.append("the storage root does not hold each object once")
    for name in ("staging", "locks", "aside"):
        if any((ground / "primary" / name).iterdir()):
            wrong.append(f"something is left in {name}")
    return wrong


def _start(ground: Path, ids: Sequence[ObjectId], journal: Path, seed: int) -> int:
    child = os.fork()
    if child:
        return child
    try:
        _work(ground, ids, journal / str(os.getpid()), random.Random(seed))
    except BaseException as problem:  # noqa: BLE001 — told and turned into an exit status
        os.write(2, f"{type(problem).__name__}: {problem}\n".encode())
        os._exit(1)
    os._exit(0)


def _work(ground: Path, ids: Sequence[ObjectId], journal: Path, chance: random.Random) -> None:
    store = open_store(ground, "primary")
    found = store.recover()
    left = list(ids)
    with journal.open("a") as notes:
        for one in found:
            notes.write(f"{one.action}\n")
        while left:
            object_id = chance.choice(left)
            try:
                with store.settled(object_id):
                    pass
                head = store.head(object_id)
                version = head.version.number if head else 0
                if version >= TARGET:
                    left.remove(object_id)
                    continue
                # Each process writes bytes of its own, so that a lost update would be seen.
                state = {"a": b"always", f"by-{os.getpid()}": str(version).encode()}
                message = f"by {os.getpid()}"
                planned = plan(ground, object_id, state, None, version, message)
                receipt = store.commit(planned)
            except (Conflict, Locked) as refused:
                notes.write(f"{type(refused).__name__}\n")
                continue
            done = {
                "id": object_id,
                "version": receipt.head.version.number,
                "digest": receipt.head.inventory_sha512,
            }
            notes.write(json.dumps(done) + "\n")
            notes.flush()
