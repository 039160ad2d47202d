"""Which copies an audit takes, and what is said of the choice. What a mutation test changes in
`kho.selecting` is to be noticed by these."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kho import selecting, wiring
from preservation.audit.run import audit
from repository.errors import NotFound
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
