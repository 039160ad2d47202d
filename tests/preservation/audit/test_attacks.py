"""Ways in which an audit, a repair or a clock could come to say "all is well" without having looked.

Each test is one attack or mishap. What must not happen is always the same: success, silence, or a
right copy exchanged for a wrong one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kho import exits, scheduling, selecting, wiring
from kho.promises import audit_policy
from preservation import heartbeat, history
from preservation.audit import clock, looking
from preservation.audit.clock import ClockServices
from preservation.audit.planning import UNKNOWN, rate_of
from preservation.audit.run import CATALOGUE_PLACE, AuditSummary, Selection, audit
from preservation.events import EventType, Outcome
from preservation.incidents import answering, watching
from preservation.repair import repair
from repository.catalogue.records import AuditResultRecord
from repository.errors import NotFound, Unavailable
from repository.search_text import SearchText
from tests.preservation.audit import grounds, matrix

STORES = ("primary", "copy-1")
IDS = [grounds.object_id(number) for number in range(3)]
DOCUMENT = "v1/content/data/v1/tệp-0001.bin"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("attacks") / "home"
    return grounds.make_many(home, len(IDS), files=3, size=200).path


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> Iterator[wiring.Archive]:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    with wiring.open_archive(tmp_path / "home") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "RETRY_PAUSE", 0.0)


def run(
    archive: wiring.Archive, selection: Selection | None = None, **more: Any
) -> tuple[AuditSummary, list[AuditResultRecord]]:
    found: list[AuditResultRecord] = []
    chosen = selection or selecting.everything(archive, STORES)
    services = more.pop("services", None) or archive.auditing()
    more = {"operator": "test", "medium": False, "on_result": found.append, **more}
    return audit(services, chosen, **more), found


def status(summary: AuditSummary) -> int:
    return exits.of_audit(summary.sums, bool(summary.stores_unavailable), summary.broken)


def put_rows(archive: wiring.Archive, object_id: str, rows: Any) -> None:
    record = archive.catalogue.object(object_id)
    assert record is not None
    with archive.catalogue.transaction() as tx:
        versions = archive.catalogue.versions(object_id)
        tx.put_object(record, [], versions, rows, {}, SearchText(title=record.title))


def sql(archive: wiring.Archive, statement: str) -> None:
    with archive.catalogue.transaction() as tx:
        tx._connection.exec_driver_sql(statement)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def optional(archive: wiring.Archive) -> wiring.Archive:
    """The same archive, in which only the primary store must have everything."""
    copies = archive.settings.copies.model_copy(update={"required": ("primary",)})
    settings = archive.settings.model_copy(update={"copies": copies})
    object.__setattr__(archive, "settings", settings)
    return archive


def ticks(archive: wiring.Archive) -> scheduling.Ticks:
    return scheduling.Ticks(archive, lambda _tick, _told: None, lambda: False)


def sign(archive: wiring.Archive) -> heartbeat.Heartbeat:
    found = heartbeat.read(archive.home.folder("reports") / heartbeat.FILE)
    assert found is not None
    return found


# -- rows that are gone, objects put back


def test_a_copy_whose_row_was_deleted_is_missed_by_the_ledger_also_where_no_copy_is_required(
    archive: wiring.Archive,
) -> None:
    optional(archive)
    sql(archive, f"DELETE FROM copies WHERE object_id = '{IDS[1]}' AND store = 'copy-1'")
    (grounds.object_folder(archive, "copy-1", IDS[1]) / DOCUMENT).write_bytes(b"forged")
    summary, found = run(archive)
    (told,) = [one for one in found if one.store == CATALOGUE_PLACE]
    assert (told.object_id, told.missing, status(summary)) == (IDS[1], 1, 3)
    assert "copy-1" in told.files[0]["reason"]
    causes = {one.cause for one in archive.catalogue.incidents(only_open=True)}
    assert "catalogue" in causes


def test_an_object_put_back_to_an_earlier_version_everywhere_is_found(
    archive: wiring.Archive, tmp_path: Path
) -> None:
    before, rows = archive.catalogue.object(IDS[0]), archive.catalogue.expected(IDS[0])
    versions = archive.catalogue.versions(IDS[0])
    for store in STORES:
        shutil.copytree(grounds.object_folder(archive, store, IDS[0]), tmp_path / f"old-{store}")
    grounds.hold(archive, [IDS[0]], files=1, size=100)
    archive.publish()
    for store in STORES:
        folder = grounds.object_folder(archive, store, IDS[0])
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / f"old-{store}", folder)
    assert before is not None
    with archive.catalogue.transaction() as tx:
        tx.put_object(before, [], versions, rows, {}, SearchText(title=before.title))
    summary, found = run(archive)
    assert status(summary) == 3
    assert {one.store for one in found if one.altered or one.missing} == {*STORES, CATALOGUE_PLACE}


def test_an_event_that_names_an_earlier_inventory_does_not_make_it_the_head_again(
    archive: wiring.Archive,
) -> None:
    old = archive.catalogue.versions(IDS[0])[0].inventory_sha512
    grounds.hold(archive, [IDS[0]], files=1, size=100)
    event = history.new_event(
        EventType.REPLICATION,
        at=grounds.HELD_AT,
        agent="somebody",
        outcome=Outcome.SUCCESS,
        object_id=IDS[0],
        detail={"inventory_sha512": old},
    )
    with archive.catalogue.transaction() as tx:
        history.record(tx, event)
    archive.publish()
    summary, _ = run(archive)
    assert status(summary) == 0  # the head is what it was: nothing is damaged
    commitments = archive.auditing().commitments
    assert commitments is not None
    assert commitments.of(IDS[0])[0] == old != commitments.of(IDS[0])[-1]


def test_rows_proven_once_are_judged_anew_when_they_change(archive: wiring.Archive) -> None:
    services = archive.auditing()
    assert status(run(archive, services=services)[0]) == 0
    for store in STORES:
        (grounds.object_folder(archive, store, IDS[1]) / DOCUMENT).write_bytes(b"forged")
    forged = matrix.sha512(b"forged").hexdigest()
    rows = [
        row._replace(size=6, sha512=forged) if row.path == DOCUMENT else row
        for row in archive.catalogue.expected(IDS[1])
    ]
    put_rows(archive, IDS[1], rows)
    summary, found = run(archive, services=services)
    assert status(summary) == 3
    assert {one.store for one in found if one.altered} == {*STORES, CATALOGUE_PLACE}


# -- repairs


def test_a_repair_by_a_forged_row_and_a_forged_source_touches_nothing(
    archive: wiring.Archive,
) -> None:
    (grounds.object_folder(archive, "copy-1", IDS[1]) / DOCUMENT).write_bytes(b"forged")
    forged = matrix.sha512(b"forged").hexdigest()
    rows = [
        row._replace(size=6, sha512=forged) if row.path == DOCUMENT else row
        for row in archive.catalogue.expected(IDS[1])
    ]
    put_rows(archive, IDS[1], rows)
    good = tree(grounds.object_folder(archive, "primary", IDS[1]))
    (done,) = repair(archive.caring(), [IDS[1]], "primary", operator="test", reason="test")
    assert (done.action, done.problems[0].code) == ("refused", "CPY-LEDGER")
    assert tree(grounds.object_folder(archive, "primary", IDS[1])) == good


# -- nothing looked at


def test_dossiers_that_have_no_copy_in_the_store_asked_for_are_no_success(
    archive: wiring.Archive,
) -> None:
    optional(archive)
    sql(archive, f"DELETE FROM copies WHERE object_id = '{IDS[1]}' AND store = 'copy-1'")
    with pytest.raises(NotFound, match="no copy"):
        selecting.named(archive, ["copy-1"], [IDS[0], IDS[1]])
    assert selecting.named(archive, STORES, [IDS[1]]).copies == {"primary": [IDS[1]], "copy-1": []}


def test_a_sample_counts_what_it_could_not_look_at_as_not_intact(archive: wiring.Archive) -> None:
    optional(archive)
    sql(archive, f"DELETE FROM copies WHERE object_id = '{IDS[1]}' AND store = 'copy-1'")
    summary, _ = run(archive, selecting.sampled(archive, ["copy-1"], 100, 1))
    sample = summary.totals()["sample"]
    assert isinstance(sample, dict)
    assert (sample["drawn"], sample["intact"]) == (3, 2)


def test_a_full_disk_while_results_are_recorded_is_no_end_of_a_run(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    (grounds.object_folder(archive, "copy-1", IDS[1]) / DOCUMENT).unlink()
    with monkeypatch.context() as patched:

        def full(*_: object) -> None:
            raise Unavailable("The disk is full.")

        patched.setattr("repository.catalogue.writing.Transaction.put_audit_results", full)
        with pytest.raises(Unavailable):
            run(archive)
    (left,) = archive.catalogue.audit_runs()
    assert (left.finished_at, left.outcome) == ("", "")
    assert archive.catalogue.audit_totals(left.run_id)["rows"] == 0
    summary, _ = run(archive, selecting.asked_again(archive, left.run_id), resume=left.run_id)
    assert (summary.run_id, summary.sums.missing, status(summary)) == (left.run_id, 1, 3)


def test_a_store_that_goes_and_comes_back_during_a_run_leaves_nothing_passed_over(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, heard = archive.stores["copy-1"], []
    real, gone = type(store).check_available, []

    def flapping(self: Any) -> None:
        if self.name == "copy-1" and heard and not gone:
            gone.append(True)
            raise Unavailable("away")
        real(self)

    def hear(result: AuditResultRecord) -> None:
        found.append(result)
        if result.store == "copy-1":
            heard.append(result)

    found: list[AuditResultRecord] = []
    monkeypatch.setattr(type(store), "check_available", flapping)
    summary, _ = run(archive, on_result=hear)
    assert (status(summary), summary.stores_unavailable) == (4, ["copy-1"])
    looked = {(one.object_id, one.store) for one in found}
    assert {(one, name) for one in IDS for name in STORES} <= looked
    assert summary.sums.not_checked > 0 == summary.sums.missing


# -- incidents


def test_damage_that_outlives_its_closed_incident_opens_another(archive: wiring.Archive) -> None:
    (grounds.object_folder(archive, "copy-1", IDS[1]) / DOCUMENT).unlink()
    run(archive)
    (first,) = archive.catalogue.incidents(only_open=True)
    services = archive.incidents()
    answering.explain(services, first.incident_id, by="a", reason="known")
    run(archive)
    assert archive.catalogue.incident(first.incident_id).state == "explained"  # type: ignore[union-attr]
    answering.close(services, first.incident_id, by="a", reason="done")
    run(archive)
    (again,) = archive.catalogue.incidents(only_open=True)
    assert (again.state in ("found", "diagnosed"), again.incident_id != first.incident_id) == (
        True,
        True,
    )


def test_a_judge_who_says_otherwise_opens_an_incident_of_that_cause(
    archive: wiring.Archive,
) -> None:
    result = AuditResultRecord(
        "AUD-x", IDS[0], "(ocfl-py) primary", "2026-11-22T00:00:00Z", "damaged",
        1, 0, 1, 0, 0, 0, 0, 0,
        ({"path": ".", "verdict": "altered", "reason": "AUD-DISAGREE: other"},),
    )  # fmt: skip
    services = archive.auditing()
    with archive.catalogue.transaction() as tx:
        services.following(tx, [result])
    (opened,) = archive.catalogue.incidents(only_open=True)
    assert (opened.cause, opened.store) == ("second opinion", "(ocfl-py) primary")


def test_that_a_store_is_away_and_explained_is_not_said_at_every_tick(
    archive: wiring.Archive, tmp_path: Path
) -> None:
    services = archive.incidents()
    (archive.home.path / "stores/copy-1").rename(tmp_path / "away")
    (step,) = watching.watch_stores(services, archive.stores)
    answering.explain(services, step.incident.incident_id, by="a", reason="at the workshop")
    assert watching.watch_stores(services, archive.stores) == []


# -- the clock


def test_a_clock_that_reaches_no_store_promises_no_audit(
    archive: wiring.Archive, tmp_path: Path
) -> None:
    at_work = ticks(archive)
    (archive.home.path / "stores").rename(tmp_path / "away")
    at_work.audit()
    at_work.beat()
    assert sign(archive).audited_at == ""


def test_a_look_at_one_reported_dossier_is_no_sign_that_the_rest_is_read(
    archive: wiring.Archive,
) -> None:
    at_work = ticks(archive)
    spool = archive.home.folder("spool")
    note = {"object_id": IDS[0], "store": "primary", "at": "2026-11-22T00:00:00Z"}
    spool.mkdir(exist_ok=True)
    (spool / "damage-2026-11-22.jsonl").write_text(json.dumps(note) + "\n")
    at_work.drain()
    assert archive.catalogue.audit_runs(1)[0].kind == "named"
    at_work.beat()
    assert sign(archive).audited_at == ""


def test_a_promise_that_is_broken_already_is_a_failing_work_of_the_clock(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = ticks(archive)
    monkeypatch.setattr(clock, "audit_due", lambda *_a, **_k: [])  # nothing gets read
    at_work.audit()
    at_work.beat()
    assert "primary 3" in sign(archive).failing["promise"]  # held long ago and never read since
    monkeypatch.undo()
    at_work.audit()
    assert "promise" not in at_work.failing


def test_a_wrong_clock_makes_no_copy_young(archive: wiring.Archive) -> None:
    sql(archive, "UPDATE copies SET read_at = '2999-01-01T00:00:00Z', last_verdict = 'intact'")
    policy, now = audit_policy(archive.settings), archive.clock.now()
    due = clock.worklist(archive.catalogue, "primary", policy, now)
    assert due == IDS
    services = ClockServices(archive.auditing(), policy, Path("/nowhere"), "test")
    assert clock.beyond_grace(services) == {"primary": 3, "copy-1": 3}
    assert now - timedelta(days=policy.default.window_days) > grounds.HELD_AT


def test_what_was_read_through_the_page_cache_gives_no_rate_of_the_medium(
    archive: wiring.Archive,
) -> None:
    summary, _ = run(archive)
    done = archive.catalogue.audit_run(summary.run_id)
    assert done is not None
    assert done.totals["cached"] is True
    results = [
        replace(one, checked_at="2030-01-01T00:00:00Z", byte_count=10**9)
        for one in archive.catalogue.audit_results(summary.run_id)
    ]
    assert rate_of([(done, results)], "primary") == UNKNOWN
