"""What else is told of a ledger: keys that somebody outside knows, entries that were emptied, clocks
that were wrong, time stamps that nobody entered. For what a mutation test changes in `verifying`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from preservation.ledger import verifying
from preservation.ledger.chain import canonical
from preservation.ledger.checkpoint import Checkpoint, sign
from preservation.ledger.journal import Journal
from preservation.ledger.signing import ANCHORS, LOG
from preservation.ledger.verifying import verify_log
from tests.preservation.ledger.test_verifying_cases import (
    anchored,
    home,
    keep,
    kept,
    key_of,
    rewrite,
    template,
)

__all__ = ["home", "template"]  # fixtures


def entries(home: Path) -> dict[int, dict[str, Any]]:
    return {one.seq: dict(one.record or {}) for one in Journal(home / "ledger").entries()}


# -- keys


def test_keys_known_outside_are_the_ledgers_or_it_is_another_ledger(home: Path) -> None:
    folder = home / "ledger"
    keys = [vkey for _, vkey in verify_log(folder).keys]
    assert verify_log(folder, known_keys=keys).wrong == []
    assert verify_log(folder, known_keys=[]).wrong == []
    state = verify_log(folder, known_keys=["x+y", keys[0], "z"])
    assert [said.split(",")[1] for said in state.wrong] == [" x+y", " z"]
    assert all(said.startswith("The key given from outside, ") for said in state.wrong)
    assert state.open == []


def judged(state: Any, known: list[str]) -> Any:
    verifying._judge_keys(state, known)
    return state


def test_only_keys_after_the_one_that_is_known_are_doubted() -> None:
    def state() -> Any:
        return verifying.LogState(keys=[(2, "a"), (3, "b"), (7, "c")], without_old_key=[3, 7])

    def doubted(found: Any) -> list[str]:
        return [said.split()[4] for said in found.open]

    assert doubted(judged(state(), ["a"])) == ["3", "7"]
    assert doubted(judged(state(), ["b"])) == ["7"]
    assert doubted(judged(state(), ["c"])) == []
    found = judged(state(), ["d", "b"])
    assert (len(found.wrong), doubted(found)) == (1, ["7"])


def test_of_a_broken_ledger_no_key_is_judged(home: Path) -> None:
    segment = home / "ledger/journal-000001.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(lines[0] + b"x\n")
    state = verify_log(home / "ledger", known_keys=["x"])
    assert state.broken
    assert state.wrong == []


def test_a_key_that_no_old_key_signed_for_is_told_by_its_entry(home: Path) -> None:
    row = entries(home)[7]
    said = {**row["detail"]["ledger_key"], "signature": ""}
    rewrite(home / "ledger", {7: {**row, "detail": {"ledger_key": said}}})
    state = verify_log(home / "ledger")
    assert list(state.without_old_key) == [7]
    first = state.keys[0][1]
    told = [one for one in verify_log(home / "ledger", known_keys=[first]).open if "key" in one]
    assert told == ["The key of entry 7 came after the one you know, and no old key signed for it."]


def test_a_checkpoint_from_outside_of_before_the_first_key_is_signed_by_no_key_of_the_ledger(
    home: Path,
) -> None:
    first = kept(home)[0].signed
    note = sign(Checkpoint(first.checkpoint.origin, 1, bytes(32)), key_of(home, first))
    state = verify_log(home / "ledger", outside=[note])
    (said,) = state.wrong
    assert said.startswith("The checkpoint from outside, of 1 entries, is not signed by the key")
    assert state.outside == 0


def test_a_kept_checkpoint_of_before_the_first_key_is_signed_by_no_key_of_the_ledger(
    home: Path,
) -> None:
    all_ = kept(home)
    first = all_[0].signed
    note = sign(Checkpoint(first.checkpoint.origin, 1, bytes(32)), key_of(home, first))
    keep(home, [replace(all_[0], signed=note), *all_])
    said = verify_log(home / "ledger").wrong
    assert said == [
        "The checkpoint of 1 entries has another root than the ledger: something before it was "
        "changed.",
        "The checkpoint of 1 entries is not signed by the ledger's key.",
    ]


def test_how_much_is_kept_in_memory_and_named() -> None:
    assert (verifying._TILES_IN_MEMORY, verifying._MOST_NAMED, verifying._MOST_SAID) == (
        64, 1000, 20,
    )  # fmt: skip


def test_a_line_that_is_no_checkpoint_is_told_with_its_file(home: Path) -> None:
    place = home / "ledger/checkpoints-000001.jsonl"
    lines = place.read_bytes().splitlines(keepends=True)
    place.write_bytes(b"".join([*lines[:2], b"x" + lines[2][1:], *lines[3:]]))
    state = verify_log(home / "ledger")
    assert (state.checkpoints, state.signed) == (2, 3)
    (said,) = [one for one in state.wrong if "checkpoints-000001.jsonl" in one]
    assert said.startswith("The ledger is broken in checkpoints-000001.jsonl: a line is no")


# -- entries without a record


def emptied(home: Path, *seqs: int) -> None:
    segment = home / "ledger/journal-000001.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    for seq in seqs:
        lines[seq - 1] = canonical({**json.loads(lines[seq - 1]), "record": None}) + b"\n"
    segment.write_bytes(b"".join(lines))


def test_entries_that_were_emptied_are_counted_and_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied(home, 4, 6)
    state = verify_log(home / "ledger")
    assert (state.wrong, state.emptied) == ([], [4, 6])
    assert len(state.open) == 1
    assert state.open[0].startswith("2 of the entries have no record any more (4, 6): that")
    monkeypatch.setattr(verifying, "_MOST_NAMED", 1)
    assert verify_log(home / "ledger").emptied == [4]
    monkeypatch.undo()
    monkeypatch.setattr(verifying, "_MOST_SAID", 1)
    assert "(4): that" in verify_log(home / "ledger").open[0]


# -- clocks


def dated(home: Path, **at: str) -> list[str]:
    """What is said of the clock when these entries have other dates; all others are of one hour."""
    rows = entries(home)
    for seq, row in rows.items():
        row["at"] = at.get(f"e{seq}", "2026-11-22T08:00:00Z")
        if not row["at"]:
            del row["at"]
    rewrite(home / "ledger", rows)
    return verify_log(home / "ledger").clock


def test_entries_that_go_back_in_time_are_told_and_ten_minutes_are_forgiven(home: Path) -> None:
    assert dated(home) == []
    assert dated(home, e5="2026-11-22T07:50:00Z") == []
    (said,) = dated(home, e5="2026-11-22T07:49:59Z")
    assert said == (
        "Entry 5 is dated 2026-11-22T07:49:59Z, the one before it 2026-11-22T08:00:00Z: the clock was "
        "put back, or had been wrong before."
    )
    (said,) = dated(home, e5="2026-11-22T09:00:00Z")
    assert said.startswith("Entry 6 is dated 2026-11-22T08:00:00Z, the one before it 2026-11-22T09")
    # What has no date does not hide that the next one goes back; what is no date says nothing.
    (said,) = dated(home, e5="2026-11-22T09:00:00Z", e6="")
    assert said.startswith("Entry 7 is dated 2026-11-22T08:00:00Z, the one before it 2026-11-22T09")
    assert dated(home, e5="nonsense") == []


def test_as_much_is_said_of_clocks_as_of_anything(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "_MOST_SAID", 2)
    later = {f"e{seq}": f"2026-11-22T{20 - seq}:00:00Z" for seq in range(1, 9)}
    assert [said.split()[1] for said in dated(home, **later)] == ["2", "3"]


@pytest.mark.parametrize(
    ("entered", "told"),
    [
        ("2026-11-22T08:00:00Z", 0), ("2026-11-23T08:00:00Z", 0), ("2026-11-23T08:00:01Z", 1),
        ("2026-11-21T08:00:00Z", 0), ("2026-11-21T07:59:59Z", 1), ("nonsense", 0),
    ],
)  # fmt: skip
def test_an_anchor_of_another_day_than_its_entry_says_that_the_clock_was_wrong(
    home: Path, entered: str, told: int
) -> None:
    anchored(home, "rfc3161")  # as of 2026-11-22T08:00:00Z, by its own word
    row = {**entries(home)[8], "at": entered}
    rewrite(home / "ledger", {8: row})
    said = [one for one in verify_log(home / "ledger").clock if one.startswith("The anchor")]
    assert len(said) == told
    if told:
        assert (
            f"of 6 entries was entered as of {entered}; http://a says 2026-11-22T08:00" in said[0]
        )


def test_an_anchor_whose_entry_has_no_date_is_told_without_one(home: Path) -> None:
    anchored(home, "rfc3161")
    row = entries(home)[8]
    del row["at"]
    rewrite(home / "ledger", {8: row})
    state = verify_log(home / "ledger")
    assert [one["at"] for one in state.anchors] == [""]
    assert state.clock == []


# -- time stamps


def test_time_stamps_that_cannot_be_listed_are_not_called_right(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "ledger" / LOG / ANCHORS).mkdir(exist_ok=True)
    listed = Path.iterdir

    def refusing(path: Path) -> Iterator[Path]:
        if path.name == ANCHORS:
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refusing)
    state = verify_log(home / "ledger")
    assert state.wrong == []
    assert state.open == [f"log/{ANCHORS} cannot be looked into: Permission denied."]


def test_a_time_stamp_that_no_entry_tells_of_is_told(home: Path) -> None:
    anchor = anchored(home, "rfc3161")
    folder = home / "ledger" / LOG / ANCHORS
    folder.mkdir(exist_ok=True)
    (folder / anchor.file_name).write_bytes(b"token")
    (folder / "notes.txt").write_bytes(b"x")
    assert verify_log(home / "ledger").wrong == []
    (folder / "stray.tsr").write_bytes(b"x")
    (folder / "more.tsr").write_bytes(b"x")
    said = verify_log(home / "ledger").wrong
    assert [one.split()[0] for one in said] == [
        f"log/{ANCHORS}/more.tsr", f"log/{ANCHORS}/stray.tsr",
    ]  # fmt: skip


def test_an_anchor_without_a_token_enters_no_time_stamp(home: Path) -> None:
    anchor = anchored(home, "mail")
    folder = home / "ledger" / LOG / ANCHORS
    folder.mkdir(exist_ok=True)
    (folder / anchor.file_name.replace(".eml", ".tsr")).write_bytes(b"x")
    assert kept(home)
    assert any("no entry tells of" in said for said in verify_log(home / "ledger").wrong)


def test_a_key_that_is_known_takes_nothing_back_of_what_is_open(home: Path) -> None:
    keep(home, kept(home)[:-2])
    (home / "ledger/log/checkpoint").unlink()
    keys = [vkey for _, vkey in verify_log(home / "ledger").keys]
    (said,) = verify_log(home / "ledger", known_keys=keys).open
    assert said.startswith("2 of the entries are not signed yet")
