"""A copy is rebuilt from proven bytes beside the damaged one, exchanged, and nothing is thrown away."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repository import durable
from repository.digest import digest_bytes
from repository.errors import Conflict, Corrupt, Refused, Unavailable
from repository.local_store import LocalStore, create_local_store
from repository.model import ExpectedFile, LogicalPath, ObjectId, VersionNumber
from repository.rebuild_copy import RebuildPlan, plan_rebuild
from repository.second_opinion import ocfl_py_verdict
from repository.store import FromBytes, Kept, PlannedFile, VersionPlan
from tests.contracts.memory_store import Medium, MemoryStore

OBJECT = ObjectId("urn:hatinh:uuid-1")
WORDS = ("2026-11-22T00:00:00Z", "intake", "A", "mailto:a@example.org")
NOTE = {"reason": "a test"}


def file(name: str, data: bytes, *, kept: bool = False) -> PlannedFile:
    digests = digest_bytes(data, ["sha512", "sha256"])
    source = Kept() if kept else FromBytes(data)
    return PlannedFile(LogicalPath(name), len(data), digests["sha512"], digests["sha256"], source)


FIRST = VersionPlan(
    OBJECT, None, (file("a.txt", b"one"), file("b/t\u1edd.txt", b"two" * 50)), *WORDS
)
SECOND = VersionPlan(
    OBJECT,
    VersionNumber(1),
    (file("a.txt", b"one", kept=True), file("c.txt", b"three")),
    *WORDS,
)


class Three:
    """Three local stores that hold one object of two versions, in a folder."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.stores = [self.open(name) for name in ("primary", "copy-1", "copy-2")]
        self.stores[0].commit(FIRST)
        self.stores[0].commit(SECOND)
        self.stores[1].replicate(self.stores[0], OBJECT)
        self.stores[2].replicate(self.stores[0], OBJECT)
        self.expected = list(self.stores[0].facts(OBJECT).expected)

    def open(self, name: str) -> LocalStore:
        at = self.place / name
        return LocalStore(name, at, create_local_store(at), readers=1, lock_wait=2)

    def folder(self, name: str) -> Path:
        return self.place / name / "root" / self.stores[0].object_path(OBJECT)

    def harm(self, name: str, path: str) -> None:
        at = self.folder(name) / path
        at.chmod(0o644)
        at.write_bytes(bytes([at.read_bytes()[0] ^ 1]) + at.read_bytes()[1:])

    def plan(self, target: LocalStore, sources: Sequence[LocalStore] | None = None) -> RebuildPlan:
        others = [store for store in self.stores if store is not target]
        return plan_rebuild(OBJECT, self.expected, [*(sources or others), target])


@pytest.fixture
def three(tmp_path: Path) -> Three:
    return Three(tmp_path)


def tree(folder: Path) -> dict[str, bytes]:
    if not folder.exists():
        return {}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def whole(three: Three, name: str) -> bool:
    return tree(three.folder(name)) == {
        **tree(three.folder("primary")),
    } and bool(ocfl_py_verdict(str(three.folder(name))).valid)


def aside(three: Three, name: str) -> list[Path]:
    return sorted((three.place / name / "aside").iterdir())


def nothing_left(three: Three, name: str) -> None:
    place = three.place / name
    for folder in ("staging", "locks", "rebuilding"):
        assert not (place / folder).exists() or os.listdir(place / folder) == [], folder


# -- what is rebuilt, and from what


def test_a_damaged_copy_is_rebuilt_byte_for_byte_and_its_bytes_are_kept_aside(three: Three) -> None:
    target = three.stores[1]
    three.harm("copy-1", "v1/content/a.txt")
    (three.folder("copy-1") / "v2/inventory.json").unlink()
    (three.folder("copy-1") / "stray").write_bytes(b"stray")
    damaged = tree(three.folder("copy-1"))
    plan = three.plan(target)
    assert plan.sources() == {"primary": len(three.expected)}
    done = target.rebuild(plan, note=NOTE)
    assert whole(three, "copy-1")
    assert done.receipt.head == three.stores[0].head(OBJECT)
    (kept,) = aside(three, "copy-1")
    assert done.kept_aside == f"aside/{kept.name}"
    assert tree(kept / "object") == damaged
    assert json.loads((kept / "note.json").read_bytes())["reason"] == "a test"
    nothing_left(three, "copy-1")


def test_an_object_that_is_not_there_at_all_is_rebuilt_by_the_same_operation(three: Three) -> None:
    target = three.stores[2]
    shutil.rmtree(three.folder("copy-2"))
    done = target.rebuild(three.plan(target), note=NOTE)
    assert done.kept_aside == ""
    assert whole(three, "copy-2")
    assert aside(three, "copy-2") == []


@pytest.mark.parametrize("kind", ["a link", "a file", "an empty folder"])
def test_whatever_stands_in_the_place_of_the_object_goes_aside(three: Three, kind: str) -> None:
    target, folder = three.stores[1], three.folder("copy-1")
    elsewhere = three.place / "elsewhere"
    folder.rename(elsewhere)
    if kind == "a link":
        folder.symlink_to(elsewhere)
    elif kind == "a file":
        folder.write_bytes(b"x")
    else:
        folder.mkdir()
    target.rebuild(three.plan(target), note=NOTE)
    assert not folder.is_symlink()
    assert whole(three, "copy-1")
    assert os.path.lexists(aside(three, "copy-1")[0] / "object")


def test_a_link_on_the_way_to_the_object_is_never_written_through(three: Three) -> None:
    target, parent = three.stores[1], three.folder("copy-1").parent
    elsewhere = three.place / "elsewhere"
    plan = three.plan(target)
    parent.rename(elsewhere)
    parent.symlink_to(elsewhere)
    before = tree(elsewhere)
    with pytest.raises(Conflict, match="should be a folder"):
        target.rebuild(plan, note=NOTE)
    assert tree(elsewhere) == before
    nothing_left(three, "copy-1")


def test_files_are_taken_from_several_stores_when_no_single_copy_is_whole(three: Three) -> None:
    three.harm("primary", "v1/content/a.txt")
    three.harm("copy-1", "v2/content/c.txt")
    three.harm("copy-2", "v1/content/b/t\u1edd.txt")
    target = three.stores[2]
    plan = three.plan(target)
    assert set(plan.sources()) == {"primary", "copy-1"}
    assert not plan.missing
    target.rebuild(plan, note=NOTE)
    found = tree(three.folder("copy-2"))
    digests = {path: digest_bytes(data, ["sha512"])["sha512"] for path, data in found.items()}
    assert digests == {file.path: file.sha512 for file in three.expected}
    assert ocfl_py_verdict(str(three.folder("copy-2"))).valid


def test_the_damaged_copy_itself_gives_what_is_intact_only_there(three: Three) -> None:
    for name in ("primary", "copy-2"):
        three.harm(name, "v1/content/a.txt")
    three.harm("copy-1", "v2/content/c.txt")
    plan = three.plan(three.stores[1])
    assert plan.sources()["copy-1"] == 1
    three.stores[1].rebuild(plan, note=NOTE)
    assert (three.folder("copy-1") / "v1/content/a.txt").read_bytes() == b"one"


def test_what_follows_from_the_inventory_is_made_again_when_no_copy_has_it(three: Three) -> None:
    for name in ("primary", "copy-1", "copy-2"):
        three.harm(name, "0=ocfl_object_1.1")
        three.harm(name, "inventory.json")  # v2/inventory.json has the same bytes
        three.harm(name, "inventory.json.sha512")
        three.harm(name, "v2/inventory.json.sha512")
    plan = three.plan(three.stores[0])
    assert not plan.missing
    three.stores[0].rebuild(plan, note=NOTE)
    assert ocfl_py_verdict(str(three.folder("primary"))).valid


def test_a_plan_holds_no_string_twice_and_gives_its_files_in_their_order(three: Three) -> None:
    three.harm("primary", "v1/content/a.txt")
    plan = plan_rebuild(OBJECT, three.expected, [three.stores[0]])
    paths = {file.path: file.path for file in three.expected}
    digests = {file.sha512: file.sha512 for file in three.expected}
    for found in plan.seen["primary"].files:
        assert found.path is paths[found.path]
        assert found.sha512 is digests.get(found.sha512 or "", found.sha512)
    intact = [file for file in three.expected if file.path != "v1/content/a.txt"]
    assert [one.file for one in plan.files] == intact
    assert [one.file for one in plan.files[1:3]] == intact[1:3]
    assert plan.files[-1].file is intact[-1]
    assert {one.store for one in plan.files} == {"primary"}


def test_a_file_that_is_intact_nowhere_is_named_and_nothing_is_touched(three: Three) -> None:
    for name in ("primary", "copy-1", "copy-2"):
        three.harm(name, "v1/content/a.txt")
    before = tree(three.place)
    plan = three.plan(three.stores[1])
    assert [lost.path for lost in plan.missing] == ["v1/content/a.txt"]
    with pytest.raises(Refused, match="intact in no store"):
        three.stores[1].rebuild(plan, note=NOTE)
    assert tree(three.place) == before


def test_a_store_that_is_away_is_named_and_the_others_are_asked(three: Three) -> None:
    (three.place / "primary").rename(three.place / "away")
    three.harm("copy-1", "v1/content/a.txt")
    plan = three.plan(three.stores[1])
    assert list(plan.away) == ["primary"]
    assert set(plan.sources()) == {"copy-2"}


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_however_the_copies_are_harmed_what_is_intact_somewhere_comes_back(
    data: st.DataObject, three: Three, tmp_path_factory: pytest.TempPathFactory
) -> None:
    work = Three(tmp_path_factory.mktemp("harmed"))
    paths = [file.path for file in work.expected]
    harmed = {
        store.name: set(data.draw(st.lists(st.sampled_from(paths), max_size=6)))
        for store in work.stores
    }
    for name, chosen in harmed.items():
        for path in chosen:
            if data.draw(st.booleans()):
                (work.folder(name) / path).unlink()
            else:
                work.harm(name, path)
    plan = work.plan(work.stores[1])
    contents = [path for path in paths if "/content/" in path]
    lost = {path for path in contents if all(path in chosen for chosen in harmed.values())}
    assert {file.path for file in plan.missing if "/content/" in file.path} == lost
    if not plan.missing:
        work.stores[1].rebuild(plan, note=NOTE)
        assert tree(work.folder("copy-1")) == tree(three.folder("primary"))
    shutil.rmtree(work.place)


# -- sources that lie, media that fail


@pytest.mark.parametrize("lie", ["flip", "short", "eio"])
def test_a_source_that_lies_after_it_was_read_is_refused(three: Three, lie: str) -> None:
    medium = Medium()
    liar = MemoryStore("liar", medium)
    liar.replicate(three.stores[0], OBJECT)
    target = three.stores[1]
    three.harm("copy-1", "v1/content/a.txt")
    before = tree(three.place)
    plan = plan_rebuild(OBJECT, three.expected, [liar])
    medium.lies["v1/content/a.txt"] = lie  # type: ignore[assignment]
    with pytest.raises((Corrupt, Unavailable)):
        target.rebuild(plan, note=NOTE)
    assert tree(three.place) == before
    nothing_left(three, "copy-1")


def test_a_source_that_lies_when_it_is_read_is_no_source(three: Three) -> None:
    medium = Medium()
    liar = MemoryStore("liar", medium)
    liar.replicate(three.stores[0], OBJECT)
    medium.lies["v1/content/a.txt"] = "flip"
    plan = plan_rebuild(OBJECT, three.expected, [liar])
    assert [lost.path for lost in plan.missing] == ["v1/content/a.txt"]


def test_expected_values_that_contradict_the_inventory_are_refused(three: Three) -> None:
    three.harm("primary", "v1/content/a.txt")
    forged = (three.folder("primary") / "v1/content/a.txt").read_bytes()
    digest = digest_bytes(forged, ["sha512"])["sha512"]
    three.expected = [
        ExpectedFile(file.path, len(forged), digest) if file.path == "v1/content/a.txt" else file
        for file in three.expected
    ]
    before = tree(three.place)
    with pytest.raises(Corrupt, match="not what the inventory"):
        three.stores[1].rebuild(three.plan(three.stores[1]), note=NOTE)
    assert tree(three.place) == before


def test_a_full_disk_is_a_clear_failure_and_leaves_everything_as_it_was(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    three.harm("copy-1", "v1/content/a.txt")
    plan = three.plan(three.stores[1])
    before = tree(three.place)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(durable, "copy_new", full)
    with pytest.raises(Unavailable, match="No room"):
        three.stores[1].rebuild(plan, note=NOTE)
    assert tree(three.place) == before
    nothing_left(three, "copy-1")


def test_a_failure_in_the_exchange_is_finished_by_the_next_command(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    three.harm("copy-1", "v1/content/a.txt")
    plan = three.plan(three.stores[1])

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(durable, "publish_folder", fail)
        with pytest.raises(Unavailable, match="the next command finishes it"):
            three.stores[1].rebuild(plan, note=NOTE)
    assert three.stores[1].commit(SECOND).files_written == 0  # any writer settles it first
    assert whole(three, "copy-1")
    nothing_left(three, "copy-1")


def test_what_somebody_put_there_meanwhile_is_not_replaced(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    three.harm("copy-1", "v1/content/a.txt")
    plan = three.plan(three.stores[1])

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(durable, "publish_folder", fail)
        with pytest.raises(Unavailable):
            three.stores[1].rebuild(plan, note=NOTE)
    shutil.copytree(three.folder("primary"), three.folder("copy-1"))
    (told,) = three.stores[1].recover()
    assert told.action == "postponed"
    assert "Somebody put" in told.detail


def test_what_changed_meanwhile_stops_the_work_before_anything_is_written(three: Three) -> None:
    three.harm("copy-1", "v1/content/a.txt")
    before = tree(three.place)

    def changed() -> None:
        raise Conflict("another version")

    with pytest.raises(Conflict, match="another version"):
        three.stores[1].rebuild(three.plan(three.stores[1]), note=NOTE, still_wanted=changed)
    assert tree(three.place) == before


# -- killed at any step

KILLED = """
import os, signal, sys
from pathlib import Path
from repository.local_store import LocalStore
from repository.rebuild_copy import plan_rebuild
from tests.repository.test_rebuild_copy import NOTE, OBJECT

place, ids, wanted = Path(sys.argv[1]), sys.argv[2].split(","), int(sys.argv[3])
passed = 0

def step(name):
    global passed
    passed += 1
    if wanted == 0:
        print(name, flush=True)
    elif passed == wanted:
        os.kill(os.getpid(), signal.SIGKILL)

good = LocalStore("primary", place / "primary", ids[0], readers=1)
target = LocalStore("copy-1", place / "copy-1", ids[1], readers=1, step=step)
plan = plan_rebuild(OBJECT, good.facts(OBJECT).expected, [good])
target.rebuild(plan, note=NOTE)
"""


def run_killed(place: Path, ids: str, wanted: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(place), ids, str(wanted)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_rebuilding_killed_at_any_step_is_finished_or_undone(three: Three) -> None:
    ids = ",".join(store.status().store_id for store in three.stores)
    three.harm("copy-1", "v1/content/a.txt")
    damaged, good = tree(three.folder("copy-1")), tree(three.folder("primary"))
    probe = three.place / "probe"
    shutil.copytree(three.place, probe, ignore=shutil.ignore_patterns("probe", "at-*"))
    steps = run_killed(probe, ids, 0).stdout.splitlines()
    assert {"rebuild decided", "damaged kept aside", "rebuilt published"} <= set(steps)
    decided = steps.index("rebuild decided")
    for number, name in enumerate(steps):
        place = three.place / f"at-{number}"
        shutil.copytree(three.place, place, ignore=shutil.ignore_patterns("probe", "at-*"))
        killed = run_killed(place, ids, number + 1)
        assert killed.returncode == -9, (name, killed.stderr)
        store = LocalStore("copy-1", place / "copy-1", ids.split(",")[1], readers=1)
        told = store.recover()
        folder = place / "copy-1/root" / store.object_path(OBJECT)
        kept = sorted((place / "copy-1/aside").iterdir())
        if number < decided:
            assert tree(folder) == damaged, name
            assert kept == [], name
        else:
            assert tree(folder) == good, name
            assert [tree(one / "object") for one in kept] == [damaged], name
        if number < len(steps) - 1:
            assert [one.action for one in told] == [
                "staging removed" if number < decided else "finished"
            ], name
        assert store.recover() == []
        for left in ("staging", "locks", "rebuilding"):
            assert list((place / "copy-1" / left).iterdir()) == [], (name, left)
        if name.startswith("rebuil"):
            again = run_killed(place, ids, 0)
            assert again.returncode == 0, (name, again.stderr)
            assert tree(folder) == good, name
        shutil.rmtree(place)


# -- the storage root's own files


@pytest.mark.parametrize("how", ["flipped", "gone", "a link", "a folder"])
@pytest.mark.parametrize("part", ["0=ocfl_1.1", "ocfl_layout.json", "config.json"])
def test_the_roots_own_files_get_their_bytes_again(tmp_path: Path, part: str, how: str) -> None:
    place = tmp_path / "store"
    store = LocalStore("one", place, create_local_store(place))
    good = tree(place / "root")
    name = next(path for path in good if path.endswith(part))
    at = place / "root" / name
    at.chmod(0o644)
    if how == "flipped":
        at.write_bytes(b"?" + at.read_bytes()[1:])
    else:
        at.unlink()
    if how == "a link":
        at.symlink_to(tmp_path / "elsewhere")
    elif how == "a folder":
        at.mkdir()
    assert store.rebuild_root(note=NOTE) == [name]
    assert tree(place / "root") == good
    kept = list((place / "aside").iterdir())
    assert len(kept) == (0 if how == "gone" else 1)
    assert all(os.path.lexists(one / "object") for one in kept)
    assert store.rebuild_root(note=NOTE) == []
    assert os.listdir(place / "locks") == []
