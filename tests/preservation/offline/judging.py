"""The verifier called in this process, and small things for it to judge."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import random
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from preservation.offline import kho_verify


@dataclass(frozen=True)
class Judged:
    """What one run said."""

    status: int
    subjects: list[dict[str, Any]]
    summary: dict[str, Any]

    def codes(self) -> set[str]:
        return {one["code"] for subject in self.subjects for one in subject["findings"]}

    def told(self) -> bool:
        """Whether a reader is told of anything at all but the key of a ledger."""
        details = [one["detail"] for subject in self.subjects for one in subject["findings"]]
        return self.status != 0 or any(not detail.startswith("its key") for detail in details)


def judge(*arguments: object) -> Judged:
    """Run `kho_verify.py … --json`. Whatever the input, it ends with a summary that adds up."""
    with redirect_stdout(io.StringIO()) as written:
        status = kho_verify.main([*map(os.fspath, map(str, arguments)), "--json"])
    *subjects, summary = [json.loads(line) for line in written.getvalue().splitlines()]
    assert summary["message_type"] == "summary"
    parts = ("intact", "altered", "missing", "unreadable", "not_checked")
    assert summary["expected"] == sum(summary[part] for part in parts)
    assert status in (0, 3, 4)
    if status == 0:
        assert summary["intact"] == summary["expected"] > 0
    return Judged(status, subjects, summary)


def write(root: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return root


def harms(data: bytes, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """The same bytes flipped, with one more, with one less, and cut short."""
    at = chance.randrange(len(data)) if data else 0
    if data:
        bit = 1 << chance.randrange(8)
        yield f"bit {bit} of byte {at}", data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
        yield f"without byte {at}", data[:at] + data[at + 1 :]
        if at:
            yield f"cut at {at}", data[:at]
    yield f"one more at {at}", data[:at] + bytes([chance.randrange(256)]) + data[at:]


# -- A ledger after docs/ledger.md, made without the archive's code


def canonical(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def merkle_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, as it is written there."""
    if len(leaves) == 1:
        return sha256(b"\0", leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\1", merkle_root(leaves[:k]), merkle_root(leaves[k:]))


def inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 9162 §2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*inclusion(index, leaves[:k]), merkle_root(leaves[k:])]
    return [*inclusion(index - k, leaves[k:]), merkle_root(leaves[:k])]


def consistency(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """RFC 9162 §2.1.4.1."""
    if old == len(leaves):
        return [] if whole else [merkle_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if old <= k:
        return [*consistency(old, leaves[:k], whole), merkle_root(leaves[k:])]
    return [*consistency(old - k, leaves[k:], False), merkle_root(leaves[:k])]


class Log:
    """A ledger in memory, that can be told wrong as well."""

    ORIGIN = "kho.thu/0123456789abcdef"

    def __init__(self, seed: int = 1) -> None:
        self.chance = random.Random(seed)
        self.entries: list[dict[str, Any]] = []
        self.keys: list[Ed25519PrivateKey] = []
        self.checkpoints: list[dict[str, Any]] = []

    def add(self, **record: Any) -> dict[str, Any]:
        seq = len(self.entries) + 1
        prev = self.entries[-1]["hash"] if self.entries else "0" * 64
        salt = self.chance.randbytes(16)
        event = {"agent": "thử", "sequence": seq, "object_id": "", "detail": {}, **record}
        commitment = sha256(b"kho-record\0", salt, canonical(event))
        digest = sha256(b"kho-entry\0", bytes.fromhex(prev), seq.to_bytes(8, "big"), commitment)
        self.entries.append(
            {"seq": seq, "prev": prev, "salt": salt.hex(), "record": event,
             "commitment": commitment.hex(), "hash": digest.hex()}
        )  # fmt: skip
        return self.entries[-1]

    def vkey(self, number: int = -1) -> str:
        public = b"\1" + self.keys[number].public_key().public_bytes_raw()
        key_id = sha256(self.ORIGIN.encode(), b"\n", public)[:4].hex()
        return f"{self.ORIGIN}+{key_id}+{base64.b64encode(public).decode()}"

    def new_key(self, *, signed: bool = True) -> None:
        previous = self.vkey() if self.keys else ""
        old = self.keys[-1] if self.keys else None
        self.keys.append(Ed25519PrivateKey.from_private_bytes(self.chance.randbytes(32)))
        text = f"kho-ledger-key\n{self.ORIGIN}\n{previous}\n{self.vkey()}\n".encode()
        signature = base64.b64encode(old.sign(text)).decode() if old and signed else ""
        told = {"origin": self.ORIGIN, "previous": previous, "reason": "thử",
                "signature": signature, "vkey": self.vkey()}  # fmt: skip
        self.add(type="ledger key", detail={"ledger_key": told})

    def leaves(self, size: int | None = None) -> list[bytes]:
        return [bytes.fromhex(entry["hash"]) for entry in self.entries[:size]]

    def note(self, size: int | None = None, key: int = -1) -> str:
        size = size or len(self.entries)
        root = base64.b64encode(merkle_root(self.leaves(size))).decode()
        body = f"{self.ORIGIN}\n{size}\n{root}\n"
        key_id = bytes.fromhex(self.vkey(key).split("+")[1])
        signed = base64.b64encode(key_id + self.keys[key].sign(body.encode())).decode()
        return f"{body}\n— {self.ORIGIN} {signed}\n"

    def sign(self) -> None:
        size = len(self.entries)
        self.checkpoints.append({"at": "2026-11-22T08:00:00Z", "note": self.note(), "size": size})

    def proof(self, *seqs: int) -> dict[str, Any]:
        keys = [e["seq"] for e in self.entries if e["record"].get("type") == "ledger key"]
        return {
            "format": "kho-ledger-proof/1", "origin": self.ORIGIN, "size": len(self.entries),
            "root": merkle_root(self.leaves()).hex(), "checkpoint": self.note(),
            "keys": [self._proven(seq) for seq in keys],
            "entries": [self._proven(seq) for seq in seqs], "object": None,
        }  # fmt: skip

    def consistency(self, old: int, old_key: int = -1) -> dict[str, Any]:
        path = consistency(old, self.leaves())
        return {
            "format": "kho-ledger-consistency/1", "origin": self.ORIGIN,
            "old": self.note(old, old_key), "new": self.note(), "keys": self.proof()["keys"],
            "proof": [step.hex() for step in path],
        }  # fmt: skip

    def _proven(self, seq: int) -> dict[str, Any]:
        path = inclusion(seq - 1, self.leaves())
        return {**self.entries[seq - 1], "proof": [step.hex() for step in path]}

    def files(self, split: int = 0) -> dict[str, bytes]:
        lines = [canonical(entry) + b"\n" for entry in self.entries]
        made = {"journal-000001.jsonl": b"".join(lines[: split or None])}
        if split:
            made["journal-000002.jsonl"] = b"".join(lines[split:])
        if self.checkpoints:
            kept = [canonical(checkpoint) + b"\n" for checkpoint in self.checkpoints]
            made["checkpoints-000001.jsonl"] = b"".join(kept)
        return made


def sample_log() -> Log:
    """Two keys, three checkpoints, two objects, one of them in two versions."""
    log = Log()
    log.add(type="archive creation")
    log.new_key()
    log.sign()
    log.add(type="accession", object_id="urn:x:1", detail={"inventory_sha512": "1" * 128})
    log.add(type="accession", object_id="urn:x:2", detail={"inventory_sha512": "2" * 128})
    log.sign()
    log.new_key()
    log.add(type="update", object_id="urn:x:1", detail={"inventory_sha512": "3" * 128})
    log.sign()
    return log
