"""What the settings promise of audits, on record: each change of it is an event, and so in the ledger.

Whoever makes the window longer, or a class that takes everything, changes what every later statement
of coverage is worth. A change by `kho report plan --save` is recorded with who made it; one made with
an editor is noticed by the next command that writes, which says whose file it is and of when.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from kho.settings import SETTINGS_FILE, AuditSettings, DrillSettings, Settings, read_settings
from preservation import history
from preservation.events import EventType, Outcome
from repository.catalogue.catalogue import Catalogue
from repository.clock import Clock, utc_text
from repository.errors import ArchiveError

_PROMISES = (
    "window_days", "hour", "daily_bytes", "mb_per_second", "quiet", "sweep", "unreadable_days",
    "expect_clock", "class",
)  # fmt: skip


def promises(settings: Settings) -> dict[str, Any]:
    """All that is promised of audits and drills, as plain data."""
    stores = {name: _plain(one.audit) for name, one in settings.stores.items()}
    return {
        "audit": {name: one for name, one in _plain(settings.audit).items() if name in _PROMISES},
        "stores": {name: own for name, own in stores.items() if own},
        "drill": _plain(settings.drill),
    }


def _promised_by_none() -> dict[str, Any]:
    """What holds where nothing is set."""
    audit = {name: one for name, one in _plain(AuditSettings()).items() if name in _PROMISES}
    return {"audit": audit, "stores": {}, "drill": _plain(DrillSettings())}


def _plain(section: BaseModel) -> dict[str, Any]:
    return section.model_dump(mode="json", exclude_none=True, by_alias=True)


def on_record(catalogue: Catalogue) -> Mapping[str, Any]:
    """The promises as they were last recorded; before any was, what holds where nothing is set."""
    last = catalogue.last_event(EventType.AUDIT_POLICY.value)
    if last is None:
        return _promised_by_none()
    now: Mapping[str, Any] = last.detail["policy"]["new"]
    return now


def record_promises(catalogue: Catalogue, settings: Settings, clock: Clock, by: str) -> bool:
    """Record what is promised now, unless it is on record; `by` changed it. Whether it was recorded."""
    return _record(catalogue, promises(settings), clock, by, {})


def notice_promises(catalogue: Catalogue, home: Path, clock: Clock, noticed_by: str) -> bool:
    """The same of what stands in `kho.toml` now, whoever changed it there. A file that cannot be read
    or understood promises nothing new; what keeps the change from being recorded is raised."""
    try:
        path = home / SETTINGS_FILE
        now, stat = promises(read_settings(home)), path.stat()
        owner = _owner(path)
    except (ArchiveError, OSError):
        return False
    changed = utc_text(datetime.fromtimestamp(stat.st_mtime, UTC))
    found = {"edited": SETTINGS_FILE, "changed_at": changed, "owner": owner}
    return _record(catalogue, now, clock, noticed_by, found)


def _record(
    catalogue: Catalogue, now: Mapping[str, Any], clock: Clock, by: str, more: Mapping[str, str]
) -> bool:
    before = on_record(catalogue)
    if now == before:
        return False
    event = history.new_event(
        EventType.AUDIT_POLICY,
        at=clock.now(),
        agent=by,
        outcome=Outcome.SUCCESS,
        detail={"policy": {"old": dict(before), "new": dict(now), **more}},
    )
    with catalogue.transaction() as tx:
        history.record(tx, event)
    return True


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:  # an account without a name
        return str(path.stat().st_uid)
