"""What the read service noted in its spool: taken from there for the clock to act on.

    spool/KIND-….jsonl         being written by the service: one JSON object a line
    spool/taken-KIND-….jsonl   moved aside by the clock; removed once it has been acted on
    spool/refused-KIND-….jsonl too large, or no file, to be what it says; left for a person

The service's account can write anything here, so nothing is believed: a line only names a dossier (and
a store) to look at, and what is read is bounded.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from repository import durable
from repository.clock import parse_utc
from repository.local_place import open_regular

Kind = Literal["damage", "wishes"]
LARGEST = 4_000_000  # bytes of one file
_LONGEST_LINE = 32_000
_DATE = r"-\d{4}-\d{2}-\d{2}"


@dataclass(frozen=True, slots=True)
class Note:
    """One line: a dossier, a store where one is named, and when it was written (UTC text)."""

    object_id: str
    store: str
    at: str


@dataclass(frozen=True, slots=True)
class TakenNotes:
    """One file of notes that was moved aside, with the size that was read of it."""

    path: Path
    size: int
    notes: tuple[Note, ...]


def take(spool: Path, kind: Kind) -> tuple[list[TakenNotes], list[str]]:
    """Move new notes aside and read all that lie there; also the names of files that were refused.

    After a crash whatever was moved aside is read again by the next call. OSError when the spool
    cannot be looked into or changed.
    """
    new = re.compile(rf"{kind}{_DATE}\.jsonl")
    aside = re.compile(rf"taken-{kind}{_DATE}-[0-9a-f]{{8}}\.jsonl")
    for path in sorted(spool.iterdir()):
        if new.fullmatch(path.name):
            name = f"taken-{path.stem}-{secrets.token_hex(4)}.jsonl"
            durable.publish_file(path, path.with_name(name))
    taken, refused = [], []
    for path in sorted(spool.iterdir()):
        if not aside.fullmatch(path.name):
            continue
        try:
            taken.append(_read(path))
        except (OSError, ValueError):
            # Not a regular file, or far too large: nothing of the service's own making.
            kept = path.with_name(path.name.replace("taken-", "refused-", 1))
            durable.publish_file(path, kept)
            refused.append(kept.name)
    return taken, refused


def settle(taken: TakenNotes) -> None:
    """All of it was acted on: remove it. A file that has grown since stays for next time. OSError."""
    if taken.path.lstat().st_size == taken.size:
        taken.path.unlink()
        durable.sync_folder(taken.path.parent)


def _read(path: Path) -> TakenNotes:
    with open_regular(path) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError("too large")
    return TakenNotes(path, len(data), tuple(dict.fromkeys(_notes(data.split(b"\n")))))


def _notes(lines: Sequence[bytes]) -> Iterator[Note]:
    for line in lines:
        if not line or len(line) > _LONGEST_LINE:
            continue
        try:
            value = json.loads(line)
            note = Note(_text(value["object_id"]), _text(value.get("store", "")), value["at"])
            parse_utc(note.at)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue  # torn by a full disk, or never one of ours
        yield note


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    value.encode()  # a lone surrogate names nothing of ours
    return value
