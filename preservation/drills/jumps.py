"""A clock that jumps: does the archive notice? Asked of the same functions that judge in earnest.

Ahead by more than the window: every canary's copy must be late, and the clock's last sign silent. Back
by as much: the last sign must be called one from the future, and looks made "later" must not be
believed, so that every copy is late again rather than fresh for ever. Nothing is planted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from preservation import heartbeat
from preservation.audit.policy import DuePolicy, late
from preservation.drills.notes import canaries
from preservation.heartbeat import Heartbeat, Silence
from repository.catalogue.catalogue import Catalogue
from repository.clock import utc_text

_JUMP = timedelta(days=400)


def judge_clock_jump(
    catalogue: Catalogue, store: str, now: datetime, workplace: Path
) -> tuple[bool, str]:
    """Whether both jumps are noticed, and what was said. The archive's own sign is not touched."""
    copies = [
        copy for one in canaries(catalogue) for copy in catalogue.copies(one) if copy.store == store
    ]
    policy = DuePolicy()
    ahead = len(late(copies, policy, now + _JUMP))
    back = len(late(copies, policy, now - _JUMP))
    sign = workplace / "drill-sign.json"
    instant = utc_text(now)
    heartbeat.beat(sign, Heartbeat(instant, "drill", instant, instant, instant, instant))
    later = heartbeat.alive(sign, now + _JUMP)
    before = heartbeat.alive(sign, now - _JUMP)
    sign.unlink(missing_ok=True)
    told = (
        f"ahead: {ahead} of {len(copies)} late, clock {later.reason.value or 'alive'}; "
        f"back: {back} of {len(copies)} late, clock {before.reason.value or 'alive'}"
    )
    noticed = (
        0 < len(copies) == ahead == back
        and (later.reason, later.alarm) == (Silence.LATE, True)
        and (before.reason, before.alarm) == (Silence.FUTURE, True)
    )
    return noticed, told
