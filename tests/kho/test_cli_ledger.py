"""`kho ledger`, as people and programs use it: answers, exit statuses, proofs that stand alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from preservation.ledger.checkpoint import parse_note, parse_vkey
from preservation.ledger.tree import check_consistency, check_inclusion
from tests.acceptance.calling import call
from tests.archives import TestArchive


def document(archive: TestArchive, *arguments: str | Path) -> Any:
    done = call(archive, *arguments)
    assert done.status == 0, done.stderr
    return done.document()


def assert_proven(entry: dict[str, Any], size: int, root: bytes) -> None:
    """As an outsider checks it, with hashlib and the format's description."""
    salt, prev = bytes.fromhex(entry["salt"]), bytes.fromhex(entry["prev"])
    record = json.dumps(
        entry["record"], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
    commitment = hashlib.sha256(b"kho-record\0" + salt + record).digest()
    assert commitment.hex() == entry["commitment"]
    number = entry["seq"].to_bytes(8, "big")
    hash_ = hashlib.sha256(b"kho-entry\0" + prev + number + commitment).digest()
    assert hash_.hex() == entry["hash"]
    leaf = hashlib.sha256(b"\0" + hash_).digest()
    proof = [bytes.fromhex(step) for step in entry["proof"]]
    assert check_inclusion(leaf, entry["seq"] - 1, size, proof, root)


def assert_signed(proof: dict[str, Any], note: str) -> None:
    key = parse_vkey(proof["keys"][-1]["record"]["detail"]["ledger_key"]["vkey"])
    assert parse_note(note).signed_by(key)


def test_head_gives_checkpoint_and_line_and_verify_takes_them_back(
    archive: TestArchive, tmp_path: Path
) -> None:
    head = document(archive, "ledger", "head", "--json")
    signed = head["signed"]
    assert signed["size"] == head["sequence"]
    said = call(archive, "ledger", "head").stdout
    assert said.startswith(f"{head['sequence']} {head['hash']}\n")
    assert signed["checkpoint"] in said
    assert signed["line"] in said
    (tmp_path / "kept").write_text("Kính gửi …\n\n" + signed["checkpoint"], "utf-8")
    (tmp_path / "paper").write_text(signed["line"].lower(), "utf-8")
    done = call(
        archive, "ledger", "verify", "--json", "--checkpoint", tmp_path / "kept",
        "--checkpoint", tmp_path / "paper", "--line", signed["line"],
    )  # fmt: skip
    assert done.status == 0, done.stdout
    assert done.summary()["from_outside"] == 3
    assert done.summary()["not_judged"] == []
    assert call(archive, "ledger", "verify").status == 0
    wrong = signed["line"][:-1] + ("0" if signed["line"][-1] != "0" else "1")
    assert call(archive, "ledger", "verify", "--line", wrong).status == 1
    (tmp_path / "none").write_bytes(b"\xff\xfenothing")
    assert call(archive, "ledger", "verify", "--checkpoint", tmp_path / "none").status == 1
    ahead = signed["checkpoint"].replace(f"\n{signed['size']}\n", f"\n{signed['size'] + 9}\n")
    (tmp_path / "ahead").write_text(ahead, "utf-8")
    done = call(archive, "ledger", "verify", "--checkpoint", tmp_path / "ahead")
    assert (done.status, "cut off" in done.stdout) == (3, True)


def test_an_object_and_an_event_are_proven_to_anybody(archive: TestArchive, tmp_path: Path) -> None:
    listed = call(archive, "list", "--json").lines()
    name = str(listed[0]["object_id"])
    proof = document(archive, "ledger", "prove", name)
    signed = parse_note(proof["checkpoint"])
    assert (proof["size"], proof["root"]) == (signed.size, signed.root.hex())
    assert_signed(proof, proof["checkpoint"])
    for entry in (*proof["keys"], *proof["entries"]):
        assert_proven(entry, signed.size, signed.root)
    assert {entry["record"]["object_id"] for entry in proof["entries"]} == {name}
    inventories = [
        folder / "inventory.json"
        for folder in archive.object_folders("primary")
        if name in (folder / "inventory.json").read_text("utf-8")
    ]
    (inventory,) = inventories
    digest = hashlib.sha512(inventory.read_bytes()).hexdigest()
    assert proof["object"]["inventory_sha512"] == digest
    event = proof["entries"][0]["record"]["event_id"]
    done = call(archive, "ledger", "prove", event, "--to", tmp_path / "proof.json", "--json")
    assert done.document()["format"] == "kho-ledger-proof/1"
    alone = json.loads((tmp_path / "proof.json").read_bytes())
    assert [entry["record"]["event_id"] for entry in alone["entries"]] == [event]
    assert alone["object"] is None
    assert document(archive, "ledger", "prove", "1")["entries"][0]["seq"] == 1
    assert call(archive, "ledger", "prove", event, "--to", tmp_path / "proof.json").status == 1
    for nothing in ("urn:none", "99999", ""):
        assert call(archive, "ledger", "prove", nothing).status == 1


def test_checkpoints_are_proven_to_go_on_from_one_another(archive: TestArchive) -> None:
    done = document(archive, "ledger", "prove", "--consistency", "2")
    old, new = parse_note(done["old"]), parse_note(done["new"])
    proof = [bytes.fromhex(step) for step in done["proof"]]
    assert check_consistency(old.size, new.size, old.root, new.root, proof)
    assert_signed(done, done["new"])
    again = document(archive, "ledger", "prove", "--consistency", str(new.size), "2")
    assert again == done
    for bad in (("3", "4", "5"), ("x",), ("99999",)):
        assert call(archive, "ledger", "prove", "--consistency", *bad).status == 1


def test_a_proof_needs_no_tree_that_was_there_before(archive: TestArchive) -> None:
    before = document(archive, "ledger", "prove", "1")
    for tile in (archive.home / "ledger" / "log" / "tile").rglob("*"):
        if tile.is_file():
            tile.unlink()
    (archive.home / "ledger" / "log" / "keys").unlink()
    done = call(archive, "ledger", "prove", "1")
    assert done.document() == before
    assert "missing" in done.stderr
    assert call(archive, "ledger", "verify").status == 0


def test_a_new_key_is_entered_with_its_reason(archive: TestArchive) -> None:
    assert call(archive, "ledger", "rotate-key", "--reason", "  ").status == 1
    done = call(archive, "ledger", "rotate-key", "--reason", "hằng năm", "--json")
    assert "new key" in done.document()["told"][0]
    summary = call(archive, "ledger", "verify", "--json").summary()
    assert len(summary["keys"]) == 2
    assert summary["without_old_key"] == []
    proof = document(archive, "ledger", "prove", str(summary["entries"]))
    said = proof["entries"][0]["record"]
    assert (said["agent"], said["detail"]["ledger_key"]["reason"]) == ("tester", "hằng năm")
    assert_signed(proof, proof["checkpoint"])


def test_nobody_to_anchor_with_is_said(archive: TestArchive) -> None:
    done = call(archive, "ledger", "anchor")
    assert done.status == 1
    assert "tsa_url" in done.stderr
    assert call(archive, "ledger", "anchor", "--kind", "pigeon").status == 1


@pytest.mark.parametrize("what", ["flip", "checkpoint"])
def test_damage_is_status_3_and_named(archive: TestArchive, what: str) -> None:
    name = "journal-000001.jsonl" if what == "flip" else "checkpoints-000001.jsonl"
    path = archive.home / "ledger" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    done = call(archive, "ledger", "verify", "--json")
    assert done.status == 3
    assert not done.summary()["whole"]
    assert done.summary()["reason"]
