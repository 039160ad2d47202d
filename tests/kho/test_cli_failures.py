"""What the command line says when something is wrong: one message, the right status, no traceback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kho import exits, founding, settings
from kho.cli.output import printable
from kho.demo import make_transfers
from preservation.audit.fixity import Sums
from repository.errors import Misconfigured
from tests.archives import Ran, TestArchive, kho


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("failures")
    founding.found(folder / "archive", "test")
    make_transfers(folder / "transfers", dossiers=2, bad=False)
    taken = kho("ingest", folder / "transfers", home=folder / "archive")
    assert taken.status == 0, taken.stderr
    return folder


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> TestArchive:
    shutil.copytree(template / "archive", tmp_path / "archive")
    return TestArchive(tmp_path / "archive")


def plain(done: Ran, status: int) -> None:
    assert done.status == status, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "--all", "--budget", "5GB"),
        ("audit", "--all", "--seed", "1"),
        ("audit", "--due", "--budget", "much"),
        ("audit", "--sample", "0%"),
        ("audit", "--sample", "٢%"),
        ("audit",),
        ("audit", "--all", "--due"),
        ("export", "--to", "x"),
        ("digest",),
        ("transfer", "list", "--state", "lost"),
        ("transfer", "approve", "TN-1", "--reason", " "),
        ("transfer", "return", "TN-1", "--reason", ""),
        ("search",),
        ("nonsense",),
    ],
)
def test_wrong_usage_is_2_and_changes_nothing(arguments: tuple[str, ...], template: Path) -> None:
    plain(kho(*arguments, home=template / "archive"), 2)


def test_no_archive_is_10_for_a_person_and_a_program(tmp_path: Path) -> None:
    done = kho("status", "--json", home=tmp_path)
    plain(done, 10)
    assert done.document()["message_type"] == "error"
    assert done.document()["error"] == "NoArchive"


def test_a_rebuild_waits_for_nobody_and_lets_nobody_in(archive: TestArchive) -> None:
    from kho import wiring

    with wiring.open_archive(archive.home):
        plain(archive.run("rebuild"), 11)
    with wiring.alone(archive.home):
        plain(archive.run("audit", "--all"), 11)
        plain(archive.run("list"), 0)
    assert os.listdir(archive.home / "quarantine") == []


def test_a_damaged_dossier_stays_and_the_others_are_exported(
    archive: TestArchive, tmp_path: Path
) -> None:
    inventory = archive.object_folders("primary")[0] / "inventory.json"
    inventory.chmod(0o644)
    inventory.write_bytes(inventory.read_bytes().replace(b"v1", b"v2", 1))
    done = archive.run("export", "--all", "--to", tmp_path / "out", "--json")
    plain(done, 3)
    assert done.summary()["exported"] == 1
    assert done.summary()["damaged"] == 1
    assert sum(path.is_dir() for path in (tmp_path / "out").iterdir()) == 1


def changed_as_a_whole(archive: TestArchive) -> None:
    """Somebody who knows OCFL changes a byte of content, the inventory and the sidecar in one store."""
    import hashlib

    folder = archive.object_folders("primary")[0]
    content = max((folder / "v1" / "content").rglob("*.pdf"))
    old = hashlib.sha512(content.read_bytes()).hexdigest()
    content.chmod(0o644)
    content.write_bytes(content.read_bytes() + b"%")
    new = hashlib.sha512(content.read_bytes()).hexdigest()
    for inventory in (folder / "inventory.json", folder / "v1" / "inventory.json"):
        inventory.chmod(0o644)
        inventory.write_bytes(inventory.read_bytes().replace(old.encode(), new.encode()))
        sidecar = inventory.with_name("inventory.json.sha512")
        sidecar.chmod(0o644)
        digest = hashlib.sha512(inventory.read_bytes()).hexdigest()
        sidecar.write_text(f"{digest}  inventory.json\n")


def test_a_copy_that_was_changed_as_a_whole_neither_leaves_nor_becomes_the_base_of_a_version(
    archive: TestArchive, tmp_path: Path
) -> None:
    changed_as_a_whole(archive)
    exported = archive.run("export", "--all", "--to", tmp_path / "out", "--json")
    plain(exported, 3)
    assert exported.summary()["exported"] == 1
    plain(archive.run("export", "--all", "--to", tmp_path / "other", "--copy", "copy-1"), 0)
    plain(archive.run("audit", "--all"), 3)


def test_a_missing_store_is_told_by_every_verb_without_a_traceback(archive: TestArchive) -> None:
    shutil.move(archive.home / "stores" / "copy-1", archive.home / "away")
    plain(archive.run("status"), 4)
    plain(archive.run("audit", "--all"), 4)
    plain(archive.run("ledger", "verify"), 4)
    plain(archive.run("ingest", archive.home.parent), 1)


def test_a_broken_ledger_is_damage_and_names_the_whole_copies(archive: TestArchive) -> None:
    segment = archive.home / "ledger" / "journal-000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"accepted", b"Accepted", 1))
    done = archive.run("ledger", "verify", "--json")
    plain(done, 3)
    assert done.summary()["whole"] is False
    assert set(done.summary()["copies"].values()) == {"whole"}
    plain(archive.run("ledger", "head", environment={"KHO_LANG": "vi"}), 1)


def test_sample_dossiers_never_get_into_a_real_archive(archive: TestArchive) -> None:
    plain(kho("demo", "--home", archive.home, "--no-serve"), 1)
    assert archive.run("list", "--json").summary()["objects"] == 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_terminal_gets_the_same_json(encoding: str, template: Path) -> None:
    done = kho(
        "list", "--json", home=template / "archive", environment={"PYTHONIOENCODING": encoding}
    )
    plain(done, 0)
    assert all("Hồ sơ" in line["title"] for line in done.lines()[:-1])
    if encoding != "latin-1":
        said = kho("list", home=template / "archive", environment={"PYTHONIOENCODING": encoding})
        plain(said, 0)


def test_a_reader_that_goes_away_leaves_no_traceback(template: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -P -m kho list --home {template / 'archive'} | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_an_answer_that_cannot_be_written_is_a_failure(template: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "kho", "status", "--json", "--home", template / "archive"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No room left" in done.stderr


def test_an_account_without_a_name_may_work(archive: TestArchive) -> None:
    nobody = {"LOGNAME": "", "USER": "", "LNAME": "", "USERNAME": "", "KHO_OPERATOR": " "}
    plain(archive.run("verify", environment=nobody), 0)
    plain(archive.run("verify", "--operator", os.fsdecode(b"an\xff")), 0)


def test_a_first_ctrl_c_ends_an_audit_with_130_and_its_sums(archive: TestArchive) -> None:
    for round_ in range(3):
        begun = subprocess.Popen(
            [sys.executable, "-P", "-m", "kho", "audit", "--all", "--json", "--home", archive.home],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        time.sleep(0.6 + round_ * 0.3)
        os.killpg(begun.pid, signal.SIGINT)
        stdout, stderr = begun.communicate(timeout=60)
        assert begun.returncode in (0, 130, -signal.SIGINT), stderr
        if begun.returncode == 130 and stdout:
            assert json.loads(stdout.splitlines()[-1])["message_type"] == "summary"
    plain(archive.run("audit", "--all"), 0)


def test_the_status_of_an_audit_follows_the_worst_that_was_found() -> None:
    assert exits.of_audit(Sums(expected=1, intact=1), False) is exits.Exit.DONE
    assert exits.of_audit(Sums(expected=1, intact=1), True) is exits.Exit.INCOMPLETE
    assert exits.of_audit(Sums(expected=1, unreadable=1), False) is exits.Exit.INCOMPLETE
    assert exits.of_audit(Sums(expected=2, altered=1, unreadable=1), True) is exits.Exit.FOUND
    assert exits.of_audit(Sums(unexpected=1), False) is exits.Exit.FOUND


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert printable("a\x1b[2Jb\n\udcff") == "a\\x1b[2Jb\\n\\udcff"


@pytest.mark.parametrize(
    "text", ["", "stores = 3", "[stores]", "\xff\x00", '[stores.a]\npath="x"', "[nonsense]\n"]
)
def test_bad_settings_are_one_clear_failure(text: str, tmp_path: Path) -> None:
    (tmp_path / "kho.toml").write_text(text, "utf-8")
    with pytest.raises(Misconfigured, match=r"kho\.toml"):
        settings.read_settings(tmp_path)
