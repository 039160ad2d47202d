"""Looking at the copies of one store and judging each, until every one of them has a result.

A copy is judged by what the catalogue says must be there, held against the ledger. What looks wrong
is looked at again: with nobody at work on the object, by OpenSSL, against fresh expectations. What
could not be read is tried again after a pause. A store that goes away, or gives nothing any more,
ends its part of the run: what is left is not checked, and nothing is called missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from preservation import history
from preservation.audit import progress
from preservation.audit.evidence import Examiner, proven_inventory, read_whole
from preservation.audit.expectation import (
    INVENTORY,
    CatalogueFault,
    CatalogueFinding,
    agrees,
    expectation,
)
from preservation.audit.fixity import (
    CopyJudgement,
    CopyVerdict,
    FileFinding,
    FileVerdict,
    Sums,
    compare,
    not_checked,
)
from preservation.audit.leases import Leases, leases
from preservation.audit.recording import to_record
from preservation.audit.selection import CATALOGUE_PLACE, AuditServices, Depth
from repository.catalogue.records import AuditResultRecord, ExpectedRecord
from repository.errors import Corrupt, Locked, Misconfigured, Unavailable
from repository.model import ObjectId
from repository.store import Observation, Store

TOGETHER = 8  # objects whose expectations are asked for in one question: the readers wait for it
IN_A_ROW = 3  # copies of which nothing at all could be read, until the store itself is asked
RETRIES = 2
RETRY_PAUSE = 2.0  # seconds before what could not be read is tried again
RETRIED_AT_MOST = 256  # copies
LEASE_WAIT = 60.0  # seconds for another audit to record what it is looking at


@dataclass
class Looker:
    """Looks at copies for one run."""

    services: AuditServices
    run_id: str
    begun: str  # when the run began, UTC text: what another audit found since is as good
    depth: Depth
    medium: bool
    stop: Callable[[], bool]
    pause: Callable[[float], None] = time.sleep
    adopted: int = 0  # results taken over from an audit at the same time
    _rows: dict[str, Sequence[ExpectedRecord]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)  # objects whose catalogue fault was told
    _brought: set[str] = field(default_factory=set)
    _rivals: set[str] = field(default_factory=set)
    _judged_ids: list[str] = field(default_factory=list)
    _held: Leases = field(default_factory=lambda: Leases(None))
    _in_a_row: int = 0

    def __post_init__(self) -> None:
        self.examiner = Examiner(self.services.catalogue, self.services.stores)

    def results(self, store: Store, object_ids: Sequence[str]) -> Iterator[AuditResultRecord]:
        """A result for each of the copies, and one for each object that the catalogue has wrong.

        Unavailable when the store is gone; then some copies have had no result.
        """
        self._in_a_row = 0
        with leases(self.services.progress, store.name) as self._held:
            busy: list[str] = []
            again: list[AuditResultRecord] = []
            for result in self._pass(store, object_ids, busy):
                if result.unreadable and len(again) < RETRIED_AT_MOST:
                    again.append(result)  # its result is what the last try finds
                    continue
                yield self._said(result)
            for result in self._tried_again(store, again):
                yield self._said(result)
            for result in self._taken_over(store, busy):
                yield self._said(result)

    def recorded(self) -> None:
        """All results that were given are recorded: another audit can see them, and may go on."""
        for object_id in self._judged_ids:
            self._held.give_back(object_id)
        self._judged_ids.clear()

    def _said(self, result: AuditResultRecord) -> AuditResultRecord:
        self._judged_ids.append(result.object_id)
        return result

    # -- one pass over the copies

    def _pass(
        self, store: Store, object_ids: Sequence[str], busy: list[str]
    ) -> Iterator[AuditResultRecord]:
        wanted = self._wanted(store, object_ids, busy)
        payload = self.depth == "full"
        for seen in store.observe(wanted, medium=self.medium, payload=payload, in_order=False):
            yield from self._judged(store, seen)
            if self.stop():
                return

    def _wanted(
        self, store: Store, object_ids: Sequence[str], busy: list[str]
    ) -> Iterator[ObjectId]:
        """The objects that nobody else is auditing, their rows fetched a few at a time."""
        ids = iter(object_ids)
        while some := list(islice(ids, TOGETHER)):
            mine: list[str] = []
            for object_id in some:
                (mine if self._held.take(object_id) else busy).append(object_id)
            found = self._found_since(store, mine)
            for object_id in found:
                self._held.give_back(object_id)
            busy += found
            mine = [object_id for object_id in mine if object_id not in found]
            self._rows.update(self.services.catalogue.expected_of_many(mine))
            yield from map(ObjectId, mine)

    def _judged(self, store: Store, seen: Observation) -> Iterator[AuditResultRecord]:
        object_id = seen.object_id
        rows = self._rows.pop(object_id)
        judged = compare(rows, seen, structural=self.depth == "structural")
        finding: CatalogueFinding | None = None
        if self._plain(judged) and self._unknown_to_the_ledger(object_id):
            finding = CatalogueFinding(CatalogueFault.UNCOMMITTED)
        elif not self._plain(judged) or not self._vouched(store, object_id, rows):
            judged, finding, looked = self._second_look(store, object_id)
            yield from self._told_of(store, object_id, judged, finding, looked)
            return
        yield from self._told_of(store, object_id, judged, finding, seen)

    def _told_of(
        self,
        store: Store,
        object_id: ObjectId,
        judged: CopyJudgement,
        finding: CatalogueFinding | None,
        seen: Observation | None,
    ) -> Iterator[AuditResultRecord]:
        self._count_unread(store, judged)
        more = self.examiner.examined(store, object_id, seen, judged)
        now = self.services.clock.now()
        if finding is not None and object_id not in self.told:
            self.told.add(object_id)
            yield catalogue_result(self.services, self.run_id, object_id, finding)
        yield to_record(self.run_id, object_id, store.name, judged, now, **more)

    def _unknown_to_the_ledger(self, object_id: ObjectId) -> bool:
        commitments = self.services.commitments
        if commitments is None or commitments.of(object_id):
            return False
        self._bring_to_the_ledger(object_id)
        return not commitments.of(object_id)

    def _bring_to_the_ledger(self, object_id: str) -> None:
        """What the catalogue knows and the ledger does not yet: once for an object."""
        if self.services.commitments is not None and object_id not in self._brought:
            self._brought.add(object_id)
            self.services.publish()
            self.services.commitments.refresh()

    def _plain(self, judged: CopyJudgement) -> bool:
        """Whether a first look is all there is to say, but for what the ledger says."""
        if self.depth == "full":
            return judged.verdict is CopyVerdict.INTACT
        sums = judged.sums
        return sums.intact + sums.not_checked == sums.expected and not sums.unexpected

    def _vouched(self, store: Store, object_id: ObjectId, rows: Sequence[ExpectedRecord]) -> bool:
        """Whether the ledger vouches for the rows that the copy was judged by."""
        commitments = self.services.commitments
        if commitments is None:
            return True
        committed = commitments.of(object_id)
        if not committed:
            return False
        said = commitments.files_of(object_id)
        if said and said == history.files_digest([(row.path, row.sha512) for row in rows]):
            return True
        # Of an object written before that was said, or whose rows are others: by its inventory.
        return agrees(rows, committed, read_whole(store, object_id, INVENTORY))

    # -- the second look

    def _second_look(
        self, store: Store, object_id: ObjectId
    ) -> tuple[CopyJudgement, CatalogueFinding | None, Observation | None]:
        """Judge again with nobody at work on the object, by OpenSSL, against fresh expectations.

        A writer may have changed the object between the expectation and the look, and a fast engine's
        mismatch is not a verdict until OpenSSL agrees. Every byte is read, also in a structural audit.
        """
        catalogue = self.services.catalogue
        try:
            with store.settled(object_id):
                if object_id in self.services.in_progress():
                    return not_checked(catalogue.expected(object_id), "being written"), None, None
                return self._confirmed(store, object_id)
        except (Locked, Misconfigured) as problem:
            return not_checked(catalogue.expected(object_id), problem.operator), None, None
        except Corrupt:  # so badly damaged that nobody can settle it: nobody is writing it either
            return self._confirmed(store, object_id)

    def _confirmed(
        self, store: Store, object_id: ObjectId
    ) -> tuple[CopyJudgement, CatalogueFinding | None, Observation]:
        rows, finding = self._expected(store, object_id)
        seen = next(iter(store.observe([object_id], medium=self.medium, confirm=True)))
        return compare(rows, seen), finding, seen

    def _expected(
        self, store: Store, object_id: ObjectId
    ) -> tuple[Sequence[ExpectedRecord], CatalogueFinding | None]:
        commitments = self.services.commitments
        rows = self.services.catalogue.expected(object_id)
        if commitments is None:
            return rows, None
        root = next((row.sha512 for row in rows if row.path == INVENTORY), "")
        if ("", *commitments.of(object_id))[-1] != root:
            # It may have been written since: what the catalogue knows is brought to the ledger first.
            self._bring_to_the_ledger(object_id)
            rows = self.services.catalogue.expected(object_id)
        committed = commitments.of(object_id)
        others = [one for one in self.services.stores.values() if one.name != store.name]
        inventory = proven_inventory([store, *others], object_id, committed)
        found = expectation(object_id, rows, committed, inventory)
        return found.files, found.finding

    # -- what could not be read

    def _count_unread(self, store: Store, judged: CopyJudgement) -> None:
        """Unavailable when nothing can be read from the store any more."""
        sums = judged.sums
        if not sums.expected or sums.unreadable < sums.expected:
            self._in_a_row = 0
            return
        self._in_a_row += 1
        if self._in_a_row % IN_A_ROW:
            return
        store.check_available()
        root = store.observe_root(lambda _: True, medium=self.medium)
        if not any(file.sha512 is not None for file in root.files) or root.unlisted:
            raise Unavailable(
                f"Nothing could be read of {self._in_a_row} dossiers in a row in store "
                f"{store.name}, nor of its storage root's own files. Check the disk."
            )

    def _tried_again(
        self, store: Store, results: Sequence[AuditResultRecord]
    ) -> Iterator[AuditResultRecord]:
        """The copies of which files could not be read, after a pause and another look."""
        waiting = list(results)
        for _ in range(RETRIES):
            if not waiting or self.stop():
                break
            self.pause(RETRY_PAUSE)
            still: list[AuditResultRecord] = []
            for at, result in enumerate(waiting):
                try:
                    judged, finding, seen = self._second_look(store, ObjectId(result.object_id))
                except Unavailable:
                    yield from (*still, *waiting[at:])  # what was found of them is still true
                    raise
                told = list(self._told_of(store, ObjectId(result.object_id), judged, finding, seen))
                still += [one for one in told if one.unreadable]
                yield from (one for one in told if not one.unreadable)
            waiting = still
        yield from waiting

    # -- two audits at once

    def _found_since(
        self, store: Store, object_ids: Sequence[str]
    ) -> Mapping[str, AuditResultRecord]:
        """What another run has recorded of these copies since this one began, all of them read."""
        if self.services.progress is None or not object_ids:
            return {}
        self._rivals |= progress.at_work(self.services.progress) - {self.run_id}
        if not self._rivals:
            return {}
        return self.services.catalogue.found_since(
            object_ids, store.name, self.begun, sorted(self._rivals)
        )

    def _taken_over(self, store: Store, object_ids: Sequence[str]) -> Iterator[AuditResultRecord]:
        """The copies that another audit had or has: its result where there is one, else our own."""
        waiting = list(object_ids)
        deadline = time.monotonic() + LEASE_WAIT
        while waiting and not self.stop():
            found = self._found_since(store, waiting)
            if found:
                deadline = time.monotonic() + LEASE_WAIT  # the other is getting on
            for result in found.values():
                self.adopted += 1
                yield replace(result, run_id=self.run_id, byte_count=0)
            waiting = [object_id for object_id in waiting if object_id not in found]
            # Free without a result: its holder died, or recorded it a moment after we asked.
            free = [object_id for object_id in waiting if self._held.take(object_id)]
            if free:
                done = set()
                for result in self._pass(store, free, []):
                    done.add(result.object_id)
                    yield result
                waiting = [object_id for object_id in waiting if object_id not in done]
            elif waiting and time.monotonic() >= deadline:
                return  # the caller counts them as not checked
            elif waiting:
                self.pause(0.2)


def catalogue_result(
    services: AuditServices, run_id: str, object_id: str, finding: CatalogueFinding
) -> AuditResultRecord:
    """A result that tells of the catalogue: one expectation that it did not meet."""
    match finding.fault:
        case CatalogueFault.DIFFERS:
            verdict, sums = FileVerdict.ALTERED, Sums(expected=1, altered=1)
        case CatalogueFault.FORGOTTEN:
            verdict, sums = FileVerdict.MISSING, Sums(expected=1, missing=1)
        case CatalogueFault.UNCOMMITTED:
            verdict, sums = FileVerdict.NOT_CHECKED, Sums(expected=1, not_checked=1)
    told = f"{finding.fault.value}: {finding.reason}".removesuffix(": ")
    judged = CopyJudgement(sums, (FileFinding(finding.path, verdict, told),), 0)
    return to_record(run_id, object_id, CATALOGUE_PLACE, judged, services.clock.now())
