"""One audit run: every chosen copy looked at, judged, looked at again where it looked wrong, recorded.

The run is recorded when it begins, while it goes on, and when it ends; so one that was killed shows
as a run without an end, and nothing that was found is lost. It can be gone on with (`resume`): then
only what has no result is looked at. A store that is away, or has another's disk in its place,
makes its copies *not checked* and is listed; none of its files is called missing. Audits write to
the catalogue and the ledger, never to an object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from preservation.audit import beside, recording
from preservation.audit.fixity import not_checked
from preservation.audit.looking import Looker
from preservation.audit.progress import Progress, noting
from preservation.audit.recording import Recorder, sums_of
from preservation.audit.sampling import Drawn, statement
from preservation.audit.selection import (
    BUSY,
    CATALOGUE_PLACE,
    AuditServices,
    AuditSummary,
    Depth,
    Kind,
    Selection,
)
from repository.catalogue.records import AuditResultRecord, AuditRunRecord
from repository.clock import utc_text
from repository.errors import Unavailable
from repository.store import LEDGER, STORAGE_ROOT, Store

__all__ = [
    "CATALOGUE_PLACE",
    "AuditServices",
    "AuditSummary",
    "Depth",
    "Drawn",
    "Kind",
    "Selection",
    "audit",
]


def audit(
    services: AuditServices,
    selection: Selection,
    *,
    operator: str,
    medium: bool = True,
    resume: str = "",
    on_result: Callable[[AuditResultRecord], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> AuditSummary:
    """Audit the selection and return its sums; `on_result` hears of each result as it is found.

    `stop` is asked between copies: what was not looked at by then is counted as not checked. `resume`
    names a run that was killed or stopped, whose selection this is: what it has found stands, and its
    sums are those of all its parts. NotFound, Refused (it has looked at everything), Locked (it is at
    work). After a crash what was noted so far is recorded by the next audit.
    """
    recording.record_left(services, operator)
    if resume:
        run = recording.resumed(services, resume)
    else:
        run = recording.begin(services, selection, operator, services.clock.now(), medium=medium)
    with ExitStack() as stack:
        notes = None
        if services.progress is not None:
            notes = stack.enter_context(noting(services.progress, run.run_id))
        if resume:
            recording.go_on(services, run, operator)
        summary = _Run(services, selection, run, operator, medium, notes, on_result, stop).do()
        recording.end(services, run, summary, operator)
    return summary


class _Run:
    """The work of one run, from its beginning or from where it was left."""

    def __init__(
        self,
        services: AuditServices,
        selection: Selection,
        run: AuditRunRecord,
        operator: str,
        medium: bool,
        notes: Progress | None,
        on_result: Callable[[AuditResultRecord], None],
        stop: Callable[[], bool],
    ) -> None:
        self._services = services
        self._selection = selection
        self._medium = medium
        self._on_result = on_result
        self._stop = stop
        self._summary = AuditSummary(run.run_id)
        self._recorder = Recorder(services, run.run_id, operator, notes)
        self._looker = Looker(
            services,
            run.run_id,
            utc_text(services.clock.now()),
            depth=selection.depth,
            medium=medium,
            stop=stop,
        )
        self._objects: set[str] = set()
        self._bad: set[str] = set()  # dossiers of which something is not intact, for a sample
        self._done: set[tuple[str, str]] = set()
        self._former: dict[tuple[str, str], AuditResultRecord] = {}  # stand unless asked again

    def do(self) -> AuditSummary:
        """Look at everything that has no result yet."""
        if self._services.commitments is not None:
            self._services.commitments.refresh()
        self._take_up()
        there = []
        for name, object_ids in self._selection.copies.items():
            if self._store(self._services.stores[name], object_ids):
                there.append(self._services.stores[name])
        if self._selection.roots and not self._stop():
            for result in self._beside(there):
                self._add(result)
        self._recorder.record()
        for result in self._former.values():
            self._count(result)
        self._summary.objects = len(self._objects)
        if self._looker.adopted:
            self._summary.more["adopted"] = self._looker.adopted
        if self._selection.drawn is not None:
            drawn = self._selection.drawn
            # What was drawn and has no copy in these stores was not seen intact either.
            seen_whole = len(self._objects - self._bad)
            told = statement(drawn.population, drawn.drawn, drawn.drawn - seen_whole)
            self._summary.more["sample"] = {
                "percent": drawn.percent,
                "seed": drawn.seed,
                **told.as_json(),
            }
        return self._summary

    def _take_up(self) -> None:
        """Count what an earlier part of this run has found; what nobody looked at stands unless it is
        asked again."""
        for result in self._services.catalogue.audit_results(self._summary.run_id):
            key = (result.object_id, result.store)
            if 0 < result.expected == result.not_checked or _is_beside(result):
                self._former[key] = result
                continue
            self._done.add(key)
            self._count(result)
            if result.store == CATALOGUE_PLACE:
                self._looker.told.add(result.object_id)

    def _store(self, store: Store, object_ids: Sequence[str]) -> bool:
        """A result for each copy of one store; whether the store is there."""
        pending = {
            object_id: None for object_id in object_ids if (object_id, store.name) not in self._done
        }
        reason, there = "stopped", True
        try:
            store.check_available()
            for result in self._looker.results(store, list(pending)) if pending else ():
                if result.store == store.name:
                    del pending[result.object_id]
                self._add(result)
            if not self._stop():
                reason = BUSY
        except Unavailable as problem:
            self._summary.stores_unavailable.append(store.name)
            reason, there = problem.operator, False
        now = self._services.clock.now()
        for object_id in pending:
            expected = len(self._services.catalogue.expected(object_id)) or 1
            judged = not_checked(expected, reason)
            self._add(recording.to_record(self._summary.run_id, object_id, store.name, judged, now))
        return there

    def _beside(self, stores: Sequence[Store]) -> Iterator[AuditResultRecord]:
        """What belongs to no object. A store that went away meanwhile has no result here."""
        run_id = self._summary.run_id
        for store in stores:
            try:
                yield beside.root_result(self._services, store, run_id, medium=self._medium)
            except Unavailable:
                self._summary.stores_unavailable.append(store.name)
        self._recorder.record()  # so that the ledger has it, and is compared as it is then
        self._services.publish()
        still = [one for one in stores if one.name not in self._summary.stores_unavailable]
        yield from beside.ledger_results(self._services, still, run_id)
        yield from beside.forgotten_results(self._services, run_id, self._looker.told)

    def _add(self, result: AuditResultRecord) -> None:
        self._former.pop((result.object_id, result.store), None)
        self._count(result)
        self._on_result(result)
        if self._recorder.add(result):
            self._looker.recorded()

    def _count(self, result: AuditResultRecord) -> None:
        summary = self._summary
        summary.sums += sums_of(result)
        summary.rows += 1
        summary.bytes += result.byte_count
        if result.object_id in (STORAGE_ROOT, LEDGER) or result.store.startswith("("):
            return
        summary.copies += 1
        self._objects.add(result.object_id)
        if result.verdict != "intact":
            self._bad.add(result.object_id)


def _is_beside(result: AuditResultRecord) -> bool:
    """Whether this is of what belongs to no object, which each part of a run looks at again."""
    forgotten = result.store == CATALOGUE_PLACE and result.missing > 0
    return result.object_id in (STORAGE_ROOT, LEDGER) or forgotten
