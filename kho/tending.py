"""What the clock does about incidents and drills, beside what audits open by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from kho.wiring import Archive
from preservation import heartbeat
from preservation.drills.drill import KINDS, DrillSummary, drill
from preservation.drills.notes import canaries, last_drill
from preservation.heartbeat import Alive
from preservation.incidents import watching
from preservation.incidents.incident import Step
from preservation.ledger.journal import Journal
from repository.clock import parse_utc
from repository.errors import Conflict, Corrupt, Locked


def watch(archive: Archive) -> list[Step]:
    """Open incidents for what no audit of a copy finds, and note what is as it must be again.

    Conflict when the catalogue is an old one that was put back: nothing is recorded in it.
    """
    failure: Corrupt | Conflict | None = None
    try:
        archive.publish_ledger()
    except Conflict as problem:
        if Journal(archive.home.folder("ledger")).head().seq > archive.catalogue.last_sequence():
            raise
        failure = problem
    except Corrupt as problem:
        failure = problem
    services = archive.incidents()
    steps = watching.note_ledger(services, failure)
    return steps + watching.watch_stores(services, archive.awaited)


def note_silence(archive: Archive, before: Alive) -> list[Step]:
    """Called once when a clock starts, with what the sign of the one before it said."""
    if not archive.settings.audit.expect_clock:
        return []
    return watching.note_silence(archive.incidents(), before)


def drill_if_due(archive: Archive, stop: Callable[[], bool]) -> DrillSummary | None:
    """Drill when the last whole drill is too old; None when it is not, or there are no canaries."""
    if not canaries(archive.catalogue) or len(archive.awaited) < 2:
        return None
    last = last_drill(archive.catalogue)
    every = timedelta(days=archive.settings.drill.every_days)
    if last is not None and parse_utc(last.at) + every > archive.clock.now():
        return None
    try:
        return drill(archive.drilling(), KINDS, operator=heartbeat.SCHEDULE, stop=stop)
    except Locked:
        return None  # somebody drills just now
