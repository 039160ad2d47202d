"""What the ledger committed to: read once, continued, never from a chain that was not the one read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.ledger.chain import ChainHead, canonical
from preservation.ledger.committed import CommittedInventories, committed_inventories
from preservation.ledger.journal import Journal
from repository.errors import Corrupt

DIGESTS = st.sampled_from(["ab" * 64, "3f" * 64, "AB" * 64, "cd" * 32, "no digest", "?"])


def committing(object_id: object, digest: object) -> dict[str, object]:
    return {"object_id": object_id, "detail": {"inventory_sha512": digest}}


@given(st.lists(st.tuples(st.sampled_from("abcd"), DIGESTS), max_size=12), st.integers(0, 12))
def test_the_last_new_word_counts_read_at_once_or_bit_by_bit(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str]], middle: int
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    journal = Journal(folder)
    reader = CommittedInventories(folder)
    assert reader.of("a") is None
    journal.append([committing(*one) for one in said[:middle]])
    reader.refresh()
    journal.append([committing(*one) for one in said[middle:]])
    assert reader.refresh() == reader.head == journal.head()
    # An earlier version's inventory, named again, does not come back.
    newest = dict(list(dict.fromkeys(said)))
    assert reader.all() == committed_inventories(folder) == newest
    assert {name: reader.of(name) for name in newest} == newest


def test_what_tells_nothing_of_an_inventory_is_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(
        [{}, {"detail": []}, {"detail": {}}, committing("", "x"), committing(7, "x"),
         committing("a", ""), committing("a", None)]
    )  # fmt: skip
    assert committed_inventories(tmp_path) == {}
    assert CommittedInventories(tmp_path / "none").head == ChainHead()


def test_an_entry_that_was_emptied_hides_none_of_the_others(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([committing("a", "aa"), committing("b", "bb"), committing("c", "cc")])
    segment = tmp_path / "journal-000001.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[1] = canonical({**json.loads(lines[1]), "record": None}) + b"\n"
    segment.write_bytes(b"".join(lines))
    assert committed_inventories(tmp_path) == {"a": "aa", "c": "cc"}


def test_a_ledger_that_was_empty_is_read_no_further_until_it_is_asked_for(tmp_path: Path) -> None:
    reader = CommittedInventories(tmp_path)
    assert (reader.head, reader.all()) == (ChainHead(), {})
    Journal(tmp_path).append([committing("a", "aa")])
    assert (reader.of("a"), reader.all(), reader.head) == (None, {}, ChainHead())
    assert reader.refresh() == Journal(tmp_path).head() == reader.head
    assert (reader.of("a"), reader.all()) == ("aa", {"a": "aa"})


def test_another_chain_than_the_one_that_was_read_is_not_gone_on_with(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([committing("a", "ab" * 64), committing("b", "cd" * 64)])
    reader = CommittedInventories(tmp_path)
    assert reader.of("a") == "ab" * 64
    segment = tmp_path / "journal-000001.jsonl"
    whole = segment.read_bytes()
    segment.write_bytes(whole.splitlines(keepends=True)[0])
    with pytest.raises(Corrupt, match="lost entry 2"):
        reader.refresh()
    segment.unlink()
    Journal(tmp_path).append([committing("a", "00" * 64), committing("b", "00" * 64)])
    with pytest.raises(Corrupt):
        reader.refresh()
    assert reader.of("a") == "ab" * 64
