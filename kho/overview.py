"""The state of one archive in numbers, as `kho status` tells it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, assert_never

from kho.cli.output import Language
from kho.promises import audit_policy
from kho.wiring import Archive
from preservation import heartbeat
from preservation.audit.policy import late, looked_at
from preservation.audit.readings import copies_as_read
from preservation.deadlines import UNDECIDED, late_ones
from preservation.drills.notes import CANARY_PREFIX
from preservation.drills.runs import last_runs
from preservation.heartbeat import Alive, Silence
from repository.clock import parse_utc
from schemas.wording import worded


def overview(archive: Archive) -> dict[str, Any]:
    """What is held, where, and how well it is looked after: from catalogue and stores."""
    catalogue = archive.catalogue
    runs = last_runs(catalogue, 1)
    policy, now = audit_policy(archive.settings), archive.clock.now()
    held = list(catalogue.objects())
    stores: dict[str, Any] = {}
    for name, store in archive.stores.items():
        every = list(copies_as_read(catalogue, name))
        # Canaries are no dossiers and are not counted as such; damage in them is damage.
        copies = [copy for copy in every if not copy.object_id.startswith(CANARY_PREFIX)]
        windows = policy.windows(name, held)
        seen = store.status()
        stores[name] = {
            "available": seen.available,
            "reason": seen.reason,
            "copies": len(copies),
            "damaged": sum(1 for copy in every if copy.last_verdict == "damaged"),
            "incomplete": sum(1 for copy in copies if copy.last_verdict == "incomplete"),
            "never_audited": sum(1 for copy in copies if not copy.last_checked_at),
            "late": len(late(copies, policy.of(name), now, windows=windows)),
            "oldest_look": min((looked_at(copy) for copy in copies), default=""),
        }
    waiting = list(catalogue.outbox(limit=1))
    undecided = catalogue.transfers(state=UNDECIDED)
    return {
        "archive": archive.settings.archive.name,
        "counts": dict(catalogue.counts()),
        "required_copies": len(archive.settings.required),
        "stores": stores,
        "stores_unavailable": [name for name in archive.awaited if not stores[name]["available"]],
        "last_audit": asdict(runs[0]) if runs else None,
        "ledger_sequence": catalogue.last_sequence(),
        "ledger_behind": bool(waiting),
        "in_progress": sorted(archive.work.in_progress()),
        "incidents": dict(catalogue.incident_counts()),
        "transfers_waiting": len(undecided),
        "transfers_late": len(late_ones(undecided, now)),
        "clock": asdict(clock_of(archive)),
    }


def clock_of(archive: Archive) -> Alive:
    """Whether the clock of this archive lives; an alarm only where one is expected."""
    first = archive.catalogue.events(limit=1)
    seen = heartbeat.alive(
        archive.home.folder("reports") / heartbeat.FILE,
        archive.clock.now(),
        made_at=parse_utc(first[0].at) if first else None,
    )
    return seen if archive.settings.audit.expect_clock else replace(seen, alarm=False)


def clock_text(seen: Alive, language: Language) -> str:
    """What is known of the clock, and what to do about it."""
    vi = language == "vi"
    failing = ", ".join(f"{name}: {why}" for name, why in seen.failing.items())
    match seen.reason:
        case Silence.NONE if failing:
            text = (
                f"đang chạy nhưng có việc hỏng: {failing}" if vi else f"runs, but fails: {failing}"
            )
        case Silence.NONE:
            text = f"đang chạy, {seen.last}" if vi else f"runs, {seen.last}"
        case Silence.NO_SIGN:
            text = (
                "chưa chạy lần nào; hãy chạy `kho schedule` (hoặc `kho run`)"
                if vi
                else "has never run; start `kho schedule` (or `kho run`)"
            )
        case Silence.LATE:
            text = (
                f"IM LẶNG từ {seen.last}: không còn kiểm tra nào chạy; khởi động lại `kho schedule`"
                if vi
                else f"SILENT since {seen.last}: no audits are made; start `kho schedule` again"
            )
        case Silence.NO_AUDIT:
            last = seen.detail or "-"
            text = (
                f"chạy nhưng KHÔNG KIỂM TRA được gì từ {last}. {failing}"
                if vi
                else f"runs, but NO AUDIT has gone on since {last}. {failing}"
            ).strip()
        case Silence.FUTURE:
            text = (
                f"tín hiệu mang giờ tương lai {seen.last}: đồng hồ của máy sai"
                if vi
                else f"its sign is from the future, {seen.last}: the machine's time is wrong"
            )
        case Silence.UNREADABLE:
            text = (
                f"không đọc được tín hiệu ({seen.detail}): không biết còn chạy không"
                if vi
                else f"its sign cannot be read ({seen.detail}): whether it runs is not known"
            )
        case _:
            assert_never(seen.reason)
    return text


def lines(seen: dict[str, Any], language: Language) -> list[str]:
    """The same for a person."""
    vi = language == "vi"
    counts = seen["counts"]
    told = [
        seen["archive"],
        (
            f"  {'Hồ sơ' if vi else 'dossiers'}: {counts['objects']} · "
            f"{'tài liệu' if vi else 'documents'}: {counts['documents']} · {counts['bytes']} B"
        ),
    ]
    for name, store in seen["stores"].items():
        state = "✓" if store["available"] else f"✗ {store['reason']}"
        told.append(
            f"  {name}: {store['copies']} {'bản sao' if vi else 'copies'} · "
            f"{'hỏng' if vi else 'damaged'} {store['damaged']} · "
            f"{'chưa đọc hết' if vi else 'incomplete'} {store['incomplete']} · "
            f"{'quá hạn' if vi else 'late'} {store['late']} · "
            f"{'đọc lâu nhất' if vi else 'oldest look'} {store['oldest_look'] or '-'} {state}"
        )
    run = seen["last_audit"]
    if run is None:
        told.append("  Chưa kiểm tra lần nào." if vi else "  Never audited.")
    elif not run["finished_at"]:
        told.append(
            f"  Lần kiểm tra {run['run_id']} bị dừng giữa chừng."
            if vi
            else f"  Audit {run['run_id']} was interrupted."
        )
    else:
        told.append(
            f"  {'Kiểm tra gần nhất' if vi else 'Last audit'}: {run['finished_at']} "
            f"{worded(run['outcome'], language)}"
        )
    clock = Alive(**seen["clock"])
    mark = "✗" if clock.alarm else " "
    name = "Đồng hồ kiểm tra" if vi else "Clock"
    told.insert(1 if clock.alarm else len(told), f"{mark} {name}: {clock_text(clock, language)}")
    still_open = sum(n for state, n in seen["incidents"].items() if state != "closed")
    if still_open:
        told.append(
            f"✗ Sự cố đang mở: {still_open} (`kho incidents`)"
            if vi
            else f"✗ Open incidents: {still_open} (`kho incidents`)"
        )
    if seen["transfers_waiting"]:
        told.append(
            f"  Chờ quyết định: {seen['transfers_waiting']}, quá hạn 60 ngày: {seen['transfers_late']}"
            if vi
            else f"  Transfers that wait for a decision: {seen['transfers_waiting']}, "
            f"late (60 days): {seen['transfers_late']}"
        )
    if seen["ledger_behind"]:
        told.append("  Sổ cái chưa cập nhật." if vi else "  The ledger is behind.")
    return told
