"""What `kho doctor` looks at. Each finding says what is so, and when it is wrong, what to do."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from kho import overview, wiring
from kho.settings import NoArchive, find_home
from kho.standing import medium_problems
from repository.clock import SystemClock, utc_text
from repository.digest import engine_report
from repository.errors import ArchiveError
from repository.problems import Severity

# Programs that make more possible; without one, what it would have told is "not checked".
OPTIONAL_PROGRAMS = ("clamdscan", "verapdf", "soffice", "tesseract", "openssl")
_LOW_ROOM = 0.1  # of a store's file system


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, in two languages."""

    what: str
    level: Literal["ok", "warning", "error"]
    vi: str
    en: str

    def as_dict(self) -> dict[str, str]:
        return dict(asdict(self))


def diagnose(home: Path | None) -> Iterator[Finding]:
    """Every finding about this installation, and about the archive when there is one."""
    yield from _installation()
    try:
        place = find_home(home)
    except NoArchive as problem:
        yield Finding("archive", "ok", "không có kho ở đây", problem.operator)
        return
    try:
        with wiring.open_archive(place, read_only=True) as archive:
            yield from _archive(archive)
    except ArchiveError as problem:
        yield Finding("archive", "error", problem.operator, problem.operator)


def _installation() -> Iterator[Finding]:
    python = sys.version.split()[0]
    yield _same("python", "ok" if sys.version_info >= (3, 11) else "error", python)
    try:
        wiring.check_ownership()
        yield _same("packages", "ok", f"kho {version('kho')}")
    except ArchiveError as problem:
        yield _same("packages", "error", problem.operator)
    yield _same("sqlite", "ok", sqlite3.sqlite_version)
    report = engine_report()
    level: Literal["ok", "warning"] = "ok" if report.native_available else "warning"
    yield _same(
        "digest engine", level, f"{report.name} ({report.instructions}) {report.reason}".strip()
    )
    for program in OPTIONAL_PROGRAMS:
        where = shutil.which(program)
        if where:
            yield _same(program, "ok", where)
        else:
            yield Finding(
                program,
                "warning",
                "không có: phần việc của nó được ghi là chưa kiểm tra",
                "not installed: what it would tell is recorded as not checked",
            )


def _archive(archive: wiring.Archive) -> Iterator[Finding]:
    yield _same("archive", "ok", str(archive.home.path))
    yield _same("clock", "ok", utc_text(SystemClock().now()))
    devices: dict[int, list[str]] = {}
    for name, store in archive.stores.items():
        seen = store.status()
        yield from _medium(archive, name)
        if not seen.available:
            if archive.resting.rests(name):
                yield _rests(archive, name)
            else:
                yield _same(f"store {name}", "error", seen.reason)
            continue
        free, total = seen.free_bytes or 0, seen.total_bytes or 1
        level: Literal["ok", "warning"] = "ok" if free / total >= _LOW_ROOM else "warning"
        yield _same(f"store {name}", level, f"{free / 1e9:.1f} / {total / 1e9:.1f} GB")
        if seen.device is not None:
            devices.setdefault(seen.device, []).append(name)
    for names in devices.values():
        if len(names) > 1:
            yield Finding(
                "copies",
                "warning",
                f"{', '.join(names)} nằm trên cùng một thiết bị: hỏng đĩa là mất cả hai",
                f"{', '.join(names)} lie on one device: one broken disk takes them all",
            )
    yield from _records(archive)


def _rests(archive: wiring.Archive, name: str) -> Finding:
    until = archive.resting.until(name)
    due = until.date().isoformat() if until else "-"
    return Finding(
        f"store {name}", "ok", f"đang cất, hẹn gắn lại trước {due}", f"put away, due back by {due}"
    )


def _medium(archive: wiring.Archive, name: str) -> Iterator[Finding]:
    """A medium that is near the end of its rated life, or past it."""
    from schemas.problem_texts import problem_text

    for problem in medium_problems(archive, name):
        vi, en = (problem_text(problem.code, problem.params, lang) for lang in ("vi", "en"))
        level: Literal["warning", "error"] = (
            "error" if problem.severity is Severity.ERROR else "warning"
        )
        yield Finding(f"medium {name}", level, vi, en)


def _records(archive: wiring.Archive) -> Iterator[Finding]:
    waiting = archive.work.all()
    level: Literal["ok", "warning"] = "warning" if waiting else "ok"
    yield _same("work in progress", level, ", ".join(note.work_id for note in waiting) or "0")
    try:
        from preservation.ledger.journal import Journal

        head = Journal(archive.home.folder("ledger")).head()
        last = archive.catalogue.last_sequence()
        ledger: Literal["ok", "warning", "error"] = "ok"
        if head.seq < last:
            ledger = "warning"
        elif head.seq > last:
            ledger = "error"
        yield _same("ledger", ledger, f"{head.seq} / {last}")
    except ArchiveError as problem:
        yield _same("ledger", "error", problem.operator)
    runs = archive.catalogue.audit_runs(limit=1)
    if not runs:
        yield Finding("audit", "warning", "chưa kiểm tra lần nào", "never audited")
    elif not runs[0].finished_at:
        yield Finding(
            "audit", "warning", f"{runs[0].run_id} bị dừng", f"{runs[0].run_id} broke off"
        )
    else:
        bad = runs[0].outcome in ("failure", "incomplete")
        yield _same("audit", "warning" if bad else "ok", f"{runs[0].finished_at} {runs[0].outcome}")
    seen = overview.clock_of(archive)
    alive: Literal["ok", "warning", "error"] = "ok" if seen.state == "alive" else "warning"
    yield Finding(
        "schedule",
        "error" if seen.alarm else alive,
        overview.clock_text(seen, "vi"),
        overview.clock_text(seen, "en"),
    )


def _same(what: str, level: Literal["ok", "warning", "error"], text: str) -> Finding:
    """A finding whose text is the same in both languages: a number, a path, a name."""
    return Finding(what, level, text, text)
