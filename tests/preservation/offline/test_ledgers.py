"""Ledgers and proofs, made in the tests by another hand, whole and harmed in every way."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.preservation.offline.judging import Judged, Log, harms, judge, sample_log, write


def judged(tmp_path: Path, files: dict[str, bytes], *more: object) -> Judged:
    return judge("--ledger", write(tmp_path / "ledger", files), *more)


def proven(tmp_path: Path, proof: Any, *more: object) -> Judged:
    (tmp_path / "p.json").write_text(json.dumps(proof), "utf-8")
    return judge("--proof", tmp_path / "p.json", *more)


@pytest.mark.parametrize("split", [0, 1, 3, 7])
def test_a_sound_ledger_is_intact(tmp_path: Path, split: int) -> None:
    result = judged(tmp_path, sample_log().files(split))
    assert result.status == 0, result
    assert result.summary["expected"] == 3 - (split in (0, 7)) + (split == 7)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_any_byte_of_a_ledger_changed_is_found(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = random.Random(seed)
    files = sample_log().files(4)
    name = chance.choice(sorted(files))
    for what, data in harms(files[name], chance):
        result = judge(write(tmp_path_factory.mktemp("harmed"), {**files, name: data}))
        if name.startswith("checkpoints") and says_the_same(files[name], data):
            continue
        assert result.told(), (name, what)
        if not files[name].startswith(data.rpartition(b"\n")[0]):  # more than a torn end
            assert result.status == 3, (name, what)


def says_the_same(old: bytes, new: bytes) -> bool:
    """Whether only the time differs, which nothing signs, or the newest checkpoints are not there."""
    notes = [[json.loads(line)["note"] for line in old.splitlines()]]
    try:
        notes.append([json.loads(line)["note"] for line in new.splitlines()])
    except (ValueError, KeyError, TypeError):
        return False
    return notes[1] == notes[0][: len(notes[1])] and new.endswith(b"\n")


@pytest.mark.parametrize("name", ["journal-000001.jsonl", "journal-000002.jsonl"])
def test_a_file_of_the_journal_gone_is_found(tmp_path: Path, name: str) -> None:
    files = sample_log().files(4)
    del files[name]
    assert judged(tmp_path, files).status == 3


def rewritten(log: Log) -> Log:
    """Who has no key changes a record and makes the chain anew behind it."""
    forged = Log(seed=5)
    for entry in log.entries:
        record = {**entry["record"]}
        if record["sequence"] == 3:
            record["detail"] = {"inventory_sha512": "f" * 128}
        record.pop("sequence")
        forged.add(**record)
    forged.keys, forged.checkpoints = log.keys, log.checkpoints
    return forged


def test_a_rewritten_chain_is_found_by_its_signed_checkpoints(tmp_path: Path) -> None:
    result = judged(tmp_path, rewritten(sample_log()).files())
    assert result.status == 3
    assert "LEDGER" in result.codes()


def test_a_truncated_ledger_is_found_by_a_checkpoint_kept_elsewhere(tmp_path: Path) -> None:
    log = sample_log()
    (tmp_path / "kept").write_text(log.note(), "utf-8")
    log.entries, log.checkpoints = log.entries[:4], log.checkpoints[:2]
    log.keys.pop()
    assert judged(tmp_path, log.files()).status == 0
    assert judged(tmp_path, log.files(), "--checkpoint", tmp_path / "kept").status == 3


def test_a_key_that_the_old_one_did_not_sign_is_not_taken_for_the_trusted_one(
    tmp_path: Path,
) -> None:
    log = Log()
    log.new_key()
    log.new_key(signed=False)
    log.sign()
    assert judged(tmp_path, log.files()).status == 0
    assert judged(tmp_path, log.files(), "--key", log.vkey(0)).status == 4
    assert judged(tmp_path, log.files(), "--key", log.vkey(1)).status == 0
    assert judged(tmp_path, log.files(), "--key", "kho.other/0+00000000+AA==").status == 3


def test_a_checkpoint_by_the_key_before_the_last_is_refused(tmp_path: Path) -> None:
    log = sample_log()
    log.checkpoints[-1]["note"] = log.note(key=0)
    assert judged(tmp_path, log.files()).status == 3


def test_an_erased_record_breaks_nothing(tmp_path: Path) -> None:
    log = sample_log()
    log.entries[3]["record"] = None
    assert judged(tmp_path, log.files()).status == 0


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 11])
def test_inclusion_is_proven_for_every_entry_and_for_no_other(tmp_path: Path, size: int) -> None:
    log = Log()
    log.new_key()
    for number in range(size):
        log.add(type="x", detail={"n": number})
    for seq in range(1, size + 2):
        proof = log.proof(seq)
        assert proven(tmp_path, proof).status == 0
        for path in (
            [],
            proof["entries"][0]["proof"][1:],
            [*proof["entries"][0]["proof"], "0" * 64],
        ):
            if path != proof["entries"][0]["proof"]:
                changed = copy.deepcopy(proof)
                changed["entries"][0]["proof"] = path
                assert proven(tmp_path, changed).status == 3


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 11])
def test_consistency_is_proven_for_every_older_size(tmp_path: Path, size: int) -> None:
    log = Log()
    log.new_key()
    for number in range(size):
        log.add(type="x", detail={"n": number})
    for old in range(1, size + 2):
        proof = log.consistency(old)
        assert proven(tmp_path, proof).status == 0, old
        other = Log(seed=9)
        other.new_key()
        other.keys = log.keys
        for number in range(size):
            other.add(type="y", detail={"n": number})
        assert proven(tmp_path, {**proof, "old": other.note(old)}).status == 3


def test_consistency_over_a_change_of_key(tmp_path: Path) -> None:
    log = sample_log()
    assert proven(tmp_path, log.consistency(4, old_key=0)).status == 0
    assert proven(tmp_path, log.consistency(4, old_key=1)).status == 3


def test_a_proof_holds_an_object_to_what_was_committed(tmp_path: Path) -> None:
    log = sample_log()
    proof = log.proof(3, 6)
    about = {"object_id": "urn:x:1", "inventory_sha512": "3" * 128, "seq": 6}
    assert proven(tmp_path, {**proof, "object": about}).status == 0
    for wrong in (
        {"seq": 3},
        {"inventory_sha512": "4" * 128},
        {"object_id": "urn:x:2"},
        {"seq": 99},
    ):
        assert proven(tmp_path, {**proof, "object": {**about, **wrong}}).status == 3


def test_a_proof_of_another_log_than_that_of_the_kept_checkpoint_is_refused(tmp_path: Path) -> None:
    log, other = sample_log(), Log(seed=7)
    other.new_key()
    for _ in range(5):
        other.add(type="x")
    assert len(other.entries) == len(log.entries)
    (tmp_path / "kept").write_text(other.note(), "utf-8")
    assert proven(tmp_path, log.proof(3), "--checkpoint", tmp_path / "kept").status == 3


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_a_flipped_letter_of_a_proof_never_passes_as_another_claim(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What the proof says is either refused or, where a name nobody reads was hit, unchanged."""
    chance = random.Random(seed)
    log = sample_log()
    about = {"object_id": "urn:x:1", "inventory_sha512": "3" * 128, "seq": 6}
    whole = json.dumps({**log.proof(3, 6), "object": about}).encode()
    place = tmp_path_factory.mktemp("proof") / "p.json"
    for _, data in harms(whole, chance):
        place.write_bytes(data)
        if judge(place).status == 0:
            assert "entries" in json.loads(data) or b'"entries"' not in data
            kept = {
                k: v for k, v in json.loads(data).items() if k in ("checkpoint", "entries", "keys")
            }
            sound = json.loads(whole)
            assert all(sound[name] == value for name, value in kept.items())
