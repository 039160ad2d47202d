"""The documents of a few sample dossiers."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from kho.demo import make_transfers


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("demo")
    files = []
    for number, transfer in enumerate(make_transfers(folder / "zips", dossiers=3, bad=False)):
        with zipfile.ZipFile(transfer.path) as archive:
            for name in archive.namelist():
                if "/rep1/data/" in name and not name.endswith("/"):
                    path = folder / f"{number}-{name.rpartition('/')[2]}"
                    path.write_bytes(archive.read(name))
                    files.append(path)
    return files
