"""What is said of a ledger in which one thing is wrong, of the stores' copies of it, and what proofs of
it hold. What a mutation test changes in `verifying`, `comparing` and `proving` is to be noticed by
these."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kho import founding, wiring
from kho.wiring import Archive
from preservation.ledger import comparing, proving, verifying
from preservation.ledger.anchors import Anchor, AnchorVerdict
from preservation.ledger.chain import ChainHead, after, canonical, line, link
from preservation.ledger.checkpoint import Checkpoint, parse_note, sign
from preservation.ledger.comparing import LedgerState, compare_copies, verify_ledger
from preservation.ledger.journal import Journal
from preservation.ledger.kept import Kept, KeptCheckpoints
from preservation.ledger.keys import KeyFiles
from preservation.ledger.proving import Prover
from preservation.ledger.register import parse_register_line, register_line
from preservation.ledger.sequencer import Rotation
from preservation.ledger.tiles import Tiles, TreeIncomplete
from preservation.ledger.tree import check_consistency, check_inclusion, leaf_hash
from preservation.ledger.verifying import LogState, verify_log
from repository.errors import Conflict, Misconfigured, NotFound, Unavailable
from tests.preservation.ledger.test_sequencer import happen

STORES = ("primary", "copy-1")
# Entries: two of the founding, a new key, three that happened, a second new key, one more.
SIZES = [2, 3, 6, 7, 8]
KEYS = [2, 3, 7]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = founding.found(tmp_path_factory.mktemp("ledger") / "home", "test").path
    with wiring.open_archive(home) as archive:
        archive.publish_ledger(Rotation("x", "yearly"))
        happen(archive, 3)
        archive.publish()
        archive.publish_ledger(Rotation("x", "a clerk left"))
        happen(archive)
        archive.publish()
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


@pytest.fixture
def archive(home: Path) -> Iterator[Archive]:
    with wiring.open_archive(home) as opened:
        yield opened


def state_of(archive: Archive, **named: Any) -> LedgerState:
    folder, stores = archive.home.folder("ledger"), list(archive.stores.values())
    return verify_ledger(folder, stores, named.pop("catalogue", archive.catalogue), **named)


def kept(home: Path) -> list[Kept]:
    return list(KeptCheckpoints(home / "ledger").all())


def keep(home: Path, all_: list[Kept]) -> None:
    (home / "ledger/checkpoints-000001.jsonl").unlink()
    for one in all_:
        KeptCheckpoints(home / "ledger").append(one)


def key_of(home: Path, note: Any) -> Any:
    key = KeyFiles(home / "keys").of(note.checkpoint.origin, note.key_id)
    assert key is not None
    return key


def rewrite(folder: Path, changed: dict[int, Any], *, tree: bool = True) -> None:
    """The journal with other records, chain and tree made to fit again; None: its record is gone."""
    head, data, tiles = ChainHead(), b"", Tiles(folder / "log")
    for entry in Journal(folder).entries():
        new = link(head, changed.get(entry.seq, entry.record), entry.salt)
        data += line(new)
        tiles.add(bytes.fromhex(new.hash))
        head = after(new)
    (folder / "journal-000001.jsonl").write_bytes(data)
    if tree:
        shutil.rmtree(folder / "log" / "tile")
        tiles.write()


# -- a whole ledger


def test_all_that_is_told_of_a_whole_ledger(archive: Archive) -> None:
    state = state_of(archive)
    log = state.log
    assert (state.damaged, state.complete, state.broken) == (False, True, "")
    assert state.copies == {"primary": "identical", "copy-1": "identical"}
    assert (log.head.seq, log.signed, log.checkpoints) == (8, 8, len(SIZES))
    assert [one.signed.size for one in kept(archive.home.path)] == SIZES
    assert [seq for seq, _ in log.keys] == KEYS
    assert (log.wrong, log.open, log.anchors, log.outside) == ([], [], [], 0)
    assert (list(log.without_old_key), log.broken) == ([], "")
    assert log.origin == kept(archive.home.path)[0].signed.checkpoint.origin
    entries: list[int] = []
    assert (
        verify_log(archive.home.folder("ledger"), each=lambda e: entries.append(e.seq)).wrong == []
    )
    assert entries == list(range(1, 9))


def test_nothing_was_looked_at_in_a_state_that_nobody_made() -> None:
    empty = LogState()
    assert (empty.head, empty.origin, empty.checkpoints, empty.signed) == (ChainHead(), "", 0, 0)
    assert (empty.outside, empty.broken) == (0, "")
    assert (tuple(empty.keys), tuple(empty.without_old_key)) == ((), ())
    assert LedgerState(ChainHead(), {}).broken == ""


@pytest.mark.parametrize(
    ("copies", "damaged", "complete"),
    [
        ({}, False, True), ({"a": "identical"}, False, True), ({"a": "behind"}, False, False),
        ({"a": "unavailable"}, False, False), ({"a": "whole"}, False, False),
        ({"a": "identical", "b": "ahead"}, True, False), ({"a": "differs"}, True, False),
        ({"a": "broken"}, True, False),
    ],
)  # fmt: skip
def test_copies_that_say_otherwise_are_damage_and_others_leave_something_open(
    copies: dict[str, Any], damaged: bool, complete: bool
) -> None:
    state = LedgerState(ChainHead(), copies)
    assert (state.damaged, state.complete) == (damaged, complete)
    assert replace(state, broken="x").damaged
    assert replace(state, log=LogState(wrong=["x"])).damaged
    open_ = replace(state, log=LogState(open=["x"]))
    assert (open_.damaged, open_.complete) == (damaged, False)


# -- one thing wrong


def test_a_checkpoint_of_another_root_or_by_another_key_is_told_by_its_size(home: Path) -> None:
    folder, all_ = home / "ledger", kept(home)
    origin = all_[0].signed.checkpoint.origin
    old, new = key_of(home, all_[0].signed), key_of(home, all_[-1].signed)
    at = 2  # of six entries
    other = sign(Checkpoint(origin, 6, bytes(32)), key_of(home, all_[at].signed))
    keep(home, [*all_[:at], Kept(other, all_[at].at), *all_[at + 1 :]])
    (said,) = verify_log(folder).wrong
    assert said.startswith("The checkpoint of 6 entries has another root")
    for wrong_key in (old, new):
        other = sign(all_[at].signed.checkpoint, wrong_key)
        keep(home, [*all_[:at], Kept(other, all_[at].at), *all_[at + 1 :]])
        (said,) = verify_log(folder).wrong
        assert said == "The checkpoint of 6 entries is not signed by the ledger's key."


def test_checkpoints_that_the_ledger_does_not_reach_are_each_told(home: Path) -> None:
    folder, all_ = home / "ledger", kept(home)
    more = []
    for size in (9, 12):
        checkpoint = Checkpoint(all_[0].signed.checkpoint.origin, size, bytes(32))
        more.append(Kept(sign(checkpoint, key_of(home, all_[-1].signed)), all_[-1].at))
    keep(home, [*all_, *more])
    said = verify_log(folder).wrong
    assert [one.split(" entries")[0] for one in said] == ["9", "12"]
    assert all("the ledger ends at entry 8" in one for one in said)


def test_entries_that_nobody_signed_yet_are_open_and_counted(home: Path) -> None:
    keep(home, kept(home)[:-2])
    (home / "ledger/log/checkpoint").unlink()
    state = verify_log(home / "ledger")
    assert state.wrong == []
    assert (state.signed, state.checkpoints) == (6, 3)
    assert len(state.open) == 1
    assert state.open[0].startswith("2 of the entries are not signed yet")


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("last", None), ("older", None), ("none", None),
        ("of nobody", "log/checkpoint is none of the checkpoints that were kept."),
        ("later", "log/checkpoint is of 9 entries, those kept end at 8."),
        ("no note", "checkpoint"),
    ],
)  # fmt: skip
def test_the_checkpoint_that_is_shown_is_one_that_was_kept(
    home: Path, shown: str, said: str | None
) -> None:
    place, all_ = home / "ledger/log/checkpoint", kept(home)
    key = key_of(home, all_[-1].signed)
    origin = all_[-1].signed.checkpoint.origin
    match shown:
        case "older":
            place.write_text(all_[-2].signed.note, "utf-8")
        case "none":
            place.unlink()
        case "of nobody":
            place.write_text(sign(Checkpoint(origin, 8, bytes(32)), key).note, "utf-8")
        case "later":
            place.write_text(sign(Checkpoint(origin, 9, bytes(32)), key).note, "utf-8")
        case "no note":
            place.write_text("x", "utf-8")
    found = verify_log(home / "ledger").wrong
    if said is None:
        assert found == []
    else:
        assert len(found) == 1
        assert said in found[0]


def test_a_tile_that_is_not_what_the_journal_says_is_named(home: Path) -> None:
    tile = next((home / "ledger/log/tile/0").rglob("*.p/*"))
    tile.chmod(0o644)
    data = tile.read_bytes()
    tile.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    (said,) = verify_log(home / "ledger").wrong
    assert said.startswith("log/tile/0/000")
    assert said.endswith("is not what the journal says.")


def test_tiles_of_a_long_ledger_are_compared_on_the_way(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    compare = Tiles.compare

    def counting(self: Tiles) -> Any:
        asked.append(self.unwritten)
        return compare(self)

    monkeypatch.setattr(Tiles, "compare", counting)
    monkeypatch.setattr(verifying, "_TILES_IN_MEMORY", -1)
    assert verify_log(home / "ledger").wrong == []
    assert len(asked) == 8 + 1  # after each entry, and at the end
    for enough in (0, 64):  # a short ledger has no whole tile that would have to leave the memory
        asked.clear()
        monkeypatch.setattr(verifying, "_TILES_IN_MEMORY", enough)
        verify_log(home / "ledger")
        assert len(asked) == 1


def test_a_broken_chain_is_told_as_such_and_nothing_behind_it_is_judged(home: Path) -> None:
    segment = home / "ledger/journal-000001.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:4]) + lines[4].replace(b"number", b"Number") + lines[5])
    state = verify_log(home / "ledger")
    assert state.broken
    assert state.head.seq == 4
    assert (state.wrong, state.open) == ([], [])
    assert [seq for seq, _ in state.keys] == [2, 3]
    assert state.origin


def test_a_record_that_is_gone_leaves_what_was_signed_whole_and_is_told(home: Path) -> None:
    folder = home / "ledger"
    for place in (folder, *(home / "stores" / name / "ledger" for name in STORES)):
        segment = place / "journal-000001.jsonl"
        lines = segment.read_bytes().splitlines(keepends=True)
        lines[7] = canonical({**json.loads(lines[7]), "record": None}) + b"\n"
        segment.chmod(0o644)
        segment.write_bytes(b"".join(lines))
    state = verify_log(folder)
    assert (state.broken, state.wrong) == ("", [])
    assert state.emptied == [8]
    assert [said[:48] for said in state.open] == [
        "1 of the entries have no record any more (8): th"
    ]


def test_keys_and_anchors_that_are_none_are_told_with_the_entry(home: Path) -> None:
    entries = {one.seq: dict(one.record or {}) for one in Journal(home / "ledger").entries()}
    key = {**entries[5], "type": "ledger key", "detail": {"key": "nonsense"}}
    anchor = {**entries[4], "type": "ledger anchor", "detail": {"anchor": "nonsense"}}
    rewrite(home / "ledger", {5: key, 4: anchor})
    said = verify_log(home / "ledger").wrong
    assert any(one.startswith("The ledger's keys: ") for one in said)
    assert any(one.startswith("Entry 4: ") for one in said)


def test_twenty_sentences_are_said_and_that_there_are_more(home: Path) -> None:
    all_ = kept(home)
    origin, key = all_[0].signed.checkpoint.origin, key_of(home, all_[-1].signed)
    for count, said in ((19, 19), (20, 20), (21, 21), (40, 21)):
        more = [
            Kept(sign(Checkpoint(origin, size, bytes(32)), key), all_[-1].at)
            for size in range(9, 9 + count)
        ]
        keep(home, [*all_, *more])
        found = verify_log(home / "ledger").wrong
        assert len(found) == said
        assert (found[-1] == "And more of the kind.") is (count > 20)


# -- what is kept outside


def test_what_was_kept_outside_is_told_by_the_ledger_or_is_wrong(home: Path) -> None:
    folder, all_ = home / "ledger", kept(home)
    notes = [one.signed for one in all_]
    lines = [parse_register_line(register_line(one.checkpoint)) for one in notes]
    state = verify_log(folder, outside=[*notes, *lines, notes[0]])
    assert (state.outside, state.wrong) == (2 * len(SIZES) + 1, [])
    origin, key = notes[0].checkpoint.origin, key_of(home, notes[2])
    other = sign(Checkpoint(origin, 6, bytes(32)), key)
    cases = [
        (other, "is signed by the ledger's key and has another root"),
        (sign(notes[2].checkpoint, key_of(home, notes[0])), "is not signed by the key"),
        (sign(Checkpoint("elsewhere/1", 6, notes[2].root), key), ""),
        (parse_register_line(register_line(other.checkpoint)), "was written of another ledger"),
        (sign(Checkpoint(origin, 9, bytes(32)), key), "tells of 9 entries, but the ledger ends"),
    ]  # fmt: skip
    for given, said in cases:
        state = verify_log(folder, outside=[given, notes[2]])
        assert state.outside == 1
        assert len(state.wrong) == 1
        assert said in state.wrong[0]
    late = sign(Checkpoint(origin, 9, bytes(32)), key)
    (said,) = verify_log(folder, outside=[late, late]).wrong
    assert said.endswith("(2)")


# -- anchors


def anchored(home: Path, kind: str, note: str | None = None, size: int = 6) -> Anchor:
    signed = kept(home)[2].signed
    token = b"token" if kind == "rfc3161" else b""
    anchor = Anchor(kind, note or signed.note, size, "http://a", token, "2026-11-22T08:00:00Z")  # type: ignore[arg-type]
    entries = {one.seq: dict(one.record or {}) for one in Journal(home / "ledger").entries()}
    record = {**entries[8], "type": "ledger anchor", "detail": anchor.detail()}
    rewrite(home / "ledger", {8: record})
    all_ = kept(home)
    # The last checkpoint is made to fit what was rewritten.
    tiles = Tiles(home / "ledger" / "log")
    tiles.load(8)
    last = all_[-1].signed
    new = sign(Checkpoint(last.checkpoint.origin, 8, tiles.root()), key_of(home, last))
    keep(home, [*all_[:-1], Kept(new, all_[-1].at)])
    (home / "ledger/log/checkpoint").write_text(new.note, "utf-8")
    return anchor


@pytest.mark.parametrize(
    ("kind", "verdict", "wrong", "open_"),
    [
        ("rfc3161", None, 0, 1), ("mail", None, 0, 0), ("rfc3161", "good", 0, 0),
        ("rfc3161", "wrong", 1, 0), ("mail", "wrong", 1, 0), ("rfc3161", "not judged", 0, 1),
        ("mail", "not judged", 0, 0),
    ],
)  # fmt: skip
def test_an_anchor_is_judged_or_said_to_be_open(
    home: Path, kind: str, verdict: str | None, wrong: int, open_: int
) -> None:
    anchor = anchored(home, kind)
    judge = None if verdict is None else lambda _: AnchorVerdict(verdict, "because")  # type: ignore[arg-type]
    state = verify_log(home / "ledger", judge=judge)
    assert (len(state.wrong), len(state.open)) == (wrong, open_)
    (told,) = state.anchors
    reason = "because" if verdict else ""
    assert {name: told[name] for name in ("kind", "size", "target", "verdict", "reason")} == {
        "kind": kind, "size": 6, "target": "http://a", "verdict": verdict or "not judged",
        "reason": reason,
    }  # fmt: skip
    assert str(told["at"]).endswith("Z")
    for said in (*state.wrong, *state.open):
        assert said == f"The anchor of 6 entries (http://a): {reason}."
    assert anchor.size == 6


def test_an_anchor_of_a_note_that_was_not_kept_is_wrong_whatever_the_judge_says(home: Path) -> None:
    all_ = kept(home)
    origin, key = all_[0].signed.checkpoint.origin, key_of(home, all_[2].signed)
    for size in (6, 5):  # another root of that size; a size of which none was kept
        note = sign(Checkpoint(origin, size, bytes(32)), key).note
        anchored(home, "mail", note, size)
        state = verify_log(home / "ledger", judge=lambda _: AnchorVerdict("good", ""))
        assert [one["verdict"] for one in state.anchors] == ["wrong"]
        assert len(state.wrong) == 1
        assert "none of those that were kept" in state.wrong[0]


# -- the stores' copies


def copied(home: Path, store: str) -> Path:
    return home / "stores" / store / "ledger"


@pytest.mark.parametrize(
    ("name", "change", "state"),
    [
        ("journal-000001.jsonl", lambda data: data, "identical"),
        ("journal-000001.jsonl", lambda data: data[:-1], "behind"),
        ("journal-000001.jsonl", lambda data: b"", "behind"),
        ("journal-000001.jsonl", lambda data: b"X" + data[1:], "differs"),
        ("journal-000001.jsonl", lambda data: data[:-2] + b"X" + data[-1:], "differs"),
        ("journal-000001.jsonl", lambda data: b"X" + data[1:-1], "differs"),
        ("journal-000001.jsonl", lambda data: data + b"x", "ahead"),
        ("journal-000001.jsonl", lambda data: b"X" + data[1:] + b"x", "differs"),
        ("checkpoints-000001.jsonl", lambda data: data[:9], "behind"),
        ("checkpoints-000001.jsonl", lambda data: data[:9] + b"X" + data[10:], "differs"),
        ("journal-000002.jsonl", lambda data: b"x", "ahead"),
        ("journal-000002.jsonl", lambda data: b"", "behind"),
        ("notes.txt", lambda data: b"x", "identical"),
    ],
)  # fmt: skip
def test_a_copy_is_compared_byte_for_byte(
    archive: Archive, name: str, change: Any, state: str
) -> None:
    place = copied(archive.home.path, "copy-1") / name
    data = place.read_bytes() if place.exists() else b""
    if place.exists():
        place.chmod(0o644)
    place.write_bytes(change(data))
    folder = archive.home.folder("ledger")
    told = {"primary": "identical", "copy-1": state}
    assert compare_copies(folder, archive.stores.values()) == told
    assert verify_ledger(folder, archive.stores.values()).copies == told


def test_a_copy_without_a_segment_is_behind_and_one_that_is_away_is_unavailable(
    archive: Archive,
) -> None:
    folder = archive.home.folder("ledger")
    (copied(archive.home.path, "copy-1") / "journal-000001.jsonl").unlink()
    (archive.home.path / "stores/primary").rename(archive.home.path / "unplugged")
    told = {"primary": "unavailable", "copy-1": "behind"}
    assert compare_copies(folder, archive.stores.values()) == told
    state = state_of(archive)
    assert (state.copies, state.damaged, state.complete) == (told, False, False)


def test_copies_of_a_broken_ledger_are_judged_by_themselves(archive: Archive) -> None:
    home = archive.home.path
    segment = home / "ledger/journal-000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"number", b"Number", 1))
    assert state_of(archive).copies == {"primary": "whole", "copy-1": "whole"}
    place = copied(home, "copy-1") / "journal-000001.jsonl"
    place.chmod(0o644)
    place.write_bytes(place.read_bytes().replace(b"number", b"Number", 1))
    (home / "stores/primary").rename(home / "unplugged")
    state = state_of(archive)
    assert state.copies == {"primary": "unavailable", "copy-1": "broken"}
    assert state.broken == state.log.broken != ""


def test_a_ledger_with_a_segment_missing_is_broken_and_its_copies_are_judged_by_themselves(
    archive: Archive,
) -> None:
    folder = archive.home.folder("ledger")
    (folder / "checkpoints-000001.jsonl").rename(folder / "checkpoints-000002.jsonl")
    state = state_of(archive)
    assert state.broken == state.log.broken
    assert state.broken.startswith(f"A segment of the ledger in {folder} is missing. ")
    assert state.damaged
    assert state.copies == {"primary": "whole", "copy-1": "whole"}
    # Where its chain is broken too, that is what is said.
    segment = folder / "journal-000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"number", b"Number", 1))
    broken = state_of(archive).broken
    assert broken.startswith("The ledger is broken in journal-000001.jsonl")


# -- what the catalogue knows


def test_a_ledger_that_ends_before_what_had_been_written_is_broken(archive: Archive) -> None:
    for place in (
        archive.home.path / "ledger",
        *(copied(archive.home.path, one) for one in STORES),
    ):
        segment = place / "journal-000001.jsonl"
        segment.chmod(0o644)
        segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:7]))
    state = state_of(archive)
    assert state.broken.startswith(
        "The ledger ends at entry 7, but entries up to 8 had been written"
    )
    assert verify_ledger(archive.home.folder("ledger"), archive.stores.values()).broken == ""


def test_what_waits_in_the_outbox_had_not_been_written(archive: Archive) -> None:
    happen(archive, 2)  # entries 9 and 10 are not there yet, and need not be
    assert state_of(archive).broken == ""
    for place in (
        archive.home.path / "ledger",
        *(copied(archive.home.path, one) for one in STORES),
    ):
        segment = place / "journal-000001.jsonl"
        segment.chmod(0o644)
        segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:7]))
    assert "entries up to 8" in state_of(archive).broken


def test_an_entry_that_is_another_event_than_the_catalogues_is_told(archive: Archive) -> None:
    entries = {
        one.seq: dict(one.record or {}) for one in Journal(archive.home.folder("ledger")).entries()
    }
    rewrite(archive.home.folder("ledger"), {8: {**entries[8], "event_id": "another"}})
    state = state_of(archive)
    assert state.damaged
    (said,) = [one for one in state.log.wrong if "event 8 of the catalogue" in one]
    assert "are not the same" in said


def test_an_archive_with_nothing_in_its_ledger_lost_nothing(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()

    class Empty:
        def outbox(self, limit: int) -> list[Any]:
            return []

        def last_sequence(self) -> int:
            return 0

    assert comparing._lost(ChainHead(), Empty()) == ""  # type: ignore[arg-type]


def test_what_looks_wrong_is_looked_at_again_only_where_writers_can_be_kept_out(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = archive.home.folder("ledger")
    looks: list[int] = []
    kept_verify = comparing.verify_log

    def counting(*given: Any, **named: Any) -> LogState:
        looks.append(1)
        return kept_verify(*given, **named)

    monkeypatch.setattr(comparing, "verify_log", counting)
    assert not state_of(archive).damaged
    assert len(looks) == 1
    place = copied(archive.home.path, "copy-1") / "journal-000001.jsonl"
    place.chmod(0o644)
    place.write_bytes(b"X" + place.read_bytes()[1:])
    assert state_of(archive).damaged
    assert len(looks) == 3
    for failure in (Misconfigured("may not"), Unavailable("gone")):

        def barred(_: Path, failure: Exception = failure) -> Any:
            raise failure

        monkeypatch.setattr(comparing, "sequencing", barred)
        looks.clear()
        found = verify_ledger(folder, archive.stores.values())
        assert found.copies["copy-1"] == "differs"
        assert len(looks) == 1


# -- proofs


def folder_of(home: Path) -> Path:
    return home / "ledger"


def proven(document: dict[str, Any], entry: dict[str, Any]) -> bool:
    path = [bytes.fromhex(one) for one in entry["proof"]]
    leaf = leaf_hash(bytes.fromhex(entry["hash"]))
    root = bytes.fromhex(document["root"])
    return check_inclusion(leaf, entry["seq"] - 1, document["size"], path, root)


def test_a_proof_of_entries_stands_by_itself(home: Path) -> None:
    prover = Prover(folder_of(home))
    assert prover.signed == kept(home)[-1].signed
    document = prover.of_entries([8, 1, 5, 5])
    last = kept(home)[-1].signed
    plain = {name: document[name] for name in ("format", "origin", "size", "root", "checkpoint")}
    assert plain == {
        "format": "kho-ledger-proof/1", "origin": last.checkpoint.origin, "size": 8,
        "root": last.root.hex(), "checkpoint": last.note,
    }  # fmt: skip
    assert [one["seq"] for one in document["entries"]] == [1, 5, 8]
    assert [one["seq"] for one in document["keys"]] == KEYS
    assert document["object"] is None
    for entry in (*document["entries"], *document["keys"]):
        assert proven(document, entry)
    ours = {one.seq: one for one in Journal(folder_of(home)).entries()}
    for entry in document["entries"]:
        want = ours[entry["seq"]]
        told = {name: entry[name] for name in ("prev", "salt", "record", "commitment", "hash")}
        assert told == {
            "prev": want.prev, "salt": want.salt, "record": want.record,
            "commitment": want.commitment, "hash": want.hash,
        }  # fmt: skip
    assert prover.of_entries([])["entries"] == []


def test_only_what_is_signed_can_be_proven(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive)
    prover = Prover(folder_of(home))
    with pytest.raises(NotFound, match="Entry 9 is not signed yet: the last checkpoint is of 8"):
        prover.of_entries([1, 9])
    with pytest.raises((NotFound, ValueError)):
        prover.of_entries([0])
    keep(home, kept(home)[:3])
    (home / "ledger/log/checkpoint").unlink()
    prover = Prover(folder_of(home))
    assert prover.signed.size == 6
    assert [one["seq"] for one in prover.of_entries([6])["keys"]] == [2, 3]
    with pytest.raises(NotFound, match="Entry 7"):
        prover.of_entries([7])
    (home / "ledger/checkpoints-000001.jsonl").unlink()
    with pytest.raises(NotFound, match="Nothing of this ledger is signed"):
        Prover(folder_of(home))


def with_objects(home: Path) -> None:
    """Three entries of one dossier: two that commit to an inventory, one that does not."""
    entries = {one.seq: dict(one.record or {}) for one in Journal(folder_of(home)).entries()}
    rows = {
        4: {**entries[4], "object_id": "urn:a", "detail": {"inventory_sha512": "11"}},
        5: {**entries[5], "object_id": "urn:a", "detail": {"inventory_sha512": "22"}},
        6: {**entries[6], "object_id": "urn:a", "detail": {"else": "33"}},
        8: {**entries[8], "object_id": "urn:b", "detail": {"inventory_sha512": "44"}},
    }
    rewrite(folder_of(home), rows)
    all_, new = kept(home), []
    for one in all_:
        tiles = Tiles(home / "scratch")
        for entry in Journal(folder_of(home)).entries():
            if entry.seq <= one.signed.size:
                tiles.add(bytes.fromhex(entry.hash))
        checkpoint = Checkpoint(one.signed.checkpoint.origin, one.signed.size, tiles.root())
        new.append(Kept(sign(checkpoint, key_of(home, one.signed)), one.at))
    keep(home, new)


def test_all_of_an_objects_entries_are_proven_and_what_it_last_committed_to(home: Path) -> None:
    with_objects(home)
    prover = Prover(folder_of(home))
    document = prover.of_object("urn:a", [4, 5, 6, 9])
    assert [one["seq"] for one in document["entries"]] == [4, 5, 6]
    assert document["object"] == {"object_id": "urn:a", "inventory_sha512": "22", "seq": 5}
    assert document["format"] == "kho-ledger-proof/1"
    assert prover.of_object("urn:b", [8])["object"]["seq"] == 8
    for name, seqs in (
        ("urn:b", [4, 5]),
        ("urn:a", [6]),
        ("urn:a", []),
        ("urn:c", [4, 8]),
        ("", [1]),
    ):
        with pytest.raises(NotFound, match="No signed entry"):
            prover.of_object(name, seqs)


@pytest.mark.parametrize(("old", "new"), [(3, None), (3, 6), (6, 3), (8, 8), (2, 8), (7, None)])
def test_a_checkpoints_tree_is_a_beginning_of_anothers(
    home: Path, old: int, new: int | None
) -> None:
    notes = {one.signed.size: one.signed for one in kept(home)}
    document = Prover(folder_of(home)).of_consistency(old, new)
    low, high = sorted((old, new or 8))
    assert (document["format"], document["old"], document["new"]) == (
        "kho-ledger-consistency/1", notes[low].note, notes[high].note,
    )  # fmt: skip
    assert document["origin"] == notes[high].checkpoint.origin
    steps = [bytes.fromhex(one) for one in document["proof"]]
    assert check_consistency(low, high, notes[low].root, notes[high].root, steps)
    assert [one["seq"] for one in document["keys"]] == [seq for seq in KEYS if seq <= high]
    for entry in document["keys"]:
        assert proven({"root": notes[high].root.hex(), "size": high}, entry)


def test_sizes_that_nobody_signed_prove_nothing(home: Path) -> None:
    prover = Prover(folder_of(home))
    for old, new in ((4, None), (3, 5), (9, None)):
        with pytest.raises(NotFound):
            prover.of_consistency(old, new)


def test_checkpoints_that_do_not_follow_one_another_are_a_conflict(home: Path) -> None:
    all_ = kept(home)
    other = sign(
        Checkpoint(all_[1].signed.checkpoint.origin, 3, bytes(32)), key_of(home, all_[1].signed)
    )
    keep(home, [all_[0], Kept(other, all_[1].at), *all_[2:]])
    with pytest.raises(Conflict, match="The checkpoint of 8 entries does not go on from that of 3"):
        Prover(folder_of(home)).of_consistency(3)


def test_an_entry_that_is_not_the_one_that_was_signed_is_a_conflict(home: Path) -> None:
    entries = {one.seq: dict(one.record or {}) for one in Journal(folder_of(home)).entries()}
    rewrite(folder_of(home), {8: {**entries[8], "agent": "else"}}, tree=False)
    prover = Prover(folder_of(home))
    with pytest.raises(Conflict, match="Entry 8 of the ledger is not the one that was signed"):
        prover.of_entries([8])
    assert prover.of_entries([4])["entries"]


def test_a_tree_that_is_not_the_one_that_was_signed_is_a_conflict(home: Path) -> None:
    entries = {one.seq: dict(one.record or {}) for one in Journal(folder_of(home)).entries()}
    rewrite(folder_of(home), {5: {**entries[5], "agent": "else"}})
    with pytest.raises(Conflict, match="not the one that was signed last"):
        Prover(folder_of(home))


def test_a_tree_that_lacks_a_tile_is_looked_for_again_and_then_said_to_be_incomplete(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    place = folder_of(home) / "log/tile"

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if back and len(pauses) == 2:
            shutil.copytree(home / "aside", place)

    monkeypatch.setattr(proving.time, "sleep", pause)
    shutil.copytree(place, home / "aside")
    shutil.rmtree(place)
    back = False
    with pytest.raises(TreeIncomplete):
        Prover(folder_of(home))
    assert pauses == [0.1, 0.1]
    back, pauses[:] = True, []
    assert Prover(folder_of(home)).signed.size == 8
    assert len(pauses) == 2


@pytest.mark.parametrize("shown", [None, "", "2\n", "2\n3\n7\n", "1\n", "2\n99\n", "x"])
def test_the_log_s_keys_are_found_in_the_journal_when_what_is_noted_of_them_is_wrong(
    home: Path, shown: str | None
) -> None:
    noted = [path for path in (folder_of(home) / "log").iterdir() if "key" in path.name]
    for path in noted:
        path.unlink() if shown is None else path.write_text(shown, "utf-8")
    assert [one["seq"] for one in Prover(folder_of(home)).of_entries([1])["keys"]] == KEYS


def test_a_ledger_that_names_no_key_of_its_last_checkpoint_proves_nothing(home: Path) -> None:
    all_ = kept(home)
    (home / "other").mkdir()
    foreign = KeyFiles(home / "other").make("x")
    other = sign(all_[-1].signed.checkpoint, foreign)
    assert parse_note(other.note)
    keep(home, [*all_[:-1], Kept(other, all_[-1].at)])
    with pytest.raises(Conflict, match="No entry of the ledger names the key"):
        Prover(folder_of(home))
