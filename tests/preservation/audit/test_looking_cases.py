"""How a run looks, waits, looks again, counts and ends, case by case on real stores whose answers are
bent: what a mutation test changes in the looking and in the run is to be noticed by these."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kho import selecting, wiring
from preservation.audit import looking, progress, recording
from preservation.audit.expectation import CatalogueFault, CatalogueFinding
from preservation.audit.fixity import (
    CopyJudgement,
    FileFinding,
    FileVerdict,
    Sums,
    not_checked,
)
from preservation.audit.leases import leases
from preservation.audit.looking import Looker, catalogue_result
from preservation.audit.run import AuditServices, AuditSummary, Selection, audit
from preservation.audit.selection import BUSY, CATALOGUE_PLACE
from preservation.events import EventType, Outcome
from repository.catalogue.records import AuditResultRecord
from repository.clock import utc_text
from repository.errors import Corrupt, Locked, Unavailable
from repository.model import ObjectId
from repository.store import LEDGER, STORAGE_ROOT, Observation, ObservedFile
from tests.preservation.audit import grounds

STORES = ("primary", "copy-1")
IDS = [grounds.object_id(number) for number in range(3)]
DOCUMENT = "v1/content/data/v1/tệp-0001.bin"
FILES = 7  # of one copy: two documents, and what an OCFL object has beside them


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("looking") / "home"
    return grounds.make_many(home, len(IDS), files=2, size=60).path


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> Iterator[wiring.Archive]:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    with wiring.open_archive(tmp_path / "home") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "RETRY_PAUSE", 0.0)


class Bent:
    """A real store whose answers are bent: `bend` has each observation and how it was asked for."""

    def __init__(
        self, store: Any, bend: Callable[..., Observation] = lambda seen, **_: seen
    ) -> None:
        self._store, self._bend = store, bend
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.roots = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def observe(self, object_ids: Iterable[ObjectId], **how: Any) -> Iterator[Observation]:
        for seen in self._store.observe(object_ids, **how):
            self.asked.append((seen.object_id, how))
            yield self._bend(seen, **how)

    def looks(self, *ids: str) -> int:
        return sum(name in (ids or IDS) for name, _ in self.asked)


def unread(seen: Observation) -> Observation:
    files = tuple(ObservedFile(one.path, None, None, errno.EIO) for one in seen.files)
    return replace(seen, files=files)


def partly_unread(seen: Observation) -> Observation:
    return replace(seen, files=(*unread(seen).files[:1], *seen.files[1:]))


def bent(
    archive: wiring.Archive, bend: Callable[..., Observation] = lambda seen, **_: seen, **more: Any
) -> tuple[AuditServices, Bent]:
    """Services in which the primary store is bent."""
    store = Bent(archive.stores["primary"], bend)
    services = archive.auditing()
    return replace(services, stores={**services.stores, "primary": store}, **more), store


def only(*ids: str, store: str = "primary") -> Selection:
    return Selection("named", {store: list(ids or IDS)}, roots=False)


def run(
    services: AuditServices, selection: Selection, **more: Any
) -> tuple[AuditSummary, list[AuditResultRecord]]:
    found: list[AuditResultRecord] = []
    summary = audit(
        services, selection, operator="tester", medium=False, on_result=found.append, **more
    )
    assert summary.broken == ""
    return summary, found


def looker(services: AuditServices, **named: Any) -> Looker:
    values = {
        "run_id": "AUD-ours", "begun": "2000-01-01T00:00:00Z", "depth": "full", "medium": False,
        "stop": lambda: False, **named,
    }  # fmt: skip
    return Looker(services, **values)


def harm(archive: wiring.Archive, number: int, store: str = "primary") -> None:
    (grounds.object_folder(archive, store, IDS[number]) / DOCUMENT).write_bytes(b"other")


# -- promises that stand nowhere else


def test_what_is_promised_of_looking_again() -> None:
    assert (looking.TOGETHER, looking.IN_A_ROW, looking.RETRIES) == (8, 3, 2)
    assert looking.RETRIED_AT_MOST == 256
    assert looking.LEASE_WAIT == 60.0
    fresh = Looker.__dataclass_fields__
    assert (fresh["adopted"].default, fresh["_in_a_row"].default) == (0, 0)
    assert fresh["pause"].default is time.sleep
    assert {name: fresh[name].default for name in ("adopted", "_in_a_row")} == {
        "adopted": 0, "_in_a_row": 0,
    }  # fmt: skip


def test_pauses_are_of_two_seconds(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    services, store = bent(archive, lambda seen, **_: partly_unread(seen))
    pauses: list[float] = []
    (result,) = looker(services, pause=pauses.append).results(store, [IDS[0]])
    assert pauses == [2.0, 2.0]
    assert (result.unreadable, result.intact) == (1, FILES - 1)


# -- sums of a run


def test_everything_that_is_looked_at_is_in_the_sums_once(archive: wiring.Archive) -> None:
    services, store = bent(archive)
    summary, found = run(services, selecting.everything(archive, STORES))
    assert (summary.objects, summary.copies, summary.rows) == (3, 6, 6 + 2 + 2)
    copies = [one for one in found if one.object_id in IDS]
    assert [(one.expected, one.intact) for one in copies] == [(FILES, FILES)] * 6
    size = sum(row.size for name in IDS for row in archive.catalogue.expected(name))
    assert sum(one.byte_count for one in copies) == 2 * size
    assert summary.bytes == sum(one.byte_count for one in found)
    assert summary.sums.expected == sum(one.expected for one in found)
    assert (summary.more, summary.stores_unavailable) == ({}, [])
    # Whole copies are read once, as the caller asked, and not by the second engine.
    assert sorted(name for name, _ in store.asked) == IDS
    assert all(how["medium"] is False and how["payload"] is True for _, how in store.asked)
    assert not any(how.get("confirm") for _, how in store.asked)
    (recorded,) = archive.catalogue.audit_runs()
    asked = {"by": "all", "stores": list(STORES), "depth": "full"}
    assert recorded.totals == {"cached": True, "asked": asked, **summary.totals()}
    assert (recorded.operator, recorded.kind, recorded.outcome) == ("tester", "all", "success")
    assert recorded.started_at and recorded.finished_at
    held = archive.catalogue.audit_results(summary.run_id)
    assert len(held) == summary.rows


def test_what_the_catalogue_has_wrong_is_no_copy_and_of_no_store(archive: wiring.Archive) -> None:
    with archive.catalogue.transaction() as tx:
        tx._connection.exec_driver_sql(f"DELETE FROM copies WHERE object_id = '{IDS[1]}'")
    services, _ = bent(archive, required=())
    summary, found = run(services, Selection("all", {"primary": [IDS[0]]}, roots=True))
    told = [one for one in found if one.store == CATALOGUE_PLACE]
    assert [(one.object_id, one.missing) for one in told] == [(IDS[1], 1)]
    # One copy, its store's root and ledger, and one word about the catalogue.
    assert (summary.objects, summary.copies, summary.rows, len(found)) == (1, 1, 4, 4)
    assert summary.sums.missing == 1


def test_a_sample_counts_each_dossier_that_is_not_intact_somewhere(archive: wiring.Archive) -> None:
    chosen = selecting.sampled(archive, STORES, 100, 5)
    first, _ = run(archive.auditing(), chosen)
    told = first.totals()["sample"]
    assert told == {
        "percent": 100, "seed": 5, "of": 3, "drawn": 3, "intact": 3, "at_most": 0,
        "at_most_percent": 0.0, "confidence_percent": 95,
    }  # fmt: skip
    harm(archive, 0)
    harm(archive, 0, "copy-1")
    second, _ = run(archive.auditing(), chosen)
    assert second.totals()["sample"]["intact"] == 2
    services, _ = bent(archive, lambda seen, **_: partly_unread(seen))
    third, _ = run(services, replace(chosen, copies={"primary": [IDS[1]]}))
    assert third.totals()["sample"]["intact"] == 0
    fourth, _ = run(archive.auditing(), replace(chosen, copies={"primary": [IDS[1]]}))
    assert (
        fourth.totals()["sample"]["intact"] == 1
    )  # what was drawn and not looked at is not intact


def test_each_result_is_heard_and_a_wish_to_stop_is_asked_between_copies(
    archive: wiring.Archive,
) -> None:
    looked: list[str] = []
    services, store = bent(archive)
    summary, found = run(
        services,
        selecting.everything(archive, STORES),
        stop=lambda: bool(looked.append("?")) or len(looked) > 1,
    )
    assert len(store.asked) <= 3
    copies = [one for one in found if one.object_id in IDS]
    assert len(copies) == 6
    assert {one.verdict for one in copies} == {"intact", "incomplete"}
    reasons = {one.files[0]["reason"] for one in copies if one.files}
    assert reasons == {"stopped"}
    assert not [one for one in found if one.object_id in (STORAGE_ROOT, LEDGER)]
    left = [one for one in copies if one.verdict == "incomplete"]
    assert {(one.expected, one.not_checked) for one in left} == {(FILES, FILES)}
    assert summary.outcome is Outcome.INCOMPLETE


# -- a run that is gone on with


def begun(archive: wiring.Archive, *results: AuditResultRecord) -> str:
    """A run that was killed when it had recorded these results."""
    services = archive.auditing()
    selection = selecting.everything(archive, STORES)
    dead = recording.begin(services, selection, "tester", archive.clock.now())
    ours = [replace(one, run_id=dead.run_id) for one in results]
    if ours:
        recording.record_results(services, dead.run_id, ours, "tester")
    return dead.run_id


def result(name: str, store: str, verdict: str, **sums: int) -> AuditResultRecord:
    values = dict.fromkeys(Sums().as_dict(), 0) | sums
    at = "2026-11-22T08:00:00Z"
    return AuditResultRecord("", name, store, at, verdict, byte_count=5, **values)


@pytest.mark.parametrize(
    ("former", "again"),
    [
        (result(IDS[0], "primary", "intact", expected=3, intact=3), False),
        (result(IDS[0], "primary", "damaged", unexpected=1), False),
        (result(IDS[0], "primary", "damaged", expected=2, intact=1, missing=1), False),
        (result(IDS[0], "primary", "damaged", expected=2, missing=2), False),
        (result(IDS[0], "primary", "intact"), False),
        (result(IDS[0], "primary", "incomplete", expected=2, intact=1, not_checked=1), False),
        (result(IDS[0], "primary", "incomplete", expected=2, unreadable=2), False),
        (result(IDS[0], "primary", "incomplete", expected=2, not_checked=2), True),
        (result(IDS[0], "primary", "incomplete", expected=1, not_checked=1), True),
    ],
)
def test_only_what_nobody_looked_at_is_looked_at_again(
    archive: wiring.Archive, former: AuditResultRecord, again: bool
) -> None:
    run_id = begun(archive, former)
    services, store = bent(archive)
    summary, found = run(services, only(IDS[0]), resume=run_id)
    assert store.looks(IDS[0]) == again
    assert len(found) == again
    # What was found by the earlier part counts once, or is replaced.
    sums = Sums(expected=FILES, intact=FILES) if again else recording.sums_of(former)
    assert summary.sums == sums
    assert (summary.rows, summary.copies, summary.objects) == (1, 1, 1)
    assert summary.bytes == (found[0].byte_count if again else 5)


def test_what_no_dossier_has_is_looked_at_by_each_part_and_counted_once(
    archive: wiring.Archive,
) -> None:
    run_id = begun(
        archive,
        result(STORAGE_ROOT, "primary", "damaged", expected=4, intact=4, unexpected=1),
        result(LEDGER, "primary", "damaged", expected=1, altered=1),
        result(LEDGER, "copy-1", "damaged", expected=1, altered=1),
        result(IDS[2], CATALOGUE_PLACE, "damaged", expected=1, missing=1),
        result(IDS[1], CATALOGUE_PLACE, "damaged", expected=1, altered=1),
    )
    everything = selecting.everything(archive, STORES)
    summary, found = run(archive.auditing(), everything, resume=run_id)
    # Both ledgers and the root are whole now; the forgotten dossier is not forgotten, which only the
    # earlier part said: it stands, as does the fault that was told and is not told twice.
    assert summary.sums.unexpected == 0
    assert (summary.sums.altered, summary.sums.missing) == (1, 1)
    assert summary.rows == 6 + 2 + 2 + 2
    assert sorted(one.object_id for one in found) == sorted([*IDS * 2, *[STORAGE_ROOT, LEDGER] * 2])


def test_each_result_of_an_earlier_part_is_taken_up_whatever_stands_before_it(
    archive: wiring.Archive,
) -> None:
    run_id = begun(
        archive,
        result(IDS[0], "primary", "incomplete", expected=FILES, not_checked=FILES),
        result(IDS[1], "primary", "intact", expected=FILES, intact=FILES),
        result(IDS[2], "primary", "incomplete", expected=FILES, not_checked=FILES),
    )
    services, store = bent(archive)
    summary, found = run(services, only(), resume=run_id)
    assert sorted(one.object_id for one in found) == [IDS[0], IDS[2]]
    assert sorted(name for name, _ in store.asked) == [IDS[0], IDS[2]]
    assert summary.sums == Sums(expected=3 * FILES, intact=3 * FILES)


def test_what_the_catalogue_forgot_is_missed_by_each_part_and_counted_once(
    archive: wiring.Archive,
) -> None:
    forgotten = IDS[2]
    with archive.catalogue.transaction() as tx:
        tx._remove_object(tx._key(forgotten), forgotten)
        tx._connection.exec_driver_sql(f"DELETE FROM copies WHERE object_id = '{forgotten}'")
    for name in STORES:
        shutil.rmtree(grounds.object_folder(archive, name, forgotten))
    run_id = begun(archive, result(forgotten, CATALOGUE_PLACE, "damaged", expected=1, missing=1))
    everything = selecting.everything(archive, STORES)
    summary, found = run(archive.auditing(), everything, resume=run_id)
    (told,) = [one for one in found if one.store == CATALOGUE_PLACE]
    assert (told.object_id, told.missing) == (forgotten, 1)
    assert summary.sums.missing == 1
    assert (summary.rows, summary.copies) == (2 * 2 + 2 + 2 + 1, 2 * 2)


def test_a_store_that_is_away_now_is_told_though_it_was_all_looked_at_before(
    archive: wiring.Archive,
) -> None:
    run_id = begun(archive, result(IDS[0], "copy-1", "intact", expected=FILES, intact=FILES))
    (archive.home.path / "stores/copy-1").rename(archive.home.path / "unplugged")
    both = Selection("named", {name: [IDS[0]] for name in STORES}, roots=False)
    summary, (found,) = run(archive.auditing(), both, resume=run_id)
    assert (found.store, found.verdict) == ("primary", "intact")
    assert summary.stores_unavailable == ["copy-1"]
    assert summary.outcome is Outcome.INCOMPLETE
    assert summary.sums == Sums(expected=2 * FILES, intact=2 * FILES)


def test_what_was_found_is_in_the_ledger_before_the_stores_copies_of_it_are_compared(
    archive: wiring.Archive,
) -> None:
    published: list[int] = []

    def publish() -> None:
        (run_,) = archive.catalogue.audit_runs()
        published.append(len(archive.catalogue.audit_results(run_.run_id)))
        archive.publish()

    services = replace(archive.auditing(), publish=publish)
    run(services, selecting.everything(archive, STORES))
    # At its beginning; with all copies and both roots; with both copies of the ledger, at its end.
    assert published == [0, 6 + 2, 6 + 2 + 2]


def test_what_an_earlier_part_could_not_check_of_the_catalogue_is_asked_again_and_counts_once(
    archive: wiring.Archive,
) -> None:
    silent = SimpleNamespace(refresh=lambda: None, of=lambda _: (), files_of=lambda _: "")
    services = replace(archive.auditing(), commitments=silent)
    run_id = begun(
        archive, result(IDS[0], CATALOGUE_PLACE, "incomplete", expected=1, not_checked=1)
    )
    summary, found = run(services, only(*IDS[:2]), resume=run_id)
    told = [(one.object_id, one.store) for one in found]
    assert sorted(told) == sorted(
        (object_id, place) for object_id in IDS[:2] for place in ("primary", CATALOGUE_PLACE)
    )
    assert summary.sums == Sums(expected=2 * FILES + 2, intact=2 * FILES, not_checked=2)
    assert (summary.rows, summary.copies) == (4, 2)


def test_an_audit_reads_the_medium_unless_it_is_told_otherwise(archive: wiring.Archive) -> None:
    named = Selection("named", {"primary": [IDS[0]]}, roots=False)
    summary = audit(archive.auditing(), named, operator="t")
    run_ = archive.catalogue.audit_run(summary.run_id)
    assert run_ is not None and "cached" not in run_.totals


def test_what_an_earlier_part_found_wrong_in_the_catalogue_is_told_once_and_counts_once(
    archive: wiring.Archive,
) -> None:
    with archive.catalogue.transaction() as tx:
        tx._connection.exec_driver_sql(
            "UPDATE expected_files SET sha512 = substr(sha512, 2) || '0'"
        )
    named = Selection("named", {"primary": [IDS[0]]}, roots=False)
    first, found = run(archive.auditing(), named)
    assert (first.rows, first.sums.altered) == (2, 1)
    (differs,) = [one for one in found if one.store == CATALOGUE_PLACE]
    run_id = begun(archive, differs)
    summary, found = run(archive.auditing(), named, resume=run_id)
    assert [(one.object_id, one.store) for one in found] == [(IDS[0], "primary")]
    assert (summary.rows, summary.sums.altered, summary.broken) == (2, 1, "")


def test_what_an_earlier_part_said_of_a_store_that_is_away_now_still_counts(
    archive: wiring.Archive,
) -> None:
    run_id = begun(
        archive, result(STORAGE_ROOT, "copy-1", "damaged", expected=4, intact=4, unexpected=1)
    )
    (archive.home.path / "stores/copy-1").rename(archive.home.path / "unplugged")
    summary, found = run(archive.auditing(), selecting.everything(archive, STORES), resume=run_id)
    assert summary.sums.unexpected == 1
    assert summary.stores_unavailable == ["copy-1"]
    assert not [one for one in found if one.object_id == STORAGE_ROOT and one.store == "copy-1"]


def test_a_run_that_is_gone_on_with_has_no_end_until_it_has_one_again(
    archive: wiring.Archive,
) -> None:
    first, _ = run(archive.auditing(), selecting.everything(archive, STORES), stop=lambda: True)
    (ended,) = archive.catalogue.audit_runs()
    assert ended.finished_at
    seen: list[Any] = []

    def heard(_: AuditResultRecord) -> None:
        seen.append(archive.catalogue.audit_run(first.run_id))

    again = selecting.asked_again(archive, first.run_id)
    audit(
        archive.auditing(), again, operator="t", medium=False, resume=first.run_id, on_result=heard
    )
    assert {(one.finished_at, one.outcome) for one in seen} == {("", "")}
    ends = (EventType.AUDIT_BEGUN, EventType.AUDIT_ENDED)
    told = [one.type for one in archive.catalogue.events() if one.type in ends]
    assert told == [EventType.AUDIT_BEGUN, EventType.AUDIT_ENDED] * 2


def test_what_a_dead_run_noted_is_recorded_by_the_next_audit(archive: wiring.Archive) -> None:
    class Killed(BaseException):
        pass

    services = archive.auditing()
    run_id = begun(archive)
    assert services.progress is not None
    with pytest.raises(Killed), progress.noting(services.progress, run_id) as notes:
        judged = not_checked(3, "x")
        now = archive.clock.now()
        notes.note([recording.to_record(run_id, IDS[0], "primary", judged, now)])
        raise Killed
    assert not archive.catalogue.audit_results(run_id)
    run(services, only(IDS[1]))
    (left,) = archive.catalogue.audit_results(run_id)
    assert (left.object_id, left.expected) == (IDS[0], 3)


# -- stores that are away or go


@pytest.mark.parametrize("left", [FILES, 0])
def test_of_a_store_that_is_away_every_copy_is_not_checked_and_says_why(
    archive: wiring.Archive, left: int
) -> None:
    if not left:
        with archive.catalogue.transaction() as tx:
            key = tx._key(IDS[0])
            tx._connection.exec_driver_sql(f"DELETE FROM expected_files WHERE object_key = {key}")
    (archive.home.path / "stores/primary").rename(archive.home.path / "unplugged")
    summary, (found,) = run(archive.auditing(), only(IDS[0]))
    assert (found.verdict, found.expected, found.not_checked) == (
        "incomplete",
        left or 1,
        left or 1,
    )
    assert "primary" in found.files[0]["reason"]
    assert summary.stores_unavailable == ["primary"]
    assert summary.objects == summary.copies == 1


def test_a_store_that_goes_when_its_root_is_looked_at_is_away_and_judged_no_further(
    archive: wiring.Archive,
) -> None:
    services, store = bent(archive)

    def gone(*_: Any, **__: Any) -> Observation:
        raise Unavailable("the disk went away")

    store.observe_root = gone  # type: ignore[method-assign]
    summary, found = run(services, selecting.everything(archive, STORES))
    assert summary.stores_unavailable == ["primary"]
    beside = sorted((one.object_id, one.store) for one in found if one.object_id not in IDS)
    assert beside == sorted([(STORAGE_ROOT, "copy-1"), (LEDGER, "copy-1")])
    assert summary.outcome is Outcome.INCOMPLETE


def pattern(*bad: bool) -> Callable[..., Observation]:
    """Which of the dossiers, in the order they are looked at, give nothing at all; for good."""
    order: list[str] = []

    def bend(seen: Observation, **_: Any) -> Observation:
        if seen.object_id not in order:
            order.append(seen.object_id)
        return unread(seen) if bad[order.index(seen.object_id)] else seen

    return bend


@pytest.mark.parametrize(
    ("bad", "asked"), [((True, True, False), 0), ((False, True, True), 0), ((True, True, True), 1)]
)
def test_three_dossiers_in_a_row_of_which_nothing_can_be_read_ask_the_store_itself(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch, bad: tuple[bool, ...], asked: int
) -> None:
    monkeypatch.setattr(looking, "RETRIES", 0)
    services, store = bent(archive, pattern(*bad))
    questions: list[str] = []
    store.check_available = lambda: questions.append("there?")  # type: ignore[attr-defined]
    roots: list[Any] = []

    def root(known: Any, **how: Any) -> Observation:
        roots.append((known("x"), how))
        return archive.stores["primary"].observe_root(known, **how)

    store.observe_root = root  # type: ignore[method-assign]
    found = list(looker(services).results(store, IDS))
    assert [one.unreadable for one in found] != []
    assert (len(questions), roots) == (asked, [(True, {"medium": False})] * asked)
    assert sorted(one.unreadable for one in found) == sorted(FILES * one for one in bad)


@pytest.mark.parametrize(
    ("root", "away"),
    [
        ("whole", False), ("one file", False), ("nothing", True), ("not listed", True),
        ("empty", True),
    ],
)  # fmt: skip
def test_a_store_of_whose_root_nothing_can_be_read_is_away(
    archive: wiring.Archive, root: str, away: bool
) -> None:
    services, store = bent(archive, pattern(True, True, True))

    def look(known: Any, **how: Any) -> Observation:
        seen = archive.stores["primary"].observe_root(known, **how)
        match root:
            case "one file":
                return partly_unread(seen)
            case "nothing":
                return unread(seen)
            case "empty":
                return replace(seen, files=())
            case "not listed":
                return replace(seen, unlisted=(("x", errno.EIO),))
        return seen

    store.observe_root = look  # type: ignore[method-assign]
    summary, found = run(services, only())
    assert (summary.stores_unavailable == ["primary"]) is away
    assert len(found) == 3
    if away:
        told = " ".join(str(one.files[0]["reason"]) for one in found)
        assert "Nothing could be read of 3 dossiers in a row in store primary" in told
        assert summary.sums.not_checked + summary.sums.unreadable == 3 * FILES
    else:
        assert summary.sums.unreadable == 3 * FILES


def test_each_store_has_its_own_row_of_failures_and_asks_again_at_every_third(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "RETRIES", 0)
    services, store = bent(archive, lambda seen, **_: unread(seen))
    questions: list[str] = []
    store.check_available = lambda: questions.append("there?")  # type: ignore[attr-defined]
    one = looker(services)
    assert len(list(one.results(store, IDS[:2]))) == 2
    assert len(list(one.results(store, IDS[:2]))) == 2  # began anew: two and two are no three
    assert questions == []
    files = tuple(FileFinding(name, FileVerdict.UNREADABLE, "EIO") for name in "ab")
    unreadable = CopyJudgement(Sums(expected=2, unreadable=2), files, 0)
    one = looker(services)
    for _ in range(7):
        one._count_unread(store, unreadable)
    assert len(questions) == 2
    one._count_unread(store, CopyJudgement(Sums(), (), 0))  # nothing was expected: no failure
    for _ in range(2):
        one._count_unread(store, unreadable)
    assert len(questions) == 2
    one._count_unread(store, unreadable)
    assert len(questions) == 3


# -- what could not be read is tried again


def test_so_many_copies_are_tried_again_and_the_others_stand_as_they_were(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "RETRIED_AT_MOST", 1)
    services, store = bent(archive, lambda seen, **_: partly_unread(seen))
    summary, found = run(services, only())
    assert store.looks() == 3 * 2 + looking.RETRIES
    assert summary.sums.unreadable == 3
    assert sorted(one.object_id for one in found) == IDS


def test_what_is_damaged_is_not_tried_again_and_what_can_be_read_then_is_done(
    archive: wiring.Archive,
) -> None:
    harm(archive, 0)
    times: dict[str, int] = {}

    def bend(seen: Observation, **_: Any) -> Observation:
        times[seen.object_id] = times.get(seen.object_id, 0) + 1
        return partly_unread(seen) if seen.object_id == IDS[1] and times[IDS[1]] <= 3 else seen

    services, _ = bent(archive, bend)
    summary, found = run(services, only())
    # Damaged: the look and the one that confirms. Unreadable three times, then at last intact.
    assert times == {IDS[0]: 2, IDS[1]: 4, IDS[2]: 1}
    assert {one.object_id: one.verdict for one in found} == {
        IDS[0]: "damaged", IDS[1]: "intact", IDS[2]: "intact",
    }  # fmt: skip
    assert summary.sums == Sums(expected=3 * FILES, intact=3 * FILES - 1, altered=1)


def test_nothing_is_tried_again_by_a_run_that_is_to_stop(archive: wiring.Archive) -> None:
    services, store = bent(archive, lambda seen, **_: partly_unread(seen))
    pauses: list[float] = []
    wish = [False]
    one = looker(services, stop=lambda: wish[0], pause=pauses.append)
    found = []
    source = archive.stores["primary"]

    def observe(object_ids: Iterable[ObjectId], **how: Any) -> Iterator[Observation]:
        for seen in source.observe(object_ids, **how):
            yield partly_unread(seen)
        wish[0] = True

    store.observe = observe  # type: ignore[method-assign]
    wish[0] = False
    found = list(one.results(store, [IDS[0]]))
    assert [item.unreadable for item in found] == [1]
    assert pauses == []


def test_a_store_that_goes_while_it_is_tried_again_loses_no_result(archive: wiring.Archive) -> None:
    services, store = bent(archive, lambda seen, **_: partly_unread(seen))
    settled: list[str] = []

    @contextmanager
    def going(object_id: str) -> Iterator[None]:
        settled.append(object_id)
        if len(settled) == 5:  # three looks that confirm, one retry that is still unreadable
            raise Unavailable("the disk went away")
        yield

    store.settled = going  # type: ignore[attr-defined]
    summary, found = run(services, only())
    assert summary.stores_unavailable == ["primary"]
    assert sorted(one.object_id for one in found) == IDS
    assert summary.sums == Sums(expected=3 * FILES, intact=3 * FILES - 3, unreadable=3)


# -- the second look


def test_a_mismatch_that_the_second_engine_does_not_see_is_no_damage(
    archive: wiring.Archive,
) -> None:
    def bend(seen: Observation, confirm: bool = False, **_: Any) -> Observation:
        wrong = tuple(one._replace(sha512="0" * 128) for one in seen.files)
        return seen if confirm else replace(seen, files=wrong)

    services, store = bent(archive, bend)
    summary, _ = run(services, only(IDS[0]))
    assert summary.sums == Sums(expected=FILES, intact=FILES)
    assert [how.get("confirm", False) for _, how in store.asked] == [False, True]
    assert store.asked[1][1]["medium"] is False


def test_what_looks_wrong_while_it_is_being_written_is_not_checked(archive: wiring.Archive) -> None:
    harm(archive, 0)
    services = replace(archive.auditing(), in_progress=lambda: [IDS[0]])
    summary, (found,) = run(services, only(IDS[0]))
    assert (found.verdict, found.not_checked) == ("incomplete", FILES)
    assert {file["reason"] for file in found.files} == {"being written"}
    assert summary.sums.altered == 0


@pytest.mark.parametrize(
    ("failure", "verdict", "reason"),
    [
        (Locked("held by somebody"), "incomplete", "held by somebody"),
        (Corrupt("too badly damaged to settle"), "damaged", None),
    ],
)
def test_a_copy_that_cannot_be_settled_is_judged_only_where_nobody_can_be_writing_it(
    archive: wiring.Archive, failure: Exception, verdict: str, reason: str | None
) -> None:
    harm(archive, 0)
    services, store = bent(archive)

    @contextmanager
    def failing(_: str) -> Iterator[None]:
        raise failure
        yield

    store.settled = failing  # type: ignore[attr-defined]
    _, (found,) = run(services, only(IDS[0]))
    assert found.verdict == verdict
    if reason:
        assert {file["reason"] for file in found.files} == {reason}
    else:
        assert found.altered == 1


def test_without_a_ledger_the_catalogues_word_is_all_there_is(archive: wiring.Archive) -> None:
    harm(archive, 0)
    services, store = bent(archive, commitments=None, ledger=None)
    summary, found = run(services, Selection("all", {"primary": IDS}, roots=True))
    assert {one.object_id: one.verdict for one in found} == {
        IDS[0]: "damaged", IDS[1]: "intact", IDS[2]: "intact", STORAGE_ROOT: "intact",
    }  # fmt: skip
    assert store.looks() == 4
    assert summary.rows == 4


# -- structural audits


def test_a_structural_audit_reads_no_document_unless_something_looks_wrong(
    archive: wiring.Archive,
) -> None:
    (grounds.object_folder(archive, "primary", IDS[0]) / DOCUMENT).write_bytes(b"longer " * 99)
    (grounds.object_folder(archive, "primary", IDS[1]) / "more").write_bytes(b"x")
    services, store = bent(archive)
    summary, found = run(services, replace(only(), depth="structural"))
    by_id = {one.object_id: one for one in found}
    assert {name: one.verdict for name, one in by_id.items()} == {
        IDS[0]: "damaged", IDS[1]: "damaged", IDS[2]: "incomplete",
    }  # fmt: skip
    assert (by_id[IDS[0]].altered, by_id[IDS[0]].intact) == (1, FILES - 1)
    assert (by_id[IDS[1]].unexpected, by_id[IDS[1]].intact) == (1, FILES)
    assert (by_id[IDS[2]].not_checked, by_id[IDS[2]].intact) == (2, FILES - 2)
    first = [how["payload"] for _, how in store.asked if not how.get("confirm")]
    assert first == [False] * 3
    assert store.looks() == 5
    assert summary.totals()["not_checked"] == 2


# -- the ledger's word


def late(archive: wiring.Archive) -> str:
    """A dossier held after an audit has read the ledger, and of which the ledger knows nothing yet."""
    name = grounds.object_id(77)
    grounds.hold(archive, [name], files=2, size=60)
    return name


def test_what_came_while_the_audit_was_at_work_is_brought_to_the_ledger_first(
    archive: wiring.Archive,
) -> None:
    published: list[str] = []

    def publish() -> None:
        published.append("published")
        archive.publish()

    services, store = bent(archive, publish=publish)
    services.commitments.refresh()
    name = late(archive)
    one = looker(services)
    (result,) = one.results(store, [name])
    assert (result.store, result.verdict) == ("primary", "intact")
    assert published == ["published"]
    list(one.results(services.stores["copy-1"], [name]))
    assert published == ["published"]
    assert store.looks(name) == 1


def test_what_the_ledger_will_not_speak_of_is_told_once_and_asked_for_once(
    archive: wiring.Archive,
) -> None:
    published: list[str] = []
    services, store = bent(archive, publish=lambda: published.append("in vain"))
    services.commitments.refresh()
    name = late(archive)
    one = looker(services)
    found = [*one.results(store, [name]), *one.results(services.stores["copy-1"], [name])]
    told = [(item.store, item.verdict, item.intact) for item in found]
    assert told == [
        (CATALOGUE_PLACE, "incomplete", 0), ("primary", "intact", FILES),
        ("copy-1", "intact", FILES),
    ]  # fmt: skip
    assert published == ["in vain"]
    assert one.told == {name}
    assert store.looks(name) == 1  # nothing is wrong with the copy itself


def test_of_what_neither_catalogue_nor_ledger_knows_nothing_is_brought_to_the_ledger(
    archive: wiring.Archive,
) -> None:
    published: list[str] = []
    silent = SimpleNamespace(refresh=lambda: None, of=lambda _: (), files_of=lambda _: "")
    services, store = bent(archive, commitments=silent, publish=lambda: published.append("?"))
    with archive.catalogue.transaction() as tx:
        tx._connection.exec_driver_sql(
            f"DELETE FROM expected_files WHERE object_key = {tx._key(IDS[0])}"
        )
    told, found = looker(services).results(store, [IDS[0]])
    assert (told.store, told.verdict) == (CATALOGUE_PLACE, "incomplete")
    assert (found.verdict, found.expected, found.unexpected) == ("damaged", 0, FILES)
    assert published == []


def test_a_new_version_that_came_meanwhile_is_judged_by_its_own_rows(
    archive: wiring.Archive,
) -> None:
    services, store = bent(archive)
    services.commitments.refresh()
    grounds.hold(archive, [IDS[0]], files=1, size=60)
    (result,) = looker(services).results(store, [IDS[0]])
    assert (result.store, result.verdict) == ("primary", "intact")
    assert result.expected > FILES


def test_what_the_ledger_knows_whole_or_damaged_asks_nobody_to_write_the_ledger(
    archive: wiring.Archive,
) -> None:
    published: list[str] = []
    services, store = bent(archive, publish=lambda: published.append("?"))
    services.commitments.refresh()
    harm(archive, 0)
    found = {one.object_id: one.altered for one in looker(services).results(store, IDS)}
    assert (found, published) == ({IDS[0]: 1, IDS[1]: 0, IDS[2]: 0}, [])


def test_a_copy_whose_inventory_is_lost_is_judged_by_another_stores(
    archive: wiring.Archive,
) -> None:
    rows = list(archive.catalogue.expected(IDS[0]))
    record = archive.catalogue.object(IDS[0])
    with archive.catalogue.transaction() as tx:
        versions = archive.catalogue.versions(IDS[0])
        from repository.search_text import SearchText

        tx.put_object(record, [], versions, rows[:2], {}, SearchText(title="x"))
    for place in ("inventory.json", "v1/inventory.json"):
        (grounds.object_folder(archive, "primary", IDS[0]) / place).unlink()
    _, found = run(archive.auditing(), only(IDS[0]))
    (copy,) = [one for one in found if one.store == "primary"]
    assert (copy.expected, copy.missing, copy.intact) == (FILES, 2, FILES - 2)


def test_only_where_no_event_said_what_all_files_are_the_inventory_is_read_again(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    kept = looking.read_whole

    def counting(store: Any, object_id: str, path: str) -> Any:
        read.append(object_id)
        return kept(store, object_id, path)

    monkeypatch.setattr(looking, "read_whole", counting)
    run(archive.auditing(), Selection("all", dict.fromkeys(STORES, IDS), roots=False))
    assert read == [IDS[0], IDS[0]]


@pytest.mark.parametrize(
    ("finding", "verdict", "sums", "reason"),
    [
        (CatalogueFinding(CatalogueFault.DIFFERS, "a/b", "two rows"), "altered",
         Sums(expected=1, altered=1), "AUD-CATALOGUE-DIFFERS: two rows"),
        (CatalogueFinding(CatalogueFault.FORGOTTEN), "missing",
         Sums(expected=1, missing=1), "AUD-CATALOGUE-FORGOT"),
        (CatalogueFinding(CatalogueFault.UNCOMMITTED), "not_checked",
         Sums(expected=1, not_checked=1), "AUD-UNCOMMITTED"),
    ],
)  # fmt: skip
def test_a_fault_of_the_catalogue_as_a_result(
    archive: wiring.Archive, finding: CatalogueFinding, verdict: str, sums: Sums, reason: str
) -> None:
    found = catalogue_result(archive.auditing(), "AUD-1", IDS[0], finding)
    assert (found.run_id, found.object_id, found.store) == ("AUD-1", IDS[0], "(catalogue)")
    assert recording.sums_of(found) == sums
    assert found.files == ({"path": finding.path, "verdict": verdict, "reason": reason},)
    assert found.byte_count == 0


# -- two audits at once


class Time:
    """A clock that goes only when somebody waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 1000.0
        self.pauses: list[float] = []
        self.then: Callable[[], None] = lambda: None
        monkeypatch.setattr(looking, "time", SimpleNamespace(monotonic=lambda: self.at))

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.at += 20.0
        self.then()


def rival(archive: wiring.Archive, *results: AuditResultRecord) -> str:
    """Another audit at work, which has recorded these results; its name."""
    run_id = begun(archive, *results)
    folder = archive.auditing().progress
    assert folder is not None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{run_id}.lock").touch()
    return run_id


def whole(number: int, **changes: Any) -> AuditResultRecord:
    found = result(IDS[number], "primary", "intact", expected=FILES, intact=FILES)
    return replace(found, **changes)


def test_what_another_audit_found_since_is_taken_over_and_not_read_twice(
    archive: wiring.Archive,
) -> None:
    services, store = bent(archive)
    rival(archive, whole(0), whole(1, store="copy-1"))
    one = looker(services)
    found = {item.object_id: item for item in one.results(store, IDS)}
    assert store.looks(IDS[0]) == 0
    assert store.looks() == 2
    assert one.adopted == 1
    assert (found[IDS[0]].run_id, found[IDS[0]].byte_count) == ("AUD-ours", 0)
    assert (found[IDS[0]].verdict, found[IDS[0]].intact) == ("intact", FILES)
    summary, _ = run(services, only(IDS[0]))
    assert "adopted" not in summary.totals()  # it began later than that was found


def test_what_was_taken_over_is_told_in_the_totals(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, store = bent(archive)
    rival(archive, whole(0, checked_at="2999-01-01T00:00:00Z"))
    summary, found = run(services, only())
    assert summary.totals()["adopted"] == 1
    assert (summary.copies, summary.rows, len(found)) == (3, 3, 3)
    assert store.looks(IDS[0]) == 0
    assert summary.bytes == sum(one.byte_count for one in found if one.object_id != IDS[0])


@pytest.mark.parametrize("why", ["before", "not all of it", "ours", "not at work"])
def test_what_is_older_half_done_our_own_or_of_nobody_at_work_is_not_taken_over(
    archive: wiring.Archive, why: str
) -> None:
    services, store = bent(archive)
    former = whole(0)
    if why == "not all of it":
        former = replace(former, verdict="incomplete", intact=FILES - 1, not_checked=1)
    name = rival(archive, former)
    changes = {"begun": "2026-11-22T08:00:01Z"} if why == "before" else {}
    if why == "ours":
        changes = {"run_id": name}
    if why == "not at work":
        (services.progress / f"{name}.lock").unlink()
    one = looker(services, **changes)
    assert len(list(one.results(store, IDS))) == 3
    assert (store.looks(IDS[0]), one.adopted) == (1, 0)


def test_without_a_folder_for_notes_there_are_no_rivals(archive: wiring.Archive) -> None:
    rival(archive, whole(0))
    services, store = bent(archive, progress=None)
    assert len(list(looker(services).results(store, IDS))) == 3
    assert store.looks(IDS[0]) == 1


def test_a_copy_that_another_audit_holds_is_taken_over_when_it_is_recorded(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Time(monkeypatch)
    services, store = bent(archive)
    name = rival(archive)
    with leases(services.progress, "primary") as held:
        assert held.take(IDS[0]) and held.take(IDS[1])

        def then() -> None:
            if len(clock.pauses) == 2:  # nearly given up: 40 seconds
                mine = [replace(whole(0), run_id=name)]
                recording.record_results(services, name, mine, "t")
            if len(clock.pauses) == 4:  # that one was got on with: 40 seconds more are no 60
                mine = [replace(whole(1), run_id=name)]
                recording.record_results(services, name, mine, "t")

        clock.then = then
        one = looker(services, pause=clock.pause)
        found = list(one.results(store, IDS))
    assert clock.pauses == [0.2] * 4
    assert sorted(item.object_id for item in found) == IDS
    assert (one.adopted, store.looks()) == (2, 1)


def test_a_copy_whose_holder_died_is_looked_at_and_one_held_for_ever_is_left(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Time(monkeypatch)
    services, store = bent(archive)
    with (
        leases(services.progress, "primary") as held,
        leases(services.progress, "primary") as dying,
    ):
        assert held.take(IDS[0]) and dying.take(IDS[1])

        def then() -> None:
            if len(clock.pauses) == 2:
                dying.give_back(IDS[1])

        clock.then = then
        one = looker(services, pause=clock.pause)
        found = [item.object_id for item in one.results(store, IDS)]
        assert sorted(found) == IDS[1:]
        assert len(clock.pauses) == 3  # sixty seconds, and not one pause more
        monkeypatch.undo()
        monkeypatch.setattr(looking, "LEASE_WAIT", 0.0)
        summary, results = run(services, only())
    (left,) = [item for item in results if item.object_id == IDS[0]]
    assert (left.verdict, left.not_checked) == ("incomplete", FILES)
    assert {file["reason"] for file in left.files} == {BUSY}
    assert summary.sums.intact == 2 * FILES


def test_nobody_waits_for_another_audit_in_a_run_that_is_to_stop(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Time(monkeypatch)
    services, store = bent(archive)
    with leases(services.progress, "primary") as held:
        assert held.take(IDS[0])
        one = looker(services, pause=clock.pause, stop=lambda: bool(clock.pauses))
        assert len(list(one.results(store, IDS[:1]))) == 0
    assert clock.pauses == [0.2]


def test_a_copy_is_held_until_its_result_is_recorded_and_then_given_back(
    archive: wiring.Archive,
) -> None:
    services, store = bent(archive)
    one = looker(services)
    results = one.results(store, IDS[:1])
    next(results)
    with leases(services.progress, "primary") as other:
        assert not other.take(IDS[0])
        one.recorded()
        assert other.take(IDS[0])
        one.recorded()  # what was given back is not given back twice, under the other's hands
        with leases(services.progress, "primary") as third:
            assert not third.take(IDS[0])
    results.close()


def test_copies_recorded_in_the_middle_of_a_run_are_free_for_another_audit(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "RECORD_COPIES", 1)
    services = archive.auditing()
    free: list[bool] = []
    done: list[str] = []

    def heard(found: AuditResultRecord) -> None:
        if done:
            with leases(services.progress, "primary") as other:
                free.append(other.take(done[-1]))
        done.append(found.object_id)

    audit(services, only(), operator="t", medium=False, on_result=heard)
    assert free == [True, True]


def test_many_copies_are_asked_for_a_few_at_a_time_and_all_of_them_have_a_result(
    archive: wiring.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "TOGETHER", 2)
    summary, found = run(archive.auditing(), only())
    assert sorted(one.object_id for one in found) == IDS
    assert summary.copies == 3
    assert utc_text(archive.clock.now()) >= max(one.checked_at for one in found)
