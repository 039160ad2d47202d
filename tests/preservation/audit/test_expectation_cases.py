"""What the ledger makes be expected of a copy, to the last word: each case for a change that a
mutation test made and nobody had noticed."""

from __future__ import annotations

import hashlib
import json

import pytest

from preservation.audit.expectation import (
    CatalogueFault,
    CatalogueFinding,
    agrees,
    expectation,
)
from repository.catalogue.records import ExpectedRecord

NAME = "urn:a"
FIRST, SECOND = "1" * 128, "2" * 128  # what the ledger committed to for v1 and v2
CONTENT = {"v1/content/a": "a" * 128, "v2/content/b": "b" * 128, "v3/content/c": "c" * 128}


def sha512(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()


# The head stands first among the versions, so that what stops at it forgets the others.
INVENTORY = json.dumps(
    {
        "head": "v3",
        "manifest": {digest: [path] for path, digest in CONTENT.items()},
        "versions": {"v1": {}, "v3": {}, "v2": {}},
    }
).encode()
HEAD_FIRST = json.dumps(
    {
        "head": "v2",
        "manifest": {digest: [path] for path, digest in CONTENT.items()},
        "versions": {"v2": {}, "v1": {}},
    }
).encode()


def rows_of(inventories: dict[str, str]) -> list[ExpectedRecord]:
    found = {**CONTENT, "0=ocfl_object_1.1": sha512(b"ocfl_object_1.1\n")}
    for prefix, digest in inventories.items():
        found[f"{prefix}inventory.json"] = digest
        found[f"{prefix}inventory.json.sha512"] = sha512(f"{digest} inventory.json\n".encode())
    # No two sizes alike, but the root inventory's is what its bytes are.
    rows = [
        ExpectedRecord(NAME, path, 100 + number, digest)
        for number, (path, digest) in enumerate(sorted(found.items()))
    ]
    return [
        row._replace(size=len(INVENTORY)) if row.path == "inventory.json" else row for row in rows
    ]


HEAD = sha512(INVENTORY)
COMMITTED = (FIRST, SECOND, HEAD)
ROWS = rows_of({"": HEAD, "v3/": HEAD, "v2/": SECOND, "v1/": FIRST})


def with_row(path: str, **changes) -> list[ExpectedRecord]:
    return [row._replace(**changes) if row.path == path else row for row in ROWS]


def without(path: str) -> list[ExpectedRecord]:
    return [row for row in ROWS if row.path != path]


def test_three_versions_whose_ledger_has_them_by_place_are_vouched_for() -> None:
    # `committed` is by place; versions are listed in another order on purpose.
    committed = (FIRST, "f" * 128, SECOND, HEAD)
    assert agrees(ROWS, committed, INVENTORY) is True
    assert expectation(NAME, ROWS, committed, INVENTORY).finding is None


@pytest.mark.parametrize(
    ("committed", "inventory"),
    [((), INVENTORY), (COMMITTED, None), ((*COMMITTED, FIRST), INVENTORY), (COMMITTED, b"{}")],
)
def test_what_cannot_be_told_is_false(committed, inventory) -> None:
    assert agrees(ROWS, committed, inventory) is False


@pytest.mark.parametrize("path", [row.path for row in ROWS])
def test_rows_that_differ_in_one_are_vouched_for_by_nobody(path: str) -> None:
    (row,) = [one for one in ROWS if one.path == path]
    assert agrees(ROWS, COMMITTED, INVENTORY) is True
    assert agrees(without(path), COMMITTED, INVENTORY) is False
    assert agrees(with_row(path, sha512="0" * 128), COMMITTED, INVENTORY) is False
    renamed = row._replace(path=f"{path}x")
    assert agrees([*without(path), renamed], COMMITTED, INVENTORY) is False
    assert agrees([*ROWS, row._replace(path="v9/content/x")], COMMITTED, INVENTORY) is False
    assert agrees([*ROWS, row], COMMITTED, INVENTORY) is False


@pytest.mark.parametrize(("version", "digest"), [("v1", FIRST), ("v3", HEAD)])
def test_where_the_ledger_has_every_version_no_row_stands_for_one_of_them(
    version: str, digest: str
) -> None:
    path = f"{version}/inventory.json"
    found = expectation(NAME, with_row(path, sha512="e" * 128), COMMITTED, INVENTORY)
    assert list(found.files) == ROWS
    assert found.finding == CatalogueFinding(
        CatalogueFault.DIFFERS, path,
        f"the catalogue has eeeeeeeeeeeeeeee…, the ledger {digest[:16]}…",
    )  # fmt: skip


def test_a_changed_digest_is_told_with_both_and_the_ledgers_is_expected() -> None:
    found = expectation(
        NAME, with_row("v2/content/b", sha512="0123456789abcdefx" * 8), COMMITTED, INVENTORY
    )
    assert list(found.files) == ROWS
    assert found.finding == CatalogueFinding(
        CatalogueFault.DIFFERS,
        "v2/content/b",
        "the catalogue has 0123456789abcdef…, the ledger bbbbbbbbbbbbbbbb…",
    )


def test_a_lost_row_is_told_and_expected_with_no_size_that_could_be_known() -> None:
    found = expectation(NAME, without("v1/content/a"), COMMITTED, INVENTORY)
    assert list(found.files) == with_row("v1/content/a", size=0)
    assert found.finding == CatalogueFinding(
        CatalogueFault.DIFFERS, "v1/content/a", "the catalogue does not expect it"
    )


def test_a_lost_row_of_the_root_inventory_has_the_size_of_its_bytes() -> None:
    found = expectation(NAME, without("inventory.json"), COMMITTED, INVENTORY)
    assert list(found.files) == ROWS


def test_a_row_too_many_is_told_and_not_expected() -> None:
    more = [*ROWS, ExpectedRecord(NAME, "v9/content/x", 1, "9" * 128)]
    found = expectation(NAME, more, COMMITTED, INVENTORY)
    assert list(found.files) == ROWS
    assert found.finding == CatalogueFinding(
        CatalogueFault.DIFFERS,
        "v9/content/x",
        "the catalogue expects it, the ledger's inventory has it not",
    )


def test_of_several_wrong_rows_the_first_by_path_is_named_and_they_are_counted() -> None:
    rows = [row for row in without("v1/content/a") if row.path != "v3/content/c"]
    found = expectation(NAME, rows, COMMITTED, INVENTORY)
    assert found.finding == CatalogueFinding(
        CatalogueFault.DIFFERS, "v1/content/a", "the catalogue does not expect it (2 rows)"
    )


def test_a_row_given_twice_is_a_fault_of_the_catalogue_as_a_whole() -> None:
    found = expectation(NAME, [*ROWS, ROWS[0]], COMMITTED, INVENTORY)
    assert list(found.files) == ROWS
    assert found.finding is not None
    assert (found.finding.fault, found.finding.path) == (CatalogueFault.DIFFERS, ".")


def test_an_earlier_versions_inventory_is_held_against_the_ledger_by_its_place() -> None:
    inventory = HEAD_FIRST
    head = sha512(inventory)
    good = rows_of({"": head, "v2/": head, "v1/": FIRST})
    # The versions are listed with the head first: its place is the first of what was committed.
    rows = [row._replace(sha512="e" * 128) if row.path == "v1/inventory.json" else row
            for row in good]  # fmt: skip
    found = expectation(NAME, rows, ("e" * 127 + "f", FIRST, head), inventory)
    assert found.finding is not None
    assert {row.path: row.sha512 for row in found.files}["v1/inventory.json"] == FIRST


def test_a_ledger_that_began_later_still_vouches_for_the_heads_own_inventory() -> None:
    rows = with_row("v3/inventory.json", sha512="e" * 128)
    found = expectation(NAME, rows, (HEAD,), INVENTORY)
    assert found.finding is not None
    assert found.finding.path == "v3/inventory.json"
    assert list(found.files) == ROWS


def test_a_ledger_that_began_later_takes_an_earlier_version_from_the_catalogue() -> None:
    assert agrees(ROWS, (HEAD,), INVENTORY)
    inventory = HEAD_FIRST
    head = sha512(inventory)
    assert agrees(rows_of({"": head, "v2/": head, "v1/": FIRST}), (head,), inventory)


def test_a_lost_row_of_an_earlier_inventory_is_no_row_that_agrees_with_itself() -> None:
    rows = [row for row in ROWS if not row.path.startswith("v1/inventory.json")]
    found = expectation(NAME, rows, (HEAD,), INVENTORY)
    digests = {row.path: row.sha512 for row in found.files}
    assert digests["v1/inventory.json"] == ""


def test_without_an_inventory_only_its_own_rows_can_be_held_against_the_last_commitment() -> None:
    assert expectation(NAME, ROWS, COMMITTED, None).finding is None
    rows = with_row("inventory.json", sha512="d" * 128)
    found = expectation(NAME, rows, COMMITTED, None)
    assert list(found.files) == ROWS
    assert found.finding is not None
    assert found.finding.path == "inventory.json"
    lost = [row for row in ROWS if not row.path.startswith("inventory.json")]
    expected = {row.path: (row.size, row.sha512) for row in ROWS}
    told = {
        row.path: (row.size, row.sha512) for row in expectation(NAME, lost, COMMITTED, None).files
    }
    assert told.pop("inventory.json") == (0, HEAD)
    assert told.pop("inventory.json.sha512") == (0, expected["inventory.json.sha512"][1])
    assert told.items() <= expected.items()


@pytest.mark.parametrize("older", [FIRST, SECOND])
def test_a_root_inventory_of_an_earlier_commitment_is_not_the_last(older: str) -> None:
    found = expectation(NAME, with_row("inventory.json", sha512=older), COMMITTED, None)
    assert found.finding is not None
    assert list(found.files) == ROWS


def test_an_object_the_ledger_never_spoke_of_is_expected_as_the_catalogue_has_it() -> None:
    found = expectation(NAME, ROWS, (), None)
    assert found.files == ROWS
    assert found.finding == CatalogueFinding(CatalogueFault.UNCOMMITTED, ".", "")


def test_the_words_for_faults_are_stable() -> None:
    assert [fault.value for fault in CatalogueFault] == [
        "AUD-CATALOGUE-DIFFERS",
        "AUD-UNCOMMITTED",
        "AUD-CATALOGUE-FORGOT",
    ]
