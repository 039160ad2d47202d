"""Names and sizes of a container's entries judged together: the part all containers share. Core."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.container import Limits, Member, bomb
from ingest.member_names import ReadName, check_clashes, printable, read_name
from repository.problems import Problem, Severity, warning


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of a folder or TAR, as it stands there."""

    raw_name: bytes
    is_folder: bool
    size: int = 0
    modified: str = ""
    offset: int = 0  # where its bytes begin, in a TAR


@dataclass(frozen=True, slots=True)
class Judged:
    """What the names show. With an error among `problems` there are no members."""

    members: tuple[Member, ...]
    entries: tuple[Entry, ...]  # of each member
    problems: list[Problem]
    names: list[str]  # of the files, those that are safe


def judge_entries(entries: Sequence[Entry], limits: Limits) -> Judged:
    """Judge all names. A `\\` separates folders, as Windows programs write it into archives."""
    problems: list[Problem] = []
    names: list[tuple[Entry, ReadName]] = []
    slashed = []
    for entry in entries:
        read = read_name(entry.raw_name, utf8_flag=True, unicode_extra=None, limit=limits.max_name)
        names.append((entry, read))
        problems.extend(read.problems)
        if read.had_backslash:
            slashed.append(read.text)
        if read.text.count("/") >= limits.max_depth:
            place = printable(read.text)
            problems.append(bomb(place, "depth", read.text.count("/") + 1, limits.max_depth))
    if slashed:
        problems.append(
            warning("ING-BACKSLASH", "", count=len(slashed), name=printable(slashed[0]))
        )
    safe = [(e, n) for e, n in names if n.is_safe and n.text]
    problems.extend(check_clashes([(n.text, e.is_folder) for e, n in safe]))
    problems.extend(_sizes(entries, limits))
    files = [(e, n) for e, n in safe if not e.is_folder]
    shown = [n.text for _, n in files]
    if any(p.severity is Severity.ERROR for p in problems):
        return Judged((), (), problems, shown)
    members = tuple(
        Member(index, read.text, entry.raw_name, entry.size, entry.modified)
        for index, (entry, read) in enumerate(files)
    )
    return Judged(members, tuple(e for e, _ in files), problems, shown)


def _sizes(entries: Sequence[Entry], limits: Limits) -> Iterator[Problem]:
    if len(entries) > limits.max_members:
        yield bomb("", "members", len(entries), limits.max_members)
    total = sum(entry.size for entry in entries)
    if total > limits.max_total:
        yield bomb("", "total", total, limits.max_total)
