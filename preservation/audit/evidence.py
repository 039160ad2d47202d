"""Gathers what `preservation.audit.diagnosis` judges by: a damaged copy beside the other stores'
copies.

Only a damaged copy is examined, only some of its files, and only so many bytes of each: an audit of
a destroyed store must not take twice as long as one of a whole store. What cannot be had is left
out of the evidence; nothing here changes a verdict.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO

from preservation.audit.diagnosis import CopyEvidence, DamagedFile, Difference, diagnose
from preservation.audit.expectation import INVENTORY
from preservation.audit.fixity import CopyJudgement, CopyVerdict, FileVerdict
from repository.catalogue.catalogue import Catalogue
from repository.clock import utc_text
from repository.digest import digest_bytes, digest_stream
from repository.errors import ArchiveError
from repository.local_place import MAX_INVENTORY, read_at_most
from repository.model import ContentPath, InvalidValue, ObjectId
from repository.store import Observation, Store

COPIES = 200  # examined in one run
FILES = 16  # of one copy
BYTES = 64 * 1024 * 1024  # of one file
_BLOCK = 1024 * 1024


@dataclass(slots=True)
class Examiner:
    """Examines the damaged copies of one run."""

    catalogue: Catalogue
    stores: Mapping[str, Store]
    _left: int = COPIES
    _looked: dict[str, int] = field(default_factory=dict)
    _damaged: dict[str, int] = field(default_factory=dict)

    def examined(
        self, store: Store, object_id: ObjectId, seen: Observation | None, judged: CopyJudgement
    ) -> dict[str, Any]:
        """What to say beside a judgement: of a damaged copy its diagnosis, else nothing."""
        self._looked[store.name] = self._looked.get(store.name, 0) + 1
        if judged.verdict is not CopyVerdict.DAMAGED or seen is None:
            return {}
        self._damaged[store.name] = self._damaged.get(store.name, 0) + 1
        if self._left <= 0:
            return {}
        self._left -= 1
        return {"diagnosis": diagnose(self._evidence(store, object_id, seen, judged)).as_json()}

    def _evidence(
        self, store: Store, object_id: ObjectId, seen: Observation, judged: CopyJudgement
    ) -> CopyEvidence:
        expected = {row.path: row.sha512 for row in self.catalogue.expected(object_id)}
        observed = {file.path: file for file in seen.files}
        files = []
        for finding in judged.findings[:FILES]:
            file = observed.get(finding.path)
            damaged = DamagedFile(
                finding.path,
                finding.verdict,
                finding.reason,
                seen_sha512=(file.sha512 or "") if file else "",
                errno=file.errno if file else None,
            )
            if seen.exists and finding.path in expected:
                damaged = self._beside(store, object_id, damaged, expected[finding.path])
            files.append(damaged)
        record = self.catalogue.object(object_id)
        copies = {copy.store: copy for copy in self.catalogue.copies(object_id)}
        consistent, head = _own_word(store, object_id) if seen.exists else (False, "")
        return CopyEvidence(
            object_id=object_id,
            store=store.name,
            written_at=copies[store.name].written_at if store.name in copies else "",
            files=files,
            expected=expected,
            exists=seen.exists,
            consistent=consistent,
            head_seen=head,
            head_expected=record.head if record is not None else "",
            looked_at=self._looked[store.name],
            damaged=self._damaged[store.name],
        )

    def _beside(
        self, store: Store, object_id: ObjectId, file: DamagedFile, wanted: str
    ) -> DamagedFile:
        """The file with what the other stores have in its place, and how it differs from a right
        one."""
        agree: list[str] = []
        differ: list[str] = []
        difference = None
        for name, other in self.stores.items():
            if name == store.name:
                continue
            right = _is(other, object_id, file.path, wanted)
            if right is None:
                continue
            (agree if right else differ).append(name)
            if right and difference is None and file.seen_sha512:
                difference = _difference(store, other, object_id, file.path)
        modified, changed = "", ""
        if file.verdict is FileVerdict.ALTERED:
            modified, changed = _times(store, object_id, file.path)
        return replace(
            file,
            difference=difference,
            agree=tuple(agree),
            differ=tuple(differ),
            modified_at=modified,
            changed_at=changed,
        )


def compare_streams(
    right: BinaryIO, wrong: BinaryIO, right_size: int, wrong_size: int
) -> Difference:
    """How two files differ, over the length that both have, and at most `BYTES` of it."""
    first, last, count, bits, zeroed = -1, -1, 0, 0, 0
    common = min(right_size, wrong_size)
    offset = 0
    while offset < min(common, BYTES):
        length = min(_BLOCK, min(common, BYTES) - offset)
        one, other = right.read(length), wrong.read(length)
        length = min(len(one), len(other))
        if not length:
            break
        one, other = one[:length], other[:length]
        if one != other:
            # As two large numbers: byte by byte in Python this takes seconds a file.
            a, b = int.from_bytes(one), int.from_bytes(other)
            differing = (a ^ b).to_bytes(length)
            both_zero = (a | b).to_bytes(length).count(0)
            if first < 0:
                first = offset + length - len(differing.lstrip(b"\0"))
            last = offset + len(differing.rstrip(b"\0")) - 1
            count += length - differing.count(0)
            bits += (a ^ b).bit_count()
            zeroed += other.count(0) - both_zero
        offset += length
    first = common if first < 0 else first
    return Difference(right_size, wrong_size, first, last, count, bits, zeroed)


def _difference(store: Store, other: Store, object_id: ObjectId, path: str) -> Difference | None:
    try:
        with ExitStack() as stack:
            right = stack.enter_context(other.open(object_id, ContentPath(path)))
            wrong = stack.enter_context(store.open(object_id, ContentPath(path)))
            sizes = [stream.seek(0, 2) for stream in (right, wrong)]
            right.seek(0)
            wrong.seek(0)
            return compare_streams(right, wrong, *sizes)
    except (ArchiveError, OSError, InvalidValue):
        return None


def _is(store: Store, object_id: ObjectId, path: str, wanted: str) -> bool | None:
    """Whether a store's file is what it must be; None when that cannot be told or takes too long."""
    try:
        store.check_available()
        with store.open(object_id, ContentPath(path)) as stream:
            if stream.seek(0, 2) > BYTES:
                return None
            stream.seek(0)
            _, found = digest_stream(stream, ["sha512"])
    except (ArchiveError, OSError, InvalidValue):
        return None
    return found["sha512"] == wanted


def _times(store: Store, object_id: ObjectId, path: str) -> tuple[str, str]:
    """When the file was modified, and when the file system last noted a change; empty: not known."""
    try:
        with store.open(object_id, ContentPath(path)) as stream:
            found = os.fstat(stream.fileno())
    except (ArchiveError, OSError, InvalidValue):
        return "", ""
    return _text(found.st_mtime), _text(found.st_ctime)


def _text(instant: float) -> str:
    try:
        return utc_text(datetime.fromtimestamp(instant, UTC))
    except (ValueError, OverflowError, OSError):
        return ""  # a time stamp that no calendar has


def _own_word(store: Store, object_id: ObjectId) -> tuple[bool, str]:
    """Whether the copy's root inventory and sidecar agree with one another, and its head."""
    data = read_whole(store, object_id, INVENTORY)
    sidecar = read_whole(store, object_id, f"{INVENTORY}.sha512")
    if data is None or sidecar is None:
        return False, ""
    digest = digest_bytes(data, ["sha512"])["sha512"]
    if sidecar.split()[:1] != [digest.encode()]:
        return False, ""
    try:
        return True, str(json.loads(data)["head"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return False, ""


def proven_inventory(
    stores: Iterable[Store], object_id: ObjectId, committed: Sequence[str]
) -> bytes | None:
    """The root inventory that the ledger committed to last, from the first store that has it."""
    for one in stores if committed else ():
        data = read_whole(one, object_id, INVENTORY)
        if data is not None and digest_bytes(data, ["sha512"])["sha512"] == committed[-1]:
            return data
    return None


def read_whole(store: Store, object_id: ObjectId, path: str) -> bytes | None:
    """The bytes of a small file of a copy; None when they cannot be had."""
    try:
        with store.open(object_id, ContentPath(path)) as stream:
            data = read_at_most(stream, MAX_INVENTORY + 1)
    except (ArchiveError, OSError, InvalidValue):
        return None
    return data if len(data) <= MAX_INVENTORY else None
