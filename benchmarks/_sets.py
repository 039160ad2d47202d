"""The files that benchmarks read: made of random bytes, the same every time, and removed afterwards.

Set (a): 1,000 dossiers of 20 files of 5–200 kB. Set (b): 28 files of 16–256 MiB. Hard-linked into OCFL
objects for ocfl-py and into bags for bagit-python, so that all read the same pages. Set (c): what the
sample archive's primary store holds.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20


@dataclass(frozen=True)
class FileSet:
    """``objects`` and ``bags``: the same files as others want them; none for the sample archive."""

    name: str
    files: tuple[Path, ...]
    size: int
    sha512: dict[Path, str]
    objects: tuple[Path, ...]
    bags: tuple[Path, ...]


def make_sets(folder: Path, *, quick: bool) -> tuple[FileSet, FileSet]:
    """Sets (a) and (b)."""
    dossiers, large, most = (60, 8, 24) if quick else (1000, 28, 256)
    draw = random.Random(5)
    blob = draw.randbytes(64 * MIB)
    small = _make_set(
        folder / "a",
        f"(a) {dossiers * 20:,} files of 5–200 kB",
        [[draw.randrange(5_000, 200_001) for _ in range(20)] for _ in range(dossiers)],
        blob,
    )
    sizes = [[draw.randrange(min(16, most // 2) * MIB, most * MIB) for _ in range(large)]]
    title = f"(b) {large} files of {min(16, most // 2)}–{most} MiB"
    made = small, _make_set(folder / "b", title, sizes, blob)
    os.sync()  # pages not yet written cannot be dropped
    return made


def _make_set(folder: Path, name: str, groups: list[list[int]], blob: bytes) -> FileSet:
    digests: dict[Path, str] = {}
    objects, bags = [], []
    draw = random.Random(7)
    for number, sizes in enumerate(groups):
        top = folder / f"object-{number}"
        content = top / "v1" / "content"
        content.mkdir(parents=True)
        mine = {}
        for index, size in enumerate(sizes):
            path = content / f"file-{index}"
            digest = hashlib.sha512()
            with path.open("wb") as file:
                left = size
                while left:
                    start = draw.randrange(len(blob) // 2)
                    piece = blob[start : start + min(left, len(blob) // 2)]
                    file.write(piece)
                    digest.update(piece)
                    left -= len(piece)
            mine[path] = digest.hexdigest()
        digests |= mine
        _write_object(top, f"urn:benchmark:{name}:{number}", mine)
        bags.append(_write_bag(folder / f"bag-{number}", mine))
        objects.append(top)
    size = sum(sum(sizes) for sizes in groups)
    return FileSet(
        f"{name}, {size / 1e9:.2f} GB", tuple(digests), size, digests, tuple(objects), tuple(bags)
    )


def _write_object(top: Path, identifier: str, digests: dict[Path, str]) -> None:
    (top / "0=ocfl_object_1.1").write_text("ocfl_object_1.1\n")
    manifest: dict[str, list[str]] = {}
    state: dict[str, list[str]] = {}
    for path, digest in digests.items():
        manifest.setdefault(digest, []).append(f"v1/content/{path.name}")
        state.setdefault(digest, []).append(path.name)
    version = {
        "created": "2026-01-01T00:00:00Z",
        "message": "benchmark",
        "user": {"name": "benchmark", "address": "mailto:b@example.org"},
        "state": state,
    }
    inventory = json.dumps(
        {
            "id": identifier,
            "type": "https://ocfl.io/1.1/spec/#inventory",
            "digestAlgorithm": "sha512",
            "head": "v1",
            "manifest": manifest,
            "versions": {"v1": version},
        }
    ).encode()
    for folder in (top, top / "v1"):
        (folder / "inventory.json").write_bytes(inventory)
        sidecar = f"{hashlib.sha512(inventory).hexdigest()} inventory.json\n"
        (folder / "inventory.json.sha512").write_text(sidecar)


def _write_bag(bag: Path, digests: dict[Path, str]) -> Path:
    (bag / "data").mkdir(parents=True)
    (bag / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    lines = []
    for path, digest in digests.items():
        os.link(path, bag / "data" / path.name)
        lines.append(f"{digest}  data/{path.name}\n")
    (bag / "manifest-sha512.txt").write_text("".join(lines))
    return bag


def sample_archive(folder: Path, *, quick: bool) -> FileSet:
    """Set (c): the sample archive, made by ``kho demo`` and audited by it."""
    command = [sys.executable, "-m", "kho", "demo", "--home", str(folder), "--no-serve"]
    subprocess.run(
        [*command, "--dossiers", "12" if quick else "40"], check=True, capture_output=True
    )
    root = folder / "stores" / "primary" / "root"
    digests = {path: _sha512(path) for path in sorted(root.rglob("*")) if path.is_file()}
    size = sum(path.stat().st_size for path in digests)
    objects = [path.parent for path in digests if path.name == "0=ocfl_object_1.1"]
    name = f"(c) the sample archive: {len(digests):,} files, {size / 1e6:,.0f} MB"
    return FileSet(name, tuple(digests), size, digests, tuple(objects), ())


def _sha512(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()
