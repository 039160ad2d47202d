"""The pipeline in one process: stopped at a moment, decided late, sent twice, sent by two at once."""

from __future__ import annotations

import json
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingest import desk, pipeline
from ingest.pipeline import IngestServices
from ingest.quarantine import read_container
from kho import founding, intake, wiring
from kho.demo import make_transfers
from kho.wiring import Archive
from preservation import rebuild
from preservation.work import WorkState
from repository.errors import ArchiveError, Conflict, Corrupt, NotFound, Refused


class Stopped(BaseException):
    """The process ends here, as far as what is on disk is concerned."""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pipeline") / "archive"
    founding.found(home, "test")
    return home


@pytest.fixture(scope="session")
def transfers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("transfers")
    return [sample.path for sample in make_transfers(folder, dossiers=2, bad=False)]


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    home = tmp_path / "archive"
    shutil.copytree(template, home)
    return home


@contextmanager
def opened(home: Path, stop_at: str = "") -> Iterator[tuple[Archive, IngestServices]]:
    def step(name: str) -> None:
        if stop_at and name == stop_at:
            raise Stopped(name)

    with wiring.open_archive(home, step=step) as archive, intake.services(archive) as services:
        yield archive, services


def asks_a_person(home: Path) -> None:
    settings = home / "kho.toml"
    settings.write_text(settings.read_text("utf-8").replace("tu-dong", "nguoi-duyet"), "utf-8")


def take(services: IngestServices, source: Path, *, dry_run: bool = False) -> str:
    return pipeline.ingest(services, source, operator="test", dry_run=dry_run).verdict


def repacked(source: Path, target: Path) -> Path:
    """The same dossier in another container: other bytes, the same content."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for item in old.infolist():
            new.writestr(item.filename, old.read(item), zipfile.ZIP_STORED)
    return target


def stores(archive: Archive) -> list[int]:
    return [sum(1 for _ in store.walk()) for store in archive.stores.values()]


def nothing_left(home: Path) -> bool:
    return [name for name in os.listdir(home / "quarantine") if name != "archive.lock"] == []


def test_a_waiting_transfer_is_approved_held_in_every_store_and_leaves_nothing(
    home: Path, transfers: list[Path]
) -> None:
    asks_a_person(home)
    with opened(home) as (archive, services):
        assert take(services, transfers[0]) == "awaiting-decision"
        assert take(services, transfers[0]) == "awaiting-decision"
        waiting = archive.catalogue.transfers()[0]
        assert archive.recover() == []
        done = desk.approve(services, waiting.transfer_id, operator="An", reason="đủ")
        assert (done.state, done.decided_by, done.reason) == ("accepted", "An", "đủ")
        assert stores(archive) == [1, 1]
        assert nothing_left(home)
        with pytest.raises(NotFound, match="is accepted"):
            desk.approve(services, waiting.transfer_id, operator="An", reason="đủ")


def test_what_waits_may_be_moved_with_its_home(home: Path, transfers: list[Path]) -> None:
    asks_a_person(home)
    with opened(home) as (archive, services):
        take(services, transfers[0])
        waiting = archive.catalogue.transfers()[0]
    moved = home.rename(home.with_name("moved"))
    with opened(moved) as (archive, services):
        desk.approve(services, waiting.transfer_id, operator="An", reason="đủ")
        assert stores(archive) == [1, 1]


def test_killed_before_the_wait_is_recorded_the_transfer_can_come_again(
    home: Path, transfers: list[Path]
) -> None:
    asks_a_person(home)
    with opened(home, "waiting noted") as (_, services), pytest.raises(Stopped):
        take(services, transfers[0])
    with opened(home) as (archive, services):
        assert [done.action for done in archive.recover()] == ["undone"]
        assert nothing_left(home)
        assert take(services, transfers[0]) == "awaiting-decision"


def test_killed_after_a_return_is_recorded_nothing_of_the_transfer_stays(
    home: Path, transfers: list[Path]
) -> None:
    asks_a_person(home)
    with opened(home, "return recorded") as (archive, services):
        take(services, transfers[0])
        waiting = archive.catalogue.transfers()[0]
        with pytest.raises(Stopped):
            desk.turn_back(services, waiting.transfer_id, operator="An", reason="thiếu")
    with opened(home) as (archive, services):
        archive.recover()
        assert nothing_left(home)
        assert take(services, transfers[0]) == "awaiting-decision"


@pytest.mark.parametrize("moment", ["intention noted", "staging made"])
def test_an_approval_killed_before_anything_is_held_waits_again(
    moment: str, home: Path, transfers: list[Path]
) -> None:
    asks_a_person(home)
    with opened(home, moment) as (archive, services):
        take(services, transfers[0])
        waiting = archive.catalogue.transfers()[0]
        with pytest.raises(Stopped):
            desk.approve(services, waiting.transfer_id, operator="An", reason="đủ")
    with opened(home) as (archive, services):
        assert "undone" in [done.action for done in archive.recover()]
        assert [note.state for note in archive.work.all()] == [WorkState.AWAITING]
        desk.approve(services, waiting.transfer_id, operator="An", reason="đủ")
        assert stores(archive) == [1, 1]
        assert nothing_left(home)


def test_a_second_waiting_transfer_of_a_dossier_held_meanwhile_is_not_approved(
    home: Path, transfers: list[Path], tmp_path: Path
) -> None:
    asks_a_person(home)
    with opened(home) as (archive, services):
        take(services, transfers[0])
        take(services, repacked(transfers[0], tmp_path / "again.zip"))
        first, second = archive.catalogue.transfers()
        desk.approve(services, first.transfer_id, operator="An", reason="đủ")
        with pytest.raises(Conflict, match="take it in again"):
            desk.approve(services, second.transfer_id, operator="An", reason="đủ")
        assert [note.state for note in archive.work.all()] == [WorkState.AWAITING]
        returned = desk.turn_back(services, second.transfer_id, operator="An", reason="trùng")
        assert returned.state == "returned"
        assert nothing_left(home)


def test_what_was_changed_while_it_waited_is_not_approved(
    home: Path, transfers: list[Path]
) -> None:
    asks_a_person(home)
    with opened(home) as (archive, services):
        take(services, transfers[0])
        waiting = archive.catalogue.transfers()[0]
        record = home / "quarantine" / waiting.transfer_id / "dossier.json"
        record.write_bytes(record.read_bytes() + b"\n")
        with pytest.raises(Corrupt, match="is not what was judged"):
            desk.approve(services, waiting.transfer_id, operator="An", reason="đủ")
        assert stores(archive) == [0, 0]


@pytest.mark.parametrize("moment", ["committed to primary", "committed to copy-1"])
def test_what_was_interrupted_is_finished_with_its_event_even_after_a_rebuild(
    moment: str, home: Path, transfers: list[Path]
) -> None:
    with opened(home, moment) as (archive, services), pytest.raises(Stopped):
        take(services, transfers[0])
    with wiring.open_archive(home) as archive:
        every = list(archive.stores.values())
    with wiring.alone(home):
        rebuild.rebuild(home / "catalogue.sqlite", home / "ledger", every, now=archive.clock.now())
    with opened(home) as (archive, services):
        assert "finished" in [done.action for done in archive.recover()]
        held = next(iter(archive.catalogue.objects()))
        assert [copy.store for copy in archive.catalogue.copies(held.object_id)] == [
            "copy-1",
            "primary",
        ]
        assert [one.state for one in archive.catalogue.transfers()] == ["accepted"]
        assert stores(archive) == [1, 1]
    with opened(home) as (archive, _):  # the receipt that the killed one did not come to
        receipts = list((home / "reports" / "receipts").glob("*.json"))
        assert [json.loads(path.read_bytes())["state"] for path in receipts] == ["accepted"]


def test_recovery_never_takes_anothers_version_for_its_own(
    home: Path, transfers: list[Path], tmp_path: Path
) -> None:
    """Two containers of one dossier: one is killed before it wrote, the other is held."""
    with opened(home, "intention noted") as (_, services), pytest.raises(Stopped):
        take(services, transfers[0])
    other = repacked(transfers[0], tmp_path / "again.zip")
    with opened(home) as (archive, services):
        assert take(services, other) == "accepted"
        assert "undone" in [done.action for done in archive.recover()]
        assert [one.container_sha256 for one in archive.catalogue.transfers()] == [
            read_container(other).sha256
        ]
        assert nothing_left(home)


def test_one_work_that_cannot_be_settled_keeps_nobody_from_other_work(
    home: Path, transfers: list[Path]
) -> None:
    with opened(home, "committed to primary") as (_, services), pytest.raises(Stopped):
        take(services, transfers[0])
    for inventory in (home / "stores" / "primary" / "root").rglob("inventory.json"):
        inventory.chmod(0o644)
        inventory.write_bytes(b"{}")
    with opened(home) as (archive, services):
        assert "postponed" in [done.action for done in archive.recover()]
        assert take(services, transfers[1]) == "accepted"
        assert len(archive.work.in_progress()) == 1


def test_a_commit_that_the_store_refuses_gives_its_room_back_at_once(
    home: Path, transfers: list[Path]
) -> None:
    staging = home / "stores" / "primary" / "staging"
    staging.rmdir()
    staging.write_bytes(b"in the way")
    with opened(home) as (archive, services):
        with pytest.raises(ArchiveError):
            take(services, transfers[0])
        assert nothing_left(home)
        staging.unlink()
        staging.mkdir()
        assert take(services, transfers[0]) == "accepted"
        assert stores(archive) == [1, 1]


def in_two_threads(*works: Callable[[], object]) -> list[BaseException]:
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as failure:  # noqa: BLE001  # handed to the test
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_the_same_transfer_by_two_at_once_is_held_once_and_stays_accepted(
    home: Path, transfers: list[Path]
) -> None:
    def one() -> None:
        with opened(home) as (_, services):
            assert take(services, transfers[0]) == "accepted"

    assert in_two_threads(one, one) == []
    with opened(home) as (archive, _):
        assert [one.state for one in archive.catalogue.transfers()] == ["accepted"]
        assert stores(archive) == [1, 1]
        assert nothing_left(home)


def test_two_containers_of_one_dossier_at_once_give_one_object_and_nothing_half(
    home: Path, transfers: list[Path], tmp_path: Path
) -> None:
    other = repacked(transfers[0], tmp_path / "again.zip")

    def sends(path: Path) -> Callable[[], object]:
        def one() -> None:
            with opened(home) as (_, services):
                take(services, path)

        return one

    failures = in_two_threads(sends(transfers[0]), sends(other))
    assert all(isinstance(failure, Conflict) for failure in failures)
    with opened(home) as (archive, services):
        archive.recover()
        assert stores(archive) == [1, 1]
        assert nothing_left(home)
        assert take(services, other) == "accepted"
        assert take(services, transfers[0]) == "accepted"


def test_a_dry_run_changes_nothing(home: Path, transfers: list[Path]) -> None:
    with opened(home) as (archive, services):
        before = archive.catalogue.last_sequence()
        assert take(services, transfers[0], dry_run=True) == "accepted"
        assert archive.catalogue.last_sequence() == before
        assert stores(archive) == [0, 0]
        assert nothing_left(home)
        assert not list((home / "reports").rglob("*.json"))


def test_a_failure_while_receiving_leaves_no_bytes_in_quarantine(
    home: Path, transfers: list[Path]
) -> None:
    with opened(home, "payload copied") as (_, services), pytest.raises(Stopped):
        take(services, transfers[0])
    assert nothing_left(home)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.zip")
    with pytest.raises(Refused, match="is no file"):
        read_container(tmp_path / "pipe.zip")


def test_a_name_that_is_not_utf8_stands_in_records_as_text(
    home: Path, transfers: list[Path], tmp_path: Path
) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd\xff.zip"))
    shutil.copy(transfers[0], odd)
    with opened(home) as (archive, services):
        assert take(services, odd) == "accepted"
        assert archive.catalogue.transfers()[0].source == "odd\\xff.zip"
