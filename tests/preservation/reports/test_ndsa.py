"""Twenty cells: none met by a silence, a declaration never shown as evidence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.reports import ndsa, printing
from preservation.reports.ndsa_values import AREAS, LEVELS, Declaration, NdsaFacts, StoreFact

HANOI = StoreFact("primary", "local", "Hà Nội", True, True, False, "100", 0, 0, "identical")
VINH = replace(HANOI, name="copy-1", place="Vinh")
GOOD = NdsaFacts(
    at="2026-11-22T18:00:00Z", software="Kho", objects=10, files=500, copies_at_head={3: 10},
    read_back={"direct": 30}, events={"ingestion": {"success": 10}, "repair": {"success": 1}},
    runs={"due": 5, "sample": 1}, damaged_copies=0, modes={"01": 10}, keys_open=(), keys=3,
    access_lines=0, ledger_entries=99, committed=10, described=10, profiles={"tt05-2025/1": 10},
    sampled=10, sample_seed=1, sampled_files=100, identified=100, scanned=100,
    transfers={"accepted": 10, "refused": 2}, access_copies=40,
    stores=(HANOI, VINH, replace(HANOI, name="usb", kind="offline", place="Hà Tĩnh")),
)  # fmt: skip
EMPTY = NdsaFacts(
    at="2026-11-22T18:00:00Z", software="Kho", objects=0, files=0, copies_at_head={}, read_back={},
    events={}, runs={}, damaged_copies=0, modes={}, keys_open=None, keys=0, access_lines=None,
    ledger_entries=0, committed=0, described=0, profiles={}, sampled=0, sample_seed=1,
    sampled_files=0, identified=0, scanned=0, transfers={}, access_copies=0,
    stores=(replace(HANOI, place="", media_known=False, ledger="behind"),),
)  # fmt: skip
NAMES = [f"{area}-{level}" for area in AREAS for level in LEVELS]
SAID = {name: Declaration("is so", "Trần Thị B", "2026-11-01") for name in NAMES}


def results(facts: NdsaFacts, declared: dict[str, Declaration] | None = None) -> dict[str, str]:
    return {cell.name: cell.result for cell in ndsa.assess(facts, declared or {})}


def test_there_are_twenty_cells_each_with_claims() -> None:
    cells = ndsa.assess(GOOD, {})
    assert [cell.name for cell in cells] == NAMES
    assert all(cell.claims for cell in cells)


def test_an_archive_that_shows_and_declares_everything_meets_every_cell_and_says_which_are_declared(
) -> None:  # fmt: skip
    cells = ndsa.assess(GOOD, SAID)
    assert {cell.result for cell in cells} == {"met"}
    declared = {cell.name for cell in cells if cell.declared}
    assert {"storage-2", "control-2", "control-4", "content-3"} <= declared
    assert not {"integrity-3", "metadata-2", "metadata-3", "content-1"} & declared
    for cell in cells:
        for claim in cell.claims:
            assert (claim.basis == "declared") is ("Trần Thị B, 2026-11-01" in claim.found)


def test_what_nobody_declared_is_not_known_and_never_met() -> None:
    told = results(GOOD)
    assert told["control-2"] == told["content-3"] == told["storage-2"] == "not-known"
    assert told["integrity-3"] == "met"


def test_an_empty_archive_meets_no_cell_by_having_nothing_wrong() -> None:
    assert "met" not in set(results(EMPTY).values())


@pytest.mark.parametrize(
    ("change", "cell"),
    [
        ({"copies_at_head": {3: 9, 2: 1}}, "storage-4"),
        ({"copies_at_head": {3: 9, 1: 1}}, "storage-1"),
        ({"scanned": 99}, "integrity-1"),
        ({"read_back": {"direct": 29, "cached": 1}}, "integrity-2"),
        ({"committed": 9}, "integrity-2"),
        ({"runs": {}}, "integrity-3"),
        ({"runs": {"due": 5}}, "integrity-3"),
        ({"stores": (HANOI, replace(VINH, audited_percent="99.99"))}, "integrity-3"),
        ({"stores": (HANOI, replace(VINH, late=1))}, "integrity-3"),
        ({"damaged_copies": 1}, "integrity-4"),
        ({"keys_open": ("ledger.key",)}, "control-1"),
        ({"modes": {"01": 9, "": 1}}, "control-1"),
        ({"stores": (HANOI, replace(VINH, ledger="behind"))}, "metadata-1"),
        ({"described": 9}, "metadata-2"),
        ({"profiles": {"": 1}}, "metadata-3"),
        ({"identified": 99}, "content-2"),
        ({"stores": (HANOI, replace(VINH, place="Hà Nội"))}, "storage-1"),
        ({"stores": (HANOI, replace(VINH, media_over=True))}, "storage-3"),
    ],
)
def test_one_fact_that_is_not_so_makes_its_cell_not_met_whatever_is_declared(
    change: dict[str, object], cell: str
) -> None:
    assert results(replace(GOOD, **change), SAID)[cell] == "not-met"  # type: ignore[arg-type]


@given(st.sampled_from([GOOD, EMPTY]), st.sets(st.sampled_from(NAMES)))
def test_the_report_is_the_same_data_for_the_same_facts_and_can_be_printed(
    facts: NdsaFacts, said: set[str]
) -> None:
    declared = {name: SAID[name] for name in said}
    first = ndsa.document(facts, ndsa.assess(facts, declared))
    assert json.dumps(first) == json.dumps(ndsa.document(facts, ndsa.assess(facts, declared)))
    assert sum(first["counts"][one] for one in ("met", "not-met", "not-known")) == 20
    for language in ("vi", "en"):
        page = printing.ndsa_page(first, archive="<Kho>", sha512="ab", language=language)
        assert page.count('class="met"') + page.count('class="not-') >= 20
        assert "&lt;Kho&gt;" in page
