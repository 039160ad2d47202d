"""`kill -9` at two hundred points of the intake; then again: every dossier exactly once, nothing left.

The points are every step of ours and every call by which something becomes durable. Each is killed in a
forked child (`killing.py`) on a copy of an archive, and the next command must finish or undo what it
left. `make campaign-intake` takes every point there is.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest import pipeline
from kho import founding, intake, wiring
from repository.second_opinion import ocfl_py_verdict
from tests.archives import STORES
from tests.ingest.readers.sip import DOSSIER, Sip, doc, write_sip

POINTS = {
    "ingest": 64,
    "wait": 16,
    "approve": 40,
    "supplement": 56,
    "return": 8,
    "purge": 10,
    "watch": 12,
}
SLICES = 2  # of each kind, so that two workers share them
EVERY_POINT = os.environ.get("KHO_EVERY_POINT") == "1"  # the campaign


class Forker:
    """The process that forks, and what it answers."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.killing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **asked: Any) -> tuple[int, str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["status"], answer["said"]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(30) == 0


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    made = Forker()
    yield made
    made.close()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """For each kind of work the archive it begins with, and what is sent."""
    folder = tmp_path_factory.mktemp("kill")
    empty, waiting, held = (folder / name for name in ("empty", "waiting", "held"))
    founding.found(empty, "test")
    asking = folder / "asking"
    shutil.copytree(empty, asking)
    settings = asking / "kho.toml"
    settings.write_text(settings.read_text("utf-8").replace("tu-dong", "nguoi-duyet"), "utf-8")
    for name in ("new", "more", "drop"):
        (folder / name).mkdir()
    new = write_sip(folder / "new", Sip())
    added = {**DOSSIER, "totalDoc": "1"}
    more = write_sip(folder / "more", Sip(status="SUPPLEMENT", docs=(doc(3),), dossier=added))
    shutil.copytree(asking, waiting)
    shutil.copytree(empty, held)
    take(waiting, new)
    take(held, new)
    drop = shutil.copy(new, folder / "drop")
    at_desk = (waiting, new)
    return {
        "ingest": (empty, new),
        "wait": (asking, new),
        "approve": at_desk,
        "return": at_desk,
        "purge": at_desk,
        "supplement": (held, more),
        "watch": (empty, Path(drop)),
    }


def take(home: Path, source: Path) -> None:
    with wiring.open_archive(home) as archive, intake.services(archive) as services:
        services = replace(services, gatherer=None)
        result = pipeline.ingest(services, source, operator="before")
        assert result.verdict in ("accepted", "awaiting-decision"), result.report


@pytest.mark.parametrize("part", range(SLICES))
@pytest.mark.parametrize("kind", POINTS)
def test_work_killed_at_any_point_is_finished_or_undone_by_the_next_command(
    kind: str,
    part: int,
    forker: Forker,
    prepared: dict[str, tuple[Path, Path]],
    tmp_path: Path,
) -> None:
    template, source = prepared[kind]
    home = tmp_path / "count"
    shutil.copytree(template, home)
    status, said = forker.ask(do="work", kind=kind, home=str(home), source=str(source), at=0)
    assert status == 0, said
    names = said.splitlines()
    for at in chosen(len(names), len(names) if EVERY_POINT else POINTS[kind], part):
        home = tmp_path / f"at-{at}"
        shutil.copytree(template, home)
        status, said = forker.ask(do="work", kind=kind, home=str(home), source=str(source), at=at)
        assert status == -signal.SIGKILL, (kind, at, said)
        told = f"{kind}, point {at} of {len(names)}: {said.strip()}"
        status, said = forker.ask(do="settle", kind=kind, home=str(home), source=str(source))
        assert status == 0, (told, said)
        check(json.loads(said), kind, told)
        if at % 16 == 0:
            for store in STORES:
                root = home / "stores" / store / "root"
                for declaration in root.rglob("0=ocfl_object_1.1"):
                    assert ocfl_py_verdict(str(declaration.parent)).valid is True, told
        shutil.rmtree(home)


def chosen(total: int, wanted: int, part: int) -> list[int]:
    """So many points, evenly over all there are; every other one is this part's."""
    every = sorted({1 + number * total // wanted for number in range(min(wanted, total))})
    return every[part::SLICES]


def check(after: dict[str, Any], kind: str, told: str) -> None:
    """Every dossier exactly once, whole and the same in every store; nothing left over."""
    held = {} if kind in ("return", "purge") else after["catalogue"]
    waits = kind == "wait"
    assert after["verdicts"] == [
        {"wait": "awaiting-decision", "return": "returned", "purge": "returned"}.get(
            kind, "accepted"
        )
    ], told
    assert len(after["catalogue"]) == (0 if waits or kind in ("return", "purge") else 1), told
    for name, store in after["stores"].items():
        assert store["left"] == [], (told, name)
        assert {o: head for o, (head, _, _) in store["objects"].items()} == held, (told, name)
        assert all(whole for _, _, whole in store["objects"].values()), (told, name)
    first, second = (after["stores"][name]["objects"] for name in STORES)
    assert first == second, told
    assert len(after["quarantine"]) == (1 if waits else 0), (told, after["quarantine"])
    assert after["outbox"] == 0, told
    if kind == "supplement":
        assert list(after["documents"].values()) == [3], told
        assert list(after["catalogue"].values()) == ["v2"], told


@pytest.mark.parametrize("whom", ["everybody", "the one who gives the work", "one who does it"])
def test_dossiers_at_once_killed_are_each_held_once(
    whom: str, forker: Forker, prepared: dict[str, tuple[Path, Path]], tmp_path: Path
) -> None:
    home, drop = tmp_path / "archive", tmp_path / "drop"
    shutil.copytree(prepared["ingest"][0], home)
    drop.mkdir()
    for number in range(6):
        code = f"{DOSSIER['fileCode']}.{number}"
        objid = f"uuid-0A0B0C0D-0000-4000-8000-{number:012d}"
        sip = Sip(dossier={**DOSSIER, "fileCode": code}, objid=objid, top=objid)
        write_sip(drop, replace(sip, container=f"{number}.zip"))
    command = [sys.executable, "-m", "kho", "ingest", str(drop), "--jobs", "2", "--home", str(home)]
    process = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for(lambda: any((home / "stores" / "primary" / "root").rglob("inventory.json")), process)
    if whom == "everybody":
        os.killpg(process.pid, signal.SIGKILL)
    elif whom == "the one who gives the work":
        process.kill()
    else:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        workers = [int(pid) for pid in children if b"spawn_main" in command_of(int(pid))]
        if workers:
            os.kill(workers[0], signal.SIGKILL)
    process.wait(120)
    wait_for(lambda: not alone(process.pid), None)
    status, said = forker.ask(
        do="settle", kind="parallel", home=str(home), source=str(drop / "0.zip")
    )
    assert status == 0, said
    after = json.loads(said)
    assert after["verdicts"] == ["accepted"] * 6
    assert len(after["catalogue"]) == 6
    for store in after["stores"].values():
        assert store["left"] == []
        assert {o: head for o, (head, _, _) in store["objects"].items()} == after["catalogue"]
        assert all(whole for _, _, whole in store["objects"].values())
    assert after["quarantine"] == []


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def alone(session: int) -> bool:
    """Whether anybody of that session still lives."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                return True
    return False


def wait_for(what: Any, process: subprocess.Popen[bytes] | None) -> None:
    until = time.monotonic() + 120
    while not what():
        assert time.monotonic() < until
        if process is not None and process.poll() is not None:
            return
        time.sleep(0.02)
