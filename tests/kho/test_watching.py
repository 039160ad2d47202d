"""A watched folder: taken when at rest, once, and nothing in it touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from kho.taking import Taken
from kho.watching import Watch
from repository.catalogue.catalogue import create_catalogue, open_catalogue
from repository.errors import Unavailable
from tests.ingest.readers.sip import Sip, files_of
from tests.ingest.shapes.making import HEADS, packed, row, write_tree, xlsx


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def watched(tmp_path: Path):
    create_catalogue(tmp_path / "c.sqlite")
    (tmp_path / "drop").mkdir()
    clock = Hands()
    with open_catalogue(tmp_path / "c.sqlite") as catalogue:
        yield Watch(tmp_path / "drop", catalogue, settle=10, clock=clock), tmp_path / "drop", clock


def names(watch: Watch) -> list[str]:
    return [path.name for path in watch.look().ready]


def test_a_file_is_ready_once_it_has_not_changed_for_long_enough(watched) -> None:
    watch, drop, clock = watched
    (drop / "a.zip").write_bytes(b"half")
    assert names(watch) == []
    clock.time += 9
    (drop / "a.zip").write_bytes(b"half and half")
    assert names(watch) == []
    clock.time += 9
    assert names(watch) == []
    clock.time += 2
    assert names(watch) == ["a.zip"]


def test_a_mark_beside_it_makes_a_file_ready_at_once(watched) -> None:
    watch, drop, _ = watched
    (drop / "a.zip").write_bytes(b"whole")
    (drop / "a.zip.ready").touch()
    assert names(watch) == ["a.zip"]


@pytest.mark.parametrize("name", [".a.zip", "a.zip.part", "a.zip.tmp", "a.txt", "folder.zip"])
def test_unfinished_hidden_and_other_names_are_not_looked_at(watched, name: str) -> None:
    watch, drop, clock = watched
    if name == "folder.zip":
        (drop / name).mkdir()
    else:
        (drop / name).write_bytes(b"x")
    names(watch)
    clock.time += 100
    assert names(watch) == []


def test_what_was_settled_is_not_taken_again_until_its_bytes_change(watched) -> None:
    watch, drop, clock = watched
    (drop / "a.zip").write_bytes(b"one")
    names(watch)
    clock.time += 11
    watch.settled(Taken(watch.look().ready[0]))
    assert names(watch) == []
    (drop / "a.zip").write_bytes(b"another one")
    names(watch)
    clock.time += 11
    assert names(watch) == ["a.zip"]


def test_what_failed_is_tried_again_later(watched) -> None:
    watch, drop, clock = watched
    (drop / "a.zip").write_bytes(b"one")
    names(watch)
    clock.time += 11
    watch.settled(Taken(watch.look().ready[0], failure=Unavailable("the store is away")))
    assert names(watch) == []
    clock.time += 11
    assert names(watch) == ["a.zip"]


def test_a_folder_that_is_away_is_told_once_and_looked_for_again(watched) -> None:
    watch, drop, _ = watched
    drop.rmdir()
    assert watch.look().trouble
    assert watch.look().trouble == ""
    drop.mkdir()
    assert watch.look().trouble == ""


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "folder"])
def test_a_transfer_of_every_shape_is_ready_when_nothing_in_it_changes(watched, kind: str) -> None:
    watch, drop, clock = watched
    packed(kind, drop, files_of(Sip()), "transfer")
    assert names(watch) == []
    clock.time += 9
    if kind == "folder":
        (drop / "transfer" / "schemas" / "late.xsd").write_bytes(b"x")
        assert names(watch) == []
        clock.time += 9
    assert names(watch) == []
    clock.time += 2
    (ready,) = watch.look().ready
    watch.settled(Taken(ready))
    assert names(watch) == []


def test_a_list_gives_its_dossiers_and_one_that_failed_is_tried_again_with_its_folder(
    watched,
) -> None:
    watch, drop, clock = watched
    rows = [row(1, "a.pdf"), row(1, "b.pdf", dossier="16")]
    files = {"list.xlsx": xlsx([HEADS, *rows]), "a.pdf": b"%PDF a", "b.pdf": b"%PDF b"}
    write_tree(drop / "so", files)
    names(watch)
    clock.time += 11
    first, second = watch.look().ready
    watch.settled(Taken(first, failure=Unavailable("the store is away")))
    watch.settled(Taken(second))
    assert names(watch) == []
    clock.time += 11
    assert len(watch.look().ready) == 2


def test_a_folder_that_is_still_being_copied_to_is_not_ready(watched) -> None:
    watch, drop, clock = watched
    write_tree(drop / "so", {"METS.xml": b"<mets/>", "big.pdf.part": b"x"})
    names(watch)
    clock.time += 100
    assert names(watch) == []


def test_what_is_no_transfer_is_told_once(watched) -> None:
    watch, drop, clock = watched
    write_tree(drop / "so", {"letter.txt": b"x"})
    names(watch)
    clock.time += 11
    look = watch.look()
    assert look.ready == ()
    assert [problem.code for _, problem in look.strangers] == ["ING-NOT-UNDERSTOOD"]
    assert watch.look().strangers == ()


def test_the_fonds_that_was_said_goes_with_what_is_taken(tmp_path: Path) -> None:
    create_catalogue(tmp_path / "c.sqlite")
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "a.zip").write_bytes(b"one")
    with open_catalogue(tmp_path / "c.sqlite") as catalogue:
        watch = Watch(tmp_path / "drop", catalogue, settle=0, fonds="P_X")
        assert [arrival.fonds for arrival in watch.look().ready] == ["P_X"]
