"""Verdict, totals and exit status of a run, case by case: what a mutation test changes where they
are decided is to be noticed by these."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from kho import exits
from kho.exits import Exit
from kho.settings import NoArchive
from preservation.audit import recording
from preservation.audit.fixity import CopyJudgement, FileFinding, FileVerdict, Sums
from preservation.audit.selection import BUSY, CATALOGUE_PLACE, AuditSummary, Selection
from preservation.events import Outcome
from repository import errors
from repository.catalogue.records import AuditResultRecord, AuditRunRecord

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
GOOD = Sums(expected=2, intact=2)
BAD = Sums(expected=2, intact=1, altered=1)
OPEN = Sums(expected=2, intact=1, unreadable=1)


@pytest.mark.parametrize(
    ("sums", "away", "broken", "status", "outcome"),
    [
        (GOOD, False, "", 0, Outcome.SUCCESS),
        (Sums(), False, "", 0, Outcome.SUCCESS),
        (BAD, False, "", 3, Outcome.FAILURE),
        (BAD, True, "lost", 3, Outcome.FAILURE),
        (OPEN, False, "", 4, Outcome.INCOMPLETE),
        (OPEN, True, "", 4, Outcome.INCOMPLETE),
        (GOOD, True, "", 4, Outcome.INCOMPLETE),
        (GOOD, False, "lost", 1, Outcome.FAILURE),
        (GOOD, True, "lost", 1, Outcome.FAILURE),
        (OPEN, False, "lost", 1, Outcome.FAILURE),
        (Sums(unexpected=1), False, "", 3, Outcome.FAILURE),
        (Sums(expected=1, missing=1), False, "", 3, Outcome.FAILURE),
        (Sums(expected=1, not_checked=1), False, "", 4, Outcome.INCOMPLETE),
    ],
)
def test_status_and_outcome_follow_from_the_sums(sums, away, broken, status, outcome) -> None:
    assert exits.of_audit(sums, away, broken) == status
    stores = ["copy-1"] if away else []
    summary = AuditSummary("r", sums, stores_unavailable=stores, broken=broken)
    assert summary.outcome is outcome
    assert summary.totals().get("broken", "") == broken
    if not broken:
        assert exits.of_audit(sums, away) == status


def test_totals_say_everything_and_broken_only_where_it_is() -> None:
    summary = AuditSummary("r", BAD, 3, 4, 5, 6, ["z", "a"], "", {"adopted": 7})
    assert summary.totals() == {
        "objects": 3, "copies": 4, "bytes": 6, **BAD.as_dict(), "stores_unavailable": ["a", "z"],
        "adopted": 7,
    }  # fmt: skip
    fresh = AuditSummary("r").totals()
    assert not any(fresh.values())
    assert "broken" not in fresh


def test_what_is_neither_asked_for_nor_found_is_nothing() -> None:
    asked = Selection("all", {}, roots=True)
    assert (asked.note, asked.depth, dict(asked.asked), asked.drawn) == ("", "full", {}, None)
    fresh = AuditSummary("r")
    assert (fresh.objects, fresh.copies, fresh.rows, fresh.bytes, fresh.broken) == (0, 0, 0, 0, "")
    assert (fresh.sums, fresh.stores_unavailable, fresh.more) == (Sums(), [], {})


def test_the_words_beside_stores_and_verdicts_are_stable() -> None:
    assert CATALOGUE_PLACE == "(catalogue)"
    assert BUSY == "another audit is at work on it"


def test_the_statuses_are_those_of_the_manual() -> None:
    assert {one.name: one.value for one in Exit} == {
        "DONE": 0, "FAILURE": 1, "USAGE": 2, "FOUND": 3, "INCOMPLETE": 4, "NO_ARCHIVE": 10,
        "LOCKED": 11, "CANCELLED": 130,
    }  # fmt: skip


def test_a_failure_has_the_status_of_its_nearest_class() -> None:
    class Unheard(errors.ArchiveError):
        pass

    class StillLocked(errors.Locked):
        pass

    assert exits.of_failure(StillLocked("x")) is Exit.LOCKED
    assert exits.of_failure(NoArchive("x")) is Exit.NO_ARCHIVE
    assert exits.of_failure(errors.Cancelled("x")) is Exit.CANCELLED
    assert exits.of_failure(errors.Refused("x")) is Exit.FAILURE
    assert exits.of_failure(Unheard("x")) is Exit.FAILURE


def result(verdict: str, **sums: int) -> AuditResultRecord:
    values = dict.fromkeys(Sums().as_dict(), 0) | sums
    return AuditResultRecord("r", "urn:a", "primary", "", verdict, byte_count=9, **values)


EACH = {
    "expected": 15, "intact": 1, "altered": 2, "missing": 3, "unreadable": 4, "not_checked": 5,
    "unexpected": 6,
}  # fmt: skip


def test_a_recorded_results_sums_are_read_each_from_its_own_place() -> None:
    assert recording.sums_of(result("damaged", **EACH)) == Sums(**EACH)
    for verdict in ("intact", "incomplete", ""):
        with pytest.raises(ValueError, match="a result says"):
            recording.sums_of(result(verdict, **EACH))


@pytest.mark.parametrize("name", [*EACH, "rows", "byte_count"])
@pytest.mark.parametrize("by", [-1, 1])
def test_any_sum_that_is_not_what_is_recorded_makes_a_run_broken(name: str, by: int) -> None:
    recorded = {**EACH, "rows": 20, "byte_count": 30}

    def services(totals: dict[str, int]) -> Any:
        return SimpleNamespace(catalogue=SimpleNamespace(audit_totals=lambda _: totals))

    summary = AuditSummary("r", Sums(**EACH), rows=20, bytes=30)
    assert recording._lost(services(recorded), summary) == ""
    changed = {**recorded, name: recorded[name] + by}
    told = recording._lost(services(changed), summary)
    assert told == (
        "What was found is not what is recorded: "
        f"{name} {recorded[name]} found, {changed[name]} recorded."
    )


def test_the_worst_of_a_batch_is_its_outcome() -> None:
    whole, open_, bad = (result(one) for one in ("intact", "incomplete", "damaged"))
    assert recording._batch_outcome([]) is Outcome.SUCCESS
    assert recording._batch_outcome([whole]) is Outcome.SUCCESS
    assert recording._batch_outcome([whole, open_]) is Outcome.INCOMPLETE
    assert recording._batch_outcome([open_, bad, whole]) is Outcome.FAILURE


def test_a_judgement_is_recorded_as_it_is() -> None:
    files = tuple(FileFinding(f"f{n}", FileVerdict.ALTERED, "why") for n in range(1001))
    judged = CopyJudgement(Sums(expected=1001, altered=1001), files, 77)
    found = recording.to_record("r", "urn:a", "primary", judged, NOW, diagnosis={"kind": "edit"})
    assert len(found.files) == 1000 == recording.NAMED
    assert found.files[0] == {
        "path": "f0", "verdict": "altered", "reason": "why", "diagnosis": {"kind": "edit"},
    }  # fmt: skip
    assert found.files[999] == {"path": "f999", "verdict": "altered", "reason": "why"}
    told = replace(found, files=())
    assert told == AuditResultRecord(
        "r", "urn:a", "primary", "2026-11-22T18:00:00Z", "damaged", 1001, 0, 1001, 0, 0, 0, 0, 77,
        files=(),
    )  # fmt: skip
    whole = CopyJudgement(GOOD, (), 5)
    assert recording.to_record("r", "urn:a", "s", whole, NOW, diagnosis={}).files == ()
    assert recording.to_record("r", "urn:a", "s", judged, NOW).files[0]["path"] == "f0"


def test_what_is_recorded_counts_no_more_towards_the_next_note(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "record_results", lambda *_: None)
    noted: list[int] = []
    notes: Any = SimpleNamespace(
        note=lambda results: noted.append(len(results)), recorded=lambda: None
    )
    nothing: Any = None
    recorder = recording.Recorder(nothing, "r", "t", notes)

    def of(files: int) -> AuditResultRecord:
        judged = CopyJudgement(Sums(expected=files, intact=files), (), 0)
        return recording.to_record("r", "urn:a", "primary", judged, NOW)

    recorder.add(of(recording.NOTE_FILES - 1))
    assert noted == []
    recorder.record()
    recorder.add(of(recording.NOTE_FILES - 1))
    assert noted == []
    recorder.add(of(1))
    assert noted == [2]
    recorder.record()
    recorder.add(of(recording.NOTE_FILES))
    assert noted == [2, 1]


def test_only_a_run_that_has_something_left_to_look_at_goes_on() -> None:
    def run_with(finished: str, **totals: Any) -> Any:
        run = AuditRunRecord("r", "all", "then", finished, "me", "incomplete", totals)
        return SimpleNamespace(catalogue=SimpleNamespace(audit_run=lambda _: run))

    for services in (run_with("", not_checked=0), run_with("x", not_checked=1), run_with("")):
        found = recording.resumed(services, "r")
        assert (found.finished_at, found.outcome) == ("", "")
        assert found.totals == {"resumed": 1}
    kept = {"note": "n", "depth": "structural", "asked": {"a": 1}}
    again = recording.resumed(run_with("", resumed=2, intact=5, **kept), "r")
    assert again.totals == {**kept, "resumed": 3}
    for done in (run_with("x", not_checked=0), run_with("x")):
        with pytest.raises(errors.Refused):
            recording.resumed(done, "r")
    nobody = SimpleNamespace(catalogue=SimpleNamespace(audit_run=lambda _: None))
    with pytest.raises(errors.NotFound):
        recording.resumed(nobody, "r")  # type: ignore[arg-type]
