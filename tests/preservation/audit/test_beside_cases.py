"""What an audit looks at beside the copies, what the ledger committed to, who holds which copy, and
what a run writes down, case by case. What a mutation test changes there is to be noticed by these."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest

from kho import wiring
from preservation.audit import beside, progress, recording
from preservation.audit import leases as module
from preservation.audit.commitments import LedgerCommitments
from preservation.audit.fixity import Sums
from preservation.audit.lacking import lacking
from preservation.audit.leases import Leases, leases
from preservation.audit.recording import Recorder
from preservation.audit.selection import AuditServices, AuditSummary, Selection
from preservation.events import EventType, Outcome
from preservation.ledger.journal import Journal
from repository.catalogue.records import AuditResultRecord
from repository.errors import ArchiveError, Corrupt
from repository.local_place import lock_name
from repository.store import LEDGER, STORAGE_ROOT
from tests.preservation.audit import grounds

STORES = ("primary", "copy-1")
IDS = [grounds.object_id(number) for number in range(2)]
NOW = datetime(2026, 11, 22, 18, 30, 15, 77_777, tzinfo=UTC)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("beside") / "home"
    return grounds.make_many(home, len(IDS), files=1, size=40).path


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> Iterator[wiring.Archive]:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    with wiring.open_archive(tmp_path / "home") as opened:
        yield opened


# -- storage roots


def root_file(archive: wiring.Archive, store: str) -> Path:
    root = archive.home.path / "stores" / store / "root"
    return next(path for path in sorted(root.iterdir()) if path.is_file())


def test_a_root_is_looked_at_twice_only_when_it_looks_wrong(archive: wiring.Archive) -> None:
    services = archive.auditing()
    source = archive.stores["primary"]
    looks: list[dict[str, Any]] = []

    class Root:
        name = "primary"
        wrong_until = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(source, name)

        def observe_root(self, known: Any, **how: Any) -> Any:
            looks.append(how)
            seen = source.observe_root(known, **how)
            return replace(seen, files=()) if len(looks) <= self.wrong_until else seen

    store: Any = Root()
    found = beside.root_result(services, store, "r", medium=False)
    assert (found.object_id, found.store, found.run_id) == (STORAGE_ROOT, "primary", "r")
    assert (found.verdict, found.expected) == ("intact", len(source.expected_root()))
    assert looks == [{"medium": False}]
    looks.clear()
    store.wrong_until = 1
    assert beside.root_result(services, store, "r", medium=True).verdict == "intact"
    assert looks == [{"medium": True}] * 2
    looks.clear()
    store.wrong_until = 9
    found = beside.root_result(services, store, "r", medium=False)
    assert (found.verdict, found.missing, len(looks)) == ("damaged", found.expected, 2)


def test_what_belongs_to_no_held_object_is_unexpected_and_what_is_being_written_is_not(
    archive: wiring.Archive,
) -> None:
    name = grounds.object_id(50)
    folder = grounds.object_folder(archive, "primary", name)
    folder.mkdir(parents=True)
    (folder / "x").write_bytes(b"x")
    store = archive.stores["primary"]
    services = archive.auditing()
    found = beside.root_result(services, store, "r", medium=False)
    assert (found.verdict, found.unexpected > 0) == ("damaged", True)
    at_work = replace(services, in_progress=lambda: [name])
    assert beside.root_result(at_work, store, "r", medium=False).verdict == "intact"


def test_a_changed_file_of_the_root_is_altered(archive: wiring.Archive) -> None:
    root_file(archive, "copy-1").write_bytes(b"else")
    services = archive.auditing()
    found = beside.root_result(services, archive.stores["copy-1"], "r", medium=False)
    assert (found.altered, found.intact) == (1, found.expected - 1)


# -- the stores' copies of the ledger


@pytest.mark.parametrize(
    ("states", "published", "verdict", "reason"),
    [
        (["identical"], 0, "intact", None), (["whole"], 0, "intact", None),
        (["behind", "identical"], 1, "intact", None),
        (["ahead", "identical"], 1, "intact", None),
        (["behind", "behind"], 1, "incomplete", "the copy of the ledger is behind"),
        (["unavailable"], 0, "incomplete", "the copy of the ledger is unavailable"),
        (["ahead", "ahead"], 1, "damaged", "the copy of the ledger: ahead"),
        (["differs"], 0, "damaged", "the copy of the ledger: differs"),
        (["broken"], 0, "damaged", "the copy of the ledger: broken"),
    ],
)  # fmt: skip
def test_how_a_copy_of_the_ledger_stands_as_a_result(
    archive: wiring.Archive,
    monkeypatch: pytest.MonkeyPatch,
    states: list[str],
    published: int,
    verdict: str,
    reason: str | None,
) -> None:
    told, asked = iter(states), []

    def compare(folder: Path, stores: Any) -> dict[str, str]:
        asked.append([store.name for store in stores])
        return {"copy-1": next(told)}

    monkeypatch.setattr(beside, "compare_copies", compare)
    wishes: list[str] = []
    services = replace(archive.auditing(), publish=lambda: wishes.append("publish"))
    (found,) = beside.ledger_results(services, [archive.stores["copy-1"]], "r")
    assert asked == [["copy-1"]] * len(states)
    assert (len(wishes), found.verdict, found.object_id) == (published, verdict, LEDGER)
    assert (found.store, found.run_id, found.expected) == ("copy-1", "r", 1)
    assert found.byte_count == 0  # what is compared is the ledger's bytes, and no dossier's
    wanted = {"intact": "intact", "incomplete": "not_checked", "damaged": "altered"}[verdict]
    assert recording.sums_of(found) == Sums(expected=1, **{wanted: 1})
    files = ({"path": ".", "verdict": wanted, "reason": reason},) if reason else ()
    assert found.files == files


def test_without_a_ledger_or_a_store_there_is_nothing_to_compare(archive: wiring.Archive) -> None:
    services = archive.auditing()
    stores = list(archive.stores.values())
    assert not list(beside.ledger_results(replace(services, ledger=None), stores, "r"))
    assert not list(beside.ledger_results(services, [], "r"))
    found = list(beside.ledger_results(services, stores, "r"))
    assert [one.store for one in found] == ["copy-1", "primary"]


# -- what the ledger knows and the catalogue does not


class Known:
    """A ledger that committed to these objects, in these stores."""

    def __init__(self, **stores: tuple[str, ...]) -> None:
        self._stores = stores
        self.refreshed = 0

    def refresh(self) -> None:
        self.refreshed += 1

    def of(self, object_id: str) -> tuple[str, ...]:
        return ("x",)

    def objects(self) -> list[str]:
        return list(self._stores)

    def stores_of(self, object_id: str) -> tuple[str, ...]:
        return self._stores[object_id]


def forgotten(archive: wiring.Archive, known: Any, told: Any = (), **more: Any) -> list[Any]:
    catalogue = SimpleNamespace(
        object_ids=lambda: ["a", "b", "c"],
        copies_of_store=lambda name: [
            SimpleNamespace(object_id=one) for one in {"s": "abc", "t": "a"}[name]
        ],
    )
    services = replace(
        archive.auditing(), catalogue=catalogue, commitments=known, stores={"s": None, "t": None}
    )
    found = beside.forgotten_results(replace(services, **more), "r", told)
    return [(one.object_id, one.missing, one.files[0]["reason"]) for one in found]


def test_what_the_catalogue_forgot_and_which_copies_it_forgot(archive: wiring.Archive) -> None:
    known = Known(z=("s",), y=("s",), a=("s", "t"), b=("t", "s"), c=("s", "gone"))
    lost = "AUD-CATALOGUE-FORGOT"
    no_copy = f"{lost}: the catalogue has no copy of it in t"
    assert forgotten(archive, known) == [("y", 1, lost), ("z", 1, lost), ("b", 1, no_copy)]
    assert known.refreshed == 1
    assert forgotten(archive, known, told=["b"]) == [("y", 1, lost), ("z", 1, lost)]
    assert forgotten(archive, known, in_progress=lambda: ["y"])[0][0] == "z"
    assert forgotten(archive, None) == []
    (both,) = forgotten(archive, Known(d=("t", "s")), in_progress=lambda: ["d"])
    assert both[2] == f"{lost}: the catalogue has no copy of it in s, t"
    two = Known(c=("t", "s", "u"))
    assert forgotten(archive, two, stores={"t": None})[0][2] == no_copy
    assert [one[2] for one in forgotten(archive, Known(d=("t",)), in_progress=lambda: ["d"])] == [
        no_copy
    ]


# -- commitments


def record(object_id: Any, detail: Any) -> dict[str, Any]:
    return {"object_id": object_id, "detail": detail}


def test_what_a_ledger_committed_to_is_read_entry_by_entry(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([
        record("a", {"inventory_sha512": "1", "copies": [{"store": "s"}, {"store": "t"}]}),
        record("a", {"inventory_sha512": "2", "copies": [{"store": "t"}]}),
        record("b", {"inventory_sha512": "9"}),
        record("", {"inventory_sha512": "7"}), record(None, {"inventory_sha512": "7"}),
        record("c", {}), record("c", None), {"other": 1},
    ])  # fmt: skip
    known = LedgerCommitments(tmp_path)
    assert (known.of("a"), list(known.objects())) == ((), [])
    known.refresh()
    assert (known.of("a"), known.of("b"), known.of("c")) == (("1", "2"), ("9",), ())
    assert sorted(known.objects()) == ["a", "b"]
    assert (known.stores_of("a"), known.stores_of("b")) == (("s", "t"), ())
    journal.append([
        record("a", {"inventory_sha512": "1", "copies": [{"store": "u"}]}),
        record("d", {"inventory_sha512": "5", "copies": [{"store": "s"}, {"store": "t"}]}),
    ])  # fmt: skip
    assert known.of("d") == ()
    known.refresh()
    known.refresh()
    assert (known.of("a"), known.of("d")) == (("1", "2"), ("5",))
    assert (known.stores_of("a"), known.stores_of("d")) == (("s", "t", "u"), ("s", "t"))


def test_what_a_ledger_said_of_all_files_is_of_the_last_inventory_or_nothing(
    tmp_path: Path,
) -> None:
    journal, files = Journal(tmp_path), "5a" * 64

    def said(object_id: str, digest: str, **more: Any) -> dict[str, Any]:
        return record(object_id, {"inventory_sha512": digest, **more})

    journal.append([
        said("a", "1", files_sha512=files), said("b", "1"), said("c", "1", files_sha512="no digest"),
        said("d", "1", files_sha512=7), said("e", "1", files_sha512=files), said("e", "2"),
        said("f", "1"), said("f", "2", files_sha512=files), said("f", "1", files_sha512="00" * 64),
    ])  # fmt: skip
    known = LedgerCommitments(tmp_path)
    known.refresh()
    told = {name: known.files_of(name) for name in "abcdefg"}
    assert told == {"a": files, "b": "", "c": "", "d": "", "e": "", "f": files, "g": ""}


def test_a_ledger_that_became_shorter_is_no_ledger_to_go_by(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([record("a", {"inventory_sha512": "1"}), record("b", {"inventory_sha512": "2"})])
    known = LedgerCommitments(tmp_path)
    known.refresh()
    segment = next(tmp_path.glob("journal-*"))
    segment.unlink()
    with pytest.raises(Corrupt, match="lost entry 2"):
        known.refresh()
    assert known.of("b") == ("2",)


# -- copies that must be there


def test_only_a_store_that_must_have_everything_lacks_anything() -> None:
    rows = [SimpleNamespace(object_id="a"), SimpleNamespace(object_id="z")]
    catalogue: Any = SimpleNamespace(copies_of_store=lambda name: rows if name == "s" else [])
    assert lacking(catalogue, "s", ("s", "t"), ["c", "a", "b"]) == ["c", "b"]
    assert lacking(catalogue, "t", ("t",), ["a"]) == ["a"]
    assert lacking(catalogue, "s", ("t",), ["c", "a", "b"]) == []


# -- leases


def test_a_lease_is_of_one_object_in_one_store_until_it_is_given_back(tmp_path: Path) -> None:
    folder = tmp_path / "x" / "y"
    with leases(folder, "s") as one, leases(folder, "s") as two, leases(folder, "t") as other:
        assert one.take("a") is True
        assert one.take("a") is True  # it is ours already
        assert two.take("a") is False
        assert two.take("b") is True
        assert one.take("b") is False
        assert other.take("a") is True
        two.give_back("a")  # was never its own
        assert two.take("a") is False
        one.give_back("a")
        assert two.take("a") is True
        one.give_back("a")
        assert one.take("a") is False
        many = [f"urn:{n}" for n in range(200)]
        assert all(one.take(name) for name in many[::2])
        assert all(two.take(name) for name in many[1::2])
        assert not any(two.take(name) for name in many[::2])
    with leases(folder, "s") as again:
        assert again.take("a") and again.take("b")
    assert len(list(folder.glob("*.leases"))) == 2
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o644 for path in folder.iterdir())
    again.give_back("a")  # after its end: nothing to give back


def test_a_lease_is_one_byte_where_every_version_of_the_program_looks_for_it(
    tmp_path: Path,
) -> None:
    place = int(lock_name("a")[:15], 16)
    with leases(tmp_path, "s") as one:
        assert one.take("a")
        (path,) = tmp_path.iterdir()
        assert path.name == f"{lock_name('s')[:16]}.leases"
        with path.open("r+b") as stream:
            assert [at for at in range(place - 2, place + 3) if _locked(stream, at)] == [place]


def _locked(stream: BinaryIO, place: int) -> bool:
    asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
    found = fcntl.fcntl(stream, fcntl.F_OFD_GETLK, asked)
    return struct.unpack("hhqqi4x", found)[0] != fcntl.F_UNLCK


def test_without_a_folder_every_lease_is_granted() -> None:
    with leases(None, "s") as one, leases(None, "s") as two:
        assert one.take("a") and two.take("a")
        one.give_back("a")
    with Leases(None) as held:
        assert held.take("a")


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOLCK, errno.ENOSYS])
def test_where_there_are_no_such_locks_every_lease_is_granted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with leases(tmp_path, "s") as one, leases(tmp_path, "s") as two:
        with monkeypatch.context() as patched:
            patched.setattr(module.fcntl, "fcntl", failing(number))
            assert one.take("a") is True
            one.give_back("a")  # not held: the failing call is not made
        assert two.take("a") is True


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EACCES])
def test_a_lock_that_somebody_has_is_no_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with leases(tmp_path, "s") as one, monkeypatch.context() as patched:
        patched.setattr(module.fcntl, "fcntl", failing(number))
        assert one.take("a") is False


def test_a_failing_disk_is_no_lease_and_no_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with leases(tmp_path, "s") as one, monkeypatch.context() as patched:
        patched.setattr(module.fcntl, "fcntl", failing(errno.EIO))
        with pytest.raises(ArchiveError):
            one.take("a")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ArchiveError), leases(tmp_path / "file", "s"):
        pass
    target = next(tmp_path.glob("*.leases"))
    target.unlink()
    target.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArchiveError), leases(tmp_path, "s"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def failing(number: int) -> Any:
    def fcntl_(*_: Any) -> None:
        raise OSError(number, "as the test wants it")

    assert fcntl.fcntl is not fcntl_
    return fcntl_


# -- the beginning and the end of a run


def test_how_a_run_begins_is_recorded_and_published(archive: wiring.Archive) -> None:
    wishes: list[str] = []
    services = replace(archive.auditing(), publish=lambda: wishes.append("publish"))
    plain = recording.begin(services, Selection("all", {}, roots=True), "me", NOW)
    assert re.fullmatch(r"AUD-20261122-183015-12fd1[0-9a-f]{6}", plain.run_id)
    assert (plain.kind, plain.started_at, plain.operator) == ("all", "2026-11-22T18:30:15Z", "me")
    assert (plain.finished_at, plain.outcome, dict(plain.totals)) == ("", "", {})
    assert archive.catalogue.audit_run(plain.run_id) == plain
    assert wishes == ["publish"]
    selection = Selection(
        "sample", {}, roots=False, note="n", depth="structural", asked={"by": "sample"}
    )
    told = recording.begin(services, selection, "me", NOW, medium=False)
    assert told.totals == {
        "note": "n", "cached": True, "depth": "structural", "asked": {"by": "sample"},
    }  # fmt: skip
    last = archive.catalogue.events()[-1]
    assert (last.type, last.outcome, last.agent) == (EventType.AUDIT_BEGUN, Outcome.SUCCESS, "me")


def test_how_a_run_ends_is_recorded_and_published(archive: wiring.Archive) -> None:
    wishes: list[str] = []
    services = replace(archive.auditing(), publish=lambda: wishes.append("publish"))
    run = recording.begin(services, Selection("all", {}, roots=True, note="n"), "me", NOW)
    bad = result(IDS[0], "damaged", expected=2, intact=1, altered=1)
    recording.record_results(services, run.run_id, [replace(bad, run_id=run.run_id)], "me")
    wishes.clear()
    summary = AuditSummary(run.run_id, Sums(expected=2, intact=1, altered=1), 1, 1, 1, 5)
    ended = recording.end(services, run, summary, "me")
    assert wishes == ["publish"]
    assert (summary.broken, ended.outcome) == ("", "failure")
    assert ended.totals == {"note": "n", **summary.totals()}
    assert ended.finished_at >= run.started_at
    assert (ended.run_id, ended.operator, ended.kind) == (run.run_id, "me", "all")
    assert archive.catalogue.audit_run(run.run_id) == ended
    ours = (EventType.AUDIT_RESULTS, EventType.AUDIT_ENDED)
    kinds = [(one.type, one.outcome) for one in archive.catalogue.events() if one.type in ours]
    assert kinds == [
        (EventType.AUDIT_RESULTS, Outcome.FAILURE), (EventType.AUDIT_ENDED, Outcome.FAILURE),
    ]  # fmt: skip
    wrong = AuditSummary(run.run_id, Sums(expected=2, intact=2), 1, 1, 1, 5)
    again = recording.end(services, run, wrong, "me")
    assert "intact 2 found, 1 recorded, altered 0 found, 1 recorded" in wrong.broken
    assert (again.outcome, again.totals["broken"]) == ("failure", wrong.broken)


def test_a_run_that_goes_on_keeps_how_it_was_asked_for_and_is_published(
    archive: wiring.Archive,
) -> None:
    wishes: list[str] = []
    services = replace(archive.auditing(), publish=lambda: wishes.append("publish"))
    asked = {"by": "ids"}
    selection = Selection("named", {}, roots=False, note="n", depth="structural", asked=asked)
    first = recording.begin(services, selection, "me", NOW, medium=False)
    wishes.clear()
    again = recording.resumed(services, first.run_id)
    assert again.totals == {
        "note": "n", "cached": True, "depth": "structural", "asked": asked, "resumed": 1,
    }  # fmt: skip
    recording.go_on(services, again, "somebody")
    assert wishes == ["publish"]
    assert archive.catalogue.audit_run(first.run_id) == again
    last = archive.catalogue.events()[-1]
    assert (last.type, last.outcome, last.agent) == (
        EventType.AUDIT_BEGUN, Outcome.SUCCESS, "somebody",
    )  # fmt: skip


# -- results, noted and recorded


def result(name: str, verdict: str, files: int = 0, **sums: int) -> AuditResultRecord:
    values = dict.fromkeys(Sums().as_dict(), 0) | sums
    told = tuple({"path": f"{n}", "verdict": "altered", "reason": ""} for n in range(files))
    at = "2026-11-22T08:00:00Z"
    return AuditResultRecord("r", name, "primary", at, verdict, byte_count=5, files=told, **values)


class Notes:
    def __init__(self) -> None:
        self.noted: list[list[str]] = []
        self.forgot = 0

    def note(self, results: Any) -> None:
        self.noted.append([one.object_id for one in results])

    def recorded(self) -> None:
        self.forgot += 1


class Recording:
    """A recorder whose results are only counted, and a clock that goes when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, notes: bool = True) -> None:
        self.batches: list[list[str]] = []
        self.at = 100.0
        monkeypatch.setattr(recording, "time", SimpleNamespace(monotonic=lambda: self.at))
        monkeypatch.setattr(recording, "record_results", self._record)
        self.notes = Notes()
        services: Any = SimpleNamespace()
        self.recorder = Recorder(services, "r", "me", self.notes if notes else None)  # type: ignore[arg-type]

    def _record(self, services: Any, run_id: str, results: Any, operator: str) -> None:
        assert (run_id, operator) == ("r", "me")
        self.batches.append([one.object_id for one in results])

    def add(self, name: str, files: int = 1, unexpected: int = 0, named: int = 0) -> bool:
        sums = {"expected": files, "intact": files, "unexpected": unexpected}
        verdict = "damaged" if unexpected else "intact"
        return self.recorder.add(result(name, verdict, named, **sums))


def test_results_are_noted_after_so_many_files_and_recorded_after_five_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (recording.RECORD_SECONDS, recording.RECORD_COPIES) == (5.0, 256)
    limit = recording.NOTE_FILES
    one = Recording(monkeypatch)
    assert one.add("a", limit - 1) is False
    assert one.notes.noted == []
    assert one.add("b", 1) is False
    assert one.notes.noted == [["a", "b"]]
    assert one.add("c", limit - 2, 1) is False
    assert len(one.notes.noted) == 1
    assert one.add("d", 0, 1) is False  # what is unexpected was read too
    assert one.notes.noted[1:] == [["c", "d"]]
    one.at += 4.9
    assert one.add("e") is False
    one.at += 0.1
    assert one.add("f") is True
    assert one.batches == [["a", "b", "c", "d", "e", "f"]]
    assert one.notes.forgot == 1
    assert one.add("g", limit - 1) is False  # it counts from nothing again
    assert len(one.notes.noted) == 2
    one.at += 4.9
    assert one.add("h", 0) is False
    one.recorder.record()
    one.recorder.record()
    assert one.batches[1:] == [["g", "h"]]
    assert one.notes.forgot == 2


def test_results_are_recorded_after_so_many_copies_or_named_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "RECORD_COPIES", 3)
    one = Recording(monkeypatch)
    assert [one.add(name, 0) for name in "abcd"] == [False, False, True, False]
    one = Recording(monkeypatch)
    monkeypatch.setattr(recording, "RECORD_COPIES", 99)
    assert one.add("a", 0, named=600) is False
    assert one.add("b", 0, named=399) is False
    assert one.add("c", 0, named=1) is True
    assert one.add("d", 0, named=999) is False
    assert one.batches == [["a", "b", "c"]]


def test_without_notes_as_many_files_are_recorded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Recording(monkeypatch, notes=False)
    limit = recording.NOTE_FILES
    assert one.add("a", limit - 1) is False
    assert one.add("b", 1) is True
    assert one.add("c", limit - 1) is False
    assert one.batches == [["a", "b"]]
    one.recorder.record()
    assert one.batches == [["a", "b"], ["c"]]


def test_a_batch_and_what_follows_from_it_are_recorded_together_or_not_at_all(
    archive: wiring.Archive,
) -> None:
    heard: list[int] = []
    services = replace(archive.auditing(), following=lambda _, results: heard.append(len(results)))
    run = recording.begin(services, Selection("all", {}, roots=True), "me", NOW)
    found = [replace(result(IDS[0], "intact", expected=1, intact=1), run_id=run.run_id)]
    recording.record_results(services, run.run_id, found, "me")
    assert heard == [1]
    assert [one.object_id for one in archive.catalogue.audit_results(run.run_id)] == IDS[:1]
    event = archive.catalogue.events()[-1]
    assert (event.type, event.outcome, event.agent) == (
        EventType.AUDIT_RESULTS, Outcome.SUCCESS, "me",
    )  # fmt: skip

    def failing_(_: Any, __: Any) -> None:
        raise ZeroDivisionError

    broken = replace(services, following=failing_)
    more = [replace(found[0], object_id=IDS[1])]
    with pytest.raises(ZeroDivisionError):
        recording.record_results(broken, run.run_id, more, "me")
    assert len(archive.catalogue.audit_results(run.run_id)) == 1


def left_by(services: AuditServices, run_id: str, *results: AuditResultRecord) -> None:
    """The notes of a process that was killed."""

    class Killed(BaseException):
        pass

    assert services.progress is not None
    with pytest.raises(Killed), progress.noting(services.progress, run_id) as notes:
        if results:
            notes.note([replace(one, run_id=run_id) for one in results])
        raise Killed


def test_what_dead_runs_noted_is_recorded_once_and_of_known_runs_only(
    archive: wiring.Archive,
) -> None:
    services = archive.auditing()
    runs = [
        recording.begin(services, Selection("all", {}, roots=True), "me", NOW).run_id
        for _ in range(3)
    ]
    old = result(IDS[0], "damaged", expected=1, altered=1)
    recording.record_results(services, runs[0], [replace(old, run_id=runs[0])], "me")
    whole = result(IDS[0], "intact", expected=1, intact=1)
    left_by(services, "AUD-0-unknown", whole)
    left_by(services, runs[0], whole, replace(whole, object_id=IDS[1]))
    left_by(services, runs[1])
    left_by(services, runs[2], whole)
    recording.record_left(services, "me", only=runs[2])
    assert len(archive.catalogue.audit_results(runs[0])) == 1
    assert len(archive.catalogue.audit_results(runs[2])) == 1
    before = len(archive.catalogue.events())
    recording.record_left(services, "me")
    recording.record_left(services, "me")
    found = {one.object_id: one.verdict for one in archive.catalogue.audit_results(runs[0])}
    assert found == {IDS[0]: "damaged", IDS[1]: "intact"}  # what is recorded stays as it is
    assert not archive.catalogue.audit_results(runs[1])
    assert not archive.catalogue.audit_results("AUD-0-unknown")
    assert len(archive.catalogue.events()) == before + 1
    recording.record_left(replace(services, progress=None), "me")
