"""An export checked by nothing but Python: the file that lies beside it, in a process without Kho."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kho.__main__ import app
from preservation.offline.shipping import verifier_sha256
from tests.archives import Ran, TestArchive


def alone(folder: Path, *arguments: object) -> Ran:
    """`python -I -S kho_verify.py …`: no site packages, no environment, nothing of ours to import."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "kho_verify.py", *map(str, arguments)],
        cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=120, env={},
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("how", [("--as", "bag"), ("--as", "ocfl", "--zip", "--deflate")])
def test_every_export_can_be_checked_by_what_lies_beside_it(
    how: tuple[str, ...], archive: TestArchive, tmp_path: Path
) -> None:
    out = tmp_path / "xuất"
    ran = archive.run("export", "--all", "--to", out, *how, "--json")
    assert ran.status == 0, ran.stderr
    told = ran.summary()
    assert (told["exported"], told["proofs"]) == (3, 3)
    assert told["verifier_sha256"] == verifier_sha256()
    assert verifier_sha256() in (out / "VERIFY.txt").read_text("utf-8")

    checked = alone(out, ".", "--json")
    assert checked.status == 0, checked.stdout + checked.stderr
    assert checked.summary()["subjects"] == 6  # three dossiers and their proofs
    assert checked.summary()["verifier_sha256"] == verifier_sha256()
    spoken = alone(out, ".", "--lang", "vi")
    assert spoken.stdout.count("NGUYÊN VẸN") == 6

    victim = max(path for path in out.rglob("*") if path.suffix in (".pdf", ".zip"))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.chmod(0o644)
    victim.write_bytes(data)
    harmed = alone(out, ".", "--json")
    assert harmed.status == 3
    assert harmed.summary()["damaged"] == 1


def test_objects_are_held_against_their_proofs_and_the_ledger(
    archive: TestArchive, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    archive.run("export", "--all", "--as", "ocfl", "--to", out)
    ledger, store = archive.home / "ledger", archive.home / "stores" / "copy-1"
    for folder in (ledger, store / "ledger"):
        checked = alone(out, "--ledger", folder, store, "--json")
        assert checked.status == 0, checked.stdout
        assert checked.summary()["subjects"] == 5
    proof = next(out.glob("*.proof.json"))
    document = json.loads(proof.read_text("utf-8"))
    proof.write_text(
        json.dumps(document).replace(document["object"]["inventory_sha512"], "0" * 128)
    )
    assert alone(out, ".", "--json").status == 3


def test_the_archives_proofs_and_checkpoints_hold(archive: TestArchive, tmp_path: Path) -> None:
    out = tmp_path / "out"
    archive.run("export", "--verifier", "--to", out)
    assert sorted(path.name for path in out.iterdir()) == ["VERIFY.txt", "kho_verify.py"]
    ledger = archive.home / "ledger"
    first = json.loads((ledger / "checkpoints-000001.jsonl").read_text("utf-8").splitlines()[0])
    assert archive.run("audit", "--all").status == 0
    made = archive.run("ledger", "prove", "--consistency", str(first["size"]),
                       "--to", out / "grown.json")  # fmt: skip
    assert made.status == 0, made.stderr
    assert alone(out, "--proof", "grown.json", "--json").status == 0
    kept = ledger / "log" / "checkpoint"
    assert alone(out, ledger, "--checkpoint", kept, "--json").status == 0
    rotated = archive.run("ledger", "rotate-key", "--reason", "thử")
    assert rotated.status == 0, rotated.stderr
    assert alone(out, ledger, "--checkpoint", kept, "--json").status == 0
    journal = ledger / "journal-000001.jsonl"
    journal.write_bytes(journal.read_bytes()[:-2])
    assert alone(out, ledger, "--json").status == 3


def test_wrong_usage_of_the_new_options_is_2(tmp_path: Path) -> None:
    for arguments in (
        ["--all", "--verifier"],
        ["--all", "--as", "files", "--zip"],
        ["--all", "--deflate"],
        ["--all", "--as", "ocfl", "--version", "v1"],
    ):
        done = CliRunner().invoke(app, ["export", *arguments, "--to", str(tmp_path / "x")])
        assert done.exit_code == 2, arguments
    assert not (tmp_path / "x").exists()
