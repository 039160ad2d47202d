"""A run on real stores: what the ledger says of the catalogue, stores that go, runs that are gone
on with."""

from __future__ import annotations

import errno
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kho import exits, selecting, wiring
from preservation import history
from preservation.audit import looking, recording
from preservation.audit.fixity import CopyVerdict, Sums
from preservation.audit.run import CATALOGUE_PLACE, AuditServices, AuditSummary, Selection, audit
from preservation.events import Outcome
from repository.catalogue.records import AuditResultRecord
from repository.errors import Locked, NotFound, Refused
from repository.model import ObjectId
from repository.search_text import SearchText
from repository.store import LEDGER, STORAGE_ROOT, Observation, ObservedFile
from tests.preservation.audit import grounds, matrix

STORES = ("primary", "copy-1")
COUNT = 4
IDS = [grounds.object_id(number) for number in range(COUNT)]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("audit") / "home"
    return grounds.make_many(home, COUNT, files=3, size=200).path


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> Iterator[wiring.Archive]:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    with wiring.open_archive(tmp_path / "home") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "RETRY_PAUSE", 0.0)


def run(
    archive: wiring.Archive,
    selection: Selection | None = None,
    services: AuditServices | None = None,
    **more: Any,
) -> tuple[AuditSummary, list[AuditResultRecord]]:
    found: list[AuditResultRecord] = []
    summary = audit(
        services or archive.auditing(),
        selection or selecting.everything(archive, STORES),
        operator="test",
        medium=False,
        on_result=found.append,
        **more,
    )
    recorded = archive.catalogue.audit_totals(summary.run_id)
    assert summary.broken == ""
    assert recorded["expected"] == summary.sums.expected
    return summary, found


def exit_of(summary: AuditSummary) -> int:
    return exits.of_audit(summary.sums, bool(summary.stores_unavailable), summary.broken)


def at(found: Iterable[AuditResultRecord], place: str) -> list[AuditResultRecord]:
    return [one for one in found if one.store == place]


# -- the catalogue against the ledger


def test_a_whole_archive_is_intact_with_its_roots_and_its_copies_of_the_ledger(archive) -> None:
    summary, found = run(archive)
    assert (exit_of(summary), summary.outcome, summary.copies) == (0, Outcome.SUCCESS, 2 * COUNT)
    assert {one.object_id for one in found} == {*IDS, STORAGE_ROOT, LEDGER}


def test_who_rewrites_file_manifest_inventory_sidecar_and_catalogue_together_is_found(
    archive, monkeypatch
) -> None:
    grounds.hold(archive, [matrix.TARGET], files=3, size=200)
    archive.publish()
    changed = {}
    for store in STORES:  # in every copy alike: no copy bears witness against another
        folder = grounds.object_folder(archive, store, matrix.TARGET)
        monkeypatch.setitem(matrix.PATHS, "document of the head", "v2/content/data/v2/tệp-0002.bin")
        changed = matrix.rewrite(folder)
    matrix.rewrite_rows(archive, changed)
    summary, found = run(archive)
    assert exit_of(summary) == 3
    for store in STORES:
        (copy,) = [one for one in at(found, store) if one.object_id == matrix.TARGET]
        assert copy.altered >= 2  # at least what the ledger itself committed to, by its own digest
        assert "inventory.json" in {file["path"] for file in copy.files}
    (told,) = at(found, CATALOGUE_PLACE)
    assert (told.object_id, told.altered, told.verdict) == (matrix.TARGET, 1, "damaged")
    assert "AUD-CATALOGUE-DIFFERS" in told.files[0]["reason"]


def test_a_row_changed_with_its_file_is_found_by_the_manifest_behind_the_ledger(archive) -> None:
    path = "v1/content/data/v1/tệp-0001.bin"
    for store in STORES:
        (grounds.object_folder(archive, store, IDS[1]) / path).write_bytes(b"forged")
    rows = [
        row._replace(size=6, sha512=matrix.sha512(b"forged").hexdigest())
        if row.path == path
        else row
        for row in archive.catalogue.expected(IDS[1])
    ]
    put_rows(archive, IDS[1], rows)
    summary, found = run(archive)
    damaged = {(one.object_id, one.store): one.altered for one in found if one.altered}
    assert damaged == {(IDS[1], "primary"): 1, (IDS[1], "copy-1"): 1, (IDS[1], CATALOGUE_PLACE): 1}
    assert exit_of(summary) == 3


@pytest.mark.parametrize("left", [0, 1])
def test_an_object_whose_rows_were_deleted_is_still_expected_whole(archive, left: int) -> None:
    rows = list(archive.catalogue.expected(IDS[0]))
    put_rows(archive, IDS[0], rows[:left])
    shutil.rmtree(grounds.object_folder(archive, "primary", IDS[0]))
    summary, found = run(archive, selecting.named(archive, STORES, [IDS[0]]))
    missing = {one.store: one.missing for one in found}
    assert missing["primary"] == len(rows)  # by the inventory that the other store still has
    assert at(found, CATALOGUE_PLACE)[0].altered == 1
    assert exit_of(summary) == 3


def test_an_object_that_the_catalogue_forgot_is_missed_by_the_ledger(archive) -> None:
    with archive.catalogue.transaction() as tx:
        key = tx._key(IDS[2])
        tx._remove_object(key, IDS[2])
        tx._connection.exec_driver_sql(f"DELETE FROM copies WHERE object_id = '{IDS[2]}'")
    for store in STORES:
        shutil.rmtree(grounds.object_folder(archive, store, IDS[2]))
    summary, found = run(archive)
    (told,) = at(found, CATALOGUE_PLACE)
    assert (told.object_id, told.missing) == (IDS[2], 1)
    assert exit_of(summary) == 3


def test_an_object_that_the_ledger_never_spoke_of_is_reported_and_not_called_intact(
    archive,
) -> None:
    services = archive.auditing()

    class Silent:
        def refresh(self) -> None: ...

        def of(self, object_id: str) -> tuple[str, ...]:
            return () if object_id == IDS[3] else services.commitments.of(object_id)

        def files_of(self, object_id: str) -> str:
            return services.commitments.files_of(object_id)

        def objects(self) -> list[str]:
            return IDS[:3]

        def stores_of(self, object_id: str) -> tuple[str, ...]:
            return STORES

    services.commitments.refresh()
    summary, found = run(archive, services=replace(services, commitments=Silent()))
    (told,) = at(found, CATALOGUE_PLACE)
    assert (told.object_id, told.verdict, told.not_checked) == (IDS[3], "incomplete", 1)
    assert "AUD-UNCOMMITTED" in told.files[0]["reason"]
    assert exit_of(summary) == 4


def test_a_store_whose_copy_of_the_ledger_was_altered_is_found(archive) -> None:
    archive.publish()
    place = archive.home.path / "stores/copy-1/ledger/journal-000001.jsonl"
    place.chmod(0o644)
    data = bytearray(place.read_bytes())
    data[100] ^= 1
    place.write_bytes(bytes(data))
    summary, found = run(archive)
    by_store = {one.store: one.verdict for one in found if one.object_id == LEDGER}
    assert by_store == {"primary": "intact", "copy-1": "damaged"}
    assert exit_of(summary) == 3


def put_rows(archive, object_id: str, rows) -> None:
    record = archive.catalogue.object(object_id)
    with archive.catalogue.transaction() as tx:
        versions = archive.catalogue.versions(object_id)
        tx.put_object(record, [], versions, rows, {}, SearchText(title=record.title))


# -- copies that should be there


@pytest.mark.parametrize("by", ["all", "due", "ids", "sample"])
def test_a_required_copy_without_a_row_is_missing_and_says_no_copy(archive, by: str) -> None:
    with archive.catalogue.transaction() as tx:
        tx._connection.exec_driver_sql(
            f"DELETE FROM copies WHERE object_id = '{IDS[1]}' AND store = 'copy-1'"
        )
    shutil.rmtree(grounds.object_folder(archive, "copy-1", IDS[1]))
    selection = {
        "all": lambda: selecting.everything(archive, STORES),
        "due": lambda: selecting.due(archive, STORES, None),
        "ids": lambda: selecting.named(archive, STORES, [IDS[1]]),
        "sample": lambda: selecting.sampled(archive, STORES, 100, 1),
    }[by]()
    summary, found = run(archive, selection)
    (copy,) = [one for one in at(found, "copy-1") if one.object_id == IDS[1]]
    assert copy.missing == copy.expected > 0
    assert {file["reason"] for file in copy.files} == {"no copy"}
    assert copy.files[0]["diagnosis"]["kind"] == "no copy"
    assert exit_of(summary) == 3


# -- structural, sampled


def test_a_structural_audit_of_a_whole_archive_calls_no_document_intact(archive) -> None:
    full, _ = run(archive)
    summary, _found = run(archive, selecting.everything(archive, STORES, depth="structural"))
    assert summary.sums.not_checked == 2 * COUNT * 3
    assert summary.sums.intact == full.sums.expected - summary.sums.not_checked
    assert (exit_of(summary), summary.outcome) == (4, Outcome.INCOMPLETE)
    assert {copy.last_verdict for copy in archive.catalogue.copies_of_store("primary")} == {
        "intact"
    }


def test_a_sample_says_what_it_proves_and_the_seed_repeats_it(archive) -> None:
    one, _ = run(archive, selecting.sampled(archive, STORES, 50, 7))
    two, _ = run(archive, selecting.sampled(archive, STORES, 50, 7))
    told = one.totals()["sample"]
    assert told == two.totals()["sample"]
    assert (told["of"], told["drawn"], told["intact"], told["at_most"]) == (COUNT, 2, 2, 2)


# -- stores that go away


class Failing:
    """A store whose disk gives nothing but errors from the nth object on."""

    def __init__(self, store: Any, after: int, *, root_too: bool = True, times: int = 99) -> None:
        self._store, self._after, self._root_too, self._times = store, after, root_too, times
        self.looks = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def observe(self, object_ids: Iterable[ObjectId], **how: Any) -> Iterator[Observation]:
        for seen in self._store.observe(object_ids, **how):
            self.looks += 1
            failing = self._after < self.looks <= self._after + self._times
            yield _unread(seen) if failing else seen

    def observe_root(self, known: Any, **how: Any) -> Observation:
        seen = self._store.observe_root(known, **how)
        return _unread(seen) if self._root_too else seen


def _unread(seen: Observation) -> Observation:
    files = tuple(ObservedFile(one.path, None, None, errno.EIO) for one in seen.files)
    return replace(seen, files=files)


def with_store(archive, store: Any) -> AuditServices:
    services = archive.auditing()
    return replace(services, stores={**archive.stores, store.name: store})


def test_a_disk_that_goes_away_in_the_middle_is_unavailable_and_nothing_is_missing(archive) -> None:
    services = with_store(archive, Failing(archive.stores["copy-1"], after=0))
    summary, found = run(archive, selecting.everything(archive, ["copy-1"]), services)
    assert summary.stores_unavailable == ["copy-1"]
    assert summary.sums.missing == summary.sums.altered == summary.sums.intact == 0
    assert summary.sums.not_checked > 0
    assert exit_of(summary) == 4
    assert sorted(one.object_id for one in at(found, "copy-1")) == IDS


def test_a_few_unreadable_dossiers_do_not_make_a_store_unavailable(archive) -> None:
    services = with_store(archive, Failing(archive.stores["copy-1"], after=0, root_too=False))
    summary, _ = run(archive, selecting.everything(archive, ["copy-1"]), services)
    assert summary.stores_unavailable == []
    assert summary.sums.unreadable == COUNT * 8
    assert exit_of(summary) == 4


def test_what_can_be_read_at_the_second_try_is_intact(archive) -> None:
    # The first look and the second fail; the one after the pause succeeds.
    store = Failing(archive.stores["copy-1"], after=0, root_too=False, times=2)
    selection = selecting.named(archive, ["copy-1"], [IDS[0]])
    summary, _ = run(archive, selection, with_store(archive, store))
    assert store.looks == 3
    assert summary.sums.intact == summary.sums.expected
    assert exit_of(summary) == 0


def test_a_store_that_is_gone_from_the_beginning_has_every_copy_not_checked(archive) -> None:
    (archive.home.path / "stores/copy-1").rename(archive.home.path / "unplugged")
    summary, found = run(archive)
    assert summary.stores_unavailable == ["copy-1"]
    assert {one.verdict for one in at(found, "copy-1")} == {"incomplete"}
    assert exit_of(summary) == 4


# -- killed, stopped, and gone on with


class Killed(BaseException):
    """Stands for `kill -9`."""


def test_a_run_that_was_killed_is_gone_on_with_and_reads_nothing_it_had_noted(archive) -> None:
    seen: list[str] = []

    def die(result: AuditResultRecord) -> None:
        seen.append(result.object_id)
        if len(seen) == 6:
            raise Killed

    selection = selecting.everything(archive, STORES)
    with pytest.raises(Killed):
        audit(archive.auditing(), selection, operator="t", medium=False, on_result=die)
    (dead,) = archive.catalogue.audit_runs()
    assert dead.finished_at == ""
    again = selecting.asked_again(archive, dead.run_id)
    summary, found = run(archive, again, resume=dead.run_id)
    (ended,) = archive.catalogue.audit_runs()
    assert (ended.run_id, ended.outcome) == (dead.run_id, "success")
    assert ended.totals["resumed"] == 1
    assert summary.copies == 2 * COUNT
    assert len([one for one in found if one.object_id in IDS]) <= 2 * COUNT - 2
    with pytest.raises(Refused):
        audit(archive.auditing(), again, operator="t", resume=dead.run_id)


def test_a_run_that_was_stopped_is_gone_on_with(archive) -> None:
    looked: list[str] = []
    first, _ = run(archive, stop=lambda: len(looked) >= 3 or bool(looked.append("x")))
    assert first.sums.not_checked > 0
    again = selecting.asked_again(archive, first.run_id)
    summary, _ = run(archive, again, resume=first.run_id)
    assert (exit_of(summary), summary.sums.not_checked) == (0, 0)
    assert summary.copies == 2 * COUNT
    (ended,) = archive.catalogue.audit_runs()
    assert ended.outcome == "success"


def test_a_run_nobody_knows_cannot_be_gone_on_with(archive) -> None:
    with pytest.raises(NotFound):
        selecting.asked_again(archive, "AUD-none")


# -- two at once


def test_two_audits_at_once_judge_each_copy_once_and_both_have_exact_sums(
    archive, template, monkeypatch
) -> None:
    judged: list[tuple[str, str]] = []
    lock = threading.Lock()
    told_of = looking.Looker._told_of

    def counting(self, store, object_id, *rest):
        with lock:
            judged.append((object_id, store.name))
        time.sleep(0.05)  # so that neither is over before the other has begun
        yield from told_of(self, store, object_id, *rest)

    monkeypatch.setattr(looking.Looker, "_told_of", counting)
    monkeypatch.setattr(recording, "RECORD_COPIES", 1)  # told to the other at once
    done: list[AuditSummary] = []
    gate = threading.Barrier(2)

    def one() -> None:
        with wiring.open_archive(archive.home.path) as mine:
            gate.wait()
            selection = selecting.everything(mine, STORES)
            done.append(
                audit(mine.auditing(), replace(selection, roots=False), operator="t", medium=False)
            )

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(judged) == sorted((name, store) for name in IDS for store in STORES)
    assert [summary.outcome for summary in done] == [Outcome.SUCCESS] * 2
    assert {summary.copies for summary in done} == {2 * COUNT}
    assert [summary.broken for summary in done] == ["", ""]


def test_a_copy_that_another_audit_holds_for_ever_is_not_checked_and_nobody_waits(
    archive, monkeypatch
) -> None:
    from preservation.audit.leases import leases

    monkeypatch.setattr(looking, "LEASE_WAIT", 0.3)
    with leases(archive.auditing().progress, "primary") as held:
        assert held.take(IDS[0])
        summary, found = run(archive)
    (copy,) = [one for one in at(found, "primary") if one.object_id == IDS[0]]
    assert (copy.verdict, copy.not_checked) == ("incomplete", copy.expected)
    assert "another audit" in copy.files[0]["reason"]
    assert (exit_of(summary), summary.sums.intact > 0) == (4, True)


# -- sums


def test_a_run_whose_results_were_lost_is_broken_and_fails(archive, monkeypatch) -> None:
    kept = history.results_detail

    def losing(run_id: str, results: Any) -> dict[str, Any]:
        return kept(run_id, list(results)[1:])

    monkeypatch.setattr(history, "results_detail", losing)
    summary = audit(
        archive.auditing(), selecting.everything(archive, STORES), operator="t", medium=False
    )
    assert "recorded" in summary.broken
    assert (exit_of(summary), summary.outcome) == (1, Outcome.FAILURE)
    (ended,) = archive.catalogue.audit_runs()
    assert ended.totals["broken"] == summary.broken
    assert ended.outcome == "failure"


@pytest.mark.parametrize("change", [{"intact": 2}, {"verdict": "intact"}, {"not_checked": -1}])
def test_a_result_that_contradicts_itself_cannot_be_counted(change: dict[str, Any]) -> None:
    good = AuditResultRecord("r", "urn:a", "s", "", "damaged", 3, 1, 1, 1, 0, 0, 0, 0)
    assert recording.sums_of(good) == Sums(expected=3, intact=1, altered=1, missing=1)
    assert recording.sums_of(good).verdict() is CopyVerdict.DAMAGED
    with pytest.raises(ValueError, match=r"add up|says"):
        recording.sums_of(replace(good, **change))


def test_an_audit_at_work_cannot_be_gone_on_with_by_another(archive) -> None:
    from preservation.audit.progress import noting

    first, _ = run(archive, stop=lambda: True)
    folder = archive.auditing().progress
    again = selecting.asked_again(archive, first.run_id)
    with noting(folder, first.run_id), pytest.raises(Locked):
        audit(archive.auditing(), again, operator="t", medium=False, resume=first.run_id)
