"""Damage found by an audit is repaired from proven bytes through the command line, or refused aloud."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.acceptance.calling import call
from tests.acceptance.test_audit_finds_damage import KINDS, flip, pick
from tests.acceptance.test_rebuild import forget_catalogue, tamper_consistently
from tests.archives import STORES, Ran, TestArchive

ROOT = "urn:kho:storage-root"


def repair(archive: TestArchive, store: str, *ids: str, dry_run: bool = False) -> Ran:
    extra = ["--dry-run"] if dry_run else []
    return call(
        archive, "repair", *ids, "--copy", store, "--reason", "đĩa lỗi", *extra, "--json"
    )  # fmt: skip


def ids(archive: TestArchive) -> list[str]:
    lines = call(archive, "list", "--json").lines()
    return [line["object_id"] for line in lines if line["message_type"] == "object"]


def damaged(archive: TestArchive) -> list[tuple[str, str]]:
    lines = call(archive, "audit", "--all", "--json").lines()
    return [(one["object_id"], one["store"]) for one in lines if one["message_type"] == "object"]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def other(store: str) -> str:
    return next(name for name in STORES if name != store)


def events(archive: TestArchive, object_id: str) -> list[dict[str, Any]]:
    shown: dict[str, Any] = call(archive, "show", object_id, "--json").document()
    found: list[dict[str, Any]] = shown["events"]
    return found


def test_every_kind_of_damage_is_repaired_byte_for_byte(archive: TestArchive) -> None:
    good = tree(archive.root("primary"))
    for number, kind in enumerate(KINDS.values()):
        flip(pick(archive, STORES[number % 2], kind))
    (archive.object_folders("primary")[0] / "stray").write_bytes(b"?")
    found = damaged(archive)
    assert {store for _, store in found} == set(STORES)
    for store in STORES:
        ran = repair(archive, store, *[one for one, at in found if at == store])
        assert ran.status == 0, ran.stdout + ran.stderr
        assert ran.summary()["audit"]["altered"] == 0
    assert call(archive, "audit", "--all").status == 0
    for store in STORES:
        assert tree(archive.root(store)) == good
    assert call(archive, "ledger", "verify").status == 0


def test_a_repair_is_told_for_ever_and_the_damaged_bytes_are_kept(archive: TestArchive) -> None:
    folder = archive.object_folders("copy-1")[0]
    flip(folder / "v1/content/bagit.txt")
    before = tree(folder)
    ((object_id, store),) = damaged(archive)
    assert store == "copy-1"
    ran = repair(archive, store, object_id)
    line = ran.lines()[0]
    assert (line["action"], line["sources"]) == ("rebuilt", {"primary": len(before)})
    assert line["damaged"] == ["altered v1/content/bagit.txt"]
    kept = archive.home / "stores/copy-1" / line["kept_aside"]
    assert tree(kept / "object") == before
    told = [event for event in events(archive, object_id) if event["type"].startswith("repair")]
    assert [event["type"] for event in told] == ["repair begun", "repair"]
    assert told[1]["detail"]["repair"]["reason"] == "đĩa lỗi"
    assert told[1]["detail"]["repair"]["kept_aside"] == line["kept_aside"]
    assert call(archive, "list", "--json").lines()[0]["state"] in ("held", "intact")


def test_a_dry_run_tells_the_plan_and_touches_nothing(archive: TestArchive) -> None:
    folder = archive.object_folders("copy-1")[0]
    flip(folder / "v1/content/bagit.txt")
    object_id = next(one for one, _ in damaged(archive))
    before = tree(archive.home / "stores")
    ran = repair(archive, "copy-1", object_id, dry_run=True)
    assert ran.status == 0
    assert ran.lines()[0]["action"] == "planned"
    assert tree(archive.home / "stores") == before


def test_a_copy_that_is_gone_altogether_comes_back(archive: TestArchive) -> None:
    good = tree(archive.root("primary"))
    for folder in archive.object_folders("primary"):
        shutil.rmtree(folder)
    ran = repair(archive, "primary", *ids(archive))
    assert ran.status == 0, ran.stdout + ran.stderr
    assert tree(archive.root("primary")) == good
    assert call(archive, "audit", "--all").status == 0


def test_no_single_copy_is_whole_yet_every_file_survives(archive: TestArchive) -> None:
    good = tree(archive.root("primary"))
    flip(archive.object_folders("primary")[0] / "v1/content/bagit.txt")
    flip(archive.object_folders("copy-1")[0] / "v1/content/bag-info.txt")
    (object_id, _), _ = damaged(archive)
    for store in STORES:
        ran = repair(archive, store, object_id)
        assert ran.status == 0, ran.stdout + ran.stderr
    assert tree(archive.root("primary")) == tree(archive.root("copy-1")) == good


def test_what_is_intact_nowhere_is_refused_and_nothing_is_touched(archive: TestArchive) -> None:
    for store in STORES:
        flip(archive.object_folders(store)[0] / "v1/content/bagit.txt")
    (object_id, _), _ = damaged(archive)
    before = {store: tree(archive.root(store)) for store in STORES}
    ran = repair(archive, "copy-1", object_id)
    assert ran.status == 3
    line = ran.lines()[0]
    assert (line["action"], line["missing"]) == ("refused", ["v1/content/bagit.txt"])
    assert [problem["code"] for problem in line["problems"]] == ["REP-NO-SOURCE"]
    assert {store: tree(archive.root(store)) for store in STORES} == before
    last = events(archive, object_id)[-1]
    assert (last["type"], last["outcome"]) == ("repair", "failure")


def test_a_source_rewritten_by_an_insider_is_never_copied_from(archive: TestArchive) -> None:
    """Primary is consistent in itself but is not what the ledger committed to."""
    good = tree(archive.object_folders("copy-1")[0])
    tamper_consistently(archive.object_folders("primary")[0])
    flip(archive.object_folders("copy-1")[0] / "v1/content/bagit.txt")
    object_id = damaged(archive)[0][0]
    assert repair(archive, "copy-1", object_id).status == 0
    assert tree(archive.object_folders("copy-1")[0]) == good
    assert repair(archive, "primary", object_id).status == 0
    assert tree(archive.object_folders("primary")[0]) == good


def test_a_catalogue_that_is_not_what_the_ledger_says_repairs_nothing(
    archive: TestArchive,
) -> None:
    import sqlite3

    flip(archive.object_folders("copy-1")[0] / "v1/content/bagit.txt")
    object_id = damaged(archive)[0][0]
    with sqlite3.connect(archive.home / "catalogue.sqlite") as catalogue:
        catalogue.execute(
            "UPDATE expected_files SET sha512 = ? WHERE path = 'inventory.json'", ("0" * 128,)
        )
    before = tree(archive.root("copy-1"))
    ran = repair(archive, "copy-1", object_id)
    codes = [problem["code"] for problem in ran.lines()[0]["problems"]]
    assert (ran.status, codes[0]) == (3, "CPY-LEDGER")
    assert tree(archive.root("copy-1")) == before


def test_the_storage_roots_own_files_are_repaired(archive: TestArchive) -> None:
    good = tree(archive.root("copy-1"))
    flip(archive.root("copy-1") / "ocfl_layout.json")
    assert damaged(archive) == [(ROOT, "copy-1")]
    ran = repair(archive, "copy-1", ROOT)
    assert ran.status == 0, ran.stdout + ran.stderr
    assert tree(archive.root("copy-1")) == good
    assert call(archive, "audit", "--all").status == 0


def test_what_is_intact_is_left_as_it_is(archive: TestArchive) -> None:
    before = tree(archive.home / "stores/copy-1/root")
    ran = repair(archive, "copy-1", *ids(archive), ROOT)
    assert (ran.status, ran.summary()["intact"]) == (0, 4)
    assert tree(archive.home / "stores/copy-1/root") == before


def test_wrong_usage_is_told_before_anything_is_done(archive: TestArchive) -> None:
    known = ids(archive)[0]
    for arguments, status in (
        (("nobody", "--copy", "copy-1", "--reason", "x"), 1),
        ((known, "--copy", "nowhere", "--reason", "x"), 1),
        ((known, "--copy", "copy-1"), 2),
        ((known, "--copy", "copy-1", "--reason", " "), 2),
    ):
        assert call(archive, "repair", *arguments).status == status, arguments


def test_a_rebuilt_catalogue_knows_of_repairs(archive: TestArchive) -> None:
    flip(archive.object_folders("copy-1")[0] / "v1/content/bagit.txt")
    object_id = damaged(archive)[0][0]
    assert repair(archive, "copy-1", object_id).status == 0
    before = call(archive, "show", object_id, "--json").stdout
    forget_catalogue(archive)
    assert call(archive, "rebuild").status == 0
    assert call(archive, "show", object_id, "--json").stdout == before
