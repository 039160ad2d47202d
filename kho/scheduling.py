"""The clock of one archive: when the ticks of `preservation.audit.clock` happen, in one process.

APScheduler only wakes this process up; it holds no truth. What there is to do is asked of the
catalogue at every tick, so a clock that was killed, stopped for a month or set wrong does afterwards
what there is to do then. While it runs it keeps the catalogue open, which is what lets an account
without the right to write read it (SQLite's write-ahead log).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from kho import anchoring, notifying, tending
from kho.pinging import ping
from kho.promises import audit_policy
from kho.wiring import Archive
from preservation import heartbeat
from preservation.audit import clock
from preservation.audit.clock import ClockServices
from preservation.audit.run import AuditSummary
from preservation.audit.second_judges import NOTE, second_opinion
from preservation.derivatives.catching_up import make_missing
from preservation.derivatives.derivative_store import DerivativeStore
from preservation.heartbeat import Alive, Heartbeat, Silence
from preservation.incidents import watching
from repository import locks
from repository.catalogue.records import AuditRunRecord, DocumentRecord
from repository.clock import VIETNAM, utc_text
from repository.errors import ArchiveError, Locked

_RUNS_A_DAY = 500  # how far back today's second opinion is looked for
STOP_SECONDS = 20.0  # how long work at hand may go on once the clock is to stop
BEAT = timedelta(minutes=1)
_BEAT_GRACE = timedelta(minutes=5)
_AUDIT_GRACE = timedelta(days=1)  # after the end of a day in which no audit went on
_COPIES_AT_ONCE = 200
_COPIES_SECONDS = 300.0
_PROMISE = "promise"  # under this name what is late stands among the works that fail
_OPEN_MODE = "01"  # access copies are made of what is open to everybody

Tell = Callable[[str, Mapping[str, object]], None]  # what happened: the tick's name, and its result


@contextmanager
def the_only_clock(home: Path) -> Iterator[None]:
    """Be the clock of this archive while the block runs. Locked when another is."""
    with locks.held(home / "quarantine" / "schedule.lock", f"The clock of {home}", wait=0):
        yield


class Ticks:
    """What happens at each tick, as plain calls: the scheduler makes them, and so do tests.

    `failing` has what each work failed of last time; a work that succeeds again leaves it.
    """

    def __init__(self, archive: Archive, tell: Tell, stopped: Callable[[], bool]) -> None:
        self._archive = archive
        self._tell = tell
        self._stopped = stopped
        self._sign = archive.home.folder("reports") / heartbeat.FILE
        self._services = ClockServices(
            auditing=archive.auditing(),
            policy=audit_policy(archive.settings),
            spool=archive.home.folder("spool"),
            operator=heartbeat.SCHEDULE,
            doubted=partial(watching.note_doubted, archive.incidents()),
        )
        self.failing: dict[str, str] = {}
        self._audited_at, self._audit_promise = self._former_promise()
        self._copies_made_at = -1
        self._before: Alive | None = heartbeat.alive(self._sign, archive.clock.now())

    def now(self) -> datetime:
        """The archive's time."""
        return self._archive.clock.now()

    def beat(self) -> None:
        """Give a sign of life."""
        now = self._archive.clock.now()
        heartbeat.beat(
            self._sign,
            Heartbeat(
                at=utc_text(now),
                by=heartbeat.SCHEDULE,
                expected_by=utc_text(now + _BEAT_GRACE),
                audited_at=self._audited_at,
                audit_expected_by=self._audit_promise,
                next_audit=utc_text(self._services.policy.default.day(now)[1]),
                failing=dict(self.failing),
            ),
        )

    def ping(self) -> None:
        """Ask for `ping_url` while all is well: whoever waits for it hears of silence and failure."""
        url = self._archive.settings.audit.ping_url
        if not url:
            return
        seen = heartbeat.alive(self._sign, self._archive.clock.now())
        if seen.state == "alive" and not {*seen.failing, *self.failing} - {"ping"}:
            ping(url)

    def mend(self) -> None:
        """Finish or undo what dead workers left; bring the ledger to stores that were away."""
        for done in self._archive.recover():
            self._tell("mend", {"object_id": done.object_id, "action": done.action,
                                "detail": done.detail, "store": done.store})  # fmt: skip
        published = self._archive.publish_ledger()
        for told in published.told:
            self._tell("mend", {"ledger": told})
        if published.behind:
            self._tell("mend", {"ledger_behind": dict(published.behind)})

    def audit(self) -> None:
        """Audit what is due."""
        quiet = clock.quiet_stores(self._services)
        clock.audit_due(self._services, stop=self._stopped, heard=self._progressed)
        # Where nothing was due the audits have gone on all the same; where nothing was asked or none
        # of the stores answered, not.
        if not self._stopped() and clock.any_there(self._services, quiet):
            self._promise_audit()
        self._say_what_is_late()

    def second_opinion(self) -> None:
        """Let ocfl-py and bagit-python judge a few copies, once in an audit's day."""
        begins = utc_text(self._services.policy.default.day(self.now())[0])
        archive = self._archive
        if any(
            run.started_at >= begins and _is_second_opinion(run)
            for run in archive.catalogue.audit_runs(_RUNS_A_DAY)
        ):
            return
        quiet = clock.quiet_stores(self._services)
        stores = {name: store for name, store in archive.awaited.items() if name not in quiet}
        summary = second_opinion(
            self._services.auditing,
            stores,
            archive.home.folder("reports") / "scratch",
            operator=heartbeat.SCHEDULE,
            stop=self._stopped,
        )
        if summary is not None:
            self._tell("second-opinion", {"run": summary.run_id, **summary.totals()})

    def watch(self) -> None:
        """Open incidents for stores that are away, a broken ledger, and a clock that stood still."""
        steps = tending.note_silence(self._archive, self._before) if self._before else []
        self._before = None
        for step in steps + tending.watch(self._archive):
            told = {"event": step.type.value, "cause": step.incident.cause}
            self._tell("watch", {"incident": step.incident.incident_id, **told})

    def notify(self) -> None:
        """Tell people of incidents, once a day."""
        for digest in notifying.notify(self._archive):
            self._tell("notify", {"channel": digest.channel, "incidents": len(digest.states)})

    def drill(self) -> None:
        """Drill, when the last drill is too old."""
        done = tending.drill_if_due(self._archive, self._stopped)
        if done is not None:
            told = {"kinds": len(done.results), "failed": len(done.failed)}
            self._tell("drill", {"drill_id": done.drill_id, **told})

    def anchor(self) -> None:
        """Show the ledger's newest checkpoint outside, when its time has come."""
        done = anchoring.anchor_due(self._archive, heartbeat.SCHEDULE)
        if done is None:
            return
        for one in done.anchors:
            self._tell("anchor", {"kind": one.kind, "size": one.size, "target": one.target})
        if done.failed:
            raise done.failed[0]

    def drain(self) -> None:
        """Audit what the read service met damaged."""
        summary, refused = clock.audit_reported(self._services, stop=self._stopped)
        if summary is not None:
            self._heard(summary)
        for name in refused:
            self._tell("drain", {"refused": name})

    def access_copies(self) -> None:
        """Make access copies that are missing, of what readers wished for first."""
        archive = self._archive
        wished, forget = clock.wishes(self._services)
        sequence = archive.catalogue.last_sequence()
        if not wished and sequence == self._copies_made_at:
            forget()
            return
        try:
            made = make_missing(
                archive.catalogue,
                next(iter(archive.stores.values())),
                DerivativeStore(archive.home.folder("derivatives")),
                limit=_COPIES_AT_ONCE,
                deadline=time.monotonic() + _COPIES_SECONDS,
                first=wished,
                allowed=self._open,
                clock=archive.clock,
            )
        except Locked:
            return  # another maker is at work on the same
        forget()
        if made.complete and not made.left:
            self._copies_made_at = sequence
        if made.done or made.failed:
            self._tell(
                "access-copies", {"made": made.done, "failed": made.failed, "left": made.left}
            )
        damaged = dict.fromkeys(problem.object_id for problem in made.damaged)
        if summary := clock.audit_suspected(self._services, list(damaged), stop=self._stopped):
            self._heard(summary)

    def _open(self, document: DocumentRecord) -> bool:
        record = self._archive.catalogue.object(document.object_id)
        return record is not None and record.mode == _OPEN_MODE and document.mode in ("", "01")

    def _progressed(self, summary: AuditSummary) -> None:
        """One more run of what is due. Other runs promise nothing: to look at a dossier that was
        reported is no sign that the rest is read."""
        if summary.sums.not_checked < summary.sums.expected:
            self._promise_audit()
        self._heard(summary)

    def _say_what_is_late(self) -> None:
        """A promise that is broken already is a failing work: in the sign of life, and loud."""
        beyond = clock.beyond_grace(self._services)
        if beyond:
            told = ", ".join(f"{name} {count}" for name, count in beyond.items())
            self.failing[_PROMISE] = f"copies not read within their window and its grace: {told}"
        else:
            self.failing.pop(_PROMISE, None)

    def _heard(self, summary: AuditSummary) -> None:
        outcome = summary.outcome.value
        told = {"run_id": summary.run_id, "outcome": outcome, **summary.totals()}
        self._tell("audit", told)

    def _promise_audit(self) -> None:
        now = self._archive.clock.now()
        self._audited_at = utc_text(now)
        self._audit_promise = self._promise(now)

    def _promise(self, now: datetime) -> str:
        return utc_text(self._services.policy.default.day(now)[1] + _AUDIT_GRACE)

    def _former_promise(self) -> tuple[str, str]:
        """What the clock before this one promised: to be started again and again is no audit."""
        now = self._archive.clock.now()
        if heartbeat.alive(self._sign, now).reason in (Silence.NO_SIGN, Silence.UNREADABLE):
            return "", self._promise(now)
        former = heartbeat.read(self._sign)
        if former is None or former.by != heartbeat.SCHEDULE or former.at > utc_text(now):
            return "", self._promise(now)
        return former.audited_at, former.audit_expected_by


def _is_second_opinion(run: AuditRunRecord) -> bool:
    """Whether this was the judges' own run, to its end: our look before it asked nobody else."""
    note = str(run.totals.get("note", ""))
    return bool(run.finished_at) and note.startswith(NOTE) and ":" not in note


def run(ticks: Ticks, tell: Tell, stopped: Callable[[], bool]) -> bool:
    """Tick until `stopped`. Returns whether the work at hand ended in time.

    When it did not, what it had not recorded yet is lost and will be done again; the caller ends the
    process without waiting for it.
    """
    at_work = _AtWork()
    jobs: list[tuple[str, Callable[[], None], BaseTrigger]] = [
        ("beat", ticks.beat, IntervalTrigger(seconds=int(BEAT.total_seconds()))),
        ("ping", ticks.ping, IntervalTrigger(seconds=int(BEAT.total_seconds()))),
        ("mend", ticks.mend, IntervalTrigger(hours=1)),
        ("watch", ticks.watch, IntervalTrigger(minutes=10)),
        ("notify", ticks.notify, IntervalTrigger(hours=1)),
        ("drill", ticks.drill, IntervalTrigger(hours=1)),
        ("audit", ticks.audit, CronTrigger(minute=0, timezone=VIETNAM)),
        ("second-opinion", ticks.second_opinion, IntervalTrigger(hours=1)),
        ("drain", ticks.drain, IntervalTrigger(minutes=5)),
        ("anchor", ticks.anchor, IntervalTrigger(hours=6)),
        ("access-copies", ticks.access_copies, IntervalTrigger(minutes=10)),
    ]
    scheduler = BackgroundScheduler(
        timezone=VIETNAM,
        executors={"default": ThreadPoolExecutor(len(jobs))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    # A tick that is still at work when its next time comes is no news: it is coalesced.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)

    def fault(event: JobExecutionEvent) -> None:
        ticks.failing[event.job_id] = f"{type(event.exception).__name__}: {event.exception}"

    scheduler.add_listener(fault, EVENT_JOB_ERROR)
    now = ticks.now()
    for name, work, trigger in jobs:
        job = _job(name, work, ticks, tell, at_work)
        scheduler.add_job(job, trigger, id=name, next_run_time=now)
    scheduler.start()
    try:
        while not stopped():
            time.sleep(0.2)
    finally:
        scheduler.shutdown(wait=False)
    return at_work.ended_within(STOP_SECONDS)


def _job(
    name: str, work: Callable[[], None], ticks: Ticks, tell: Tell, at_work: _AtWork
) -> Callable[[], None]:
    def once() -> None:
        with at_work.doing():
            try:
                work()
            except ArchiveError as failure:
                if ticks.failing.get(name) != failure.operator:  # said once, not at every tick
                    tell(name, {"failed": type(failure).__name__, "message": failure.operator})
                ticks.failing[name] = failure.operator
                return
            ticks.failing.pop(name, None)

    return once


class _AtWork:
    """How many ticks are at work in this process now."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    @contextmanager
    def doing(self) -> Iterator[None]:
        with self._changed:
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def ended_within(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, seconds)
