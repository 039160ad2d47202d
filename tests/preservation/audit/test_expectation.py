"""Whatever is changed in the catalogue's rows of an object, the ledger does not vouch for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.audit.expectation import (
    CatalogueFault,
    Expectation,
    agrees,
    expectation,
)
from repository.catalogue.records import ExpectedRecord
from repository.local_plan import plan_version
from repository.ocfl.inventory import parse_inventory
from tests.preservation.audit import grounds

NAME = grounds.object_id(1)


def _object() -> tuple[list[ExpectedRecord], tuple[str, str], bytes]:
    """The rows of an object of two versions, what the ledger has of it, and its root inventory."""
    one = plan_version(grounds._plan(NAME, None, 3, 50, 0), None)
    held = parse_inventory(next(f.source for f in one.files if f.path == "inventory.json"))
    two = plan_version(grounds._plan(NAME, held, 3, 50, 0), held)
    files = {file.path: file for file in (*one.files, *two.files)}
    rows = [ExpectedRecord(NAME, f.path, f.size, f.sha512) for _, f in sorted(files.items())]
    committed = (one.inventory_sha512, two.inventory_sha512)
    return rows, committed, bytes(files["inventory.json"].source)


ROWS, COMMITTED, INVENTORY = _object()


def test_the_rows_as_they_were_made_agree_and_are_expected_as_they_are() -> None:
    assert agrees(ROWS, COMMITTED, INVENTORY)
    assert expectation(NAME, ROWS, COMMITTED, INVENTORY) == Expectation(ROWS)
    assert expectation(NAME, ROWS, COMMITTED, None) == Expectation(ROWS)


@given(st.integers(0, len(ROWS) - 1), st.sampled_from(["change", "remove", "rename", "double"]))
def test_any_row_that_was_changed_is_found_and_what_was_committed_is_expected(
    place: int, how: str
) -> None:
    row = ROWS[place]
    other = {
        "change": [row._replace(sha512="0" * 128)],
        "remove": [],
        "rename": [row._replace(path=f"{row.path}x")],
        "double": [row, row],
    }[how]
    rows = [*ROWS[:place], *other, *ROWS[place + 1 :]]
    assert not agrees(rows, COMMITTED, INVENTORY)
    found = expectation(NAME, rows, COMMITTED, INVENTORY)
    assert found.finding is not None
    assert found.finding.fault is CatalogueFault.DIFFERS
    assert [(one.path, one.sha512) for one in found.files] == [(r.path, r.sha512) for r in ROWS]


@pytest.mark.parametrize("change", [b" ", b"x"])
def test_another_inventory_vouches_for_nothing(change: bytes) -> None:
    assert not agrees(ROWS, COMMITTED, INVENTORY + change)
    assert not agrees(ROWS, COMMITTED, None)
    assert not agrees(ROWS, COMMITTED[:1], INVENTORY)


def test_an_object_the_ledger_never_spoke_of_has_only_the_catalogue_and_that_is_said() -> None:
    assert not agrees(ROWS, (), INVENTORY)
    found = expectation(NAME, ROWS, (), INVENTORY)
    assert found.finding is not None
    assert (found.finding.fault, found.files) == (CatalogueFault.UNCOMMITTED, ROWS)


def test_where_no_store_has_the_inventory_its_own_row_is_still_held_against_the_ledger() -> None:
    rows = [r._replace(sha512="0" * 128) if r.path == "inventory.json" else r for r in ROWS]
    found = expectation(NAME, rows, COMMITTED, None)
    assert found.finding is not None
    assert found.finding.path == "inventory.json"
    assert {f.path: f.sha512 for f in found.files}["inventory.json"] == COMMITTED[-1]


def test_a_ledger_that_began_later_leaves_old_inventories_to_the_catalogue() -> None:
    assert agrees(ROWS, COMMITTED[1:], INVENTORY)
