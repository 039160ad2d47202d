"""The last audit is told without those of drills, whose damage was planted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from preservation.drills.runs import last_runs, of_a_drill
from repository.catalogue.catalogue import Catalogue, create_catalogue, open_catalogue
from repository.catalogue.records import AuditRunRecord


def run(number: int, note: str = "") -> AuditRunRecord:
    at = f"2026-11-22T05:{number // 60:02}:{number % 60:02}Z"
    totals = {"note": note} if note else {}
    return AuditRunRecord(f"AUD-{number:04}", "named", at, at, "lan", "success", totals)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    create_catalogue(tmp_path / "catalogue.sqlite")
    with open_catalogue(tmp_path / "catalogue.sqlite") as made:
        yield made


@pytest.mark.parametrize("note", ["drill flip", "drill: mended", "after a drill"])
def test_a_run_of_a_drill_is_known_by_its_note(note: str) -> None:
    assert of_a_drill(run(1, note))


@pytest.mark.parametrize("note", ["", "--sample 2% --seed 7", "drilling machine bought"])
def test_any_other_run_is_none(note: str) -> None:
    assert not of_a_drill(run(1, note))


def test_the_last_run_is_found_behind_more_runs_of_drills_than_are_asked_for_at_first(
    catalogue: Catalogue,
) -> None:
    with catalogue.transaction() as tx:
        for number in range(3):
            tx.put_audit_run(run(number))
        for number in range(3, 1200):
            tx.put_audit_run(run(number, "drill flip"))
    assert [one.run_id for one in last_runs(catalogue, 1)] == ["AUD-0002"]
    assert [one.run_id for one in last_runs(catalogue, 9)] == ["AUD-0002", "AUD-0001", "AUD-0000"]


def test_where_nothing_was_audited_there_is_no_last_run(catalogue: Catalogue) -> None:
    assert list(last_runs(catalogue, 1)) == []
