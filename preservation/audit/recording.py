"""What a run writes down: its beginning, what it finds, its end, and the check that nothing got lost.

Results are noted after every `NOTE_FILES` files (`preservation.audit.progress`) and recorded in the
catalogue, in one transaction and one entry of the ledger, after `RECORD_SECONDS` at the latest. At
the end the sums of what was found are held against the sums of what is recorded: a run for which
they differ is broken, and says so for ever.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from preservation import history
from preservation.audit import progress
from preservation.audit.fixity import CopyJudgement, CopyVerdict, Sums
from preservation.audit.progress import NOTE_FILES, Progress
from preservation.audit.selection import AuditServices, AuditSummary, Selection
from preservation.events import EventType, Outcome
from repository.catalogue.records import AuditResultRecord, AuditRunRecord
from repository.clock import utc_text
from repository.errors import NotFound, Refused

RECORD_SECONDS = 5.0
RECORD_COPIES = 256  # at most in one transaction, and in one entry of the ledger
NAMED = 1000  # files that one result names; its sums count them all


def begin(
    services: AuditServices,
    selection: Selection,
    operator: str,
    now: datetime,
    *,
    medium: bool = True,
) -> AuditRunRecord:
    """Record that a run begins: one that was killed shows as a run without an end."""
    totals: dict[str, Any] = {"note": selection.note} if selection.note else {}
    if not medium:
        totals["cached"] = True  # it proves less, and says nothing of how fast the medium is
    if selection.depth != "full":
        totals["depth"] = selection.depth
    if selection.asked:
        totals["asked"] = dict(selection.asked)
    run = AuditRunRecord(
        # Microseconds first, so that runs of one second have an order.
        run_id=f"AUD-{now:%Y%m%d-%H%M%S}-{now.microsecond:05x}{secrets.token_hex(3)}",
        kind=selection.kind,
        started_at=utc_text(now),
        finished_at="",
        operator=operator,
        outcome="",
        totals=totals,
    )
    record_run(services, EventType.AUDIT_BEGUN, run, Outcome.SUCCESS, operator)
    services.publish()
    return run


def resumed(services: AuditServices, run_id: str) -> AuditRunRecord:
    """The run that is to be gone on with. NotFound; Refused when it has looked at everything."""
    run = services.catalogue.audit_run(run_id)
    if run is None:
        raise NotFound(f"There is no audit {run_id}. `kho status` shows the last.")
    if run.finished_at and not run.totals.get("not_checked"):
        raise Refused(f"{run_id} has ended with nothing left to look at. Begin another audit.")
    names = ("note", "cached", "depth", "asked")
    kept = {name: run.totals[name] for name in names if name in run.totals}
    again = int(run.totals.get("resumed", 0)) + 1
    return replace(run, finished_at="", outcome="", totals={**kept, "resumed": again})


def go_on(services: AuditServices, run: AuditRunRecord, operator: str) -> None:
    """Record that a run goes on: from now on it has no end again."""
    record_run(services, EventType.AUDIT_BEGUN, run, Outcome.SUCCESS, operator)
    services.publish()


def record_left(services: AuditServices, operator: str, *, only: str = "") -> None:
    """Record what dead runs had noted and nobody recorded. What is recorded already stays as it is."""
    if services.progress is None:
        return
    for run_id, results in progress.left(services.progress, only=only):
        if not results or services.catalogue.audit_run(run_id) is None:
            continue
        known = {(r.object_id, r.store) for r in services.catalogue.audit_results(run_id)}
        fresh = [one for one in results if (one.object_id, one.store) not in known]
        if fresh:
            record_results(services, run_id, fresh, operator)


class Recorder:
    """Keeps what one run finds, from the moment it is found."""

    def __init__(
        self, services: AuditServices, run_id: str, operator: str, notes: Progress | None
    ) -> None:
        self._services = services
        self._run_id = run_id
        self._operator = operator
        self._notes = notes
        self._waiting: list[AuditResultRecord] = []
        self._unnoted: list[AuditResultRecord] = []
        self._files = 0  # of the copies not noted
        self._named = 0
        self._since = time.monotonic()

    def add(self, result: AuditResultRecord) -> bool:
        """Keep one result; whether all that were added are recorded now."""
        self._waiting.append(result)
        self._unnoted.append(result)
        self._files += result.expected + result.unexpected
        self._named += len(result.files)
        full = len(self._waiting) >= RECORD_COPIES or self._named >= NAMED
        if full or time.monotonic() - self._since >= RECORD_SECONDS:
            self.record()
            return True
        if self._files >= NOTE_FILES:
            if self._notes is None:
                self.record()
                return True
            self._notes.note(self._unnoted)
            self._unnoted = []
            self._files = 0
        return False

    def record(self) -> None:
        """Record everything that waits."""
        if self._waiting:
            record_results(self._services, self._run_id, self._waiting, self._operator)
            if self._notes is not None:
                self._notes.recorded()
        self._waiting, self._unnoted = [], []
        self._files = self._named = 0
        self._since = time.monotonic()


def record_results(
    services: AuditServices, run_id: str, results: Sequence[AuditResultRecord], operator: str
) -> None:
    """Record a batch of results, with what follows from them, in one transaction."""
    event = history.new_event(
        EventType.AUDIT_RESULTS,
        at=services.clock.now(),
        agent=operator,
        outcome=_batch_outcome(results),
        detail=history.results_detail(run_id, results),
    )
    with services.catalogue.transaction() as tx:
        history.record(tx, event)
        services.following(tx, results)


def end(
    services: AuditServices, run: AuditRunRecord, summary: AuditSummary, operator: str
) -> AuditRunRecord:
    """Hold the sums against what is recorded, and record the end of the run."""
    summary.broken = _lost(services, summary)
    ended = AuditRunRecord(
        **{
            **asdict(run),
            "finished_at": utc_text(services.clock.now()),
            "outcome": summary.outcome.value,
            "totals": {**run.totals, **summary.totals()},
        }
    )
    record_run(services, EventType.AUDIT_ENDED, ended, summary.outcome, operator)
    services.publish()
    return ended


def record_run(
    services: AuditServices, type_: EventType, run: AuditRunRecord, outcome: Outcome, agent: str
) -> None:
    """Record where a run stands."""
    event = history.new_event(
        type_,
        at=services.clock.now(),
        agent=agent,
        outcome=outcome,
        detail=history.run_detail(run),
    )
    with services.catalogue.transaction() as tx:
        history.record(tx, event)


def to_record(
    run_id: str, object_id: str, store: str, judged: CopyJudgement, now: datetime, **more: Any
) -> AuditResultRecord:
    """A judgement as the catalogue and the ledger keep it; `more` stands beside its first finding."""
    files: list[Mapping[str, Any]] = [
        {"path": finding.path, "verdict": finding.verdict.value, "reason": finding.reason}
        for finding in judged.findings[:NAMED]
    ]
    if files and more:
        files[0] = {**files[0], **more}
    return AuditResultRecord(
        run_id=run_id,
        object_id=object_id,
        store=store,
        checked_at=utc_text(now),
        verdict=judged.verdict.value,
        **judged.sums.as_dict(),
        byte_count=judged.byte_count,
        files=tuple(files),
    )


def sums_of(result: AuditResultRecord) -> Sums:
    """The sums of a recorded result. ValueError when they do not add up, or its verdict is another."""
    sums = Sums(
        expected=result.expected,
        intact=result.intact,
        altered=result.altered,
        missing=result.missing,
        unreadable=result.unreadable,
        not_checked=result.not_checked,
        unexpected=result.unexpected,
    )
    if sums.verdict().value != result.verdict:
        raise ValueError(f"a result says {result.verdict} of {sums.as_dict()}")
    return sums


def _lost(services: AuditServices, summary: AuditSummary) -> str:
    recorded = dict(services.catalogue.audit_totals(summary.run_id))
    found = {"rows": summary.rows, **summary.sums.as_dict(), "byte_count": summary.bytes}
    wrong = [name for name, value in found.items() if recorded[name] != value]
    told = ", ".join(f"{name} {found[name]} found, {recorded[name]} recorded" for name in wrong)
    return f"What was found is not what is recorded: {told}." if told else ""


def _batch_outcome(results: Iterable[AuditResultRecord]) -> Outcome:
    verdicts = {result.verdict for result in results}
    if CopyVerdict.DAMAGED.value in verdicts:
        return Outcome.FAILURE
    if CopyVerdict.INCOMPLETE.value in verdicts:
        return Outcome.INCOMPLETE
    return Outcome.SUCCESS
