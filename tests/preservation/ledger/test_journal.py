"""The chain and the journal: what is written is read, and whatever is done to it is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.ledger import chain, journal
from preservation.ledger.chain import BrokenChain, ChainHead, after, follow, line, link, whole_lines
from preservation.ledger.journal import Journal
from repository.errors import Corrupt

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(st.text(max_size=8), VALUES, max_size=4), max_size=6)
SALT = "00" * 16


def written(records: list[dict[str, Any]]) -> bytes:
    head, data = ChainHead(), b""
    for record in records:
        entry = link(head, record, SALT)
        data += line(entry)
        head = after(entry)
    return data


SAMPLE = written([{"n": number, "tên": "Hồ sơ\u2028\r\n\x85"} for number in range(3)])


@given(RECORDS)
def test_what_is_written_is_read(records: list[dict[str, Any]]) -> None:
    entries = list(follow(ChainHead(), whole_lines(written(records))))
    assert [entry.record for entry in entries] == records
    assert b"".join(map(line, entries)) == written(records)


@given(st.integers(0, len(SAMPLE) - 1), st.integers(1, 255))
def test_every_flipped_byte_is_found(place: int, bits: int) -> None:
    data = bytearray(SAMPLE)
    data[place] ^= bits
    try:
        entries = list(follow(ChainHead(), whole_lines(bytes(data))))
    except BrokenChain:
        return
    # Only the very last newline is no part of what the chain says: without it the line is torn.
    assert place == len(SAMPLE) - 1
    assert len(entries) == 2


@given(st.integers(0, len(SAMPLE)), st.binary(min_size=1, max_size=30))
def test_whatever_is_put_in_between_is_found(place: int, extra: bytes) -> None:
    data = SAMPLE[:place] + extra + SAMPLE[place:]
    try:
        entries = list(follow(ChainHead(), whole_lines(data)))
    except BrokenChain:
        return
    assert data.startswith(SAMPLE)
    assert b"\n" not in data[len(SAMPLE) :]  # a torn tail, which nobody was promised
    assert len(entries) == 3


@given(st.binary(max_size=200))
def test_any_bytes_are_entries_or_a_broken_chain(data: bytes) -> None:
    try:
        list(follow(ChainHead(), whole_lines(data)))
    except BrokenChain:
        return
    assert b"\n" not in data


def test_an_erased_record_leaves_the_chain_whole() -> None:
    lines = whole_lines(SAMPLE)
    erased = {**json.loads(lines[1]), "record": None}
    lines[1] = chain.canonical(erased) + b"\n"
    assert [entry.record is None for entry in follow(ChainHead(), lines)] == [False, True, False]


def test_a_record_too_long_for_a_reader_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "MAX_LINE", 4000)
    assert chain.fits({"x": "y" * 2000})
    line(link(ChainHead(), {"x": "y" * 2000}, SALT))
    assert not chain.fits({"x": "y" * 4000})
    with pytest.raises(ValueError, match="are the most"):
        line(link(ChainHead(), {"x": "y" * 4000}, SALT))


def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 700)


def filled(folder: Path) -> Journal:
    folder.mkdir()
    made = Journal(folder)
    for number in range(12):
        made.append([{"n": number}])
    return made


def test_segments_follow_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_segments(monkeypatch)
    made = filled(tmp_path / "ledger")
    assert len(made.segments()) > 2
    assert [entry.record for entry in Journal(tmp_path / "ledger").entries()] == [
        {"n": number} for number in range(12)
    ]
    assert Journal(tmp_path / "ledger").head() == made.head()


def test_a_torn_tail_is_cut_off_by_the_next_append(tmp_path: Path) -> None:
    made = filled(tmp_path / "ledger")
    segment = tmp_path / "ledger" / "journal-000001.jsonl"
    whole = segment.read_bytes()
    for length in (1, 50, len(whole_lines(whole)[-1]) - 1):
        segment.write_bytes(whole + whole_lines(whole)[-1][:length])
        again = Journal(tmp_path / "ledger")
        assert again.head() == made.head()
        assert sum(again.segments().values()) == len(whole)
    again.append([{"n": 12}])
    assert [entry.record for entry in again.entries()] == [{"n": number} for number in range(13)]


def test_bytes_behind_a_closed_segment_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_segments(monkeypatch)
    filled(tmp_path / "ledger")
    with (tmp_path / "ledger" / "journal-000001.jsonl").open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(Corrupt, match="closed segment"):
        list(Journal(tmp_path / "ledger").entries())


def test_a_missing_segment_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_segments(monkeypatch)
    filled(tmp_path / "ledger")
    (tmp_path / "ledger" / "journal-000002.jsonl").unlink()
    with pytest.raises(Corrupt, match="missing"):
        Journal(tmp_path / "ledger").head()


def test_a_segment_that_became_shorter_is_found_by_the_process_that_knows(tmp_path: Path) -> None:
    made = filled(tmp_path / "ledger")
    segment = tmp_path / "ledger" / "journal-000001.jsonl"
    segment.write_bytes(b"".join(whole_lines(segment.read_bytes())[:-1]))
    with pytest.raises(Corrupt, match="shorter"):
        made.append([{"n": 12}])
