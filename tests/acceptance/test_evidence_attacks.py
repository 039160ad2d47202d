"""Attacks on the evidence itself: ledger, catalogue, keys, the stores' copies, the clock.

The attacker has every right on the machine, and in some tests the archive's own key. Each attack is
found and told, or shown to change nothing; and what is whole elsewhere is never written over by what
was put in its place.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kho import founding, wiring
from kho.wiring import Archive
from preservation import history
from preservation.ledger import anchoring, checkpoint, sequencer
from preservation.ledger.anchors import Anchor
from preservation.ledger.checkpoint import SignedCheckpoint, parse_note, parse_vkey
from preservation.ledger.comparing import verify_ledger
from preservation.ledger.fetching import continue_ledger
from preservation.ledger.journal import Journal
from preservation.ledger.kept import Kept, KeptCheckpoints
from preservation.ledger.keys import KeyFiles
from preservation.ledger.sequencer import Rotation
from preservation.offline import kho_verify
from repository.clock import FrozenClock
from repository.errors import ArchiveError, Conflict, Corrupt, Locked
from tests.acceptance import forging
from tests.acceptance.calling import call
from tests.archives import Ran, TestArchive
from tests.preservation.ledger.test_sequencer import happen, verified

STORES = ("primary", "copy-1")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An archive whose ledger has seven entries under two checkpoints."""
    place = founding.found(tmp_path / "archive", "test").path
    grow(place)
    return place


@pytest.fixture
def opened(home: Path) -> Iterator[Archive]:
    with wiring.open_archive(home) as archive:
        yield archive


def grow(home: Path, count: int = 5) -> SignedCheckpoint:
    """Let something happen and be signed; what is told outside of it."""
    with wiring.open_archive(home) as archive:
        happen(archive, count)
        return archive.publish_ledger().signed


def verify(home: Path, *more: str | Path) -> Ran:
    return call(TestArchive(home), "ledger", "verify", "--json", *more)


def head(home: Path) -> dict[str, Any]:
    return dict(call(TestArchive(home), "ledger", "head", "--json").document())


def reason(ran: Ran) -> str:
    said = ran.summary()
    return " ".join([said["reason"], *said["not_judged"]])


def offline(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    status = kho_verify.main([str(argument) for argument in arguments])
    return status, capsys.readouterr().out


def exchange(of: Path, place: Path) -> None:
    shutil.rmtree(place)
    shutil.copytree(of, place)


# -- put back to an earlier day


@pytest.fixture
def earlier(home: Path, tmp_path: Path) -> Path:
    """The archive as it was before three more things happened in it."""
    shutil.copytree(home, tmp_path / "earlier", symlinks=True)
    grow(home, 3)
    return tmp_path / "earlier"


def test_ledger_and_catalogue_put_back_together_are_found_by_each_stores_copy(
    home: Path, earlier: Path
) -> None:
    exchange(earlier / "ledger", home / "ledger")
    shutil.copy(earlier / "catalogue.sqlite", home / "catalogue.sqlite")
    before = forging.tree(home / "stores")
    ran = verify(home)
    assert ran.status == 3
    assert ran.summary()["copies"] == {"primary": "ahead", "copy-1": "ahead"}
    done = call(TestArchive(home), "audit", "--all")
    assert done.status in (1, 3)
    with wiring.open_archive(home) as archive, pytest.raises(Conflict, match="old ledger was put"):
        archive.publish()
    assert forging.tree(home / "stores") == before
    assert call(TestArchive(home), "rebuild").status == 0
    assert verify(home).status == 0
    assert head(home)["sequence"] == 10


def test_one_store_that_was_forgotten_is_enough(home: Path, earlier: Path) -> None:
    exchange(earlier / "ledger", home / "ledger")
    shutil.copy(earlier / "catalogue.sqlite", home / "catalogue.sqlite")
    exchange(earlier / "stores/primary/ledger", home / "stores/primary/ledger")
    ran = verify(home)
    assert (ran.status, ran.summary()["copies"]["copy-1"]) == (3, "ahead")
    with wiring.open_archive(home) as archive, pytest.raises(Conflict, match="copy-1"):
        archive.publish()


def test_everything_put_back_is_found_by_whatever_left_the_house(
    home: Path, earlier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = head(home)["signed"]
    (tmp_path / "mail").write_text("Kính gửi …\n\n" + told["checkpoint"], "utf-8")
    (tmp_path / "note").write_text(told["checkpoint"], "utf-8")
    exchange(earlier, home)
    assert verify(home).status == 0  # by itself it is what it was that day
    for known in (("--line", told["line"]), ("--checkpoint", tmp_path / "mail")):
        ran = verify(home, *known)
        assert (ran.status, "ends at entry 7" in reason(ran)) == (3, True)
    status, said = offline(
        capsys, home / "ledger", "--checkpoint", tmp_path / "note", "--lang", "en"
    )
    assert (status, "checkpoint of 10 entries" in said) == (3, True)
    # And it is found too after the false history went on past the size that was told.
    grow(home, 4)
    ran = verify(home, "--line", told["line"])
    assert (ran.status, "another ledger" in reason(ran)) == (3, True)


def test_a_time_stamp_that_was_left_lying_tells_of_what_was_cut_off(home: Path) -> None:
    stamp = b"what an authority answered"
    with wiring.open_archive(home) as archive:
        stamped(archive, stamp)
        assert not verified(archive).damaged
    for place in forging.ledgers(home):
        forging.cut(place, 7)
    catalogue_cut(home, 7)
    ran = verify(home)
    assert ran.status == 3
    assert "a time stamp that no entry tells of" in reason(ran)


def stamped(archive: Archive, token: bytes, time: str = "") -> None:
    """Show the newest checkpoint to an authority that answers with this."""
    signed = archive.publish_ledger().signed
    one = Anchor("rfc3161", signed.note, signed.size, "http://tsa.example", token, time)
    with archive.catalogue.transaction() as tx:
        history.record(tx, anchoring._event(one, archive.clock.now(), "test"))
    archive.publish()
    anchoring._keep_token(archive.home.folder("ledger"), one)


def catalogue_cut(home: Path, events: int) -> None:
    with sqlite3.connect(home / "catalogue.sqlite") as connection:
        connection.execute("DELETE FROM outbox WHERE sequence > ?", (events,))
        connection.execute("DELETE FROM events WHERE sequence > ?", (events,))
    connection.close()


# -- signed by somebody else


def somebody_else(seq: int, record: dict[str, Any]) -> None:
    if seq == 4:
        record["agent"] = "somebody else"


def test_a_log_signed_anew_by_another_key_is_found_by_the_key_that_was_printed(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = head(home)["signed"]
    assert parse_note(told["checkpoint"]).signed_by(parse_vkey(told["key"]))
    assert verify(home, "--key", told["key"]).status == 0
    assert offline(capsys, home / "ledger", "--key", told["key"])[0] == 0
    forging.resigned(home, somebody_else, new_key=True)
    forging.catalogue_as_ledger(home)
    assert verify(home).status == 0  # ledger, every copy and the catalogue fit one another
    ran = verify(home, "--key", told["key"])
    assert (ran.status, "none of this ledger's" in reason(ran)) == (3, True)
    ran = verify(home, "--line", told["line"])
    assert (ran.status, "another ledger" in reason(ran)) == (3, True)
    (tmp_path / "note").write_text(told["checkpoint"], "utf-8")
    ran = verify(home, "--checkpoint", tmp_path / "note")
    assert (ran.status, "not signed by the key" in reason(ran)) == (3, True)
    assert offline(capsys, home / "ledger", "--key", told["key"])[0] == 3
    for store in STORES:
        assert offline(capsys, home / "stores" / store / "ledger", "--key", told["key"])[0] == 3


@pytest.mark.parametrize("new_key", [True, False])
def test_a_log_signed_anew_disagrees_with_the_catalogue(home: Path, new_key: bool) -> None:
    forging.resigned(home, somebody_else, new_key=new_key)
    ran = verify(home)
    assert ran.status == 3
    assert "Entry 4 of the ledger and event 4 of the catalogue are not the same" in reason(ran)


def test_a_true_copy_is_never_written_over_by_a_log_signed_anew(home: Path) -> None:
    true = forging.tree(home / "stores/copy-1")
    shutil.copytree(home / "stores/copy-1/ledger", home.parent / "true")
    forging.resigned(home, somebody_else, new_key=False)
    exchange(home.parent / "true", home / "stores/copy-1/ledger")
    with wiring.open_archive(home) as archive:
        happen(archive)
        archive.publish()  # one store's copy agrees: told, and nothing is stopped by it
        assert "tells another history" in archive.ledger_behind["copy-1"]
        assert verified(archive).copies == {"primary": "identical", "copy-1": "differs"}
        with pytest.raises(Conflict, match="another"):
            continue_ledger(home / "ledger", archive.stores.values())
    assert forging.tree(home / "stores/copy-1") == true
    done = call(TestArchive(home), "audit", "--all", "--json")
    assert (done.status, done.summary()["altered"]) == (3, 1)
    # Nor is either taken for the ledger when that is lost, until a person decided.
    shutil.rmtree(home / "ledger")
    ran = call(TestArchive(home), "rebuild")
    assert (ran.status, "one of the two was exchanged" in ran.stderr) == (1, True)
    assert not (home / "ledger" / forging.JOURNAL).exists()


def test_a_key_that_the_old_one_did_not_sign_is_told_to_whoever_knows_the_old_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = head(home)["signed"]["key"]
    for key in (home / "keys").glob("ledger-*"):
        key.unlink()  # the attacker has none of them, and lets the archive make one
    with wiring.open_archive(home) as archive:
        happen(archive)
        assert "Nothing signs for it" in archive.publish_ledger().told[0]
    ran = verify(home)
    assert ran.summary()["without_old_key"] == [9]
    ran = verify(home, "--key", known)
    assert (ran.status, "no old key signed" in reason(ran)) == (4, True)
    assert offline(capsys, home / "ledger", "--key", known)[0] == 4
    assert verify(home, "--key", head(home)["signed"]["key"]).status == 0
    found = {
        line["what"]: line
        for line in call(TestArchive(home), "doctor", "--json").lines()
        if line["message_type"] == "finding"
    }
    assert found["ledger key"]["level"] == "warning"
    assert "entry 9" in found["ledger key"]["en"]


def test_a_key_that_the_old_one_signed_is_no_news(home: Path) -> None:
    known = head(home)["signed"]["key"]
    with wiring.open_archive(home) as archive:
        archive.publish_ledger(Rotation("test", "yearly"))
    assert head(home)["signed"]["key"] != known
    assert verify(home, "--key", known).status == 0


def test_a_checkpoint_that_another_key_signed_is_found_among_those_kept(home: Path) -> None:
    kept = list(KeptCheckpoints(home / "ledger").all())
    last = kept[-1].signed.checkpoint
    theirs = KeyFiles(home.parent).make(last.origin)
    for place in forging.ledgers(home):
        (place / forging.CHECKPOINTS).unlink()
        for one in (*kept[:-1], Kept(checkpoint.sign(last, theirs), kept[-1].at)):
            KeptCheckpoints(place).append(one)
    (home / "ledger/log/checkpoint").unlink()
    ran = verify(home)
    assert (ran.status, "not signed by the ledger's key" in reason(ran)) == (3, True)
    with wiring.open_archive(home) as archive:
        happen(archive)
        with pytest.raises(ArchiveError, match="signed"):
            archive.publish()


# -- old, foreign or damaged copies in a store


def test_an_old_copy_put_back_in_one_store_is_told_and_brought_up_again(
    home: Path, earlier: Path
) -> None:
    exchange(earlier / "stores/copy-1/ledger", home / "stores/copy-1/ledger")
    ran = verify(home)
    assert (ran.status, ran.summary()["copies"]) == (
        4,
        {"primary": "identical", "copy-1": "behind"},
    )
    grow(home, 1)
    assert verify(home).status == 0


def test_zeros_that_a_power_cut_left_at_a_copys_end_are_written_over(home: Path) -> None:
    segment = home / "stores/copy-1/ledger" / forging.JOURNAL
    data = segment.read_bytes()
    segment.write_bytes(data[:-700] + bytes(700))
    grow(home, 1)
    assert verify(home).status == 0
    assert segment.read_bytes()[: len(data)] == data


def test_a_damaged_copy_is_told_and_goes_on_getting_what_is_new(home: Path) -> None:
    segment = home / "stores/copy-1/ledger" / forging.JOURNAL
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    before = len(data)
    grow(home, 2)
    ran = verify(home)
    assert (ran.status, ran.summary()["copies"]["copy-1"]) == (3, "differs")
    assert len(segment.read_bytes()) > before
    assert segment.read_bytes()[:before] == data


@pytest.fixture(params=[3, 5, 9], ids=["shorter", "as long", "longer"])
def foreign(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Another archive, whole by itself."""
    place = founding.found(tmp_path / "foreign", "test").path
    grow(place, request.param)
    return place


@pytest.mark.parametrize("what", [("ledger",), ("ledger", "keys")], ids=["ledger", "with its keys"])
def test_another_archives_ledger_in_place_of_ours_is_never_gone_on_with(
    home: Path, foreign: Path, what: tuple[str, ...]
) -> None:
    shutil.move(home / "ledger", home.parent / "ours")
    (home / "ledger").mkdir()
    for name in what:
        exchange(foreign / name, home / name)
    before = forging.tree(home / "stores"), forging.tree(home / "ledger")
    ran = verify(home)
    assert ran.status == 3
    assert set(ran.summary()["copies"].values()) == {"differs"}
    with wiring.open_archive(home) as archive:
        happen(archive)
        with pytest.raises(Conflict, match="tells another history than ours"):
            archive.publish()
    assert call(TestArchive(home), "rebuild").status == 1
    assert (forging.tree(home / "stores"), forging.tree(home / "ledger")) == before
    # Ours put back, nothing is lost.
    exchange(home.parent / "ours", home / "ledger")
    with wiring.open_archive(home) as archive:
        archive.publish()  # our private key went with the keys: a new one, which is told
    ran = verify(home)
    assert (ran.status, len(ran.summary()["without_old_key"])) == (0, len(what) - 1)


def test_another_archives_ledger_is_told_by_the_catalogue_where_no_store_is_there(
    home: Path, foreign: Path
) -> None:
    exchange(foreign / "ledger", home / "ledger")
    for name in STORES:
        (home / "stores" / name).rename(home.parent / name)
    before = forging.tree(home / "ledger", besides=["sequencer.lock"])
    with wiring.open_archive(home) as archive:
        happen(archive)
        with pytest.raises((Conflict, Corrupt)):
            archive.publish()
    assert forging.tree(home / "ledger", besides=["sequencer.lock"]) == before


def test_another_archives_store_in_place_of_ours_is_not_taken_for_it(
    archive: TestArchive, tmp_path: Path
) -> None:
    place = founding.found(tmp_path / "foreign", "test").path
    ours = archive.home / "stores/copy-1"
    shutil.move(ours, tmp_path / "ours")
    shutil.copytree(place / "stores/copy-1", ours)
    before = forging.tree(ours)
    done = call(archive, "audit", "--all", "--json")
    assert (done.status, done.summary()["stores_unavailable"]) == (4, ["copy-1"])
    assert done.summary()["missing"] == 0
    assert verify(archive.home).summary()["copies"]["copy-1"] == "unavailable"
    assert forging.tree(ours) == before
    # With our store's name card on it, nothing of what should be there is.
    shutil.copy(tmp_path / "ours/store.json", ours / "store.json")
    done = call(archive, "audit", "--all", "--json")
    assert done.status == 3
    assert done.summary()["missing"] > 0
    assert verify(archive.home).summary()["copies"]["copy-1"] == "differs"


# -- two at once, and the dead


def test_the_lock_of_a_dead_sequencer_keeps_nobody_out(home: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from repository import locks\n"
        "with locks.held(Path(sys.argv[1]), 'x'): os.kill(os.getpid(), 9)\n"
    )
    lock = home / "ledger" / "sequencer.lock"
    subprocess.run([sys.executable, "-c", code, str(lock)], check=False, cwd=Path.cwd())
    assert lock.exists()
    lock.write_text('{"process": 1, "machine": "elsewhere"}', "utf-8")
    grow(home, 1)
    assert verify(home).status == 0


def test_a_living_sequencer_is_waited_for_and_then_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencer, "_WAIT", 0.1)
    with wiring.open_archive(home) as archive:
        happen(archive)
        with (
            sequencer.sequencing(home / "ledger"),
            pytest.raises(Locked, match="in use by process"),
        ):
            archive.publish()
        archive.publish()
    assert verify(home).status == 0


def test_sequencers_at_once_write_one_history(home: Path) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with wiring.open_archive(home) as archive:
                for _ in range(6):
                    happen(archive)
                    archive.publish()
        except BaseException as problem:
            failures.append(problem)
            raise

    at_work = [threading.Thread(target=work) for _ in range(4)]
    for one in at_work:
        one.start()
    for one in at_work:
        one.join()
    assert failures == []
    ran = verify(home)
    assert (ran.status, ran.summary()["entries"]) == (0, 7 + 24)


# -- clocks


def at(archive: Archive, instant: datetime) -> None:
    archive.clock = FrozenClock(instant)
    happen(archive)
    archive.publish()


def test_a_clock_put_back_is_told_and_breaks_no_order(home: Path, opened: Archive) -> None:
    begun = Journal(home / "ledger").head().seq
    later = datetime.now(UTC) + timedelta(days=30)
    at(opened, later)
    at(opened, later - timedelta(days=20))
    at(opened, later - timedelta(days=20, minutes=-1))
    at(opened, later - timedelta(days=20, minutes=5))  # within what two machines may differ
    state = verified(opened)
    assert not state.damaged
    assert [said.partition(" is dated")[0] for said in state.log.clock] == [f"Entry {begun + 2}"]
    ran = verify(home)
    assert (ran.status, len(ran.summary()["clock"])) == (0, 1)
    found = {
        line["what"]: line["level"]
        for line in call(TestArchive(home), "doctor", "--json").lines()
        if line["message_type"] == "finding"
    }
    assert found["clock"] == "error"  # the machine's clock is behind what happened last


def test_an_authority_that_says_another_day_tells_of_a_wrong_clock(opened: Archive) -> None:
    stamped(opened, b"token", "2026-11-22T08:00:00Z")
    stamped(opened, b"another", "2019-01-01T00:00:00Z")
    (said,) = [one for one in verified(opened).log.clock if "2019" in one]
    assert "this machine's clock was wrong" in said


# -- entries edited in place


def erase(entry: dict[str, Any]) -> None:
    entry["record"] = None


def resalt(entry: dict[str, Any]) -> None:
    entry["salt"] = "0" * 32


def rewrite(entry: dict[str, Any]) -> None:
    entry["record"]["agent"] = "somebody else"


@pytest.mark.parametrize("change", [resalt, rewrite])
def test_a_salt_or_a_record_edited_everywhere_is_found(
    home: Path,
    change: Callable[[dict[str, Any]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for place in forging.ledgers(home):
        forging.edited(place, 4, change)
    ran = verify(home)
    assert (ran.status, "record of entry 4 was changed" in reason(ran)) == (3, True)
    assert ran.summary()["copies"] == {"primary": "broken", "copy-1": "broken"}
    assert offline(capsys, home / "ledger")[0] == 3
    assert call(TestArchive(home), "rebuild").status == 1


def test_a_salt_edited_in_our_own_journal_alone_leaves_every_copy_whole(home: Path) -> None:
    forging.edited(home / "ledger", 4, resalt)
    ran = verify(home)
    assert (ran.status, set(ran.summary()["copies"].values())) == (3, {"whole"})


def test_a_record_taken_out_everywhere_is_told_though_the_chain_holds(
    home: Path, opened: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in forging.ledgers(home):
        forging.edited(place, 4, erase)
    ran = verify(home)
    assert ran.status == 3
    assert "the catalogue still has it" in reason(ran)
    assert ran.summary()["emptied"] == [4]
    assert ", 1 emptied" in offline(capsys, home / "ledger")[1]
    # Also where there is no catalogue to say so: it cannot be judged, and that is not "whole".
    state = verify_ledger(home / "ledger", opened.stores.values())
    assert (state.damaged, state.complete, "4" in state.log.open[0]) == (False, False, True)


def test_an_event_edited_in_the_catalogue_alone_is_found(home: Path) -> None:
    with sqlite3.connect(home / "catalogue.sqlite") as connection:
        connection.execute("UPDATE events SET agent = 'nobody' WHERE sequence = 3")
    connection.close()
    ran = verify(home)
    assert (ran.status, "event 3 of the catalogue" in reason(ran)) == (3, True)


def test_entries_that_the_catalogue_lost_are_named_and_counted(home: Path) -> None:
    grow(home, 30)
    catalogue_cut(home, 7)
    ran = verify(home)
    assert ran.status == 3
    assert "does not have the event of entry 8" in reason(ran)
    assert "10 entries more" in reason(ran)


def test_a_ledger_of_real_work_is_the_catalogues(archive: TestArchive) -> None:
    assert call(archive, "audit", "--all").status == 0
    ran = verify(archive.home)
    assert (ran.status, ran.summary()["reason"], ran.summary()["clock"]) == (0, "", [])
