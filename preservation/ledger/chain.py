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
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repository.digest.small import sha256

GENESIS = "0" * 64
MAX_LINE = 64 * 1024 * 1024
_CANON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_HEX = rb'"([0-9a-f]*)"'
_LINE = re.compile(
    rb'{"commitment":%s,"hash":%s,"prev":%s,"record":(.+),"salt":%s,"seq":(0|[1-9][0-9]{0,18})}\n\Z'
    % (_HEX, _HEX, _HEX, _HEX),
    re.DOTALL,
)


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
    return link_written(head, record, salt)[0]


def link_written(head: ChainHead, record: Mapping[str, Any], salt: str) -> tuple[Entry, bytes]:
    """As `link`, with the entry's line, which `line` would write: the record is written once."""
    written = canonical(record)
    commitment = _commitment(salt, written)
    seq = head.seq + 1
    entry = Entry(seq, head.hash, salt, record, commitment, _hash(head.hash, seq, commitment))
    return entry, _short_enough(seq, _line(entry, written))


def after(entry: Entry) -> ChainHead:
    """The head of a chain that ends with `entry`."""
    return ChainHead(entry.seq, entry.hash)


def line(entry: Entry) -> bytes:
    """The entry as it stands in a segment, newline included; `follow` reads it.

    ValueError when it is longer than a reader takes: see `fits`.
    """
    return _short_enough(entry.seq, _line(entry, canonical(entry.record)))


def fits(record: Mapping[str, Any]) -> bool:
    """Whether an entry with this record can be written: what is around it has its room."""
    return len(canonical(record)) <= MAX_LINE - 1024


def _short_enough(seq: int, data: bytes) -> bytes:
    if len(data) > MAX_LINE:
        raise ValueError(f"entry {seq} has {len(data)} bytes, {MAX_LINE} are the most")
    return data


def _line(entry: Entry, record: bytes) -> bytes:
    """Canonical JSON, its names in their order; the four texts are hexadecimal."""
    before = (
        f'{{"commitment":"{entry.commitment}","hash":"{entry.hash}","prev":"{entry.prev}","record":'
    )
    return b"".join(
        (before.encode(), record, f',"salt":"{entry.salt}","seq":{entry.seq}}}\n'.encode())
    )


def follow(head: ChainHead, lines: Iterable[bytes]) -> Iterator[Entry]:
    """The entries of `lines`, each proven to follow the one before, from `head` on. BrokenChain.

    Lines are as `whole_lines` gives them, newline included.
    """
    for raw in lines:
        entry, record = _parse(raw)
        if entry.seq != head.seq + 1 or entry.prev != head.hash:
            raise BrokenChain(f"entry {entry.seq} does not follow entry {head.seq}")
        if entry.record is not None and entry.commitment != _commitment(entry.salt, record):
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
    entry, _ = _parse(raw)
    return ChainHead(entry.seq - 1, entry.prev)


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: one value has one form."""
    return _CANON.encode(value).encode("utf-8")


def _parse(raw: bytes) -> tuple[Entry, bytes]:
    """The entry of a line, and its record as it is written in it. Only canonical JSON is an entry."""
    if len(raw) > MAX_LINE:
        raise BrokenChain("an entry is longer than any the archive writes")
    match = _LINE.match(raw)
    if match is None:
        raise BrokenChain(f"a line is not an entry: {raw[:60]!r}")
    commitment, hash_, prev, written, salt, seq = match.groups()
    try:
        record = json.loads(written.decode("utf-8"))
        canonical_record = canonical(record)
    except (ValueError, RecursionError) as problem:
        raise BrokenChain(f"a line is not an entry: {raw[:60]!r}") from problem
    if not (record is None or isinstance(record, dict)):
        raise BrokenChain(f"the record of entry {seq.decode()} is not a record")
    if canonical_record != written:
        raise BrokenChain(f"entry {seq.decode()} is not in canonical form")
    texts = (prev.decode(), salt.decode(), record, commitment.decode(), hash_.decode())
    return Entry(int(seq), *texts), written


def _commitment(salt: str, record: bytes) -> str:
    return sha256(b"kho-record\0" + _bytes(salt) + record).hex()


def _hash(prev: str, seq: int, commitment: str) -> str:
    if not 0 <= seq < 2**63:
        raise BrokenChain("a sequence number is out of range")
    number = seq.to_bytes(8, "big")
    return sha256(b"kho-entry\0" + _bytes(prev) + number + _bytes(commitment)).hex()


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as problem:
        raise BrokenChain("a digest or salt is not hexadecimal") from problem
