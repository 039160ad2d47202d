"""A tick's plan, the notes in the spool, and the clock's sign of life."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation import heartbeat
from preservation.audit import spooled
from preservation.audit.schedule import BATCH_BYTES, BATCH_COPIES, plan_batches
from preservation.heartbeat import Heartbeat, Silence
from repository.clock import utc_text

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
names = st.sampled_from(["primary", "copy-1", "copy-2"])
chosen_of = st.dictionaries(names, st.lists(st.integers(0, 300).map(str), unique=True))


@given(chosen_of, st.integers(0, 3 * BATCH_BYTES), st.sets(names))
def test_every_copy_is_in_one_batch_in_its_order_and_no_batch_is_too_large(
    chosen, size, roots
) -> None:
    sizes = {object_id: size for ids in chosen.values() for object_id in ids}
    batches = plan_batches(chosen, sizes, roots)
    for name, ids in chosen.items():
        assert [one for batch in batches for one in batch.copies.get(name, ())] == ids
    for batch in batches:
        count = sum(map(len, batch.copies.values()))
        assert count <= BATCH_COPIES
        assert count <= 1 or count * size <= BATCH_BYTES


@given(chosen_of, st.sets(names))
def test_storage_roots_are_looked_at_by_the_first_batch_alone(chosen, roots) -> None:
    batches = plan_batches(chosen, {}, roots)
    assert [batch.roots for batch in batches] == [
        bool(roots) and number == 0 for number in range(len(batches))
    ]
    assert not roots or roots <= set(batches[0].copies)
    assert batches or not (roots or any(chosen.values()))


# --- notes in the spool


def note(object_id: str = "urn:a", store: str = "primary") -> bytes:
    line = {"at": utc_text(NOW), "object_id": object_id, "store": store, "kind": "altered"}
    return json.dumps(line).encode() + b"\n"


def test_notes_are_moved_aside_and_read_again_until_they_are_settled(tmp_path: Path) -> None:
    written = tmp_path / "damage-2026-11-22.jsonl"
    written.write_bytes(note() + note() + note("urn:b"))
    for _ in range(2):  # the second time after a crash
        taken, refused = spooled.take(tmp_path, "damage")
        assert [n.object_id for n in taken[0].notes] == ["urn:a", "urn:b"]
        assert not written.exists()
        assert refused == []
    spooled.settle(taken[0])
    assert list(tmp_path.iterdir()) == []


def test_a_note_written_while_its_file_was_moved_is_not_lost(tmp_path: Path) -> None:
    written = tmp_path / "damage-2026-11-22.jsonl"
    written.write_bytes(note())
    with written.open("ab") as still_open:
        (taken,), _ = spooled.take(tmp_path, "damage")
        still_open.write(note("urn:late"))
    spooled.settle(taken)
    (again,), _ = spooled.take(tmp_path, "damage")
    assert [n.object_id for n in again.notes] == ["urn:a", "urn:late"]


def test_other_files_in_the_spool_are_left_alone(tmp_path: Path) -> None:
    for name in ("access-2026-11-22.jsonl", "wishes-2026-11-22.jsonl", "damage-x.jsonl", "notes"):
        (tmp_path / name).write_bytes(note())
    assert spooled.take(tmp_path, "damage") == ([], [])
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "large"])
def test_what_is_no_file_of_notes_is_set_aside_unread_and_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "damage-2026-11-22.jsonl"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as stream:
            stream.truncate(spooled.LARGEST + 1)
    taken, refused = spooled.take(tmp_path, "damage")
    assert taken == []
    assert len(refused) == 1
    assert refused[0].startswith("refused-damage-")
    assert spooled.take(tmp_path, "damage") == ([], [])


line = st.one_of(
    st.binary(max_size=80),
    st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5).map(
        lambda value: json.dumps(value).encode()
    ),
    st.dictionaries(st.sampled_from(["object_id", "store", "at"]), st.text() | st.integers()).map(
        lambda value: json.dumps(value).encode()
    ),
    st.just(b"[" * 30_000),
    st.just(b'{"object_id": "\\ud800", "store": "a", "at": "2026-11-22T18:00:00Z"}'),
)


@given(st.lists(line))
def test_lines_that_are_no_notes_are_passed_over_and_the_good_ones_are_read(lines) -> None:
    data = b"\n".join([*lines, note("urn:good")])
    notes = list(spooled._notes(data.split(b"\n")))
    assert notes[-1].object_id == "urn:good"
    for one in notes:
        one.object_id.encode()


# --- the sign of life


def sign(**changes: object) -> Heartbeat:
    values = {
        "at": utc_text(NOW),
        "by": heartbeat.SCHEDULE,
        "expected_by": utc_text(NOW + timedelta(minutes=5)),
        "audited_at": utc_text(NOW),
        "audit_expected_by": utc_text(NOW + timedelta(days=2)),
        "next_audit": "",
    }
    return Heartbeat(**{**values, **changes})


def test_a_clock_that_was_heard_in_time_is_alive(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    heartbeat.beat(path, sign())
    seen = heartbeat.alive(path, NOW + timedelta(minutes=5))
    assert (seen.state, seen.last, seen.alarm) == ("alive", utc_text(NOW), False)
    assert heartbeat.read(path).process == os.getpid()


def test_a_clock_that_breaks_its_promise_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    heartbeat.beat(path, sign())
    seen = heartbeat.alive(path, NOW + timedelta(minutes=5, seconds=1))
    assert (seen.state, seen.reason, seen.alarm) == ("silent", Silence.LATE, True)


def test_a_clock_that_ticks_without_auditing_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    later = NOW + timedelta(days=3)
    heartbeat.beat(path, sign(at=utc_text(later), expected_by=utc_text(later)))
    seen = heartbeat.alive(path, later)
    assert (seen.state, seen.reason, seen.alarm) == ("silent", Silence.NO_AUDIT, True)


def test_nobody_may_promise_more_than_a_week_ahead(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    heartbeat.beat(path, sign(expected_by="2099-01-01T00:00:00Z"))
    assert heartbeat.alive(path, NOW + timedelta(days=9)).state == "silent"


def test_a_sign_from_the_future_is_no_sign_of_life(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    heartbeat.beat(path, sign())
    seen = heartbeat.alive(path, NOW - timedelta(hours=1))
    assert (seen.state, seen.reason) == ("silent", Silence.FUTURE)


def test_a_work_that_fails_is_an_alarm_while_the_clock_lives(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    heartbeat.beat(path, sign(failing={"audit": "no room left"}))
    seen = heartbeat.alive(path, NOW)
    assert (seen.state, seen.alarm, seen.failing) == ("alive", True, {"audit": "no room left"})


def test_no_clock_at_all_is_an_alarm_from_the_second_day_of_the_archive(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    assert heartbeat.alive(path, NOW).alarm
    for days, alarm in ((0.5, False), (1, True), (400, True), (-1, True)):
        seen = heartbeat.alive(path, NOW, made_at=NOW - timedelta(days=days))
        assert (seen.state, seen.alarm) == ("never", alarm)


@given(st.binary(max_size=300) | st.just(b"[" * 50_000) | st.just(b"{}" * 60_000))
def test_whatever_else_lies_there_is_silence_and_never_an_exception(
    tmp_path_factory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("sign") / "heartbeat.json"
    path.write_bytes(data)
    seen = heartbeat.alive(path, NOW)
    assert (seen.state, seen.reason, seen.alarm) == ("silent", Silence.UNREADABLE, True)


@pytest.mark.parametrize("name", list(Heartbeat.__dataclass_fields__))
@pytest.mark.parametrize("value", [None, 7.5, ["a"], {"a": 1}, "\x00"])
def test_a_sign_with_a_value_of_another_kind_is_not_believed(
    tmp_path: Path, name: str, value: object
) -> None:
    path = tmp_path / "heartbeat.json"
    heartbeat.beat(path, sign())
    good = json.loads(path.read_bytes())
    path.write_text(json.dumps({**good, name: value}))
    believed = isinstance(value, str) and name in ("by", "audited_at", "next_audit", "machine")
    assert (heartbeat.alive(path, NOW).state == "alive") == believed


def test_cron_gives_a_sign_of_life_for_a_day_by_auditing_what_is_due(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    heartbeat.after_audit(path, NOW)
    assert heartbeat.alive(path, NOW + timedelta(hours=25)).state == "alive"
    assert heartbeat.alive(path, NOW + timedelta(hours=27)).state == "silent"


def test_somebodys_audit_does_not_cover_up_the_silence_of_the_clock(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    heartbeat.beat(path, sign())
    heartbeat.after_audit(path, NOW + timedelta(hours=1))
    assert heartbeat.alive(path, NOW + timedelta(hours=1)).state == "silent"
    heartbeat.after_audit(path, NOW + timedelta(days=2))  # cron took over long ago
    assert heartbeat.alive(path, NOW + timedelta(days=2)).state == "alive"
