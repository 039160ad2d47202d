"""Archives for tests: made through the command line, as a user would, and looked at from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kho.demo import make_transfers

STORES = ("primary", "copy-1")


@dataclass(frozen=True)
class Ran:
    """One run of `kho`."""

    status: int
    stdout: str
    stderr: str

    def document(self) -> Any:
        return json.loads(self.stdout)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    def summary(self) -> dict[str, Any]:
        last = self.lines()[-1]
        assert last["message_type"] == "summary"
        return last


def kho(*arguments: str | os.PathLike[str], home: Path | None = None, **settings: Any) -> Ran:
    """Run the command as a process of its own."""
    environment = {**os.environ, "KHO_LANG": "en", "PYTHONSAFEPATH": "1"}
    environment.pop("KHO_HOME", None)
    if home is not None:
        environment["KHO_HOME"] = str(home)
    environment.update(settings.pop("environment", {}))
    done = subprocess.run(
        [*settings.pop("prefix", []), sys.executable, "-m", "kho", *map(os.fspath, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=settings.pop("timeout", 120),
        check=False,
        **settings,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class TestArchive:
    """An archive in a folder, and the ways tests look at it."""

    __test__ = False
    home: Path

    def run(self, *arguments: str | os.PathLike[str], **settings: Any) -> Ran:
        return kho(*arguments, home=self.home, **settings)

    def root(self, store: str) -> Path:
        return self.home / "stores" / store / "root"

    def object_folders(self, store: str) -> list[Path]:
        return sorted(path.parent for path in self.root(store).rglob("0=ocfl_object_1.1"))

    def files(self, store: str) -> list[Path]:
        """Every file under the storage root, declarations and layout included."""
        return sorted(path for path in self.root(store).rglob("*") if path.is_file())


def make_template(folder: Path) -> Path:
    """An archive with three good dossiers in it, audited by nobody yet."""
    home = folder / "archive"
    made = kho("init", home)
    assert made.status == 0, made.stderr
    make_transfers(folder / "transfers", dossiers=3, bad=False)
    taken = kho("ingest", folder / "transfers", "--json", home=home)
    assert taken.status == 0, taken.stdout + taken.stderr
    return home
