"""A process that forks one child for each work asked of it, and kills the child at a chosen point.

`python -m tests.acceptance.killing`: a JSON line in, a JSON line out. Forking from a process
that has everything loaded and no threads costs milliseconds, where starting `kho` costs seconds.
A point is a step of ours, or a call by which something reaches the medium: mkdir, rename, replace,
unlink, rmdir, fsync, and the commit of the catalogue.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingest import desk, pipeline, purging
from kho import intake, papers, taking, watching, wiring
from kho.wiring import Archive
from repository.catalogue import engine
from repository.errors import ArchiveError

CALLS = ("mkdir", "rename", "replace", "unlink", "rmdir", "fsync", "link")


class Points:
    """Counts what is passed, and kills at the wanted one as `kill -9` would."""

    def __init__(self, wanted: int, told: int) -> None:
        self.wanted, self.told, self.passed = wanted, told, 0

    def __call__(self, name: str) -> None:
        self.passed += 1
        if self.wanted == 0:
            os.write(self.told, f"{name}\n".encode("utf-8", "replace"))
        elif self.passed == self.wanted:
            os.write(self.told, f"{name}\n".encode("utf-8", "replace"))
            os.kill(os.getpid(), signal.SIGKILL)


def watch_calls(point: Points) -> None:
    """Every such call of this process is a point, before and after it."""
    for name in CALLS:
        setattr(os, name, _around(name, getattr(os, name), point))

    class Connection(sqlite3.Connection):
        def commit(self) -> None:
            point("before commit")
            super().commit()
            point("after commit")

    before = sqlite3.connect

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        return before(*arguments, factory=Connection, **named)

    engine.sqlite3.connect = connect  # type: ignore[attr-defined]


def _around(name: str, call: Callable[..., Any], point: Points) -> Callable[..., Any]:
    def around(*arguments: Any, **named: Any) -> Any:
        point(f"before {name}")
        result = call(*arguments, **named)
        point(f"after {name}")
        return result

    return around


def work(kind: str, home: Path, source: Path, step: Callable[[str], None]) -> None:
    """One piece of work, as its verb does it, without looking into files."""
    with wiring.open_archive(home, step=step) as archive:
        archive.recover()
        if kind == "watch":
            seen = watching.Watch(source.parent, archive.catalogue, settle=0.0)
            for taken in taking.take_all(archive, seen.look().ready, operator="kill", jobs=1):
                seen.settled(taken)
            return
        with intake.services(archive) as services:
            if kind in ("ingest", "supplement", "wait"):
                pipeline.ingest(services, source, operator="kill")
                return
            waiting = archive.catalogue.transfers(state="awaiting-decision")[0].transfer_id
            if kind == "approve":
                desk.approve(services, waiting, operator="An", reason="đủ")
            elif kind == "return":
                desk.turn_back(services, waiting, operator="An", reason="thiếu")
            elif kind == "purge":
                purging.purge(services, waiting, operator="An", reason="nhầm")


def settle(archive: Archive, kind: str, source: Path) -> dict[str, Any]:
    """What the next command finds and does: recover, the work again, and the state after it."""
    recovered = [one.action for one in archive.recover()]
    waiting = archive.catalogue.transfers(state="awaiting-decision")
    with intake.services(archive) as services:
        if kind in ("approve", "return", "purge"):
            for one in waiting:
                if kind == "approve":
                    desk.approve(services, one.transfer_id, operator="An", reason="đủ")
                else:
                    desk.turn_back(services, one.transfer_id, operator="An", reason="thiếu")
            verdicts = [one.state for one in archive.catalogue.transfers()]
        else:
            many = kind in ("watch", "parallel")
            sources = sorted(source.parent.glob("*.zip")) if many else [source]
            verdicts = [pipeline.ingest(services, one, operator="again").verdict for one in sources]
    return {"recovered": recovered, "verdicts": verdicts, **state(archive)}


def state(archive: Archive) -> dict[str, Any]:
    """What is held and what is left over."""
    home = archive.home.path
    stores: dict[str, Any] = {}
    for name, store in archive.stores.items():
        heads = {}
        for entry in store.walk():
            assert entry.object_id is not None, entry
            facts = store.facts(entry.object_id)
            seen = next(iter(store.observe([entry.object_id], medium=False)))
            expected = {file.path: file.sha512 for file in facts.expected}
            whole = {file.path: file.sha512 for file in seen.files} == expected and not seen.odd
            heads[entry.object_id] = [str(facts.head.version), facts.head.inventory_sha512, whole]
        place = home / "stores" / name
        stores[name] = {
            "objects": heads,
            "left": os.listdir(place / "staging") + os.listdir(place / "locks"),
        }
    known = {o.object_id: o.head for o in archive.catalogue.objects()}
    return {
        "stores": stores,
        "catalogue": known,
        "documents": {o: len(archive.catalogue.documents(o)) for o in known},
        "quarantine": [n for n in os.listdir(home / "quarantine") if not n.endswith(".lock")],
        "outbox": len(archive.catalogue.outbox()),
        "events": archive.catalogue.last_sequence(),
        "receipts": sorted(p.name for p in (home / "reports").glob("receipts/*.json")),
    }


def child(asked: dict[str, Any], told: int) -> None:
    """One work in a process of its own: to be killed, or to tell what is left after one was."""
    home, source = Path(asked["home"]), Path(asked["source"])
    if asked["do"] == "settle":
        with wiring.open_archive(home) as archive:
            answer = settle(archive, asked["kind"], source)
        os.write(told, json.dumps(answer).encode())
        return
    point = Points(asked["at"], told)
    watch_calls(point)
    work(asked["kind"], home, source, point)


@contextmanager
def without_tools(archive: Archive, *, children: int | None = None) -> Iterator[None]:
    """What looks into files has children of its own, and nothing to do with what is killed here."""
    yield None


def main() -> int:
    """Answer until nobody asks."""
    intake.gathering = without_tools  # type: ignore[assignment]
    papers.preload()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            try:
                child(asked, writing)
            except (ArchiveError, AssertionError) as problem:
                os.write(writing, json.dumps({"failed": repr(problem)}).encode())
                os._exit(1)
            except BaseException as problem:  # noqa: BLE001  # told to the test, which fails by it
                os.write(2, f"{problem!r}\n".encode())
                os._exit(2)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as stream:
            said = stream.read().decode()
        _, status = os.waitpid(pid, 0)
        answers.write(
            json.dumps({"status": os.waitstatus_to_exitcode(status), "said": said}) + "\n"
        )
        answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
