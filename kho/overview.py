"""The state of one archive in numbers, as `kho status` tells it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kho.cli.output import Language
from kho.wiring import Archive
from preservation.audit.policy import looked_at


def overview(archive: Archive) -> dict[str, Any]:
    """What is held, where, and how well it is looked after: from catalogue and stores."""
    catalogue = archive.catalogue
    runs = catalogue.audit_runs(limit=1)
    stores: dict[str, Any] = {}
    for name, store in archive.stores.items():
        copies = list(catalogue.copies_of_store(name))
        seen = store.status()
        stores[name] = {
            "available": seen.available,
            "reason": seen.reason,
            "copies": len(copies),
            "damaged": sum(1 for copy in copies if copy.last_verdict == "damaged"),
            "incomplete": sum(1 for copy in copies if copy.last_verdict == "incomplete"),
            "never_audited": sum(1 for copy in copies if not copy.last_checked_at),
            "oldest_look": min((looked_at(copy) for copy in copies), default=""),
        }
    waiting = list(catalogue.outbox(limit=1))
    return {
        "archive": archive.settings.archive.name,
        "counts": dict(catalogue.counts()),
        "required_copies": len(archive.stores),
        "stores": stores,
        "stores_unavailable": [name for name, seen in stores.items() if not seen["available"]],
        "last_audit": asdict(runs[0]) if runs else None,
        "ledger_sequence": catalogue.last_sequence(),
        "ledger_behind": bool(waiting),
        "in_progress": sorted(archive.work.in_progress()),
    }


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
            f"  {name}: {store['copies']} · {'hỏng' if vi else 'damaged'} {store['damaged']} · "
            f"{'chưa đọc hết' if vi else 'incomplete'} {store['incomplete']} · "
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
            f"  {'Kiểm tra gần nhất' if vi else 'Last audit'}: {run['finished_at']} {run['outcome']}"
        )
    if seen["ledger_behind"]:
        told.append("  Sổ cái chưa cập nhật." if vi else "  The ledger is behind.")
    return told
