"""The daily second opinion: agreement, disagreement, and judges who say nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from kho import wiring
from preservation.audit.second_judges import Judges, second_opinion
from preservation.events import Outcome
from repository.second_opinion import SecondOpinion
from tests.archives import TestArchive


def asked(archive: wiring.Archive, tmp_path: Path, judges: Judges | None = None):
    return second_opinion(
        archive.auditing(),
        archive.stores,
        tmp_path / "scratch",
        operator="test",
        count=1,
        judges=judges,
    )


def saying(valid: bool | None):
    return lambda folder: SecondOpinion("a judge", valid, ("because",))


@pytest.mark.parametrize(
    ("judges", "outcome", "count"),
    [
        (None, Outcome.SUCCESS, "intact"),
        (Judges(ocfl=saying(False), bag=saying(False)), Outcome.FAILURE, "altered"),
        (Judges(ocfl=saying(None), bag=saying(None)), Outcome.INCOMPLETE, "not_checked"),
    ],
)
def test_what_others_say_of_whole_copies_is_agreement_disagreement_or_not_checked(
    archive: TestArchive, tmp_path: Path, judges: Judges | None, outcome: Outcome, count: str
) -> None:
    logging.getLogger("bagit").setLevel(logging.CRITICAL)
    with wiring.open_archive(archive.home) as opened:
        before = list(opened.catalogue.copies_of_store("primary"))
        summary = asked(opened, tmp_path, judges)
        assert summary is not None
        # Two judges of one dossier in two stores.
        assert summary.sums.as_dict() == {
            **dict.fromkeys(summary.sums.as_dict(), 0), "expected": 4, count: 4,
        }  # fmt: skip
        assert (summary.outcome, summary.broken) == (outcome, "")
        run = opened.catalogue.audit_run(summary.run_id)
        assert run is not None
        assert run.outcome == outcome.value
        places = {result.store for result in opened.catalogue.audit_results(summary.run_id)}
        assert places == {
            f"({judge}) {store}" for judge in ("ocfl-py", "bagit-python") for store in opened.stores
        }
        # What others say is no look of ours: the copies are as our own look left them.
        after = list(opened.catalogue.copies_of_store("primary"))
        assert [one.object_id for one in after] == [one.object_id for one in before]
        assert {one.last_verdict for one in after} <= {"", "intact"}
    assert not (tmp_path / "scratch/second-opinion").exists()
    again = list((tmp_path / "scratch").iterdir()) if (tmp_path / "scratch").exists() else []
    assert again == []


def test_a_damaged_copy_that_others_call_valid_is_a_disagreement(
    archive: TestArchive, tmp_path: Path
) -> None:
    for folder in archive.object_folders("primary"):
        (path,) = folder.glob("v1/content/bagit.txt")
        path.chmod(0o644)
        path.write_bytes(b"other")
    with wiring.open_archive(archive.home) as opened:
        summary = asked(opened, tmp_path, Judges(ocfl=saying(True), bag=saying(True)))
        assert summary is not None
        found = {r.store: r.verdict for r in opened.catalogue.audit_results(summary.run_id)}
    assert found == {
        "(ocfl-py) primary": "damaged",
        "(bagit-python) primary": "incomplete",
        "(ocfl-py) copy-1": "intact",
        "(bagit-python) copy-1": "intact",
    }
    assert summary.outcome is Outcome.FAILURE


def test_nothing_is_asked_where_no_store_is_there(archive: TestArchive, tmp_path: Path) -> None:
    (archive.home / "stores").rename(archive.home / "away")
    with wiring.open_archive(archive.home) as opened:
        assert asked(opened, tmp_path) is None
