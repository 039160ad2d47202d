"""The journal's chain: entries as values, and the rule that links them. No reading or writing.

Each entry commits to one event record by a salted digest, and to everything before it by the hash
of the entry before. So the record of an entry can be erased by law one day (personal data) while
the chain still proves that nothing else was added, removed or changed. An entry is one line of
canonical JSON:

    {"commitment":…,"hash":…,"prev":…,"record":{…},"salt":…,"seq":…}

    commitment = sha256("kho-record" 0x00 salt canonical(record))
    hash       = sha256("kho-entry"  0x00 prev seq(8 bytes, big-endian) commitment)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repository.digest import digest_bytes

GENESIS = "0" * 64
MAX_LINE = 64 * 1024 * 1024


class BrokenChain(ValueError):
    """An entry is malformed or does not follow the one before it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal. `record` is None once its content was erased."""

    seq: int
    prev: str
    salt: str
    record: Mapping[str, Any] | None
    commitment: str
    hash: str


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where a chain ends: its last sequence number (0: empty) and hash."""

    seq: int = 0
    hash: str = GENESIS


def link(head: ChainHead, record: Mapping[str, Any], salt: str) -> Entry:
    """The entry that follows `head` and commits to `record`. `line` refuses one that is too long."""
    commitment = _commitment(salt, record)
    seq = head.seq + 1
    return Entry(seq, head.hash, salt, record, commitment, _hash(head.hash, seq, commitment))


def after(entry: Entry) -> ChainHead:
    """The head of a chain that ends with `entry`."""
    return ChainHead(entry.seq, entry.hash)


def line(entry: Entry) -> bytes:
    """The entry as it stands in a segment, newline included; `follow` reads it.

    ValueError when it is longer than a reader takes: see `fits`.
    """
    data = _line(entry)
    if len(data) > MAX_LINE:
        raise ValueError(f"entry {entry.seq} has {len(data)} bytes, {MAX_LINE} are the most")
    return data


def fits(record: Mapping[str, Any]) -> bool:
    """Whether an entry with this record can be written: what is around it has its room."""
    return len(canonical(record)) <= MAX_LINE - 1024


def _line(entry: Entry) -> bytes:
    return (
        canonical(
            {
                "seq": entry.seq,
                "prev": entry.prev,
                "salt": entry.salt,
                "record": entry.record,
                "commitment": entry.commitment,
                "hash": entry.hash,
            }
        )
        + b"\n"
    )


def follow(head: ChainHead, lines: Iterable[bytes]) -> Iterator[Entry]:
    """The entries of `lines`, each proven to follow the one before, from `head` on. BrokenChain.

    Lines are as `whole_lines` gives them, newline included.
    """
    for raw in lines:
        entry = _parse(raw)
        if entry.seq != head.seq + 1 or entry.prev != head.hash:
            raise BrokenChain(f"entry {entry.seq} does not follow entry {head.seq}")
        if entry.record is not None and entry.commitment != _commitment(entry.salt, entry.record):
            raise BrokenChain(f"the record of entry {entry.seq} was changed")
        if entry.hash != _hash(entry.prev, entry.seq, entry.commitment):
            raise BrokenChain(f"the hash of entry {entry.seq} is wrong")
        head = after(entry)
        yield entry


def whole_lines(data: bytes) -> list[bytes]:
    """The lines that end with a newline, newline included: what follows the last one was torn off."""
    return [part + b"\n" for part in data.split(b"\n")[:-1]]


def claimed_start(raw: bytes) -> ChainHead:
    """The head that a line says it follows: where reading may begin in the middle of a chain."""
    entry = _parse(raw)
    return ChainHead(entry.seq - 1, entry.prev)


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: one value has one form."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def _parse(raw: bytes) -> Entry:
    if len(raw) > MAX_LINE:
        raise BrokenChain("an entry is longer than any the archive writes")
    try:
        value = json.loads(raw)
        entry = Entry(
            seq=value["seq"],
            prev=value["prev"],
            salt=value["salt"],
            record=value["record"],
            commitment=value["commitment"],
            hash=value["hash"],
        )
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise BrokenChain(f"a line is not an entry: {raw[:60]!r}") from problem
    texts = (entry.prev, entry.salt, entry.commitment, entry.hash)
    if type(entry.seq) is not int or not all(isinstance(text, str) for text in texts):
        raise BrokenChain(f"a line is not an entry: {raw[:60]!r}")
    if not (entry.record is None or isinstance(entry.record, dict)):
        raise BrokenChain(f"the record of entry {entry.seq} is not a record")
    if _line(entry) != raw:
        raise BrokenChain(f"entry {entry.seq} is not in canonical form")
    return entry


def _commitment(salt: str, record: Mapping[str, Any]) -> str:
    return _sha256(b"kho-record\0" + _bytes(salt) + canonical(record))


def _hash(prev: str, seq: int, commitment: str) -> str:
    if not 0 <= seq < 2**63:
        raise BrokenChain("a sequence number is out of range")
    return _sha256(b"kho-entry\0" + _bytes(prev) + seq.to_bytes(8, "big") + _bytes(commitment))


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as problem:
        raise BrokenChain("a digest or salt is not hexadecimal") from problem


def _sha256(data: bytes) -> str:
    return digest_bytes(data, ["sha256"])["sha256"]
