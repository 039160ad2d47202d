"""Whatever is done to any file under a storage root is found, and nothing else is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.archives import STORES, TestArchive

KINDS = {
    "content": "v1/content/data/representations/rep1/data/",
    "received metadata": "v1/content/data/documentation/submission/",
    "bag manifest": "v1/content/manifest-sha512.txt",
    "tag manifest": "v1/content/tagmanifest-sha256.txt",
    "root inventory": "/inventory.json",
    "version inventory": "v1/inventory.json",
    "sidecar": "/inventory.json.sha512",
    "declaration": "0=ocfl_object_1.1",
    "root declaration": "0=ocfl_1.1",
    "root layout": "ocfl_layout.json",
    "root extension": "config.json",
}


def pick(archive: TestArchive, store: str, part: str) -> Path:
    for path in archive.files(store):
        if part in str(path) and not (part.startswith("/") and "v1/inventory" in str(path)):
            return path
    raise AssertionError(f"no file with {part} in its name")


def flip(path: Path) -> None:
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x01
    path.write_bytes(data)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_byte_in_any_kind_of_file_is_altered_and_exit_3(
    archive: TestArchive, kind: str, store: str
) -> None:
    flip(pick(archive, store, KINDS[kind]))
    ran = archive.run("audit", "--all", "--json")
    summary = ran.summary()
    assert ran.status == 3, ran.stdout
    assert (summary["altered"], summary["missing"], summary["unexpected"]) == (1, 0, 0)
    assert summary["unreadable"] == summary["not_checked"] == 0
    assert summary["expected"] == summary["intact"] + 1
    assert [line["store"] for line in ran.lines()[:-1]] == [store]


def test_an_untouched_archive_is_intact_and_exit_0(archive: TestArchive) -> None:
    ran = archive.run("audit", "--all", "--json")
    summary = ran.summary()
    assert ran.status == 0
    assert summary["expected"] == summary["intact"] > 100
    expected = sum(len(archive.files(store)) for store in STORES)
    assert summary["expected"] == expected + len(STORES)  # and each store's copy of the ledger
    assert summary["objects"] == 3
    assert len(ran.lines()) == 1


def test_a_deleted_file_is_missing(archive: TestArchive) -> None:
    pick(archive, "primary", KINDS["content"]).unlink()
    ran = archive.run("audit", "--all", "--json")
    assert (ran.status, ran.summary()["missing"], ran.summary()["altered"]) == (3, 1, 0)


def test_a_deleted_object_is_missing_file_by_file(archive: TestArchive) -> None:
    folder = archive.object_folders("copy-1")[0]
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
    ran = archive.run("audit", "--all", "--json")
    assert (ran.status, ran.summary()["missing"]) == (3, count)


@pytest.mark.parametrize("where", ["in an object", "beside the objects", "in the root"])
def test_an_added_file_is_unexpected(archive: TestArchive, where: str) -> None:
    folder = {
        "in an object": archive.object_folders("primary")[0] / "v1" / "content",
        "beside the objects": archive.object_folders("primary")[0].parent,
        "in the root": archive.root("primary"),
    }[where]
    (folder / "thêm.txt").write_text("x")
    ran = archive.run("audit", "--all", "--json")
    assert (ran.status, ran.summary()["unexpected"], ran.summary()["missing"]) == (3, 1, 0)


def test_a_file_replaced_by_a_link_to_its_own_bytes_is_altered(archive: TestArchive) -> None:
    path = pick(archive, "primary", KINDS["content"])
    kept = archive.home / "kept"
    path.rename(kept)
    path.symlink_to(kept)
    ran = archive.run("audit", "--all", "--json")
    assert (ran.status, ran.summary()["altered"]) == (3, 1)


def test_two_files_swapped_are_both_altered(archive: TestArchive) -> None:
    folder = archive.object_folders("primary")[0] / "v1/content"
    one, two = folder / "manifest-sha512.txt", folder / "manifest-sha256.txt"
    kept = folder.parent / "kept"
    one.rename(kept)
    two.rename(one)
    kept.rename(two)
    ran = archive.run("audit", "--all", "--json")
    assert (ran.status, ran.summary()["altered"]) == (3, 2)


def test_a_store_that_is_away_is_unavailable_and_nothing_is_called_missing(
    archive: TestArchive,
) -> None:
    (archive.home / "stores" / "copy-1").rename(archive.home / "unplugged")
    ran = archive.run("audit", "--all", "--json")
    summary = ran.summary()
    assert ran.status == 4
    assert summary["stores_unavailable"] == ["copy-1"]
    assert (summary["missing"], summary["altered"], summary["unexpected"]) == (0, 0, 0)
    assert summary["not_checked"] > 0
    assert summary["expected"] == summary["intact"] + summary["not_checked"]


def test_a_mount_point_left_empty_is_unavailable_not_missing(archive: TestArchive) -> None:
    place = archive.home / "stores" / "copy-1"
    shutil.rmtree(place)
    place.mkdir()
    ran = archive.run("audit", "--all", "--json")
    assert (ran.status, ran.summary()["missing"]) == (4, 0)
    assert ran.summary()["stores_unavailable"] == ["copy-1"]


def test_two_stores_swapped_are_both_unavailable(archive: TestArchive) -> None:
    stores = archive.home / "stores"
    (stores / "primary").rename(stores / "kept")
    (stores / "copy-1").rename(stores / "primary")
    (stores / "kept").rename(stores / "copy-1")
    ran = archive.run("audit", "--all", "--json")
    summary = ran.summary()
    assert ran.status == 4
    assert summary["stores_unavailable"] == ["copy-1", "primary"]
    assert (summary["intact"], summary["missing"]) == (0, 0)
    assert summary["expected"] == summary["not_checked"]


def test_what_an_audit_found_is_in_the_history(archive: TestArchive) -> None:
    flip(pick(archive, "primary", KINDS["content"]))
    run_id = archive.run("audit", "--all", "--json").summary()["run_id"]
    shown = archive.run("list", "--json").lines()[:-1]
    assert sorted(line["state"] for line in shown) == ["damaged", "intact", "intact"]
    assert archive.run("status", "--json").document()["last_audit"]["run_id"] == run_id
