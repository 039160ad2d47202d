"""The contract of `repository.store.Store`, method by method, for every implementation."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import ocfl
import pytest

from repository import durable
from repository.errors import Conflict, Corrupt, Misconfigured, NotFound, Refused, Unavailable
from repository.local_store import LocalStore, create_local_store
from repository.model import ContentPath, LogicalPath, ObjectId, VersionNumber
from repository.store import (
    STORAGE_ROOT,
    FromBytes,
    FromPath,
    Kept,
    PlannedFile,
    Source,
    Store,
    VersionPlan,
)
from tests.contracts.memory_store import MemoryStore

ONE = ObjectId("urn:hatinh:uuid-1")
TWO = ObjectId("urn:hatinh:uuid-2")


class Bench(Protocol):
    """A store of one kind, a second one, and ways to harm the first behind its back."""

    store: Store
    other: Store

    def damage(self, path: str, data: bytes | None) -> None:
        """Replace a file of ONE, or remove it, or add it."""

    def take_away(self) -> None: ...


class LocalBench:
    def __init__(self, place: Path) -> None:
        self.place = place
        self.store = self._make("primary")
        self.other = self._make("copy")

    def _make(self, name: str) -> LocalStore:
        at = self.place / name
        return LocalStore(name, at, create_local_store(at), readers=2, lock_wait=5)

    def damage(self, path: str, data: bytes | None) -> None:
        at = self.place / "primary" / "root" / self.store.object_path(ONE) / path
        at.unlink(missing_ok=True)
        if data is not None:
            at.write_bytes(data)

    def take_away(self) -> None:
        (self.place / "primary").rename(self.place / "elsewhere")


class MemoryBench:
    def __init__(self) -> None:
        self.store: MemoryStore = MemoryStore("primary")
        self.other: MemoryStore = MemoryStore("copy")

    def damage(self, path: str, data: bytes | None) -> None:
        at = f"{self.store.object_path(ONE)}/{path}"
        self.store.medium.files.pop(at, None)
        if data is not None:
            self.store.medium.files[at] = data

    def take_away(self) -> None:
        self.store.available = False


@pytest.fixture(params=["local", "local, flushed file by file", "memory"])
def bench(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    if request.param == "memory":
        yield MemoryBench()
        return
    if "file by file" in request.param:
        monkeypatch.setattr(durable, "_syncfs", None)
    bench = LocalBench(tmp_path)
    yield bench
    for name in ("primary", "copy"):
        if (tmp_path / name).exists():
            for folder in ("staging", "locks", "aside"):
                assert not list((tmp_path / name / folder).iterdir()), f"left in {folder}"


def file(name: str, data: bytes, source: Source | None = None) -> PlannedFile:
    return PlannedFile(
        LogicalPath(name),
        len(data),
        hashlib.sha512(data).hexdigest(),
        hashlib.sha256(data).hexdigest(),
        source or FromBytes(data),
    )


def first(object_id: ObjectId = ONE, *files: PlannedFile) -> VersionPlan:
    given = files or (
        file("bagit.txt", b"bag"),
        file("data/t\u1edd tr\u00ecnh.pdf", b"%PDF"),
        file("data/again.pdf", b"%PDF"),
        file("data/empty", b""),
    )
    return VersionPlan(
        object_id, None, given, "2026-11-22T00:00:00Z", "intake", "A", "mailto:a@example.org"
    )


def second(object_id: ObjectId = ONE) -> VersionPlan:
    return VersionPlan(
        object_id,
        VersionNumber(1),
        (file("bagit.txt", b"bag", Kept()), file("data/METS.xml", b"<mets/>")),
        "2026-11-23T00:00:00Z",
        "metadata",
        "B",
        "mailto:b@example.org",
    )


# -- commit


def test_a_committed_version_is_the_head_and_every_file_of_it_can_be_read(bench: Bench) -> None:
    receipt = bench.store.commit(first())
    assert receipt.head == bench.store.head(ONE)
    assert (receipt.store, receipt.head.version) == (bench.store.name, VersionNumber(1))
    facts = bench.store.facts(ONE)
    assert facts.inventory.state(VersionNumber(1)).keys() == {
        "bagit.txt",
        "data/t\u1edd tr\u00ecnh.pdf",
        "data/again.pdf",
        "data/empty",
    }
    for expected in facts.expected:
        with bench.store.open(ONE, expected.path) as stream:
            data = stream.read()
        assert (len(data), hashlib.sha512(data).hexdigest()) == (expected.size, expected.sha512)


def test_equal_bytes_are_written_once_and_kept_bytes_not_again(bench: Bench) -> None:
    receipt = bench.store.commit(first())
    assert receipt.files_written == 3 + 5
    bench.store.commit(second())
    written = [e.path for e in bench.store.facts(ONE).expected if e.path.startswith("v2/content")]
    assert written == ["v2/content/data/METS.xml"]


def test_committing_the_head_again_gives_its_receipt_and_writes_nothing(bench: Bench) -> None:
    for plan in (first(), second()):
        receipt = bench.store.commit(plan)
        again = bench.store.commit(plan)
        assert again.head == receipt.head
        assert (again.files_written, again.bytes_written) == (0, 0)


def test_committing_the_head_again_over_damaged_bytes_gives_no_receipt(bench: Bench) -> None:
    bench.store.commit(first())
    bench.damage("v1/content/bagit.txt", b"bad")
    with pytest.raises(Corrupt):
        bench.store.commit(first())


@pytest.mark.parametrize("change", ["created", "message", "user_name", "user_address"])
def test_another_version_of_the_same_number_is_a_conflict(bench: Bench, change: str) -> None:
    bench.store.commit(first())
    other = {"created": "2026-11-22T00:00:01Z", "user_address": "mailto:c@example.org"}
    with pytest.raises(Conflict):
        bench.store.commit(replace(first(), **{change: other.get(change, "other")}))
    head = bench.store.head(ONE)
    assert head is not None and head.version == VersionNumber(1)


def test_a_plan_that_follows_another_head_is_a_conflict_and_changes_nothing(bench: Bench) -> None:
    with pytest.raises(Conflict):
        bench.store.commit(second())
    assert bench.store.head(ONE) is None
    bench.store.commit(first())
    bench.store.commit(second())
    before = bench.store.facts(ONE)
    with pytest.raises(Conflict):
        bench.store.commit(first(ONE, file("x", b"x")))
    assert bench.store.facts(ONE) == before


def test_keeping_bytes_that_no_version_has_is_a_conflict(bench: Bench) -> None:
    with pytest.raises(Conflict):
        bench.store.commit(first(ONE, file("x", b"x", Kept())))
    assert bench.store.head(ONE) is None


def test_a_source_with_other_bytes_than_planned_is_refused(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "source"
    for data in (b"changed!", b"short", b"much longer than planned"):
        path.write_bytes(data)
        with pytest.raises(Corrupt, match=r"source|other bytes"):
            bench.store.commit(first(ONE, file("x", b"planned!", FromPath(str(path)))))
        assert bench.store.head(ONE) is None


def test_a_source_that_is_gone_or_is_a_link_is_not_followed(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "source"
    plan = first(ONE, file("x", b"planned", FromPath(str(path))))
    with pytest.raises(Unavailable):
        bench.store.commit(plan)
    (tmp_path / "real").write_bytes(b"planned")
    path.symlink_to(tmp_path / "real")
    with pytest.raises(Unavailable):
        bench.store.commit(plan)
    assert bench.store.head(ONE) is None


def test_a_version_for_which_ocfl_has_no_valid_inventory_is_refused(bench: Bench) -> None:
    plan = replace(first(), user_name="", user_address="")
    with pytest.raises((Refused, ValueError)):
        bench.store.commit(plan)
    assert bench.store.head(ONE) is None


def test_objects_do_not_touch_one_another(bench: Bench) -> None:
    bench.store.commit(first(ONE))
    before = bench.store.facts(ONE)
    bench.store.commit(first(TWO))
    assert bench.store.facts(ONE) == before


# -- replicate


def test_a_copy_is_brought_to_the_head_byte_for_byte(bench: Bench) -> None:
    bench.store.commit(first())
    bench.other.replicate(bench.store, ONE)
    assert bench.other.facts(ONE) == bench.store.facts(ONE)
    bench.store.commit(second())
    receipt = bench.other.replicate(bench.store, ONE)
    assert bench.other.facts(ONE) == bench.store.facts(ONE)
    assert receipt.head == bench.store.head(ONE)
    again = bench.other.replicate(bench.store, ONE)
    assert (again.head, again.files_written) == (receipt.head, 0)


def test_a_copy_that_went_another_way_is_a_conflict_and_stays(bench: Bench) -> None:
    bench.store.commit(first())
    bench.other.commit(replace(first(), message="another"))
    before = bench.other.facts(ONE)
    with pytest.raises(Conflict):
        bench.other.replicate(bench.store, ONE)
    assert bench.other.facts(ONE) == before


def test_a_copy_that_is_ahead_is_a_conflict(bench: Bench) -> None:
    bench.store.commit(first())
    bench.other.replicate(bench.store, ONE)
    bench.other.commit(second())
    with pytest.raises(Conflict):
        bench.other.replicate(bench.store, ONE)


def test_what_the_source_does_not_hold_cannot_be_copied(bench: Bench) -> None:
    with pytest.raises(NotFound):
        bench.other.replicate(bench.store, ONE)


@pytest.mark.parametrize(
    "path", ["v1/content/bagit.txt", "v1/inventory.json", "inventory.json", "v1/content/data/empty"]
)
@pytest.mark.parametrize("data", [b"x", None])
def test_damage_in_the_source_is_never_copied(bench: Bench, path: str, data: bytes | None) -> None:
    bench.store.commit(first())
    bench.damage(path, data)
    with pytest.raises(Corrupt):
        bench.other.replicate(bench.store, ONE)
    assert bench.other.head(ONE) is None


# -- looking


def test_what_is_not_held_is_told_apart_from_what_is(bench: Bench) -> None:
    assert bench.store.head(ONE) is None
    with pytest.raises(NotFound):
        bench.store.facts(ONE)
    bench.store.commit(first())
    with pytest.raises(NotFound):
        bench.store.open(ONE, ContentPath("v1/content/none"))
    seen = list(bench.store.observe([TWO, ONE, TWO]))
    assert [(o.object_id, o.exists) for o in seen] == [(TWO, False), (ONE, True), (TWO, False)]


def test_an_observation_has_every_file_and_its_digest(bench: Bench) -> None:
    bench.store.commit(first())
    bench.store.commit(second())
    for confirm in (True, False):
        (seen,) = bench.store.observe([ONE], confirm=confirm)
        found = {(f.path, f.size, f.sha512) for f in seen.files}
        assert found == {(e.path, e.size, e.sha512) for e in bench.store.facts(ONE).expected}
        assert not seen.odd and not seen.unlisted


def test_many_objects_are_observed_in_the_order_asked(bench: Bench) -> None:
    ids = [ObjectId(f"urn:many:{number}") for number in range(12)]
    for object_id in ids:
        bench.store.commit(first(object_id, file("a", object_id.encode())))
    asked = list(reversed(ids))
    assert [seen.object_id for seen in bench.store.observe(asked)] == asked
    assert sorted(str(entry.object_id) for entry in bench.store.walk()) == sorted(ids)
    for entry in bench.store.walk():
        assert entry.object_id is not None
        assert entry.path == bench.store.object_path(entry.object_id)


def test_the_storage_root_holds_its_own_files_and_nothing_that_is_not_known(bench: Bench) -> None:
    bench.store.commit(first())
    path = bench.store.object_path(ONE)
    seen = bench.store.observe_root({path}.__contains__)
    assert seen.object_id == STORAGE_ROOT
    assert {f.path: f.size for f in seen.files} == {
        name: len(data) for name, data in bench.store.expected_root().items()
    }
    assert len(bench.store.observe_root(lambda _: False).files) > len(seen.files)


def test_a_damaged_inventory_is_corrupt_and_never_absent(bench: Bench) -> None:
    bench.store.commit(first())
    bench.damage("inventory.json", b"{}")
    with pytest.raises(Corrupt):
        bench.store.head(ONE)
    with pytest.raises(Corrupt):
        bench.store.facts(ONE)
    with pytest.raises(Corrupt):
        bench.store.commit(second())


def test_settled_and_recover_change_nothing_where_nothing_was_left(bench: Bench) -> None:
    bench.store.commit(first())
    before = bench.store.facts(ONE)
    with bench.store.settled(ONE):
        pass
    assert list(bench.store.recover()) == []
    assert bench.store.facts(ONE) == before


# -- a store that is away


def test_every_method_of_a_store_that_is_away_says_so(bench: Bench) -> None:
    bench.store.commit(first())
    bench.take_away()
    store = bench.store
    assert not store.status().available and store.status().reason
    for attempt in (
        store.check_available,
        lambda: store.head(ONE),
        lambda: store.commit(second()),
        lambda: store.replicate(bench.other, ONE),
        lambda: bench.other.replicate(store, ONE),
        lambda: store.facts(ONE),
        lambda: store.open(ONE, ContentPath("inventory.json")),
        lambda: list(store.observe([ONE])),
        lambda: store.observe_root(lambda _: False),
        lambda: list(store.walk()),
        lambda: store.settled(ONE).__enter__(),
        store.recover,
        lambda: store.put_evidence("a", b"a", 0),
        store.evidence,
        lambda: store.read_evidence("a"),
    ):
        with pytest.raises(Unavailable):
            attempt()


# -- evidence


def test_evidence_grows_at_its_end_and_the_same_again_changes_nothing(bench: Bench) -> None:
    store = bench.store
    assert store.evidence() == {}
    for _ in range(2):
        store.put_evidence("s1", b"one\n", 0)
        store.put_evidence("s1", b"two\n", 4)
        store.put_evidence("s1", b"one\ntwo\n", 0)
    store.put_evidence("s1", b"two\nthree\n", 4)
    store.put_evidence("s2", b"", 0)
    assert store.read_evidence("s1") == b"one\ntwo\nthree\n"
    assert store.evidence() == {"s1": 14, "s2": 0}


def test_evidence_is_never_replaced_and_never_begins_behind_a_hole(bench: Bench) -> None:
    store = bench.store
    store.put_evidence("s1", b"one\n", 0)
    for data, offset in ((b"two\n", 0), (b"on", 1), (b"x", 5), (b"one!\n", 0)):
        with pytest.raises(Conflict):
            store.put_evidence("s1", data, offset)
    assert store.read_evidence("s1") == b"one\n"
    with pytest.raises(NotFound):
        store.read_evidence("s2")


# -- media that lie


@pytest.mark.parametrize("lie", ["flip", "short", "lost", "eio"])
@pytest.mark.parametrize("what", ["bagit.txt", "v1/inventory.json", "inventory.json.sha512"])
def test_a_medium_that_does_not_keep_what_it_is_given_gets_no_receipt(lie: str, what: str) -> None:
    store = MemoryStore("liar")
    store.medium.lies = {what: lie}  # type: ignore[dict-item]
    with pytest.raises((Corrupt, Unavailable)):
        store.commit(first())
    store.medium.lies = {}
    assert store.head(ONE) is None


@pytest.mark.parametrize("lie", ["flip", "short", "lost", "eio"])
def test_a_copy_is_never_taken_from_a_medium_that_lies(lie: str, tmp_path: Path) -> None:
    source = MemoryStore("liar")
    source.commit(first())
    if lie == "lost":
        source.medium.files.pop(f"{source.object_path(ONE)}/v1/content/bagit.txt")
    else:
        source.medium.lies = {"bagit.txt": lie}  # type: ignore[dict-item]
    copy = LocalStore("copy", tmp_path / "copy", create_local_store(tmp_path / "copy"))
    with pytest.raises((Corrupt, Unavailable)):
        copy.replicate(source, ONE)
    assert copy.head(ONE) is None


def test_a_stale_source_brings_a_copy_to_an_older_head_and_never_between() -> None:
    source, copy = MemoryStore("stale"), MemoryStore("copy")
    source.commit(first())
    source.commit(second())
    source.medium.lies = {"": "stale"}
    assert copy.replicate(source, ONE).head.version == VersionNumber(1)
    source.medium.lies = {}
    assert copy.replicate(source, ONE).head.version == VersionNumber(2)


# -- the local store alone


@dataclass
class Local:
    store: LocalStore
    place: Path

    def folder(self, object_id: ObjectId = ONE) -> Path:
        return self.place / "root" / self.store.object_path(object_id)


@pytest.fixture
def local(tmp_path: Path) -> Local:
    at = tmp_path / "store"
    return Local(LocalStore("s", at, create_local_store(at), readers=2, lock_wait=0.1), at)


def test_what_is_written_is_read_only_valid_for_ocfl_py_and_read_from_the_medium(
    local: Local,
) -> None:
    local.store.commit(first())
    receipt = local.store.commit(second())
    assert receipt.read_back in ("direct", "evicted", "cached")
    for path in local.folder().rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
    root = ocfl.StorageRoot(str(local.place / "root"))
    assert root.validate(validate_objects=True, check_digests=True)
    assert (root.num_objects, root.good_objects) == (1, 1)


def test_a_store_with_another_id_is_unavailable_and_its_files_not_missing(local: Local) -> None:
    local.store.commit(first())
    seeing = local.store.observe([ONE, TWO])
    next(seeing)
    note = local.place / "store.json"
    note.unlink()
    note.write_text(json.dumps({"store_id": "0" * 32, "format": 1}))
    with pytest.raises(Unavailable, match="Another store"):
        next(seeing)
    with pytest.raises(Unavailable, match="Another store"):
        local.store.head(ONE)


@pytest.mark.parametrize("note", [b"", b"[]", b"{}", b"\xff", b'{"store_id": null}'])
def test_a_store_whose_note_is_damaged_is_unavailable(local: Local, note: bytes) -> None:
    (local.place / "store.json").unlink()
    (local.place / "store.json").write_bytes(note)
    with pytest.raises(Unavailable):
        local.store.check_available()


def test_no_link_is_followed_to_an_object_or_in_it(local: Local, tmp_path: Path) -> None:
    local.store.commit(first())
    folder = local.folder()
    for part in (folder / "v1" / "content" / "data", folder / "v1", folder, folder.parent):
        away = tmp_path / "away"
        part.rename(away)
        part.symlink_to(away)
        with pytest.raises((NotFound, Corrupt)):
            local.store.open(ONE, ContentPath("v1/content/data/empty")).close()
        with pytest.raises(Corrupt):
            local.store.facts(ONE)
        part.unlink()
        away.rename(part)
    local.store.facts(ONE)


def test_a_name_too_long_for_the_file_system_is_a_clear_failure(local: Local) -> None:
    with pytest.raises(Misconfigured, match="cannot hold"):
        local.store.commit(first(ONE, file("x" * 300, b"x")))
    assert local.store.head(ONE) is None
    assert sorted(p.name for p in (local.place / "root").iterdir()) == [
        "0=ocfl_1.1",
        "extensions",
        "ocfl_layout.json",
    ]


def test_holes_stay_holes(local: Local, tmp_path: Path) -> None:
    size = 64 * 1024 * 1024 + 7
    source = tmp_path / "sparse"
    with source.open("wb") as stream:
        stream.truncate(size)
    digests = {name: hashlib.new(name) for name in ("sha512", "sha256")}
    for digest in digests.values():
        digest.update(bytes(size))
    planned = PlannedFile(
        LogicalPath("sparse"),
        size,
        digests["sha512"].hexdigest(),
        digests["sha256"].hexdigest(),
        FromPath(str(source)),
    )
    local.store.commit(first(ONE, planned))
    found = (local.folder() / "v1/content/sparse").stat()
    assert found.st_size == size and found.st_blocks * 512 < size // 10


def test_an_index_or_a_stray_file_of_the_root_is_named_by_the_walk(local: Local) -> None:
    local.store.commit(first())
    (local.folder().parent / "stray").write_bytes(b"?")
    (local.folder().parent / "link").symlink_to(local.folder())
    empty = local.place / "root" / "abc" / "object"
    empty.mkdir(parents=True)
    (empty / "0=ocfl_object_1.1").touch()
    notes = {entry.path.rpartition("/")[2]: entry for entry in local.store.walk()}
    assert notes["stray"].object_id is None and "file" in notes["stray"].note
    assert notes["link"].object_id is None and "neither" in notes["link"].note
    assert notes["object"].object_id is None and "inventory" in notes["object"].note


def test_zeros_that_a_power_cut_left_behind_evidence_are_replaced(local: Local) -> None:
    local.store.put_evidence("s1", b"one\n", 0)
    with (local.place / "ledger" / "s1").open("ab") as stream:
        stream.write(b"tw\0\0\0")
    local.store.put_evidence("s1", b"two\nthree\n", 4)
    assert local.store.read_evidence("s1") == b"one\ntwo\nthree\n"
    with (local.place / "ledger" / "s1").open("ab") as stream:
        stream.write(bytes(100))
    with pytest.raises(Conflict):
        local.store.put_evidence("s1", b"four\n", 14)


def test_a_place_that_is_taken_is_not_made_a_store(local: Local) -> None:
    with pytest.raises(FileExistsError):
        create_local_store(local.place)


def test_an_object_whose_folder_cannot_be_looked_at_is_not_taken_for_a_new_one(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = local.folder()
    honest = Path.stat

    def broken(self: Path, *, follow_symlinks: bool = True) -> object:
        if self == folder:
            raise OSError(errno.EIO, "Input/output error", str(self))
        return honest(self, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", broken)
    for attempt in (lambda: local.store.head(ONE), lambda: local.store.commit(first())):
        with pytest.raises(Unavailable):
            attempt()
    monkeypatch.undo()
    assert not folder.exists()
    shutil.rmtree(local.place / "staging")
    with pytest.raises(Unavailable):
        local.store.recover()
