"""From the outbox into the journal and the stores: killed in between, put back old, tampered with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kho import founding, wiring
from kho.wiring import Archive
from preservation import history
from preservation.events import EventType, Outcome
from preservation.ledger import fetching
from preservation.ledger.comparing import LedgerState, verify_ledger
from preservation.ledger.journal import Journal
from preservation.ledger.sequencer import event_to_record
from repository import durable
from repository.catalogue.catalogue import Transaction
from repository.errors import Conflict, Refused


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return founding.found(tmp_path / "archive", "test").path


def happen(archive: Archive, count: int = 1) -> None:
    for number in range(count):
        event = history.new_event(
            EventType.REFUSAL,
            at=archive.clock.now(),
            agent="test",
            outcome=Outcome.SUCCESS,
            detail={"number": number},
        )
        with archive.catalogue.transaction() as tx:
            history.record(tx, event)


def verified(archive: Archive) -> LedgerState:
    stores = list(archive.stores.values())
    return verify_ledger(archive.home.folder("ledger"), stores, archive.catalogue)


def test_killed_between_append_and_marking_the_event_is_written_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 3)
        with monkeypatch.context() as patched:
            patched.setattr(Transaction, "mark_published", lambda *_: 1 // 0)
            with pytest.raises(ZeroDivisionError):
                archive.publish()
        assert Journal(home / "ledger").head().seq == 5
        archive.publish()
        happen(archive)
        archive.publish()
        ids = [
            str((entry.record or {})["event_id"]) for entry in Journal(home / "ledger").entries()
        ]
        assert ids == [event.event_id for event in archive.catalogue.events()]
        assert verified(archive).copies == {"primary": "identical", "copy-1": "identical"}


def test_killed_before_append_recovery_publishes(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 2)
        archive.recover()
        assert not archive.catalogue.outbox()
        assert Journal(home / "ledger").head().seq == 4


def test_an_old_ledger_is_refused_and_continued_from_a_store(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "ledger", tmp_path / "old")
    shutil.copy(home / "catalogue.sqlite", tmp_path / "old.sqlite")
    with wiring.open_archive(home) as archive:
        happen(archive, 3)
        archive.publish()
        head = Journal(home / "ledger").head()
    shutil.rmtree(home / "ledger")
    shutil.copytree(tmp_path / "old", home / "ledger")
    shutil.copy(tmp_path / "old.sqlite", home / "catalogue.sqlite")
    with wiring.open_archive(home) as archive:
        with pytest.raises(Conflict, match="kho rebuild"):
            archive.recover()
        assert set(verified(archive).copies.values()) == {"ahead"}
        stores = list(archive.stores.values())
        assert fetching.continue_ledger(home / "ledger", stores) == "primary"
        assert Journal(home / "ledger").head() == head
        assert fetching.continue_ledger(home / "ledger", stores) == ""


def test_a_broken_copy_is_never_fetched(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 3)
        archive.publish()
        head = Journal(home / "ledger").head()
        segment = home / "stores" / "primary" / "ledger" / "journal-000001.jsonl"
        segment.write_bytes(segment.read_bytes().replace(b'"refusal"', b'"Refusal"', 1) + b"x" * 99)
        shutil.rmtree(home / "ledger")
        (home / "ledger").mkdir()
        stores = list(archive.stores.values())
        assert fetching.continue_ledger(home / "ledger", stores) == "copy-1"
        assert Journal(home / "ledger").head() == head


def test_a_ledger_cut_off_at_an_entry_is_found_by_what_the_catalogue_knows(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 3)
        archive.publish()
        places = [home / "ledger", *(home / "stores" / name / "ledger" for name in archive.stores)]
        for place in places:
            segment = place / "journal-000001.jsonl"
            lines = segment.read_bytes().splitlines(keepends=True)
            durable.write_durably(segment, b"".join(lines[:-1]))
        found = verified(archive)
        assert set(found.copies.values()) == {"identical"}
        assert "entries up to 5" in found.broken
        assert found.damaged


def test_a_changed_copy_differs_and_a_changed_ledger_is_broken(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 2)
        archive.publish()
        copy = home / "stores" / "copy-1" / "ledger" / "journal-000001.jsonl"
        data = copy.read_bytes()
        copy.write_bytes(data[:-10] + b"0" + data[-9:])
        assert verified(archive).copies == {"primary": "identical", "copy-1": "differs"}
        ours = home / "ledger" / "journal-000001.jsonl"
        ours.write_bytes(data.replace(b"test", b"Test", 1))
        found = verified(archive)
        assert found.broken
        assert found.copies == {"primary": "whole", "copy-1": "broken"}


def test_what_is_too_long_for_the_ledger_is_not_recorded_at_all(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        event = history.new_event(
            EventType.REFUSAL,
            at=archive.clock.now(),
            agent="test",
            outcome=Outcome.SUCCESS,
            detail={"x": "y" * (65 * 1024 * 1024)},
        )
        with pytest.raises(Refused), archive.catalogue.transaction() as tx:
            history.record(tx, event)
        assert archive.catalogue.last_sequence() == 2
        assert event_to_record(archive.catalogue.events()[0])["type"] == "archive creation"
