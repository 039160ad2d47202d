"""`kill -9` at every step of an ingest; then again: every dossier exactly once, nothing left over."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kho.demo import make_transfers
from repository.second_opinion import ocfl_py_verdict
from tests.archives import STORES, TestArchive, kho

# Runs one ingest and kills itself, as `kill -9` would, at the n-th step it passes.
KILLED = """
import os, signal, sys
from pathlib import Path
from ingest import pipeline
from kho import intake, wiring

home, source, wanted = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
passed = 0

def step(name):
    global passed
    passed += 1
    if wanted == 0:
        print(passed, name, flush=True)
    elif passed == wanted:
        print(name, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

with wiring.open_archive(home, step=step) as archive, intake.services(archive) as services:
    archive.recover()
    pipeline.ingest(services, source, operator="kill test")
"""


@pytest.fixture(scope="session")
def transfers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("kill")
    return [sample.path for sample in make_transfers(folder, dossiers=1, bad=False)]


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("empty") / "archive"
    assert kho("init", home).status == 0
    return home


def run(home: Path, source: Path, wanted: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(home), str(source), str(wanted)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="session")
def steps(
    empty: Path, transfers: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """The names of the steps an ingest passes, in order."""
    home = tmp_path_factory.mktemp("steps") / "archive"
    shutil.copytree(empty, home)
    done = run(home, transfers[0], 0)
    assert done.returncode == 0, done.stderr
    return [line.split(" ", 1)[1] for line in done.stdout.splitlines()]


WRITING = "6 commit: files being written"
HOPS = {
    "1 accept": ("quarantine made", "metadata checked"),
    "2–3 read and check": ("payload copied", "received and checked"),
    "4–5 decide and plan": ("planned", "intention noted"),
    "6 commit to the first store": (
        "staging made",
        "staged and flushed",
        "read back",
        "published object",
    ),
    "6 commit to the second store": ("committed to primary", "committed to copy-1"),
    "7 record": ("recorded", "published"),
}


def moments(steps: list[str], hop: str) -> list[tuple[str, int]]:
    """The steps of one hop by name and number; of the files being written, three."""
    if hop == WRITING:
        written = [n for n, step in enumerate(steps, start=1) if step.startswith("wrote ")]
        wanted = {written[0], written[len(written) // 2], written[-1]}
        return [(steps[number - 1], number) for number in sorted(wanted)]
    return [(step, n) for n, step in enumerate(steps, start=1) if step in HOPS[hop]]


@pytest.mark.parametrize("hop", [*HOPS, WRITING])
def test_an_ingest_killed_at_any_step_is_finished_or_undone_by_the_next(
    hop: str, empty: Path, transfers: list[Path], steps: list[str], tmp_path: Path
) -> None:
    chosen = moments(steps, hop)
    assert len(chosen) >= 2
    for moment, number in chosen:
        home = tmp_path / f"at-{number}"
        shutil.copytree(empty, home)
        killed = run(home, transfers[0], number)
        assert killed.returncode == -9, (moment, killed.stderr)
        print(f"killed in hop {hop}, at step {number}: {moment}")
        check_taken_once(TestArchive(home), transfers[0], moment)
        shutil.rmtree(home)


def check_taken_once(archive: TestArchive, source: Path, moment: str) -> None:
    again = archive.run("ingest", source, "--json")
    assert again.status == 0, (moment, again.stdout, again.stderr)
    assert again.lines()[0]["verdict"] == "accepted", moment
    listed = archive.run("list", "--json").lines()[:-1]
    assert len(listed) == 1, moment
    for store in STORES:
        folders = archive.object_folders(store)
        assert len(folders) == 1, moment
        assert ocfl_py_verdict(str(folders[0])).valid is True, moment
        place = archive.home / "stores" / store
        assert os.listdir(place / "staging") == [], moment
        assert os.listdir(place / "locks") == [], moment
    left = os.listdir(archive.home / "quarantine")
    assert left == [], (moment, left)
    audit = archive.run("audit", "--all", "--json")
    assert audit.status == 0, (moment, audit.stdout)
    assert archive.run("ledger", "verify").status == 0, moment
    accepted = archive.run("transfer", "list", "--state", "accepted", "--json").lines()[:-1]
    assert len(accepted) == 1, moment
