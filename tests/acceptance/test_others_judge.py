"""Other people's validators judge what we keep and what we give out."""

from __future__ import annotations

import logging
import subprocess
from pathlib import Path

import pytest

from repository.second_opinion import bagit_python_verdict, ocfl_py_verdict
from schemas.xml import validate_xml
from tests.archives import STORES, TestArchive


@pytest.fixture
def reprofiled(archive: TestArchive, monkeypatch: pytest.MonkeyPatch) -> TestArchive:
    """The archive after one constant of the projection was changed and `kho reprofile` ran."""
    script = (
        "import preservation.package.plan as plan, preservation.reprofile as again\n"
        "plan.PROFILE = again.PROFILE = 'tt05-2025/2'\n"
        "again.reprofile.__kwdefaults__['profile'] = plan.PROFILE\n"
        "plan.plan_reprofile.__kwdefaults__['profile'] = plan.PROFILE\n"
        "from kho.__main__ import main\n"
        "main()\n"
    )
    import os
    import sys

    done = subprocess.run(
        [sys.executable, "-c", script, "reprofile", "--json"],
        env={**os.environ, "KHO_HOME": str(archive.home), "KHO_LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count('"written"') >= 3
    return archive


@pytest.mark.parametrize("store", STORES)
def test_every_object_and_the_root_are_valid_for_ocfl_py(archive: TestArchive, store: str) -> None:
    folders = archive.object_folders(store)
    assert len(folders) == 3
    for folder in folders:
        opinion = ocfl_py_verdict(str(folder))
        assert opinion.valid is True, opinion.messages


def test_every_version_exported_is_valid_for_bagit_python_and_sha512sum(
    reprofiled: TestArchive, tmp_path: Path
) -> None:
    ran = reprofiled.run("export", "--all", "--version", "all", "--to", tmp_path / "out", "--json")
    assert ran.status == 0, ran.stderr
    folders = [Path(line["folder"]) for line in ran.lines()[:-1]]
    assert len(folders) == 6
    logging.getLogger("bagit").setLevel(logging.CRITICAL)
    for folder in folders:
        assert bagit_python_verdict(str(folder)).valid is True
        for manifest in ("manifest-sha512.txt", "tagmanifest-sha512.txt"):
            subprocess.run(
                ["sha512sum", "--check", "--strict", "--quiet", manifest], cwd=folder, check=True
            )


def test_every_mets_and_premis_is_valid_against_its_schema(
    reprofiled: TestArchive, tmp_path: Path
) -> None:
    reprofiled.run("export", "--all", "--version", "all", "--to", tmp_path / "out")
    judged = 0
    for path in (tmp_path / "out").rglob("*.xml"):
        if "documentation" in path.parts:
            continue  # the sender's own files, as they came
        kind = "mets" if path.name == "METS.xml" else "premis" if "PREMIS" in path.name else None
        if kind:
            assert validate_xml(kind, path.read_bytes()) == [], path
            judged += 1
    assert judged == 6 * 4


def test_reprofile_adds_a_version_and_keeps_the_old_one_valid(reprofiled: TestArchive) -> None:
    for store in STORES:
        for folder in reprofiled.object_folders(store):
            assert (folder / "v2" / "inventory.json").is_file()
            assert not list((folder / "v2").rglob("rep1/data/*")), "payload was written again"
            opinion = ocfl_py_verdict(str(folder))
            assert opinion.valid is True, opinion.messages
    assert reprofiled.run("audit", "--all").status == 0
    shown = reprofiled.run("list", "--json").lines()[:-1]
    assert {line["version"] for line in shown} == {"v2"}


def test_reprofile_again_changes_nothing(archive: TestArchive) -> None:
    before = {path: path.stat().st_mtime_ns for path in archive.files("primary")}
    ran = archive.run("reprofile", "--json")
    assert (ran.status, ran.summary()["current"], ran.summary()["written"]) == (0, 3, 0)
    assert {path: path.stat().st_mtime_ns for path in archive.files("primary")} == before
