"""What the read service noted of damage it met while serving: taken from its spool for an audit.

    spool/damage-….jsonl         being written by the service: one JSON object a line
    spool/taken-damage-….jsonl   moved aside by the clock; removed once an audit has looked
    spool/refused-….jsonl        too large to be what it says; left for a person

The service's account can write anything here, so nothing is believed: a line only names a dossier and a
store to look at, unknown ones are passed over, and what is read is bounded. The verdict is the audit's.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from repository import durable
from repository.clock import parse_utc
from repository.local_place import open_regular

_NEW = re.compile(r"damage-\d{4}-\d{2}-\d{2}\.jsonl")
_TAKEN = re.compile(r"taken-damage-\d{4}-\d{2}-\d{2}-[0-9a-f]{8}\.jsonl")
LARGEST = 4_000_000  # bytes of one file
_LONGEST_LINE = 32_000


@dataclass(frozen=True, slots=True)
class DamageReport:
    """One dossier that somebody met damaged in one store, and when (UTC text)."""

    object_id: str
    store: str
    at: str


@dataclass(frozen=True, slots=True)
class TakenReports:
    """One file of reports that was moved aside, with the size that was read of it."""

    path: Path
    size: int
    reports: tuple[DamageReport, ...]


def take(spool: Path) -> tuple[list[TakenReports], list[str]]:
    """Move new reports aside and read all that lie there, and the names of files that were refused.

    After a crash whatever was moved aside is read again by the next call. OSError when the spool
    cannot be looked into or changed.
    """
    taken, refused = [], []
    for path in sorted(spool.iterdir()):
        if _NEW.fullmatch(path.name):
            aside = path.with_name(f"taken-{path.stem}-{secrets.token_hex(4)}.jsonl")
            durable.publish_file(path, aside)
    for path in sorted(spool.iterdir()):
        if not _TAKEN.fullmatch(path.name):
            continue
        try:
            taken.append(_read(path))
        except (OSError, ValueError):
            # Not a regular file, or no file of reports: nothing of the service's own making.
            kept = path.with_name(path.name.replace("taken-", "refused-", 1))
            durable.publish_file(path, kept)
            refused.append(kept.name)
    return taken, refused


def settle(taken: TakenReports) -> None:
    """An audit has looked at all of it: remove it. A file that has grown since stays for next time."""
    if taken.path.lstat().st_size == taken.size:
        taken.path.unlink()
        durable.sync_folder(taken.path.parent)


def _read(path: Path) -> TakenReports:
    with open_regular(path) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError("too large")
    return TakenReports(path, len(data), tuple(dict.fromkeys(_reports(data.split(b"\n")))))


def _reports(lines: Sequence[bytes]) -> Iterator[DamageReport]:
    for line in lines:
        if not line or len(line) > _LONGEST_LINE:
            continue
        try:
            value = json.loads(line)
            report = DamageReport(*(_text(value[name]) for name in ("object_id", "store", "at")))
            parse_utc(report.at)
        except (ValueError, TypeError, KeyError, RecursionError):
            continue  # torn by a full disk, or never one of ours
        yield report


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    value.encode()  # a lone surrogate names nothing of ours
    return value
