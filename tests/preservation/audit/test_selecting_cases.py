"""Which copies an audit takes, and what is said of the choice. What a mutation test changes in
`kho.selecting` is to be noticed by these."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kho import selecting, wiring
from preservation.audit import recording
from preservation.audit.run import Depth, Drawn, Selection, audit
from repository.catalogue.records import CANARY_FONDS
from repository.clock import utc_text
from repository.errors import NotFound, Refused
from repository.search_text import SearchText
from tests.preservation.audit import grounds

STORES = ("primary", "copy-1")
IDS = [grounds.object_id(number) for number in range(3)]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("selecting") / "home"
    made = grounds.make_many(home, len(IDS), files=1, size=40).path
    with wiring.open_archive(made) as archive:
        audit(archive.auditing(), selecting.everything(archive, STORES), operator="t", medium=False)
    return made


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> Iterator[wiring.Archive]:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    with wiring.open_archive(tmp_path / "home") as opened:
        yield opened


def write(archive: wiring.Archive, number: int, store: str, read_at: str) -> None:
    """Somebody writes into the catalogue when a copy was read."""
    with archive.catalogue.transaction() as tx:
        tx._connection.exec_driver_sql(
            "UPDATE copies SET read_at = ? WHERE object_id = ? AND store = ?",
            (read_at, IDS[number], store),
        )


def test_what_is_due_is_due_with_all_that_belongs_to_no_dossier(archive: wiring.Archive) -> None:
    selection = selecting.due(archive, STORES, 7)
    assert selection.copies == {"primary": [], "copy-1": []}
    assert (selection.kind, selection.roots, selection.note) == ("due", True, "")
    assert selection.asked == {"by": "due", "stores": list(STORES), "budget": 7}
    assert list(archive.catalogue.incidents()) == []


def test_readings_that_no_audit_made_are_told_for_each_store_and_an_incident_each(
    archive: wiring.Archive,
) -> None:
    for number, store in ((0, "primary"), (1, "primary")):
        write(archive, number, store, "2999-01-01T00:00:00Z")
    selection = selecting.due(archive, STORES, None)
    assert selection.copies == {"primary": IDS[:2], "copy-1": []}
    told = "read first, for a reading is noted that no audit made: "
    assert selection.note == f"{told}primary 2"
    write(archive, 2, "copy-1", "2999-01-01T00:00:00Z")
    assert selecting.due(archive, STORES, None).note == f"{told}primary 2, copy-1 1"
    found = [(one.cause, one.object_id, one.store) for one in archive.catalogue.incidents()]
    assert sorted(found) == [
        ("catalogue", IDS[0], "primary"), ("catalogue", IDS[1], "primary"),
        ("catalogue", IDS[2], "copy-1"),
    ]  # fmt: skip


def test_of_a_dossier_that_is_not_held_nothing_is_looked_at(archive: wiring.Archive) -> None:
    with pytest.raises(NotFound, match="Nothing is held as urn:none"):
        selecting.named(archive, STORES, [IDS[0], "urn:none"])
    assert selecting.named(archive, STORES, [IDS[1], IDS[0], IDS[1]]).copies == {
        "primary": [IDS[1], IDS[0]], "copy-1": [IDS[1], IDS[0]],
    }  # fmt: skip


def test_canaries_are_drawn_and_named_for_all_dossiers_by_nobody(archive: wiring.Archive) -> None:
    as_canary(archive, 1)
    assert selecting.held(archive, None) == selecting.held(archive, []) == [IDS[0], IDS[2]]
    drawn = selecting.sampled(archive, STORES, 100, 1)
    assert sorted(drawn.copies["primary"]) == [IDS[0], IDS[2]]
    assert (drawn.kind, drawn.roots, drawn.depth) == ("sample", False, "full")
    assert drawn.drawn == Drawn(100, 1, 2, 2)
    everything = selecting.everything(archive, STORES)
    assert sorted(everything.copies["copy-1"]) == IDS
    assert (everything.kind, everything.roots, everything.depth) == ("all", True, "full")


def as_canary(archive: wiring.Archive, number: int) -> None:
    """Give this dossier the fonds of canaries."""
    record = archive.catalogue.object(IDS[number])
    assert record is not None
    versions = archive.catalogue.versions(IDS[number])
    rows = archive.catalogue.expected(IDS[number])
    words = SearchText(title=record.title)
    with archive.catalogue.transaction() as tx:
        tx.put_object(replace(record, fonds_code=CANARY_FONDS), [], versions, rows, {}, words)


def test_a_draw_is_repeated_from_what_was_held_when_it_was_drawn(archive: wiring.Archive) -> None:
    now = archive.clock.now()
    drawn = selecting.sampled(archive, STORES, 100, 1)
    run = recording.begin(archive.auditing(), drawn, "t", now)
    for number, seconds in enumerate((-1, 0, 1)):
        with archive.catalogue.transaction() as tx:
            tx._connection.exec_driver_sql(
                "UPDATE objects SET first_held_at = ? WHERE object_id = ?",
                (utc_text(now + timedelta(seconds=seconds)), IDS[number]),
            )
    again = selecting.asked_again(archive, run.run_id)
    assert sorted(again.copies["primary"]) == IDS[:2]
    assert again.drawn == Drawn(100, 1, 2, 2)
    assert again.asked == drawn.asked
    assert sorted(selecting.sampled(archive, STORES, 100, 1).copies["primary"]) == IDS


@pytest.mark.parametrize("depth", ["full", "structural"])
def test_an_interrupted_run_is_asked_again_as_it_was_asked(
    archive: wiring.Archive, depth: Depth
) -> None:
    now = archive.clock.now()
    for asked in (
        selecting.named(archive, ["copy-1"], IDS[1:], depth=depth),
        selecting.everything(archive, STORES, depth=depth),
        selecting.due(archive, ["primary"], 1),
    ):
        run = recording.begin(archive.auditing(), asked, "t", now)
        again = selecting.asked_again(archive, run.run_id)
        assert again == asked
        assert again.asked == run.totals["asked"]


def test_a_run_that_does_not_tell_what_it_was_to_look_at_is_not_gone_on_with(
    archive: wiring.Archive,
) -> None:
    silent = Selection("named", {"primary": IDS}, roots=False)
    run = recording.begin(archive.auditing(), silent, "t", archive.clock.now())
    with pytest.raises(Refused, match=f"{run.run_id} does not say what it was to look at"):
        selecting.asked_again(archive, run.run_id)
    with pytest.raises(NotFound, match="There is no audit AUD-none"):
        selecting.asked_again(archive, "AUD-none")


def test_a_run_without_a_depth_was_of_all_bytes(archive: wiring.Archive) -> None:
    asked = {"by": "all", "stores": list(STORES)}
    run = recording.begin(
        archive.auditing(),
        Selection("full", {}, roots=True, depth="structural", asked=asked),
        "t",
        archive.clock.now(),
    )
    assert selecting.asked_again(archive, run.run_id).depth == "full"


def test_a_store_that_there_is_not_is_named_with_those_that_there_are(
    archive: wiring.Archive,
) -> None:
    assert selecting.known(archive.stores, ["copy-1"]) == ["copy-1"]
    with pytest.raises(NotFound, match=r"There is no store attic\. There are: primary, copy-1\."):
        selecting.known(archive.stores, ["primary", "attic"])


def test_a_dossier_of_which_no_copy_can_be_looked_at_is_refused_and_not_passed_over(
    archive: wiring.Archive,
) -> None:
    with archive.catalogue.transaction() as tx:
        tx._connection.exec_driver_sql(
            f"DELETE FROM copies WHERE store = 'copy-1' AND object_id = '{IDS[1]}'"
        )
    # Where a store must have it, it is looked for there, and missed.
    assert selecting.named(archive, ["copy-1"], IDS).copies == {"copy-1": IDS}
    copies = archive.settings.copies.model_copy(update={"required": ("primary",)})
    archive.settings = archive.settings.model_copy(update={"copies": copies})
    with pytest.raises(NotFound, match=f"There is no copy of {IDS[1]} in copy-1."):
        selecting.named(archive, ["copy-1"], IDS)
    both = selecting.named(archive, STORES, IDS)
    assert both.copies == {"primary": IDS, "copy-1": [IDS[0], IDS[2]]}
    assert (both.kind, both.roots, both.depth) == ("named", False, "full")
