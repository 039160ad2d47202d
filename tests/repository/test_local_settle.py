"""Recovery touches what a dead writer left, and nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from repository import locks
from repository.errors import Corrupt, Locked, Unavailable
from repository.local_place import lock_name
from repository.local_store import LocalStore
from tests.crash.store.judge import make_ground, snapshot
from tests.crash.store.scenario import FIRST, IDS, OBJECT, SECOND, open_store, plan, receive


class Stopped(BaseException):
    """Stands for the death of the writer, without its cleaning up."""


@pytest.fixture
def ground(tmp_path: Path) -> Path:
    place = tmp_path / "ground"
    make_ground(place)
    receive(place)
    open_store(place, "primary").commit(plan(place, OBJECT, FIRST))
    return place


def folder(ground: Path) -> Path:
    return ground / "primary" / "root" / open_store(ground, "primary").object_path(OBJECT)


def die_at(ground: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update whose writer dies at `step`; what it left is put back if it cleaned up."""

    def stop(name: str) -> None:
        if name == step:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr("repository.local_commit.settle", lambda *_: [])
        store = LocalStore("primary", ground / "primary", IDS["primary"], step=stop)
        with pytest.raises(Stopped):
            store.commit(plan(ground, OBJECT, SECOND, FIRST, 1))


STEPS = {
    "staging made": ("staging removed", 1),
    "staged and flushed": ("staging removed", 1),
    "read back": ("staging removed", 1),
    "published version folder": ("rolled forward", 2),
    "published inventory": ("rolled forward", 2),
    "published sidecar": ("staging removed", 2),
}


@pytest.mark.parametrize("step", STEPS)
def test_recovery_finishes_what_was_published_and_drops_what_was_not(
    ground: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_at(ground, step, monkeypatch)
    store = open_store(ground, "primary")
    action, version = STEPS[step]
    assert [(one.action, one.object_id) for one in store.recover()] == [(action, OBJECT)]
    head = store.head(OBJECT)
    assert head is not None and head.version.number == version
    assert store.recover() == []


def test_a_living_writer_is_left_alone(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    die_at(ground, "published version folder", monkeypatch)
    before = snapshot(ground / "primary")
    store = open_store(ground, "primary")
    lock = ground / "primary" / "locks" / f"{lock_name(OBJECT)}.lock"
    with locks.held(lock, "it"):
        assert store.recover() == []
        held = {name for name in snapshot(ground / "primary") if not name.endswith(".lock")}
        assert held == before.keys()
        impatient = LocalStore("primary", ground / "primary", IDS["primary"], lock_wait=0)
        with pytest.raises(Locked):
            impatient.commit(plan(ground, OBJECT, SECOND, FIRST, 1))
        with pytest.raises(Locked):
            impatient.settled(OBJECT).__enter__()
    assert store.recover()[0].action == "rolled forward"


@pytest.mark.parametrize("torn", ["inventory.json", "inventory.json.sha512"])
def test_an_incomplete_version_is_moved_aside_and_the_root_follows_back(
    ground: Path, torn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(folder(ground))
    die_at(ground, "published inventory", monkeypatch)
    (folder(ground) / "v2" / torn).unlink()
    store = open_store(ground, "primary")
    (told,) = store.recover()
    assert told.action == "rolled back" and "aside" in told.detail
    assert snapshot(folder(ground)) == before
    (kept,) = (ground / "primary" / "aside").iterdir()
    assert (kept / "content").is_dir()
    store.commit(plan(ground, OBJECT, SECOND, FIRST, 1))


def test_bytes_that_cannot_be_read_are_not_taken_for_incomplete(
    ground: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_at(ground, "published version folder", monkeypatch)
    before = snapshot(ground / "primary")
    honest = os.open
    store = open_store(ground, "primary")

    def broken(path: object, flags: int, *rest: object, **more: object) -> int:
        if str(path).endswith("METS.xml"):
            raise OSError(5, "Input/output error", str(path))
        return honest(path, flags, *rest, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", broken)
        (told,) = store.recover()
        assert told.action == "postponed" and "Input/output" in told.detail
        with pytest.raises(Unavailable):
            store.commit(plan(ground, OBJECT, SECOND, FIRST, 1))
    assert snapshot(ground / "primary") == before
    assert store.recover()[0].action == "rolled forward"


def test_what_is_not_a_staging_folder_of_ours_is_left_and_told(ground: Path) -> None:
    staging = ground / "primary" / "staging"
    (staging / "note.txt").write_bytes(b"mine")
    (staging / "folder").mkdir()
    (staging / f"{'0' * 40}.{'0' * 12}").symlink_to(ground)
    before = snapshot(ground / "primary" / "root")
    told = open_store(ground, "primary").recover()
    assert [one.action for one in told] == ["postponed"] * 3
    assert len(list(staging.iterdir())) == 3
    assert snapshot(ground / "primary" / "root") == before


@pytest.mark.parametrize(
    "intent", [b"", b"{", b"[]", b"\xff", b'{"object_id": "", "version": "v2", "creates": false}']
)
def test_work_whose_intent_was_not_written_had_published_nothing(
    ground: Path, intent: bytes
) -> None:
    before = snapshot(ground / "primary")
    work = ground / "primary" / "staging" / f"{lock_name(OBJECT)}.{'0' * 12}"
    (work / "object" / "v2").mkdir(parents=True)
    (work / "intent.json").write_bytes(intent)
    assert [one.action for one in open_store(ground, "primary").recover()] == ["staging removed"]
    assert snapshot(ground / "primary") == before


def test_damage_without_an_intent_is_nothing_to_settle(ground: Path) -> None:
    open_store(ground, "primary").commit(plan(ground, OBJECT, SECOND, FIRST, 1))
    shutil.copy(folder(ground) / "v1" / "inventory.json", folder(ground) / "other")
    (folder(ground) / "inventory.json").unlink()
    (folder(ground) / "other").rename(folder(ground) / "inventory.json")
    before = snapshot(ground / "primary")
    store = open_store(ground, "primary")
    assert store.recover() == []
    with store.settled(OBJECT):
        pass
    assert snapshot(ground / "primary") == before
    with pytest.raises(Corrupt):
        store.head(OBJECT)


def test_a_reader_beside_a_writer_sees_the_old_head_or_the_new(ground: Path) -> None:
    store = open_store(ground, "primary")
    seen = []

    def look(name: str) -> None:
        if name.startswith("published"):
            try:
                head = store.head(OBJECT)
            except Corrupt:
                head = None  # between two renames that never end, in this test
            seen.append(head.version.number if head else 0)

    writer = LocalStore("primary", ground / "primary", IDS["primary"], step=look)
    writer.commit(plan(ground, OBJECT, SECOND, FIRST, 1))
    assert seen == [1, 0, 2]


def test_work_that_ends_while_recovery_looks_is_no_finding(
    ground: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = ground / "primary" / "staging" / f"{lock_name(OBJECT)}.{'0' * 12}"
    monkeypatch.setattr(Path, "iterdir", lambda _: iter([work]))
    assert open_store(ground, "primary").recover() == []
