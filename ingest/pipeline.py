"""The life of a submission: seven hops from a sender's file to a dossier that is held.

    1 accept   metadata first; the payload is copied only when nothing there forbids it
    2 read     bytes → Dossier
    3 check    Dossier and facts → findings
    4 decide   a named policy, or a person: the act of custody
    5 plan     every path and byte of the package
    6 commit   to every required store, each read back          (preservation.holding)
    7 record   catalogue, event, ledger; receipt                (preservation.holding)

Everything found is told, not only the first. Whatever the end, the sender's copy is as it was; unless
it is accepted or waits for a person, nothing of it stays here but the record of what was found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ingest.arrival import Arrival
from ingest.checks import HeldLookup
from ingest.container import Limits
from ingest.facts.gathering import FactGatherer
from ingest.judging import IngestResult, Received, receive
from ingest.policy import Decision, Policy, decide
from ingest.quarantine import ContainerFacts, read_container
from ingest.readers.package import SHAPE
from ingest.received import TransferFacts
from ingest.standing import OutOfTurn, Standing, check_still_as_judged, standing_of
from preservation import history, holding
from preservation.dossier import Custody
from preservation.events import EventType, Outcome
from preservation.holding import Holding, HoldingServices
from preservation.package.plan import (
    PROFILE,
    AipPlan,
    Organisation,
    plan_new,
    plan_supplement,
)
from preservation.package.record_json import write_record
from preservation.updating import read_base
from preservation.work import WorkNote, WorkState
from repository import durable, locks
from repository.catalogue.records import TransferRecord
from repository.clock import utc_text
from repository.digest import digest_bytes
from repository.model import ObjectId, VersionNumber
from repository.problems import Report, info

_SHOWN = 500  # characters of a code or name in a transfer's record; all of it stands in the dossier


@dataclass(frozen=True, slots=True)
class IngestServices:
    """What an intake works with."""

    holding: HoldingServices
    held: HeldLookup
    policy: Policy
    organisation: Organisation
    archive_code: str
    software: str
    limits: Limits
    gatherer: FactGatherer | None
    receipts: Callable[[TransferRecord], None]  # writes the receipt of a finished transfer


def ingest(
    services: IngestServices,
    source: Path | Arrival,
    *,
    operator: str,
    dry_run: bool = False,
    may_settle: Callable[[Standing], bool] = lambda _: True,
    wait: float = locks.DEFAULT_WAIT,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> IngestResult:
    """Take one transfer through the seven hops.

    `may_settle` is asked once it was judged and before anything is decided: where others are under
    way that came before it, the answer no ends this with OutOfTurn. `wait`: for a process that has the
    same bytes at hand, then Locked. Conflict when what it was judged against changed meanwhile.

    After return the transfer is recorded as what the result says; accepted means held in every
    required store and read back. After an exception or a crash nothing is held, or the next
    `preservation.holding.recover` finishes it; sending it again is always safe.
    """
    hold = services.holding
    holding.require_stores(hold)
    container = read_container(source)
    transfer_id = container.transfer_id
    # Asked with the work's lock held: the same bytes may be on their way in another process.
    with hold.work.resume(transfer_id, wait=wait):
        before = hold.catalogue.transfer(transfer_id)
        if before is not None and before.state in ("accepted", "awaiting-decision"):
            result = _sent_again(services, container, before, operator, dry_run=dry_run)
        else:
            result = _take(services, source, container, operator, dry_run, may_settle, on_bytes)
    if not dry_run:
        write_receipt(services, transfer_id)
    return result


def _take(
    services: IngestServices,
    source: Path | Arrival,
    container: ContainerFacts,
    operator: str,
    dry_run: bool,
    may_settle: Callable[[Standing], bool],
    on_bytes: Callable[[int], None],
) -> IngestResult:
    hold = services.holding
    with hold.work.fresh(container.transfer_id) as folder:
        now = hold.clock.now()
        hold.step("quarantine made")
        got = receive(
            source,
            container,
            folder,
            held=services.held,
            limits=services.limits,
            facts=_facts(services, container, operator, now),
            now=now,
            on_bytes=on_bytes,
            gatherer=services.gatherer,
            step=hold.step,
        )
        hold.step("received and checked")
        standing = standing_of(got)
        if not may_settle(standing):
            raise OutOfTurn(container.name)
        decision = decide(got.report, services.policy)
        transfer = _transfer(container, got, decision, operator, now)
        result = IngestResult(
            container.name,
            container.transfer_id,
            got.object_id,
            got.title,
            decision.verdict,
            got.report,
        )
        if dry_run:
            hold.work.end(container.transfer_id)
            return replace(result, plan=_plan_if_accepted(services, got, decision, now))
        with hold.work.alone_with(standing.keys):
            check_still_as_judged(services.held, got)
            _settle(services, got, decision, transfer, now)
    return result


# -- hops 4 to 7


def _settle(
    services: IngestServices,
    got: Received,
    decision: Decision,
    transfer: TransferRecord,
    now: datetime,
) -> None:
    hold, transfer_id = services.holding, transfer.transfer_id
    if decision.verdict == "refused":
        record_transfer(services, EventType.REFUSAL, transfer, Outcome.FAILURE, transfer.operator)
        hold.work.end(transfer_id)
    elif got.held_already:
        record_transfer(services, EventType.DUPLICATE, transfer, Outcome.SUCCESS, transfer.operator)
        hold.work.end(transfer_id)
    elif decision.verdict == "awaiting-decision":
        _wait(services, got, transfer)
    else:
        plan = planned(services, got, decision, now)
        hold.step("planned")
        holding.hold(
            hold,
            transfer_id,
            plan.version,
            Holding(EventType.INGESTION, transfer.operator, transfer),
        )


def _wait(services: IngestServices, got: Received, transfer: TransferRecord) -> None:
    """Keep the received bytes and the record until a person decides."""
    hold, transfer_id = services.holding, transfer.transfer_id
    assert got.dossier is not None
    folder = hold.work.folder(transfer_id)
    waiting = write_record(
        got.dossier, profile=PROFILE, created=transfer.received_at, software=services.software
    )
    try:
        durable.write_durably(folder / "dossier.json", waiting)
        durable.sync_tree(folder)
    except OSError as problem:
        raise durable.explained(problem, f"keeping {transfer_id} for a decision") from problem
    sources = {id_: str(Path(p).relative_to(folder)) for id_, p in (got.sources or {}).items()}
    hold.work.write(
        WorkNote(
            transfer_id,
            WorkState.AWAITING,
            got.object_id,
            "",
            {
                "sources": sources,
                "follows": got.follows,
                "dossier_sha512": digest_bytes(waiting, ["sha512"])["sha512"],
            },
        )
    )
    hold.step("waiting noted")
    record_transfer(services, EventType.DECISION, transfer, Outcome.SUCCESS, transfer.operator)


def _plan_if_accepted(
    services: IngestServices, got: Received, decision: Decision, now: datetime
) -> AipPlan | None:
    if got.dossier is None or got.held_already or decision.verdict == "refused":
        return None
    return planned(services, got, decision, now)


def planned(services: IngestServices, got: Received, decision: Decision, now: datetime) -> AipPlan:
    """Hop 5: the package of what was received, in its dossier's next version."""
    assert got.dossier is not None
    custody = Custody(decision.by, utc_text(now), decision.reason)
    dossier, sources = replace(got.dossier, custody=custody), got.sources or {}
    if got.follows and dossier.submission.record_status == "SUPPLEMENT":
        base = read_base(services.holding, ObjectId(dossier.object_id))
        return plan_supplement(
            base.record,
            base.held.facts.inventory,
            base.kept,
            dossier,
            sources,
            got.report,
            now=now,
            software=services.software,
            organisation=services.organisation,
        )
    plan = plan_new(
        dossier,
        sources,
        got.report,
        now=now,
        software=services.software,
        organisation=services.organisation,
    )
    if not got.follows:
        return plan
    # A replacement is whole by itself: a new version, by forward delta; the old one stays.
    follows = VersionNumber.parse(got.follows)
    return replace(plan, version=replace(plan.version, follows=follows))


def _transfer(
    container: ContainerFacts, got: Received, decision: Decision, operator: str, now: datetime
) -> TransferRecord:
    waits = decision.verdict == "awaiting-decision"
    state = "held-already" if got.held_already and not waits else decision.verdict
    return TransferRecord(
        transfer_id=container.transfer_id,
        source=container.name,
        shape=got.shape or SHAPE,
        container_sha256=container.sha256,
        received_at=utc_text(now),
        finished_at="" if waits else utc_text(now),
        operator=operator,
        state=state,
        object_id=got.object_id,
        version=got.held_already,
        title=got.title,
        decided_by="" if waits else decision.by,
        reason=decision.reason,
        problems=tuple(problem.as_dict() for problem in got.report),
        fonds_code=got.fonds_code[:_SHOWN],
        agency_name=got.agency_name[:_SHOWN],
        file_code=got.file_code[:_SHOWN],
        agreement=got.agreement[:_SHOWN],
    )


def record_transfer(
    services: IngestServices,
    type_: EventType,
    transfer: TransferRecord,
    outcome: Outcome,
    operator: str,
) -> None:
    """What became of a transfer: one transaction with its event, then the ledger."""
    hold = services.holding
    event = history.new_event(
        type_,
        at=hold.clock.now(),
        agent=operator,
        outcome=outcome,
        object_id=transfer.object_id,
        transfer_id=transfer.transfer_id,
        detail=history.transfer_detail(transfer),
    )
    with hold.catalogue.transaction() as tx:
        history.record(tx, event)
    hold.publish()


def _sent_again(
    services: IngestServices,
    container: ContainerFacts,
    before: TransferRecord,
    operator: str,
    *,
    dry_run: bool,
) -> IngestResult:
    """The very same bytes came before and were taken: told, recorded as an event, nothing done."""
    hold = services.holding
    waits = before.state == "awaiting-decision"
    code = "ING-WAITS-ALREADY" if waits else "ING-HELD-ALREADY"
    found = info(code, container.name, object_id=before.object_id, version=before.version)
    if not dry_run:
        event = history.new_event(
            EventType.DUPLICATE,
            at=hold.clock.now(),
            agent=operator,
            outcome=Outcome.SUCCESS,
            object_id=before.object_id,
            transfer_id=before.transfer_id,
        )
        with hold.catalogue.transaction() as tx:
            history.record(tx, event)
        hold.publish()
    return IngestResult(
        container.name,
        before.transfer_id,
        before.object_id,
        before.title,
        before.state,
        Report.of([found]),
    )


def write_receipt(services: IngestServices, transfer_id: str) -> TransferRecord:
    """The transfer as it is recorded now, its receipt written."""
    transfer = services.holding.catalogue.transfer(transfer_id)
    assert transfer is not None
    services.receipts(transfer)
    return transfer


def _facts(
    services: IngestServices, container: ContainerFacts, operator: str, now: datetime
) -> TransferFacts:
    return TransferFacts(
        transfer_id=container.transfer_id,
        container_name=container.name,
        container_size=container.size,
        container_sha256=container.sha256,
        received_at=utc_text(now),
        operator=operator,
        archive_code=services.archive_code,
    )
