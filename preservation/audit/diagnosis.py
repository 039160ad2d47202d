"""What probably happened to a damaged copy: a hint for the person who mends it. Pure.

An audit says *that* bytes are not what they must be; this says what it looks like: from what was
seen, from how the bytes differ from right ones in another store, and from time stamps. A hint is never
a verdict: it changes no count and no exit status, and where the evidence does not tell it is `UNKNOWN`.
What gathers the evidence is `preservation.audit.evidence`; incidents take the answer.
"""

from __future__ import annotations

import errno as errors
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from preservation.audit.fixity import FileVerdict
from repository.clock import parse_utc

STORE_AT_LEAST = 8  # copies looked at in a store before its damage can be the whole store's
STORE_SHARE = 0.9  # of them damaged
_CLOCKS = timedelta(minutes=10)  # two machines' clocks, and the time that writing a copy takes
_MEDIUM = frozenset({errors.EIO, errors.ENODATA, errors.EILSEQ, errors.EREMOTEIO, errors.EUCLEAN})


class Cause(StrEnum):
    """What damage looks like. Stable words: they stand in events and in incidents for ever."""

    BIT_FLIP = "bit flip"  # one bit is another
    ZEROS = "zeros"  # right bytes became zeros: a hole, or a bad block written over
    TRUNCATION = "truncation"  # the beginning of the right bytes, and then nothing
    GROWTH = "growth"  # the right bytes and more behind them
    EDIT = "edit"  # other bytes, and a modification time later than the copy was written
    HIDDEN_EDIT = "hidden edit"  # other bytes, and a modification time put back to match
    SWAP = "swap"  # the bytes of another file of the same object
    REWRITE = "rewrite"  # the copy's own inventory was made to agree with the other bytes
    OTHER_VERSION = "other version"  # whole in itself, and not the version that is held
    REPLACED = "replaced"  # a link, a folder or a device in the place of the file
    REMOVAL = "removal"  # files are gone
    NO_COPY = "no copy"  # nothing of the object is in this store
    ADDITION = "addition"  # files that nobody recorded
    DISK_ERROR = "disk error"  # the medium did not give the bytes
    NO_PERMISSION = "no permission"  # the account that audits may not read them
    WHOLE_STORE = "whole store"  # nearly every copy in this store is damaged
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """How a damaged file's bytes differ from right ones, over the length that both have."""

    right_size: int
    wrong_size: int
    first: int  # offset of the first byte that differs; the shorter length where none does
    last: int  # offset of the last byte that differs; -1 where none does
    differing_bytes: int
    differing_bits: int
    zeroed_bytes: int  # of the differing bytes, those that are zero in the damaged file


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """One file that is not intact, with what is known of it. Empty or None: not known."""

    path: str
    verdict: FileVerdict
    reason: str = ""
    seen_sha512: str = ""
    errno: int | None = None
    modified_at: str = ""  # UTC text, as the file system has it
    changed_at: str = ""  # when the file system last noted a change, which no program can set back
    difference: Difference | None = None
    agree: tuple[str, ...] = ()  # other stores whose file is what it must be
    differ: tuple[str, ...] = ()  # other stores whose file is damaged too, or not there


@dataclass(frozen=True, slots=True)
class CopyEvidence:
    """What is known of one damaged copy when it is diagnosed."""

    object_id: str
    store: str
    written_at: str  # when this copy was written and read back, UTC text
    files: Sequence[DamagedFile]
    expected: Mapping[str, str] = field(default_factory=dict)  # path → sha512 of every file
    exists: bool = True  # whether the object has a folder in the store
    consistent: bool = False  # whether the copy's own inventory and sidecar agree, being damaged
    head_seen: str = ""  # the version that the copy's own inventory calls head
    head_expected: str = ""
    looked_at: int = 0  # copies of this store that the run has looked at so far
    damaged: int = 0  # of them, damaged


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The likeliest cause for the copy, a sentence of detail, and the cause file by file."""

    kind: Cause
    detail: str = ""
    files: Mapping[str, Cause] = field(default_factory=dict)
    agree: tuple[str, ...] = ()  # other stores that have every damaged file right
    differ: tuple[str, ...] = ()  # other stores in which one of these files is damaged too

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a result row and for events."""
        return {
            "kind": self.kind.value,
            "detail": self.detail,
            "files": {path: cause.value for path, cause in self.files.items()},
            "agree": list(self.agree),
            "differ": list(self.differ),
        }


def diagnose(evidence: CopyEvidence) -> Diagnosis:
    """What the damage looks like. Always an answer; the same evidence gives the same one."""
    causes = {file.path: _of_file(file, evidence) for file in evidence.files}
    kind, detail = _of_copy(evidence, causes)
    differ = sorted({store for file in evidence.files for store in file.differ})
    agreeing = [set(file.agree) for file in evidence.files if file.agree or file.differ]
    agree = sorted(set.intersection(*agreeing) - set(differ)) if agreeing else []
    return Diagnosis(kind, detail, causes, tuple(agree), tuple(differ))


def _of_copy(evidence: CopyEvidence, causes: Mapping[str, Cause]) -> tuple[Cause, str]:
    looked, damaged = evidence.looked_at, evidence.damaged
    if looked >= STORE_AT_LEAST and damaged >= STORE_SHARE * looked:
        return Cause.WHOLE_STORE, f"{damaged} of {looked} copies looked at in {evidence.store}"
    if not evidence.exists:
        return Cause.NO_COPY, f"nothing of it is in {evidence.store}"
    if evidence.consistent and "inventory.json" in causes:
        if evidence.head_seen and evidence.head_seen != evidence.head_expected:
            return (
                Cause.OTHER_VERSION,
                f"the copy is at {evidence.head_seen}, held is {evidence.head_expected}",
            )
        return Cause.REWRITE, "its own inventory agrees with itself and not with the ledger"
    counted = Counter(causes.values())
    if not counted:
        return Cause.UNKNOWN, ""
    # What says most of how it came about first; among equals the one that befell most files.
    kind = min(counted, key=lambda cause: (_TELLING.index(cause), -counted[cause]))
    path = next(path for path, cause in causes.items() if cause is kind)
    more = f" and {counted[kind] - 1} more" if counted[kind] > 1 else ""
    return kind, f"{path}{more}{_detail(evidence, path)}"


# Which cause speaks for a copy in which several were found.
_TELLING = (
    Cause.DISK_ERROR,
    Cause.SWAP,
    Cause.EDIT,
    Cause.HIDDEN_EDIT,
    Cause.REPLACED,
    Cause.BIT_FLIP,
    Cause.ZEROS,
    Cause.TRUNCATION,
    Cause.GROWTH,
    Cause.REMOVAL,
    Cause.ADDITION,
    Cause.NO_PERMISSION,
    Cause.UNKNOWN,
    Cause.REWRITE,
    Cause.OTHER_VERSION,
    Cause.NO_COPY,
    Cause.WHOLE_STORE,
)


def _of_file(file: DamagedFile, evidence: CopyEvidence) -> Cause:
    match file.verdict:
        case FileVerdict.MISSING:
            return Cause.REMOVAL
        case FileVerdict.UNEXPECTED:
            return Cause.ADDITION
        case FileVerdict.UNREADABLE:
            if file.errno in (errors.EACCES, errors.EPERM):
                return Cause.NO_PERMISSION
            return Cause.DISK_ERROR if file.errno in _MEDIUM else Cause.UNKNOWN
        case FileVerdict.ALTERED:
            return _of_altered(file, evidence)
        case FileVerdict.INTACT | FileVerdict.NOT_CHECKED:
            return Cause.UNKNOWN


def _of_altered(file: DamagedFile, evidence: CopyEvidence) -> Cause:
    if not file.seen_sha512:
        return Cause.REPLACED
    if file.seen_sha512 in _others(file.path, evidence.expected):
        return Cause.SWAP
    if file.difference is not None:
        shape = _shape(file.difference)
        if shape is not None:
            return shape
    if _after(file.modified_at, evidence.written_at):
        return Cause.EDIT
    if _after(file.changed_at, evidence.written_at):
        return Cause.HIDDEN_EDIT
    return Cause.UNKNOWN


def _shape(found: Difference) -> Cause | None:
    """What the bytes alone tell; None where other bytes are simply other bytes."""
    if found.differing_bytes == 0:
        if found.wrong_size < found.right_size:
            return Cause.TRUNCATION
        return Cause.GROWTH if found.wrong_size > found.right_size else None
    if found.wrong_size != found.right_size:
        return None
    if found.differing_bits == 1:
        return Cause.BIT_FLIP
    # A single byte that became zero is as likely typed; a run of them is a hole or a bad block.
    if found.zeroed_bytes == found.differing_bytes and found.differing_bytes >= 8:
        return Cause.ZEROS
    return None


def _others(path: str, expected: Mapping[str, str]) -> Iterable[str]:
    return (sha512 for other, sha512 in expected.items() if other != path)


def _after(text: str, written_at: str) -> bool:
    try:
        return parse_utc(text) > parse_utc(written_at) + _CLOCKS
    except ValueError:
        return False


def _detail(evidence: CopyEvidence, path: str) -> str:
    file = next(one for one in evidence.files if one.path == path)
    found = file.difference
    parts = []
    if file.reason:
        parts.append(file.reason)
    if found is not None and found.differing_bytes:
        parts.append(
            f"{found.differing_bytes} bytes differ from {found.first} to {found.last}"
            if found.differing_bytes > 1
            else f"byte {found.first} differs"
        )
    if _after(file.modified_at, evidence.written_at):
        parts.append(f"modified {file.modified_at}")
    elif _after(file.changed_at, evidence.written_at):
        parts.append(f"changed {file.changed_at}, its modification time says {file.modified_at}")
    return f": {'; '.join(parts)}" if parts else ""
