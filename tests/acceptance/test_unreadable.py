"""What cannot be read is unreadable: not damaged, and never intact."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archives import TestArchive


@pytest.fixture
def archive(archive_template: Path) -> Iterator[TestArchive]:
    """An archive that another account can reach: pytest keeps its own folders from everybody else."""
    folder = Path(tempfile.mkdtemp(prefix="kho-unreadable-"))
    folder.chmod(0o755)
    home = folder / "archive"
    shutil.copytree(archive_template, home)
    yield TestArchive(home)
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def unprivileged(archive: TestArchive) -> list[str]:
    """A prefix that runs a command as an account for which file modes count."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("running as root without setpriv: modes do not keep root from reading")
    for path in [archive.home, *archive.home.rglob("*")]:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def test_a_file_without_permission_is_unreadable_and_exit_4(
    archive: TestArchive, unprivileged: list[str]
) -> None:
    path = archive.object_folders("primary")[0] / "v1/content/bagit.txt"
    path.chmod(0)
    ran = archive.run("audit", "--all", "--json", prefix=unprivileged)
    summary = ran.summary()
    assert ran.status == 4, ran.stderr
    assert (summary["unreadable"], summary["altered"], summary["missing"]) == (1, 0, 0)
    assert summary["expected"] == summary["intact"] + 1


def test_a_folder_that_cannot_be_listed_makes_its_files_unreadable(
    archive: TestArchive, unprivileged: list[str]
) -> None:
    folder = archive.object_folders("copy-1")[0] / "v1/content/data/schemas"
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    folder.chmod(0)
    ran = archive.run("audit", "--all", "--json", prefix=unprivileged)
    folder.chmod(0o755)
    assert (ran.status, ran.summary()["unreadable"]) == (4, count)
    assert ran.summary()["missing"] == 0


def test_damage_outweighs_what_could_not_be_read(
    archive: TestArchive, unprivileged: list[str]
) -> None:
    content = archive.object_folders("primary")[0] / "v1/content"
    (content / "bagit.txt").chmod(0)
    (content / "bag-info.txt").unlink()
    ran = archive.run("audit", "--all", "--json", prefix=unprivileged)
    summary = ran.summary()
    assert (ran.status, summary["unreadable"], summary["missing"]) == (3, 1, 1)
