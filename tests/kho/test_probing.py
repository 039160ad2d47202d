"""What `kho doctor` tries out on a medium, on one that does as it should and on some that do not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from kho import probing
from kho.diagnosis import diagnose
from kho.findings import Finding
from kho.probing import Flushes, flushing, judge_flushes, limits, measure_flushes, private
from repository import durable, locks
from repository.catalogue.catalogue import open_catalogue
from repository.catalogue.records import EventRecord
from repository.clock import SystemClock, utc_text
from tests.archives import TestArchive


def levels(findings: Iterator[Finding]) -> dict[str, str]:
    return {one.what.removeprefix("x: "): one.level for one in findings}


def test_a_sound_medium_holds_all_that_is_tried_and_nothing_is_left_behind(tmp_path: Path) -> None:
    assert levels(limits("x", tmp_path)) == dict.fromkeys(
        ("O_EXCL", "rename", "locks", "names", "flush"), "ok"
    )
    assert flushing("x", tmp_path, seconds=0.01).level in ("ok", "warning")
    assert list(tmp_path.iterdir()) == []


def test_a_flush_is_a_flush_and_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = []
    monkeypatch.setattr(durable, "flush", lambda stream: flushed.append(stream.flush()))
    assert measure_flushes(tmp_path, 0.01).count == len(flushed) > 0


def test_flushes_that_are_faster_than_disks_are_a_question_for_a_person() -> None:
    assert judge_flushes("x", Flushes(1000, 1.0)).level == "ok"
    told = judge_flushes("x", Flushes(5000, 0.5))
    assert told.level == "warning"
    assert "10,000" in told.en
    assert "10,000" in told.vi


def test_memory_is_no_medium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "file_system", lambda _: "tmpfs")
    assert flushing("x", tmp_path).level == "error"


def test_what_cannot_be_tried_is_not_called_well(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert flushing("x", gone).level == "warning"
    assert set(levels(limits("x", gone)).values()) == {"error"}
    assert private("x", gone, owner_only=True).level == "warning"


@pytest.mark.parametrize(
    ("probe", "how"),
    [("O_EXCL", "overwrites"), ("rename", "adds"), ("locks", "lets all in"), ("names", "folds")],
)
def test_a_medium_that_does_not_hold_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe: str, how: str
) -> None:
    @contextmanager
    def open_to_all(*_: object, **__: object) -> Iterator[None]:
        yield

    lying = {
        "overwrites": (durable, "write_new", lambda path, data: path.write_bytes(data)),
        "adds": (
            durable,
            "write_durably",
            lambda path, data: path.with_name(os.urandom(4).hex()).write_bytes(data),
        ),
        "lets all in": (locks, "held", open_to_all),
        "folds": (
            durable,
            "write_new",
            lambda path, data: path.with_name(path.name.casefold()).write_bytes(data),
        ),
    }
    place, name, instead = lying[how]
    monkeypatch.setattr(place, name, instead)
    assert levels(limits("x", tmp_path))[probe] == "error"


@pytest.mark.parametrize(
    ("mode", "owner_only", "level"),
    [
        (0o600, True, "ok"), (0o400, True, "ok"), (0o640, True, "error"), (0o604, True, "error"),
        (0o640, False, "ok"), (0o660, False, "error"), (0o644, False, "error"),
    ],
)  # fmt: skip
def test_a_key_is_for_those_alone_who_may_read_it(
    tmp_path: Path, mode: int, owner_only: bool, level: str
) -> None:
    key = tmp_path / "a.key"
    key.write_bytes(b"")
    key.chmod(mode)
    assert private("x", key, owner_only=owner_only).level == level


def found(archive: TestArchive) -> dict[str, Finding]:
    return {one.what: one for one in diagnose(archive.home)}


def test_doctor_tells_of_keys_catalogue_room_flushes_plans_and_what_is_late(
    archive: TestArchive,
) -> None:
    ledger_key = next((archive.home / "keys").glob("ledger-*.key"))
    ledger_key.chmod(0o644)
    told = found(archive)
    assert told[f"key {ledger_key.name}"].level == "error"
    for what in ("clock", "catalogue", "room for the catalogue", "late primary", "late copy-1"):
        assert what in told, told
    assert {told[f"flush: {name}"].level for name in ("home", "primary", "copy-1")} <= {
        "ok", "warning",
    }  # fmt: skip
    assert "limits: primary: locks" not in told  # a local disk


def test_doctor_tries_a_network_store_and_an_impossible_promise(archive: TestArchive) -> None:
    path = archive.home / "kho.toml"
    text = path.read_text("utf-8").replace('kind = "local"', 'kind = "nfs"')
    path.write_text(text.replace("[audit]", "[audit]\ndaily_bytes = 1"), "utf-8")
    told = found(archive)
    assert told["limits: primary: locks"].level == "ok"
    assert told["audit plan primary"].level == "error"


def test_doctor_notices_a_clock_that_went_back(archive: TestArchive) -> None:
    later = utc_text(SystemClock().now() + timedelta(days=2))
    with (
        open_catalogue(archive.home / "catalogue.sqlite") as catalogue,
        catalogue.transaction() as tx,
    ):
        tx.append_event(EventRecord("e", "rebuild", later, "x", "success"))
    assert found(archive)["clock"].level == "error"
