"""An audit that is killed and gone on with: the short form of the campaign."""

from __future__ import annotations

from pathlib import Path

import pytest

from preservation.audit import progress, recording
from repository.errors import Locked
from tests.preservation.audit import campaign, grounds


def test_an_audit_killed_three_times_ends_with_exact_sums_and_hardly_reads_twice(
    tmp_path: Path,
) -> None:
    home = grounds.make_many(tmp_path / "home", 120, files=3, size=300).path
    told = campaign.kills(home, seconds=(0.0, 0.1), seed=3, most=3)
    assert told["wrong"] == []
    assert (told["objects"], told["kills"]) == (120, 3)
    assert list((home / "reports/audits").glob("AUD-*")) == []


@pytest.mark.parametrize("torn", [0, 1, 40])
def test_notes_of_a_dead_run_are_read_up_to_where_they_are_torn(tmp_path: Path, torn: int) -> None:
    notes = tmp_path / "AUD-1"
    notes.mkdir()
    made = progress.Progress(notes)
    row = recording.AuditResultRecord(
        "AUD-1", "urn:a", "primary", "2026-01-01T00:00:00Z", "intact", 3, 3, 0, 0, 0, 0, 0, 9
    )
    made.note([row])
    made.note([row, row])
    made.close()
    (path,) = notes.iterdir()
    path.chmod(0o644)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - torn])
    ((run_id, found),) = progress.left(tmp_path)
    assert run_id == "AUD-1"
    assert len(found) == (3 if torn == 0 else 1)
    assert list(tmp_path.iterdir()) == []


def test_a_living_runs_notes_are_left_alone_and_nobody_else_does_the_run(tmp_path: Path) -> None:
    with progress.noting(tmp_path, "AUD-1"):
        assert list(progress.left(tmp_path)) == []
        assert progress.at_work(tmp_path) == {"AUD-1"}
        with (
            pytest.raises(Locked),
            progress.noting(tmp_path, "AUD-1"),
        ):
            raise AssertionError("two processes do one run")
    assert progress.at_work(tmp_path) == set()
