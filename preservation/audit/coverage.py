"""How much of each copy was really read again, file by file, and how much was not. Pure.

A copy counts only when its last look read all of its files; what could not be read, was missing or
waits for its first audit stands beside it and in no total of what was read. A percentage is never
rounded up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from preservation.audit.policy import DuePolicy, believed, late_before
from repository.catalogue.records import AuditResultRecord, CopyRecord, ObjectRecord
from repository.clock import utc_text

NAMED: Final = 1000  # copies that a statement names; its sums count them all
FROM_MEDIUM: Final = ("direct", "evicted")  # ways of reading back that the page cache cannot answer


@dataclass(frozen=True, slots=True)
class Unread:
    """One copy with files that its last look did not read."""

    object_id: str
    files: int
    tried_at: str


@dataclass(slots=True)
class Coverage:
    """The statement of one store. Every expected file is in exactly one of the sums of files:

    `files` = `audited` + `written` + `unread` + `missing` + `late` + `unproven` + `lacking`
    """

    store: str
    window_days: int
    at: str
    copies: int = 0
    files: int = 0
    bytes: int = 0
    audited: int = 0  # read again by audits within the window
    audited_copies: int = 0
    since: str = ""  # the first and the last of those audits
    until: str = ""
    written: int = 0  # not audited yet; read back from the medium when they were written
    unread: int = 0  # of copies whose last look could not see all: the whole copy
    unread_here: list[Unread] = field(default_factory=list)
    not_seen: int = 0  # the files of them that could not be read or were not checked
    missing: int = 0  # of copies in which files are missing: the whole copy
    late: int = 0  # last read before the window began
    late_copies: int = 0
    unproven: int = 0  # not audited yet, and read back through the page cache only
    lacking: int = 0  # of dossiers that this store has no copy of, or one that is behind
    lacking_copies: int = 0
    damaged_copies: int = 0
    damaged_here: list[str] = field(default_factory=list)
    oldest: str = ""  # when the byte that was read the longest ago was read
    oldest_object: str = ""

    @property
    def read(self) -> int:
        """The files that were read within the window: by audits, or back when they were written."""
        return self.audited + self.written

    @property
    def percent(self) -> str:
        """Of all files those that were read; rounded down, so that 100 is said of all alone."""
        if not self.files:
            return "100"
        if self.read == self.files:
            return "100"
        hundredths = self.read * 10_000 // self.files
        return f"{hundredths // 100}.{hundredths % 100:02}"

    @property
    def complete(self) -> bool:
        """Whether every file was read within the window."""
        return self.read == self.files


def cover(
    store: str,
    copies: Iterable[CopyRecord],
    records: Mapping[str, ObjectRecord],
    policy: DuePolicy,
    now: datetime,
    *,
    windows: Mapping[str, int],
    looks: Mapping[str, AuditResultRecord],
    required: bool,
) -> Coverage:
    """The statement of one store. `records`: everything held, by object_id; `looks`: what the last look
    at each copy that is not intact found; `required`: whether the store must have all of it."""
    told = Coverage(store, policy.window_days, utc_text(now))
    begun = {days: late_before(days, now) for days in {policy.window_days, *windows.values()}}
    there = set()
    for copy in copies:
        record = records.get(copy.object_id)
        if record is None:
            continue  # not for this reader
        there.add(copy.object_id)
        read = believed(copy, now)
        if not told.oldest_object or read < told.oldest:
            told.oldest, told.oldest_object = read, copy.object_id
        is_late = read < begun[windows.get(copy.object_id, policy.window_days)]
        _take(told, copy, record, looks.get(copy.object_id), read, is_late=is_late)
    for object_id, record in records.items() if required else ():
        if object_id not in there:
            told.lacking_copies += 1
            told.lacking += record.file_count
            told.files += record.file_count
    return told


def _take(
    told: Coverage,
    copy: CopyRecord,
    record: ObjectRecord,
    look: AuditResultRecord | None,
    read: str,
    *,
    is_late: bool,
) -> None:
    files = record.file_count
    told.copies += 1
    told.files += files
    told.bytes += record.byte_count
    if copy.last_verdict == "damaged":
        told.damaged_copies += 1
        if len(told.damaged_here) < NAMED:
            told.damaged_here.append(copy.object_id)
    told.late_copies += is_late
    if copy.tried_at or copy.last_verdict == "incomplete":
        not_seen = look.unreadable + look.not_checked if look else files
        told.unread += files
        told.not_seen += not_seen
        if len(told.unread_here) < NAMED:
            told.unread_here.append(Unread(copy.object_id, not_seen, copy.tried_at))
    elif copy.head != record.head:
        told.lacking += files
        told.lacking_copies += 1
    elif is_late:
        told.late += files
    elif copy.last_verdict == "damaged" and (look is None or look.missing):
        told.missing += files
    elif copy.last_verdict:
        told.audited += files
        told.audited_copies += 1
        told.since = min(told.since or read, read)
        told.until = max(told.until, read)
    elif copy.read_back in FROM_MEDIUM:
        told.written += files
    else:
        told.unproven += files
