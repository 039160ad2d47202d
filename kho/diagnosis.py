"""What `kho doctor` looks at. Each finding says what is so, and when it is wrong, what to do."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from kho import overview, probing, reporting, wiring
from kho.findings import Finding, Level, same
from kho.settings import NoArchive, find_home
from kho.standing import medium_problems
from preservation.audit.policy import GRACE_DAYS, late
from preservation.audit.readings import copies_as_read
from preservation.drills.notes import canaries, last_drill
from preservation.drills.runs import last_runs
from preservation.events import Outcome
from preservation.formats.clamd import Clamd, ClamdUnavailable
from preservation.reports import gathering, telling
from preservation.work import WorkState
from repository.catalogue.schema import CURRENT_REVISION
from repository.clock import parse_utc, utc_text
from repository.digest import engine_report
from repository.errors import ArchiveError
from repository.problems import Severity
from schemas.wording import worded

_LOW_ROOM = 0.1  # of a store's file system
_CLAMD_SECONDS = 5.0
_SKEW = timedelta(minutes=10)
_NETWORKS = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.s3fs"})


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
    yield same("python", "ok" if sys.version_info >= (3, 11) else "error", python)
    try:
        wiring.check_ownership()
        yield same("packages", "ok", f"kho {version('kho')}")
    except ArchiveError as problem:
        yield same("packages", "error", problem.operator)
    yield same("sqlite", "ok", sqlite3.sqlite_version)
    report = engine_report()
    level: Literal["ok", "warning"] = "ok" if report.native_available else "warning"
    yield same(
        "digest engine", level, f"{report.name} ({report.instructions}) {report.reason}".strip()
    )


def _archive(archive: wiring.Archive) -> Iterator[Finding]:
    yield same("archive", "ok", str(archive.home.path))
    yield _time(archive)
    yield same("catalogue", "ok", f"{CURRENT_REVISION}")  # another step would not have been opened
    yield from _keys(archive)
    yield _room("room for the catalogue", archive.home.path)
    yield probing.flushing("flush: home", archive.home.folder("reports"))
    devices: dict[int, list[str]] = {}
    for name, store in archive.stores.items():
        seen = store.status()
        yield from _medium(archive, name)
        if not seen.available:
            if archive.resting.rests(name):
                yield _rests(archive, name)
            else:
                yield same(f"store {name}", "error", seen.reason)
            continue
        free, total = seen.free_bytes or 0, seen.total_bytes or 1
        level: Literal["ok", "warning"] = "ok" if free / total >= _LOW_ROOM else "warning"
        yield same(f"store {name}", level, f"{free / 1e9:.1f} / {total / 1e9:.1f} GB")
        if seen.device is not None:
            devices.setdefault(seen.device, []).append(name)
        yield from _probes(archive, name)
    for names in devices.values():
        if len(names) > 1:
            yield Finding(
                "copies",
                "warning",
                f"{', '.join(names)} nằm trên cùng một thiết bị: hỏng đĩa là mất cả hai",
                f"{', '.join(names)} lie on one device: one broken disk takes them all",
            )
    yield from _promises(archive)
    yield from _records(archive)
    yield _drills(archive)
    yield _viruses(archive)


def _viruses(archive: wiring.Archive) -> Finding:
    """Whether somebody looks for viruses in what comes in, and with signatures of when."""
    wanted = archive.settings.virus
    level: Level = "error" if wanted.required else "warning"
    if not wanted.clamd:
        return Finding(
            "virus scanner",
            level,
            "chưa cài: tệp được ghi là chưa quét; xem [virus] clamd trong kho.toml",
            "none set up: files are recorded as not scanned; see [virus] clamd in kho.toml",
        )
    try:
        database = Clamd(wanted.clamd, seconds=_CLAMD_SECONDS).database()
    except (ClamdUnavailable, OSError) as problem:
        return Finding(
            "virus scanner", level, f"không hỏi được: {problem}", f"cannot be asked: {problem}"
        )
    days = database.days_old(archive.clock.now())
    old = days is None or days > wanted.stale_days
    return same("virus scanner", level if old else "ok", f"{database.tool} {database.label}")


def _drills(archive: wiring.Archive) -> Finding:
    """Whether anybody tries out, now and then, that damage is found and mended."""
    if not canaries(archive.catalogue):
        return Finding(
            "drills",
            "warning",
            "chưa lập: chạy `kho drill --make-canaries`, từ đó đồng hồ tự diễn tập",
            "not set up: run `kho drill --make-canaries`; from then on the clock drills by itself",
        )
    last = last_drill(archive.catalogue)
    if last is None:
        return Finding(
            "drills",
            "warning",
            "có hồ sơ diễn tập nhưng chưa diễn tập lần nào: chạy `kho drill --all`",
            "there are canaries, but nothing was drilled yet: run `kho drill --all`",
        )
    every = archive.settings.drill.every_days
    if last.outcome == Outcome.FAILURE:
        return Finding(
            "drills",
            "error",
            f"lần diễn tập {last.at} KHÔNG ĐẠT: xem `kho incidents`, rồi chạy lại `kho drill --all`",
            f"the drill of {last.at} FAILED: see `kho incidents`, then run `kho drill --all` again",
        )
    if parse_utc(last.at) + timedelta(days=2 * every) < archive.clock.now():
        return Finding(
            "drills",
            "warning",
            f"lần cuối {last.at}, lẽ ra {every} ngày một lần: đồng hồ có chạy không?",
            f"last on {last.at}, though one is due every {every} days: does the clock run?",
        )
    level: Level = "ok" if last.outcome == Outcome.SUCCESS else "warning"
    return _ended("drills", level, last.at, last.outcome)


def _ended(what: str, level: Level, at: str, outcome: str) -> Finding:
    return Finding(what, level, f"{at} {worded(outcome, 'vi')}", f"{at} {outcome}")


def _time(archive: wiring.Archive) -> Finding:
    """A clock that went back would date new events before old ones."""
    now = archive.clock.now()
    last = archive.catalogue.events(after=archive.catalogue.last_sequence() - 1, limit=1)
    if last and parse_utc(last[0].at) > now + _SKEW:
        return Finding(
            "clock",
            "error",
            f"bây giờ là {utc_text(now)}, nhưng việc cuối được ghi lúc {last[0].at}: đồng hồ máy sai",
            f"now is {utc_text(now)}, but what happened last was at {last[0].at}: some time is wrong",
        )
    return same("clock", "ok", utc_text(now))


def _keys(archive: wiring.Archive) -> Iterator[Finding]:
    """Keys are there and are read by those alone who may; the ledger's by its owner only."""
    folder = archive.home.folder("keys")
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as problem:
        yield Finding(
            "keys",
            "warning",
            f"không xem được {folder}: {problem.strerror}",
            f"{folder} cannot be looked into: {problem.strerror}",
        )
        return
    ledger = [name for name in names if name.startswith("ledger-") and name.endswith(".key")]
    if not ledger and archive.catalogue.last_sequence():
        yield Finding(
            "keys",
            "warning",
            "sổ cái chưa có khoá ký; khoá được tạo ở lần ghi sổ kế tiếp, hoặc đã mất",
            "the ledger has no signing key: it is made with the next entry, or it was lost",
        )
    for name in names:
        yield probing.private(f"key {name}", folder / name, owner_only=name in ledger)


def _signer(archive: wiring.Archive) -> Iterator[Finding]:
    """Whether the key in force was vouched for by the one before it: else somebody should know why."""
    from preservation.ledger.keys import key_of
    from preservation.ledger.signing import newest_key_entry

    entry = newest_key_entry(archive.home.folder("ledger"))
    said = key_of(entry.record) if entry else None
    if entry is None or said is None:
        return
    if said.previous and not said.signature:
        at = str((entry.record or {}).get("at", ""))
        yield Finding(
            "ledger key",
            "warning",
            f"khoá hiện dùng (mục {entry.seq}, {at}) không được khoá cũ ký xác nhận: hỏi người chịu "
            "trách nhiệm vì sao; `kho ledger rotate-key --reason …` lập khoá kế tiếp",
            f"the key in force (entry {entry.seq}, {at}) is not signed for by the old one: ask who "
            "answers for it why; `kho ledger rotate-key --reason …` puts the next in its place",
        )
    else:
        yield same("ledger key", "ok", said.vkey)


def _room(what: str, path: Path) -> Finding:
    usage = shutil.disk_usage(path)
    level: Level = "ok" if usage.free / usage.total >= _LOW_ROOM else "warning"
    return same(what, level, f"{usage.free / 1e9:.1f} / {usage.total / 1e9:.1f} GB")


def _probes(archive: wiring.Archive, name: str) -> Iterator[Finding]:
    given = archive.settings.stores[name]
    folder = archive.home.path / given.path
    yield probing.flushing(f"flush: {name}", folder)
    if given.kind in ("nfs", "smb") or probing.file_system(folder) in _NETWORKS:
        yield from probing.limits(f"limits: {name}", folder)


def _promises(archive: wiring.Archive) -> Iterator[Finding]:
    """Whether the audits' policy can be held, and whether it was."""
    from schemas.problem_texts import problem_text

    asked = reporting.asking(archive)
    now, held = archive.clock.now(), list(archive.catalogue.objects())
    for plan in gathering.plans(asked, sampling=False):
        level: Level = "ok" if plan.holds else "error"
        texts = {}
        for language in ("vi", "en"):
            said = [problem_text(one.code, one.params, language) for one in plan.problems]
            texts[language] = " ".join(said or telling.plan_lines(plan, language))
        yield Finding(f"audit plan {plan.store}", level, texts["vi"], texts["en"])
        policy, windows = asked.policy.of(plan.store), asked.policy.windows(plan.store, held)
        copies = list(copies_as_read(archive.catalogue, plan.store))
        overdue = len(late(copies, policy, now, windows=windows))
        beyond = len(late(copies, policy, now, windows=windows, grace_days=GRACE_DAYS))
        if doubted := archive.catalogue.unproven_readings(plan.store):
            yield Finding(
                f"readings {plan.store}",
                "error",
                f"{len(doubted)} bản sao ghi là đã đọc nhưng không lần kiểm tra nào đọc, vd. "
                f"{doubted[0]}: ai sửa sổ danh mục? Lần `kho audit --due` tới sẽ đọc lại",
                f"of {len(doubted)} copies, such as {doubted[0]}, a reading is noted that no audit "
                "made: who changed the catalogue? The next `kho audit --due` reads them",
            )
        level = "error" if beyond else "warning" if overdue else "ok"
        yield Finding(
            f"late {plan.store}",
            level,
            f"{overdue} bản sao quá hạn, {beyond} quá {GRACE_DAYS} ngày gia hạn",
            f"{overdue} copies late, {beyond} beyond the {GRACE_DAYS} days of grace",
        )


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
    work = archive.work.all()
    broken = [note.work_id for note in work if note.state is not WorkState.AWAITING]
    level: Literal["ok", "warning"] = "warning" if broken else "ok"
    yield same("work in progress", level, ", ".join(broken) or "0")
    yield same("waiting for a decision", "ok", str(len(work) - len(broken)))
    try:
        from preservation.ledger.journal import Journal

        head = Journal(archive.home.folder("ledger")).head()
        last = archive.catalogue.last_sequence()
        ledger: Literal["ok", "warning", "error"] = "ok"
        if head.seq < last:
            ledger = "warning"
        elif head.seq > last:
            ledger = "error"
        yield same("ledger", ledger, f"{head.seq} / {last}")
        yield from _signer(archive)
    except ArchiveError as problem:
        yield same("ledger", "error", problem.operator)
    runs = last_runs(archive.catalogue, 1)
    if not runs:
        yield Finding("audit", "warning", "chưa kiểm tra lần nào", "never audited")
    elif not runs[0].finished_at:
        yield Finding(
            "audit", "warning", f"{runs[0].run_id} bị dừng", f"{runs[0].run_id} broke off"
        )
    else:
        bad = runs[0].outcome in ("failure", "incomplete")
        level = "warning" if bad else "ok"
        yield _ended("audit", level, runs[0].finished_at, runs[0].outcome)
    seen = overview.clock_of(archive)
    alive: Literal["ok", "warning", "error"] = "ok" if seen.state == "alive" else "warning"
    yield Finding(
        "schedule",
        "error" if seen.alarm else alive,
        overview.clock_text(seen, "vi"),
        overview.clock_text(seen, "en"),
    )
