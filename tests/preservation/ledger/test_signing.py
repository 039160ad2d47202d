"""Signing through the archive: killed anywhere, keys lost or changed, history rewritten."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from kho import founding, wiring
from kho.wiring import Archive
from preservation.ledger import comparing, sequencer
from preservation.ledger.chain import ChainHead, after, line, link
from preservation.ledger.checkpoint import Checkpoint, sign
from preservation.ledger.comparing import verify_ledger
from preservation.ledger.fetching import continue_ledger
from preservation.ledger.journal import Journal
from preservation.ledger.kept import Kept, KeptCheckpoints
from preservation.ledger.keys import KeyFiles
from preservation.ledger.register import parse_register_line, register_line
from preservation.ledger.sequencer import Published, Rotation, Signer
from preservation.ledger.tiles import Tiles
from preservation.ledger.verifying import LogState, verify_log
from repository.catalogue.catalogue import Catalogue
from repository.errors import ArchiveError, Conflict, Corrupt, Misconfigured
from tests.preservation.ledger.test_sequencer import happen, verified

STORES = ("primary", "copy-1")


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return founding.found(tmp_path / "archive", "test").path


def publish(archive: Archive, kill_at: int = -1) -> Published:
    count = 0

    def step(_: str) -> None:
        nonlocal count
        if count == kill_at:
            raise Killed
        count += 1

    signer = archive.signer()
    return sequencer.publish(
        archive.catalogue,
        archive.home.folder("ledger"),
        list(archive.stores.values()),
        Signer(signer.keys, signer.name, signer.clock, step),
    )


def sizes(folder: Path) -> list[int]:
    return [kept.signed.size for kept in KeptCheckpoints(folder).all()]


def assert_whole(archive: Archive) -> LogState:
    state = verified(archive)
    assert not state.damaged, (state.broken, state.log.wrong)
    assert state.complete, (state.copies, state.log.open)
    for name in archive.stores:
        copied = archive.home.path / "stores" / name / "ledger"
        assert sizes(copied) == sizes(archive.home.folder("ledger"))
    return state.log


def test_an_archive_is_signed_from_its_founding(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        log = assert_whole(archive)
        assert (log.signed, log.checkpoints, len(log.keys)) == (2, 1, 1)
        assert log.origin.startswith("kho.h27-ltls/")
    (key,) = (home / "keys").glob("ledger-*.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    for place in ("stores", "ledger", "reports"):
        for path in (home / place).rglob("*"):
            assert path.is_dir() or b"PRIVATE KEY" not in path.read_bytes()


def test_at_most_one_checkpoint_a_publish_and_none_of_nothing_new(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 3)
        archive.publish()
        archive.publish()
        assert sizes(home / "ledger") == [2, 5]


@pytest.mark.parametrize("kill_at", range(5))
def test_killed_at_any_step_the_next_publish_goes_on(home: Path, kill_at: int) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 5)
        with pytest.raises(Killed):
            publish(archive, kill_at)
        with pytest.raises(Killed):  # what was signed before the kill is not signed again
            publish(archive, min(kill_at, 0 if kill_at > 2 else kill_at))
        happen(archive, 1)
        publish(archive)
        log = assert_whole(archive)
        assert log.signed == archive.catalogue.last_sequence() == 8
        assert len(log.keys) == 1


@pytest.mark.parametrize("kill_at", range(9))
def test_killed_while_the_first_key_is_made_there_is_one_key_in_the_end(
    home: Path, kill_at: int
) -> None:
    as_before_there_was_a_log(home)
    with wiring.open_archive(home) as archive:
        happen(archive, 5)
        if kill_at < 8:
            with pytest.raises(Killed):
                publish(archive, kill_at)
        publish(archive)
        log = assert_whole(archive)
        assert len(log.keys) == 1
        assert not log.without_old_key


def as_before_there_was_a_log(home: Path) -> None:
    """Make the archive what version 0.1 left: a journal of one entry, no key, no checkpoint."""
    import sqlite3

    for place in (home / "ledger", *(home / "stores" / name / "ledger" for name in STORES)):
        segment = place / "journal-000001.jsonl"
        segment.write_bytes(segment.read_bytes().splitlines(keepends=True)[0])
        (place / "checkpoints-000001.jsonl").unlink()
    shutil.rmtree(home / "ledger" / "log")
    for key in (home / "keys").glob("ledger-*"):
        key.unlink()
    with sqlite3.connect(home / "catalogue.sqlite") as connection:
        connection.execute("DELETE FROM events WHERE sequence > 1")
    connection.close()


def test_an_archive_from_before_gets_its_log_and_says_so(home: Path) -> None:
    as_before_there_was_a_log(home)
    with wiring.open_archive(home) as archive:
        state = verified(archive)
        assert not state.damaged
        assert not state.complete
        happen(archive, 4)
        (told,) = archive.publish_ledger().told
        assert told.startswith("The ledger is signed from here on")
        log = assert_whole(archive)
        assert [seq for seq, _ in log.keys] == [6]


def test_a_lost_ledger_and_a_lost_key_come_back_with_a_key_that_nothing_signs_for(
    home: Path,
) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 3)
        archive.publish()
    shutil.rmtree(home / "ledger")
    for key in (home / "keys").glob("ledger-*"):
        key.unlink()
    with wiring.open_archive(home) as archive:
        assert continue_ledger(home / "ledger", archive.stores.values()) == "primary"
        assert sizes(home / "ledger") == [2, 5]
        (told,) = archive.publish_ledger().told
        assert "the old private key was not there" in told
        log = assert_whole(archive)
        assert log.without_old_key == [6]


def test_a_store_whose_checkpoints_are_not_the_ledgers_gives_none(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 3)
        archive.publish()
        copied = home / "stores" / "primary" / "ledger" / "checkpoints-000001.jsonl"
        signed = sign(Checkpoint("kho.forged/1", 9, bytes(32)), KeyFiles(tmp(home)).make("x"))
        forged = KeptCheckpoints(copied.parent)
        forged.append(Kept(signed, "2026-11-22T08:00:00Z"))
        shutil.rmtree(home / "ledger")
        assert continue_ledger(home / "ledger", archive.stores.values()) == "primary"
        assert sizes(home / "ledger") == [2, 5]


def tmp(home: Path) -> Path:
    (home.parent / "tmp").mkdir(exist_ok=True)
    return home.parent / "tmp"


def test_rotated_keys_sign_from_their_entry_on(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        for reason in ("yearly", "a clerk left"):
            happen(archive)
            (told,) = archive.publish_ledger(Rotation("Lưu trữ viên", reason)).told
            assert "new key" in told
        happen(archive)
        archive.publish()
        log = assert_whole(archive)
        assert [seq for seq, _ in log.keys] == [2, 4, 6]
        assert not log.without_old_key
        event = archive.catalogue.events(after=3, limit=1)[0]
        assert (event.type, event.agent) == ("ledger key", "Lưu trữ viên")


def test_a_private_key_that_is_none_is_a_clear_failure(home: Path) -> None:
    (key,) = (home / "keys").glob("ledger-*")
    good = key.read_bytes()
    other = KeyFiles(tmp(home))
    other.make("x")
    (foreign,) = tmp(home).glob("ledger-*")
    with wiring.open_archive(home) as archive:
        happen(archive)
        for bad in (b"", b"no key", good[:60], foreign.read_bytes()):
            key.write_bytes(bad)
            with pytest.raises(Misconfigured, match="key"):
                archive.publish()
        key.write_bytes(good)
        archive.publish()
        assert_whole(archive)


# -- whoever has the disks


def rewritten(folder: Path, seq: int, count: int | None = None) -> None:
    """Change one record, and make every hash after it, and the whole tree, fit again."""
    head = ChainHead()
    data = b""
    tiles = Tiles(folder / "log")
    for entry in list(Journal(folder).entries())[:count]:
        record: dict[str, Any] = json.loads(json.dumps(entry.record))
        if entry.seq == seq:
            record["agent"] = "somebody else"
        new = link(head, record, entry.salt)
        data += line(new)
        tiles.add(bytes.fromhex(new.hash))
        head = after(new)
    (folder / "journal-000001.jsonl").write_bytes(data)
    shutil.rmtree(folder / "log" / "tile")
    tiles.write()


def cut(folder: Path, entries: int) -> None:
    """Take away what was written last, of the journal and of the checkpoints, tree included."""
    kept = list(KeptCheckpoints(folder).all())
    (folder / "checkpoints-000001.jsonl").unlink()
    for one in kept:
        if one.signed.size <= entries:
            KeptCheckpoints(folder).append(one)
    segment = folder / "journal-000001.jsonl"
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:entries]))
    if (folder / "log").exists():
        shutil.rmtree(folder / "log")


def alone(folder: Path, **named: Any) -> LogState:
    return verify_log(folder, **named)


def test_a_record_rewritten_with_the_whole_chain_and_tree_does_not_fit_what_was_signed(
    home: Path,
) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 5)
        archive.publish()
        for place in (home / "ledger", *(home / "stores" / name / "ledger" for name in STORES)):
            if not (place / "log").exists():
                shutil.copytree(home / "ledger" / "log", place / "log")
            rewritten(place, 4)
        state = verified(archive)
        assert not state.broken
        assert state.copies == {"primary": "identical", "copy-1": "identical"}
        assert any("another root" in said for said in state.log.wrong)
        before = sizes(home / "ledger")
        happen(archive)
        with pytest.raises(Conflict, match="Nothing was signed"):
            archive.publish()
        assert sizes(home / "ledger") == before


def test_whoever_also_signs_anew_is_found_by_a_copy_and_by_what_is_kept_elsewhere(
    home: Path,
) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 5)
        outside = archive.publish_ledger().signed
        paper = parse_register_line(register_line(outside.checkpoint))
        folder = home / "ledger"
        rewritten(folder, 4)
        key = KeyFiles(home / "keys").of(outside.checkpoint.origin, outside.key_id)
        assert key is not None
        (folder / "checkpoints-000001.jsonl").unlink()
        tiles = Tiles(folder / "log")
        tiles.load(7)
        forged = sign(Checkpoint(outside.checkpoint.origin, 7, tiles.root()), key)
        KeptCheckpoints(folder).append(Kept(forged, "2026-11-22T08:00:00Z"))
        (folder / "log" / "checkpoint").write_text(forged.note, "utf-8")
        # By itself it cannot be told from the true one: that is what the others are for.
        assert not alone(folder).wrong
        assert set(verified(archive).copies.values()) == {"differs"}
        assert "another root" in alone(folder, outside=[outside]).wrong[0]
        assert "another ledger" in alone(folder, outside=[paper]).wrong[0]


def test_a_ledger_cut_off_is_found_by_a_copy_by_the_catalogue_and_by_what_is_kept_elsewhere(
    home: Path,
) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 5)
        archive.publish()
        early = archive.publish_ledger().signed
        happen(archive, 5)
        late = archive.publish_ledger().signed
        paper = parse_register_line(register_line(late.checkpoint))
        cut(home / "ledger", 7)
        with pytest.raises(Conflict, match="goes on after ours ends"):
            archive.publish()
        assert set(verified(archive).copies.values()) == {"ahead"}
        cut(home / "stores" / "primary" / "ledger", 7)
        assert verified(archive).copies == {"primary": "identical", "copy-1": "ahead"}
        cut(home / "stores" / "copy-1" / "ledger", 7)
        state = verify_ledger(home / "ledger", archive.stores.values())
        assert not state.damaged  # whole by itself …
        assert "entries up to 12" in verified(archive).broken
        for given in (late, paper):
            (said,) = alone(home / "ledger", outside=[given]).wrong
            assert "cut off" in said
        assert alone(home / "ledger", outside=[early]).outside == 1


def test_a_journal_shorter_than_what_was_signed_is_never_signed_again(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 5)
        archive.publish()
        for place in (home / "ledger", *(home / "stores" / name / "ledger" for name in STORES)):
            segment = place / "journal-000001.jsonl"
            segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:6]))
        assert "7 entries had been signed" in verified(archive).log.wrong[0]
        before = sizes(home / "ledger")
        with pytest.raises(Conflict, match="7 entries had been signed"):
            archive.publish()
        assert sizes(home / "ledger") == before


def test_checkpoints_taken_away_or_exchanged_are_found(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 5)
        archive.publish()
        segment = home / "ledger" / "checkpoints-000001.jsonl"
        whole = segment.read_bytes()
        segment.write_bytes(whole.splitlines(keepends=True)[0])
        assert verified(archive).damaged
        with pytest.raises(ArchiveError):
            archive.publish()
        segment.write_bytes(whole.replace(b'"size":7', b'"size":8'))
        assert verified(archive).damaged
        with pytest.raises(Corrupt):
            archive.publish()
        for place in (home / "ledger", *(home / "stores" / name / "ledger" for name in STORES)):
            (place / "checkpoints-000001.jsonl").unlink()  # as if nothing had been signed ever
        assert verified(archive).damaged
        with pytest.raises(Conflict, match="not among those that were kept"):
            archive.publish()
        segment.write_bytes(whole)
        shown = home / "ledger" / "log" / "checkpoint"
        for bad in (b"", b"\xff", shown.read_bytes().replace(b"\n7\n", b"\n9\n")):
            shown.write_bytes(bad)
            assert verified(archive).log.wrong
            with pytest.raises((Corrupt, Conflict)):
                archive.publish()
        shown.unlink()
        archive.publish()
        assert_whole(archive)


def test_the_tree_is_made_again_when_all_of_it_is_lost(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        happen(archive, 300)
        archive.publish()
        before = (home / "ledger" / "log" / "tile" / "0" / "000").read_bytes()
        shutil.rmtree(home / "ledger" / "log")
        happen(archive)
        archive.publish()
        assert (home / "ledger" / "log" / "tile" / "0" / "000").read_bytes() == before
        assert_whole(archive)


def test_a_catalogue_that_names_a_key_of_its_own_cannot_take_the_log_over_in_silence(
    home: Path,
) -> None:
    from preservation import history
    from preservation.events import EventType, Outcome
    from preservation.ledger.checkpoint import parse_vkey, public_half
    from preservation.ledger.keys import next_key

    with wiring.open_archive(home) as archive:
        ours = parse_vkey(verified(archive).log.keys[0][1])
        theirs = KeyFiles(tmp(home)).make(ours.name)
        said = next_key(public_half(ours.name, theirs), ours, "taken over", None)
        enter(archive.catalogue, history.new_event(
            EventType.LEDGER_KEY, at=archive.clock.now(), agent="x", outcome=Outcome.SUCCESS,
            detail=said.detail(),
        ))  # fmt: skip
        archive.publish()
        assert assert_whole(archive).without_old_key == [3, 4]


def enter(catalogue: Catalogue, event: Any) -> None:
    from preservation import history

    with catalogue.transaction() as tx:
        history.record(tx, event)


def test_what_looks_wrong_while_others_write_is_looked_at_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wiring.open_archive(home) as archive:
        looks: list[LogState] = []

        def overtaken(folder: Path, **named: Any) -> LogState:
            looks.append(verify_log(folder, **named))
            if len(looks) == 1:  # a command of somebody else ends between our looks at things
                happen(archive)
                archive.publish()
            return looks[-1]

        monkeypatch.setattr(comparing, "verify_log", overtaken)
        assert_whole(archive)
        assert [look.signed for look in looks] == [2, 3]
