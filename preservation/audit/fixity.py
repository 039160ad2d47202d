"""The judgement of an audit: what should be there, what was seen, and what that means. Pure.

Every expected file gets exactly one verdict, so that for each object and each run

    expected = intact + altered + missing + unreadable + not_checked

and what was seen though nobody expected it is counted apart. "Could not look" is UNREADABLE or
NOT_CHECKED, never INTACT and never MISSING: a file is missing only where its folder could be listed and
it was not in it. A verdict INTACT can only come from a digest that was computed and is equal.

The types hold this: `Sums` that do not add up, and a judgement whose findings are not those its sums
count, cannot be made; a verdict is never stored beside the sums but computed from them.
"""

from __future__ import annotations

import errno as errors
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from operator import add, attrgetter
from typing import assert_never

from repository.catalogue.records import ExpectedRecord
from repository.store import Observation, ObservedFile

NO_COPY = "no copy"  # why a file is missing where nothing of its object is in the store
STRUCTURAL = "listed and not read"


class FileVerdict(StrEnum):
    """What an audit found of one file."""

    INTACT = "intact"
    ALTERED = "altered"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    NOT_CHECKED = "not_checked"
    UNEXPECTED = "unexpected"


class CopyVerdict(StrEnum):
    """What an audit found of one copy of one object."""

    INTACT = "intact"
    DAMAGED = "damaged"  # something altered, missing or unexpected
    INCOMPLETE = "incomplete"  # nothing damaged found, but not everything could be looked at


@dataclass(frozen=True, slots=True)
class FileFinding:
    """One file that is not intact, and why."""

    path: str
    verdict: FileVerdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sums:
    """The counts of one copy, or of a run. Refuses to exist when they do not add up."""

    expected: int = 0
    intact: int = 0
    altered: int = 0
    missing: int = 0
    unreadable: int = 0
    not_checked: int = 0
    unexpected: int = 0

    def __post_init__(self) -> None:
        found = self.intact + self.altered + self.missing + self.unreadable + self.not_checked
        if found != self.expected or min(_COUNTS(self)) < 0:
            raise ValueError(f"the sums of an audit do not add up: {self.as_dict()}")

    def __add__(self, other: Sums) -> Sums:
        return Sums(*map(add, _COUNTS(self), _COUNTS(other)))

    def as_dict(self) -> dict[str, int]:
        return dict(zip(_NAMES, _COUNTS(self), strict=True))

    def verdict(self) -> CopyVerdict:
        """Damage outweighs what could not be checked; both outweigh the rest."""
        if self.altered or self.missing or self.unexpected:
            return CopyVerdict.DAMAGED
        if self.unreadable or self.not_checked:
            return CopyVerdict.INCOMPLETE
        return CopyVerdict.INTACT


# Of every copy these are taken, added, compared: not by asking the dataclass each time.
_NAMES = tuple(field.name for field in fields(Sums))
_COUNTS = attrgetter(*_NAMES)


@dataclass(frozen=True, slots=True)
class CopyJudgement:
    """The judgement of one copy: its sums, everything not intact, and how many bytes were read.

    Refuses to exist when findings and sums tell different things. What was not checked may be one
    finding for many files.
    """

    sums: Sums
    findings: tuple[FileFinding, ...]
    byte_count: int

    def __post_init__(self) -> None:
        if self.sums.verdict() is CopyVerdict.INTACT and not self.findings:
            return
        found = Counter(finding.verdict for finding in self.findings)
        sums = self.sums
        told = (
            found[FileVerdict.ALTERED] == sums.altered
            and found[FileVerdict.MISSING] == sums.missing
            and found[FileVerdict.UNREADABLE] == sums.unreadable
            and found[FileVerdict.UNEXPECTED] == sums.unexpected
            and (found[FileVerdict.NOT_CHECKED] > 0) == (sums.not_checked > 0)
            and found[FileVerdict.INTACT] == 0
        )
        if not told:
            raise ValueError(f"findings and sums of a copy differ: {sums.as_dict()}, {found}")

    @property
    def verdict(self) -> CopyVerdict:
        return self.sums.verdict()


def compare(
    expected: Sequence[ExpectedRecord], seen: Observation, *, structural: bool = False
) -> CopyJudgement:
    """Judge one copy of one object.

    `structural`: the payload was listed and not read. What lies there in the size it must have is then
    NOT_CHECKED, never INTACT.
    """
    byte_count = sum([file.size or 0 for file in seen.files if file.sha512 is not None])
    if _all_intact(expected, seen):
        count = len(expected)
        return CopyJudgement(Sums(expected=count, intact=count), (), byte_count)
    observed = {file.path: file for file in seen.files}
    odd = {name.rstrip("/"): name for name in seen.odd}
    unlisted = dict(seen.unlisted)
    findings = []
    counts = dict.fromkeys(FileVerdict, 0)
    for wanted in expected:
        file = observed.get(wanted.path)
        if structural and file is not None and _unread(wanted, file):
            counts[FileVerdict.NOT_CHECKED] += 1
            continue
        verdict, reason = _verdict(wanted, file, odd, unlisted)
        counts[verdict] += 1
        if verdict is FileVerdict.MISSING and not seen.exists:
            reason = NO_COPY
        if verdict is not FileVerdict.INTACT:
            findings.append(FileFinding(wanted.path, verdict, reason))
    if counts[FileVerdict.NOT_CHECKED]:
        findings.append(FileFinding(".", FileVerdict.NOT_CHECKED, STRUCTURAL))
    for finding in _unexpected(expected, seen):
        counts[FileVerdict.UNEXPECTED] += 1
        findings.append(finding)
    return CopyJudgement(_sums(len(expected), counts), tuple(findings), byte_count)


def _all_intact(expected: Sequence[ExpectedRecord], seen: Observation) -> bool:
    """Whether exactly these files were seen, each with its digest: so it is of nearly every copy."""
    if seen.odd or seen.unlisted or len(seen.files) != len(expected):
        return False
    found = {file.path: file.sha512 for file in seen.files if file.errno is None}
    # Of a name given twice only one would be compared: as many names as files, on both sides.
    return len(found) == len(expected) and found == {row.path: row.sha512 for row in expected}


def _unread(wanted: ExpectedRecord, file: ObservedFile) -> bool:
    """Whether the file is there as it should be, as far as can be said without reading it."""
    return file.errno is None and file.sha512 is None and file.size == wanted.size


def not_checked(expected: Sequence[ExpectedRecord] | int, reason: str) -> CopyJudgement:
    """The judgement of a copy that nobody could look at."""
    count = expected if isinstance(expected, int) else len(expected)
    findings = (FileFinding(".", FileVerdict.NOT_CHECKED, reason),) if count else ()
    return CopyJudgement(Sums(expected=count, not_checked=count), findings, 0)


def _verdict(
    wanted: ExpectedRecord,
    seen: ObservedFile | None,
    odd: Mapping[str, str],
    unlisted: Mapping[str, int],
) -> tuple[FileVerdict, str]:
    if seen is None:
        if wanted.path in odd or wanted.path in unlisted:
            return FileVerdict.ALTERED, "not a regular file any more"
        for folder in _parents(wanted.path):
            if folder in unlisted:
                return FileVerdict.UNREADABLE, _reason(unlisted[folder], f"folder {folder}")
        return FileVerdict.MISSING, ""
    if seen.errno is not None:
        # A name that was listed and is gone at the time of opening: gone, as far as we can see.
        if seen.errno == errors.ENOENT:
            return FileVerdict.MISSING, ""
        if seen.errno == errors.ELOOP:
            return FileVerdict.ALTERED, "replaced by a link"
        return FileVerdict.UNREADABLE, _reason(seen.errno, "")
    if seen.sha512 is None and seen.size is not None and seen.size != wanted.size:
        return FileVerdict.ALTERED, f"{seen.size} bytes, expected {wanted.size}"
    if seen.sha512 is None:
        return FileVerdict.UNREADABLE, "no digest was computed"
    if seen.sha512 != wanted.sha512:
        if seen.size != wanted.size:
            return FileVerdict.ALTERED, f"{seen.size} bytes, expected {wanted.size}"
        return FileVerdict.ALTERED, "same size, other content"
    return FileVerdict.INTACT, ""


def _unexpected(expected: Sequence[ExpectedRecord], seen: Observation) -> Iterator[FileFinding]:
    wanted = {file.path for file in expected}
    known = {folder for path in wanted for folder in _parents(path)}
    for file in seen.files:
        if file.path not in wanted:
            yield FileFinding(_printable(file.path), FileVerdict.UNEXPECTED)
    for name in seen.odd:
        if name.rstrip("/") not in wanted:
            what = "an empty folder" if name.endswith("/") else "not a regular file"
            yield FileFinding(_printable(name), FileVerdict.UNEXPECTED, what)
    for folder, code in seen.unlisted:
        if folder not in known and folder not in wanted:
            reason = _reason(code, "folder that cannot be listed")
            yield FileFinding(_printable(folder), FileVerdict.UNEXPECTED, reason)


def _sums(expected: int, counts: Mapping[FileVerdict, int]) -> Sums:
    values = {}
    for verdict, count in counts.items():
        match verdict:
            case FileVerdict.INTACT:
                values["intact"] = count
            case FileVerdict.ALTERED:
                values["altered"] = count
            case FileVerdict.MISSING:
                values["missing"] = count
            case FileVerdict.UNREADABLE:
                values["unreadable"] = count
            case FileVerdict.NOT_CHECKED:
                values["not_checked"] = count
            case FileVerdict.UNEXPECTED:
                values["unexpected"] = count
            case _:
                assert_never(verdict)
    return Sums(expected=expected, **values)


def _parents(path: str) -> Iterable[str]:
    parts = path.split("/")[:-1]
    yield "."
    for end in range(1, len(parts) + 1):
        yield "/".join(parts[:end])


def _reason(code: int, where: str) -> str:
    name = errors.errorcode.get(code, str(code))
    return f"{name} {where}".strip()


def _printable(path: str) -> str:
    """A name as text that JSON and a terminal can carry: bytes that are not UTF-8 as `\\xNN`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
