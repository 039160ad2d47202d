"""Proofs at the very edge of what was signed, and with entries whose records are gone: what somebody
outside needs to check them must be in them. For what a mutation test changes in `proving`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from preservation.ledger.chain import canonical
from preservation.ledger.proving import Prover
from tests.preservation.ledger import test_verifying_cases as cases
from tests.preservation.ledger.test_verifying_cases import (
    home,
    keep,
    kept,
    proven,
    template,
    with_objects,
)

__all__ = ["home", "template"]  # fixtures


def emptied(folder: Path, seq: int) -> None:
    segment = folder / "journal-000001.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[seq - 1] = canonical({**json.loads(lines[seq - 1]), "record": None}) + b"\n"
    segment.write_bytes(b"".join(lines))


def test_an_entry_whose_record_is_gone_is_proven_and_commits_to_nothing(home: Path) -> None:
    with_objects(home)
    emptied(home / "ledger", 5)
    document = Prover(home / "ledger").of_object("urn:a", [4, 5, 6])
    assert document["object"] == {"object_id": "urn:a", "inventory_sha512": "11", "seq": 4}
    assert [entry["record"] is None for entry in document["entries"]] == [False, True, False]
    assert all(proven(document, entry) for entry in document["entries"])


def test_an_entry_without_details_commits_to_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite = cases.rewrite

    def without(folder: Path, rows: dict[int, Any]) -> None:
        rewrite(folder, {**rows, 6: {"object_id": "urn:a", "detail": None}})

    monkeypatch.setattr(cases, "rewrite", without)
    with_objects(home)
    assert Prover(home / "ledger").of_object("urn:a", [5, 6])["object"]["seq"] == 5


@pytest.mark.parametrize(
    ("old", "new", "keys"), [(3, 7, [2, 3, 7]), (2, 3, [2, 3]), (2, 6, [2, 3])]
)
def test_a_key_that_signed_its_own_entry_is_in_the_proof(
    home: Path, old: int, new: int, keys: list[int]
) -> None:
    document = Prover(home / "ledger").of_consistency(old, new)
    assert [entry["seq"] for entry in document["keys"]] == keys


def test_a_key_that_was_entered_last_is_in_the_proof(home: Path) -> None:
    keep(home, kept(home)[:4])
    (home / "ledger/log/checkpoint").unlink()
    prover = Prover(home / "ledger")
    assert prover.signed.size == 7
    document = prover.of_entries([1])
    assert [entry["seq"] for entry in document["keys"]] == [2, 3, 7]
    assert all(proven(document, entry) for entry in document["keys"])
