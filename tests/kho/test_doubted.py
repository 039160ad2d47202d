"""A reading that somebody wrote into the catalogue puts no look off; canaries are no dossiers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kho import diagnosis, overview, reporting, scheduling, selecting, wiring
from preservation.audit import clock
from preservation.audit.readings import NEVER, copies_as_read
from preservation.audit.run import audit
from preservation.incidents.following import DEADLINE
from preservation.reports import gathering
from preservation.work import WorkNote, WorkState
from repository.catalogue.records import CANARY_FONDS
from repository.clock import utc_text
from repository.search_text import SearchText
from tests.preservation.audit import grounds

STORES = ("primary", "copy-1")
IDS = [grounds.object_id(number) for number in range(3)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("doubted") / "home"
    made = grounds.make_many(home, len(IDS), files=2, size=100).path
    with wiring.open_archive(made) as archive:
        audit(
            archive.auditing(), selecting.everything(archive, STORES), operator="test", medium=False
        )
    return made


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> Iterator[wiring.Archive]:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    with wiring.open_archive(tmp_path / "home") as opened:
        yield opened


def write(archive: wiring.Archive, column: str, value: str, object_id: str = IDS[1]) -> None:
    with archive.catalogue.transaction() as tx:
        tx._connection.exec_driver_sql(
            f"UPDATE copies SET {column} = ? WHERE object_id = ? AND store = 'primary'",
            (value, object_id),
        )


def ticks(archive: wiring.Archive) -> scheduling.Ticks:
    return scheduling.Ticks(archive, lambda _tick, _told: None, lambda: False)


def due(archive: wiring.Archive) -> list[str]:
    policy, now = reporting.asking(archive).policy, archive.clock.now()
    return clock.worklist(archive.catalogue, "primary", policy, now)


@pytest.mark.parametrize("days", [0.5, 400, -1e-5], ids=["tomorrow", "far ahead", "just now"])
def test_a_reading_that_no_audit_made_is_due_at_once_and_told(
    archive: wiring.Archive, days: float
) -> None:
    assert due(archive) == []
    said = utc_text(archive.clock.now() + timedelta(days=days, hours=1 if days < 0 else 0))
    write(archive, "read_at", said)
    assert due(archive) == [IDS[1]]
    read = {copy.object_id: copy.read_at for copy in copies_as_read(archive.catalogue, "primary")}
    assert (read[IDS[1]], NEVER in (read[IDS[0]], read[IDS[2]])) == (NEVER, False)
    assert overview.overview(archive)["stores"]["primary"]["late"] == 1
    found = {finding.what: finding.level for finding in diagnosis.diagnose(archive.home.path)}
    assert (found["readings primary"], "readings copy-1" in found) == ("error", False)
    (primary, other) = gathering.coverages(reporting.asking(archive))
    assert (primary.late_copies, primary.complete, other.complete) == (1, False, True)
    at_work = ticks(archive)
    at_work.audit()
    (incident,) = archive.catalogue.incidents()
    assert (incident.cause, incident.object_id, incident.store) == ("catalogue", IDS[1], "primary")
    assert said in incident.detail["why"]
    assert due(archive) == []
    assert archive.catalogue.unproven_readings("primary") == ()
    at_work.audit()
    assert len(archive.catalogue.incidents()) == 1


def test_audit_due_by_hand_says_so_too(archive: wiring.Archive) -> None:
    write(archive, "read_at", "2999-01-01T00:00:00Z")
    selection = selecting.due(archive, STORES, None)
    assert selection.copies["primary"] == [IDS[1]]
    assert "primary 1" in selection.note
    (incident,) = archive.catalogue.incidents()
    assert incident.cause == "catalogue"
    assert selecting.due(archive, STORES, None).copies["primary"] == [IDS[1]]
    assert len(archive.catalogue.incidents()) == 1


def test_an_earlier_reading_is_only_read_sooner(archive: wiring.Archive) -> None:
    write(archive, "read_at", "2025-01-03T00:00:00Z")
    assert IDS[1] in due(archive)


def test_files_may_be_unreadable_for_as_long_as_the_settings_say(archive: wiring.Archive) -> None:
    assert archive.incidents().deadline == DEADLINE == timedelta(days=3)
    audits = archive.settings.audit.model_copy(update={"unreadable_days": 9})
    archive.settings = archive.settings.model_copy(update={"audit": audits})
    assert archive.incidents().deadline == timedelta(days=9)


def test_samples_statements_and_months_leave_canaries_out(archive: wiring.Archive) -> None:
    looks = {
        store: months[-1].looks
        for store, months in gathering.trends(reporting.asking(archive)).items()
    }
    canaries = as_canaries(archive, IDS[:1])
    for seed in range(8):
        selection = selecting.sampled(archive, STORES, 100, seed)
        assert selection.drawn is not None
        assert (selection.drawn.population, selection.drawn.drawn) == (2, 2)
        assert not set(canaries) & {one for ids in selection.copies.values() for one in ids}
    for told in gathering.coverages(reporting.asking(archive)):
        assert told.copies == 2
    for store, months in gathering.trends(reporting.asking(archive)).items():
        assert months[-1].looks == looks[store] - 1
    # An audit of everything reads them all the same.
    assert canaries[0] in selecting.everything(archive, STORES).copies["primary"]


def as_canaries(archive: wiring.Archive, ids: list[str]) -> list[str]:
    """Give these objects the fonds of canaries."""
    for object_id in ids:
        record = archive.catalogue.object(object_id)
        assert record is not None
        with archive.catalogue.transaction() as tx:
            tx.put_object(
                replace(record, fonds_code=CANARY_FONDS), [],
                archive.catalogue.versions(object_id), archive.catalogue.expected(object_id), {},
                SearchText(title=record.title),
            )  # fmt: skip
    return ids


def test_a_transfer_that_waits_for_a_person_is_no_unfinished_work(archive: wiring.Archive) -> None:
    with archive.work.begin("T-1"):
        archive.work.write(WorkNote("T-1", WorkState.AWAITING))
    found = {one.what: one for one in diagnosis.diagnose(archive.home.path)}
    assert (found["work in progress"].level, found["work in progress"].en) == ("ok", "0")
    assert (found["waiting for a decision"].level, found["waiting for a decision"].en) == (
        "ok",
        "1",
    )
    archive.work.write(WorkNote("T-1", WorkState.COMMITTING, IDS[0]))
    found = {one.what: one for one in diagnosis.diagnose(archive.home.path)}
    assert (found["work in progress"].level, found["work in progress"].en) == ("warning", "T-1")
