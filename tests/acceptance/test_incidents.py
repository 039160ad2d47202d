"""What is wrong becomes an incident with the audit that finds it, and is cared for to its end."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import asdict
from typing import Any

import pytest

from kho import wiring
from repository.errors import Corrupt
from tests.acceptance.calling import call
from tests.acceptance.test_audit_finds_damage import KINDS, flip, pick
from tests.archives import TestArchive


def incidents(archive: TestArchive, *options: str) -> list[dict[str, Any]]:
    lines = call(archive, "incidents", "list", *options, "--json").lines()
    return [line for line in lines if line["message_type"] == "incident"]


def audit(archive: TestArchive) -> int:
    return call(archive, "audit", "--all").status


def test_one_incident_from_finding_to_closing(archive: TestArchive) -> None:
    flip(pick(archive, "copy-1", KINDS["content"]))
    assert audit(archive) == 3
    (found,) = incidents(archive)
    name = found["incident_id"]
    assert (found["cause"], found["store"], found["kinds"]) == ("damage", "copy-1", ["altered"])
    assert found["state"] in ("found", "diagnosed")
    assert found["detail"]["files"][0]["verdict"] == "altered"
    # Found again: no second one.
    assert audit(archive) == 3
    (again,) = incidents(archive)
    assert (again["incident_id"], again["seen_count"]) == (name, 2)
    # Nobody closes what nobody mended.
    refused = call(archive, "incidents", "close", name, "--reason", "x")
    assert (refused.status, "can be closed once" in refused.stderr) == (1, True)
    # The incident is named instead of the dossier; its store is known.
    mended = call(archive, "repair", name, "--reason", "đĩa lỗi", "--json")
    assert mended.status == 0, mended.stdout + mended.stderr
    (verified,) = incidents(archive)
    assert (verified["state"], verified["reason"]) == ("verified", "đĩa lỗi")
    assert verified["detail"]["repair"]["sources"] == {"primary": mended.lines()[0]["files"]}
    assert call(archive, "incidents").status == 0
    closed = call(archive, "incidents", "close", name, "--reason", "đã thay đĩa", "--json")
    assert (closed.status, closed.document()["state"]) == (0, "closed")
    assert incidents(archive) == []
    shown = call(archive, "incidents", "show", name, "--json").document()
    told = [event["type"] for event in shown["events"]]
    assert [one for one in told if one != "incident diagnosed"] == [
        "incident opened", "incident found again", "incident repaired", "incident verified",
        "incident closed",
    ]  # fmt: skip
    assert shown["events"][-1]["agent"] == "tester"
    assert call(archive, "ledger", "verify").status == 0


def test_damage_of_another_kind_opens_another_and_a_whole_look_verifies_both(
    archive: TestArchive,
) -> None:
    flip(pick(archive, "primary", KINDS["bag manifest"]))
    audit(archive)
    pick(archive, "primary", KINDS["content"]).unlink()
    audit(archive)
    found = incidents(archive)
    assert sorted(one["kinds"] for one in found) == [["altered"], ["missing"]]
    assert len({one["object_id"] for one in found}) == 1
    ran = call(archive, "repair", *[one["incident_id"] for one in found], "--reason", "thử")
    assert ran.status == 0, ran.stdout + ran.stderr
    assert {one["state"] for one in incidents(archive)} == {"verified"}


def test_what_goes_away_by_itself_is_to_be_explained(archive: TestArchive) -> None:
    stray = archive.object_folders("primary")[0] / "stray"
    stray.write_bytes(b"?")
    audit(archive)
    stray.unlink()
    assert audit(archive) == 0
    (one,) = incidents(archive)
    assert (one["state"], one["kinds"]) == ("vanished", ["unexpected"])
    explained = call(archive, "incidents", "explain", one["incident_id"], "--reason", "tôi để nhầm")
    assert explained.status == 0
    assert incidents(archive)[0]["state"] == "explained"
    assert call(archive, "incidents", "close", one["incident_id"], "--reason", "xong").status == 0
    again = call(archive, "incidents", "explain", one["incident_id"], "--reason", "x")
    assert (again.status, "closed already" in again.stderr) == (1, True)


def test_damage_after_a_repair_is_found_again_in_the_same_incident(archive: TestArchive) -> None:
    for _ in range(2):
        flip(pick(archive, "copy-1", KINDS["content"]))
        audit(archive)
        (one,) = incidents(archive)
        assert one["state"] in ("found", "diagnosed")
        assert call(archive, "repair", one["incident_id"], "--reason", "thử").status == 0
    (one,) = incidents(archive)
    assert (one["state"], one["seen_count"]) == ("verified", 2)


def test_the_storage_roots_own_files_have_incidents_too(archive: TestArchive) -> None:
    flip(archive.root("copy-1") / "ocfl_layout.json")
    audit(archive)
    (one,) = incidents(archive)
    assert one["object_id"] == "urn:kho:storage-root"
    assert call(archive, "repair", one["incident_id"], "--reason", "thử").status == 0
    audit(archive)
    assert incidents(archive)[0]["state"] == "verified"


def test_a_rebuilt_catalogue_has_the_same_incidents(archive: TestArchive) -> None:
    flip(pick(archive, "copy-1", KINDS["content"]))
    audit(archive)
    (one,) = incidents(archive)
    call(archive, "repair", one["incident_id"], "--reason", "thử")
    call(archive, "incidents", "close", one["incident_id"], "--reason", "xong")
    (archive.object_folders("primary")[0] / "stray").write_bytes(b"?")
    audit(archive)
    before = incidents(archive, "--all")
    assert len(before) == 2
    for name in ("catalogue.sqlite", "catalogue.sqlite-wal", "catalogue.sqlite-shm"):
        (archive.home / name).unlink(missing_ok=True)
    rebuilt = call(archive, "rebuild")
    assert rebuilt.status == 0, rebuilt.stderr
    assert incidents(archive, "--all") == before


def test_an_incident_is_recorded_with_its_audit_or_neither_is(
    archive: TestArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    from preservation.incidents import following

    def die(*_: object, **__: object) -> None:
        raise Corrupt("stands for a crash")

    flip(pick(archive, "copy-1", KINDS["content"]))
    with monkeypatch.context() as patched:
        patched.setattr(following, "record_step", die)
        assert call(archive, "audit", "--all").status == 1
    with sqlite3.connect(archive.home / "catalogue.sqlite") as direct:
        assert direct.execute("SELECT count(*) FROM audit_results").fetchone() == (0,)
    direct.close()
    assert audit(archive) == 3
    assert len(incidents(archive)) == 1


def test_a_store_that_is_away_is_one_incident_until_it_is_back(archive: TestArchive) -> None:
    from kho.tending import watch

    place = archive.home / "stores/copy-1"
    shutil.move(place, archive.home / "unplugged")
    for _ in range(3):
        with wiring.open_archive(archive.home) as opened:
            watch(opened)
    (one,) = incidents(archive)
    assert (one["cause"], one["store"], one["state"]) == ("store away", "copy-1", "found")
    assert one["seen_count"] == 1
    shutil.move(archive.home / "unplugged", place)
    with wiring.open_archive(archive.home) as opened:
        steps = watch(opened)
        assert [step.incident.state for step in steps] == ["repaired", "verified"]
        assert asdict(steps[-1].incident) == asdict(opened.catalogue.incidents()[0])
        assert watch(opened) == []
    assert call(archive, "repair", one["incident_id"], "--reason", "x").status == 1


def test_a_broken_ledger_is_an_alarm_said_once(archive: TestArchive) -> None:
    from kho.tending import watch

    segment = next(iter(sorted((archive.home / "ledger").glob("*.jsonl"))))
    data = segment.read_bytes()
    segment.write_bytes(b"".join(data.splitlines(keepends=True)[:-1]))  # the newest entry is gone
    with wiring.open_archive(archive.home) as opened:
        for _ in range(2):
            watch(opened)
        (one,) = opened.catalogue.incidents()
        assert (one.cause, one.state, one.seen_count) == ("ledger", "found", 1)
        segment.write_bytes(data)
        watch(opened)
        assert opened.catalogue.incidents()[0].state == "verified"


def test_wrong_usage_is_told(archive: TestArchive) -> None:
    for arguments, status in (
        (("incidents", "show", "INC-nothing"), 1),
        (("incidents", "close", "INC-nothing", "--reason", "x"), 1),
        (("incidents", "close", "INC-nothing"), 2),
        (("incidents", "explain", "INC-nothing", "--reason", " "), 2),
        (("repair", "INC-nothing", "--reason", "x"), 1),
        (("repair", "INC-nothing"), 2),
    ):
        assert call(archive, *arguments).status == status, arguments
    assert call(archive, "incidents").status == 0
