"""Stores that come, go away and come back; and catalogue and stores compared both ways."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kho.demo import make_transfers
from tests.acceptance.test_audit_finds_damage import flip
from tests.acceptance.test_rebuild import forget_catalogue, tamper_consistently
from tests.acceptance.test_repair import ids, tree
from tests.archives import TestArchive


def codes(archive: TestArchive, *arguments: str, status: int) -> list[str]:
    ran = archive.run("reconcile", "--json", *arguments)
    assert ran.status == status, ran.stdout + ran.stderr
    return [line["code"] for line in ran.lines() if line["message_type"] == "problem"]


def store(archive: TestArchive, name: str) -> dict[str, object]:
    lines = archive.run("copies", "--json").lines()
    return next(line for line in lines if line["name"] == name)


def settings(archive: TestArchive, change: str) -> None:
    path = archive.home / "kho.toml"
    path.write_text(path.read_text("utf-8").replace("[copies]\n", f"[copies]\n{change}\n"), "utf-8")


def test_a_new_store_is_made_filled_and_required(archive: TestArchive, tmp_path: Path) -> None:
    place = tmp_path / "disk" / "kho"
    started = datetime.now(UTC).date() - timedelta(days=5 * 365)
    made = archive.run(
        "copies", "add", "copy-2", place, "--place", "Vinh", "--started", started.isoformat(),
        "--rated-years", "5.5", "--json",
    )  # fmt: skip
    assert made.status == 0, made.stdout + made.stderr
    written = tomllib.loads((archive.home / "kho.toml").read_text("utf-8"))["stores"]["copy-2"]
    assert (written["path"], written["place"]) == (str(place), "Vinh")
    seen = store(archive, "copy-2")
    assert (seen["copies"], seen["behind"], seen["required"]) == (0, 3, True)
    assert seen["medium"] == "replace"
    assert archive.run("list", "--json").lines()[0]["state"] == "short"
    assert codes(archive, status=3) == ["REC-NOT-COPIED"] * 3
    filled = archive.run("copies", "catch-up", "copy-2", "--json")
    assert (filled.status, filled.summary()["copied"]) == (0, 3), filled.stdout
    assert tree(place / "root") == tree(archive.root("primary"))
    assert codes(archive, status=0) == []
    assert archive.run("audit", "--all", "--copy", "copy-2").status == 0
    doctor = archive.run("doctor", "--json").lines()
    assert [one["level"] for one in doctor if one.get("what") == "medium copy-2"] == ["warning"]
    again = archive.run("copies", "add", "copy-2", tmp_path / "other")
    assert (again.status, "already" in again.stderr) == (1, True)
    taken = archive.run("copies", "add", "copy-3", place)
    assert (taken.status, "is there already" in taken.stderr) == (1, True)
    shown = {name: archive.run("show", name, "--json").stdout for name in ids(archive)}
    forget_catalogue(archive)
    assert archive.run("rebuild").status == 0
    assert {name: archive.run("show", name, "--json").stdout for name in shown} == shown


def test_an_update_reaches_a_required_store_that_had_nothing_yet(
    archive: TestArchive, tmp_path: Path
) -> None:
    assert archive.run("copies", "add", "copy-2", tmp_path / "two").status == 0
    script = (
        "import sys; from pathlib import Path; from kho import wiring\n"
        "from preservation.package import plan\n"
        "plan.PROFILE = 'tt05-2025/2'  # as a later release would\n"
        "from preservation.reprofile import reprofile\n"
        "with wiring.open_archive(Path(sys.argv[1])) as a:\n"
        "    ids = [o.object_id for o in a.catalogue.objects()][:1]\n"
        "    for done in reprofile(a.holding(), ids, operator='t', software='t',\n"
        "        organisation=a.organisation(), reason='t', profile=plan.PROFILE):\n"
        "        print(done.action)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(archive.home)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "written\n"), done.stderr
    assert sorted(codes(archive, status=3)) == ["REC-NOT-COPIED"] * 2
    assert codes(archive, "--fix", status=0) == []
    assert tree(tmp_path / "two/root") == tree(archive.root("primary"))


def test_an_offline_disk_may_be_away_and_is_caught_up_and_audited_when_it_is_back(
    archive: TestArchive, tmp_path: Path
) -> None:
    place = tmp_path / "usb" / "kho"
    add = ("copies", "add", "tu-1", place, "--kind", "offline", "--rotation-days", "30")
    assert archive.run(*add).status == 0
    assert store(archive, "tu-1")["required"] is False
    assert archive.run("copies", "attach", "tu-1", "--json").summary()["copied"] == 3
    out = archive.run("copies", "detach", "tu-1", "--json")
    assert (out.status, out.summary()["was_there"]) == (0, True)
    # Detached is detached, while it is mounted and when it is gone.
    before = tree(place)
    make_transfers(tmp_path / "more", dossiers=4, bad=False)
    taken = archive.run("ingest", tmp_path / "more", "--json")
    assert taken.status == 0, taken.stdout + taken.stderr
    assert tree(place) == before
    shutil.move(tmp_path / "usb", tmp_path / "cupboard")
    for verb in (("audit", "--all"), ("status",), ("reconcile",), ("copies",)):
        ran = archive.run(*verb)
        assert ran.status == 0, (verb, ran.stdout, ran.stderr)
    assert archive.run("list", "--json").lines()[0]["state"] != "short"
    assert archive.run("copies", "attach", "tu-1").status == 1
    shutil.move(tmp_path / "cupboard", tmp_path / "usb")
    flip(next((place / "root").rglob("v1/content/bagit.txt")))
    back = archive.run("copies", "attach", "tu-1", "--json")
    assert (back.status, back.summary()["copied"], back.summary()["altered"]) == (3, 1, 1)
    damaged = [line["object_id"] for line in archive.run("audit", "--all", "--json").lines()[:-1]]
    assert archive.run("repair", *damaged, "--copy", "tu-1", "--reason", "x").status == 0
    assert tree(place / "root") == tree(archive.root("primary"))
    assert archive.run("ledger", "verify").status == 0


def test_an_offline_disk_that_is_overdue_is_an_alarm(archive: TestArchive, tmp_path: Path) -> None:
    place = tmp_path / "usb"
    assert archive.run("copies", "add", "tu-1", place, "--kind", "offline").status == 0
    shutil.move(place, tmp_path / "cupboard")  # never filled: due at once
    ran = archive.run("copies", "list", "--json")
    assert ran.status == 4
    problems = [problem["code"] for line in ran.lines() for problem in line["problems"]]
    assert "STO-OVERDUE" in problems
    assert archive.run("status").status == 4
    assert archive.run("copies", "detach", "primary").status == 1


def test_only_required_stores_hold_up_an_ingest(archive: TestArchive, tmp_path: Path) -> None:
    settings(archive, 'required = ["primary"]')
    shutil.move(archive.home / "stores/copy-1", tmp_path / "away")
    make_transfers(tmp_path / "more", dossiers=4, bad=False)
    assert archive.run("ingest", tmp_path / "more").status == 0
    shutil.move(tmp_path / "away", archive.home / "stores/copy-1")
    assert store(archive, "copy-1")["behind"] == 1
    again = archive.run("ingest", tmp_path / "more")  # held already; what is behind follows
    assert again.status == 0, again.stderr
    assert tree(archive.root("copy-1")) == tree(archive.root("primary"))
    settings(archive, 'required = ["copy-1"]'.replace("required", "wanted"))
    refused = archive.run("list")
    assert (refused.status, "copies" in refused.stderr) == (1, True)


def test_reconciliation_names_what_differs_and_fixes_only_what_is_behind(
    archive: TestArchive, tmp_path: Path
) -> None:
    assert codes(archive, status=0) == []
    first, second, third = archive.object_folders("copy-1")
    root = archive.root("copy-1")
    shutil.rmtree(first)
    (second / "v1/content/bag-info.txt").unlink()
    tamper_consistently(third)
    shutil.copytree(archive.object_folders("primary")[0], root / "xyz" / "moved")
    (root / "xyz" / "note.txt").write_text("?")
    before = tree(root)
    found = codes(archive, "--fix", status=3)
    assert sorted(found) == ["REC-DAMAGED", "REC-LEDGER", "REC-LOST", "REC-MISPLACED", "REC-STRAY"]
    assert tree(root) == before
    shutil.move(archive.home / "stores/copy-1", tmp_path / "away")
    assert codes(archive, status=4) == ["REC-STORE-AWAY"]


def test_an_object_nobody_knows_and_one_the_catalogue_lacks_are_named(
    archive: TestArchive,
) -> None:
    import sqlite3

    gone = ids(archive)[0]
    with sqlite3.connect(archive.home / "catalogue.sqlite") as catalogue:
        for table in ("copies", "objects"):
            catalogue.execute(f"DELETE FROM {table} WHERE object_id = ?", (gone,))
    found = codes(archive, status=3)
    assert sorted(found) == [
        "REC-NOT-IN-CATALOGUE", "REC-UNKNOWN-OBJECT", "REC-UNKNOWN-OBJECT",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["", "Primary", "../x", "a" * 41, "a b"])
def test_a_store_needs_a_plain_name(archive: TestArchive, tmp_path: Path, name: str) -> None:
    ran = archive.run("copies", "add", name, tmp_path / "x")
    assert ran.status in (1, 2)
    assert not (tmp_path / "x").exists()
