"""Several processes write at once, and some of them are killed."""

import contextlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from repository.catalogue.catalogue import open_catalogue
from tests.repository.catalogue.making import ID

ROOT = Path(__file__).parents[3]

WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from repository.catalogue.catalogue import open_catalogue
from making import *

path, name, first, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
catalogue = open_catalogue(path)
print("ready", flush=True)
sys.stdin.readline()
for number in range(first, first + count):
    with catalogue.transaction() as tx:
        tx.append_event(make_event(number, event_id=f"{name}-{number}"))
        if name.startswith("w"):
            put(tx, make_object(number))
        tx.put_copy(make_copy(number))
    print(number, flush=True)
catalogue.close()
"""


def start(path, name, first, count):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(first), str(count)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdout.readline() != "ready\n":
        process.communicate()
        raise AssertionError("the writer did not start")
    return process


def test_two_processes_lose_nothing_and_leave_no_gap(path):
    writers = [start(path, "a", 1, 200), start(path, "b", 1001, 200)]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    with open_catalogue(path) as catalogue:
        events = catalogue.events()
        assert [e.sequence for e in events] == list(range(1, 401))
        for name, first in (("a", 1), ("b", 1001)):
            mine = [e.event_id for e in events if e.event_id.startswith(name)]
            assert mine == [f"{name}-{n}" for n in range(first, first + 200)]
        assert catalogue.outbox() == events
        assert len(list(catalogue.copies_of_store("primary"))) == 400


def test_a_killed_writer_leaves_its_transaction_whole_or_absent(path):
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    done = 0
    for turn in range(4):
        writer = start(path, f"w{turn}", 1000 * turn, 900)
        writer.stdin.write("go\n")
        writer.stdin.flush()
        said = [int(writer.stdout.readline()) for _ in range(chance.randint(1, 25))]
        if chance.random() < 0.5:
            with contextlib.suppress(subprocess.TimeoutExpired):
                writer.wait(chance.random() * 0.02)  # into the middle of the next one
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate()
        said += [int(line) for line in rest.split("\n")[:-1]]

        with open_catalogue(path, read_only=True) as catalogue:
            events = catalogue.events(after=done)
            assert [e.sequence for e in events] == list(range(done + 1, done + 1 + len(events)))
            kept = [e.object_id for e in events]
            # What was said to be done is there; at most one more was done and not said.
            assert kept[: len(said)] == [ID.format(n) for n in said], seed
            assert len(kept) - len(said) in (0, 1), seed
            for object_id in kept:
                assert catalogue.object(object_id) is not None
                assert len(catalogue.documents(object_id)) == 2
                assert catalogue.expected(object_id)
                assert catalogue.copies(object_id)
            done += len(events)
            assert catalogue.counts()["objects"] == done
            assert len(catalogue.search("hồ sơ", limit=10_000)) == done
