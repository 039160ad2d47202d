"""The desk: what a person decides about a transfer that waits in quarantine.

To approve is the act of custody, and ends as `pipeline.ingest` would have ended; to return removes what
waited, and to purge removes what is in quarantine whatever became of it. Each is an event with the
person's name and reason.
"""

from __future__ import annotations

from dataclasses import replace

from ingest.judging import Received
from ingest.pipeline import (
    IngestServices,
    planned,
    record_transfer,
    write_receipt,
)
from ingest.policy import Decision
from ingest.standing import standing_keys
from preservation import holding
from preservation.dossier import Dossier
from preservation.events import EventType, Outcome
from preservation.holding import Holding
from preservation.package.record_json import read_record
from preservation.work import WorkNote, WorkState
from repository import durable
from repository.catalogue.records import TransferRecord
from repository.clock import utc_text
from repository.digest import digest_bytes
from repository.errors import Conflict, Corrupt, NotFound
from repository.problems import Problem, Report


def approve(
    services: IngestServices, transfer_id: str, *, operator: str, reason: str
) -> TransferRecord:
    """A person takes custody of a transfer that waits: it is held as `ingest` would have.

    NotFound when nothing of that name waits; Conflict when what it was judged against has changed
    since; Corrupt when what waited is not what was judged. Then it waits on.
    """
    hold = services.holding
    holding.require_stores(hold)
    with hold.work.resume(transfer_id) as note:
        waiting = _waiting(services, transfer_id)
        if note is None or note.state is not WorkState.AWAITING:
            raise NotFound(
                f"{transfer_id} waits for a decision, but its quarantine is gone. Return it with "
                "`kho transfer return` and take it in again."
            )
        now = hold.clock.now()
        dossier = _dossier_that_waits(services, transfer_id, note)
        with hold.work.alone_with(standing_keys(dossier)):
            _same_as_judged(services, transfer_id, dossier, str(note.detail["follows"]))
            folder = hold.work.folder(transfer_id)
            report = Report.of(Problem.from_dict(problem) for problem in waiting.problems)
            got = Received(
                report,
                dossier.object_id,
                dossier.title,
                follows=str(note.detail["follows"]),
                dossier=dossier,
                sources={id_: str(folder / name) for id_, name in note.detail["sources"].items()},
            )
            decision = Decision("accepted", operator, reason)
            plan = planned(services, got, decision, now)
            transfer = replace(
                waiting, state="accepted", decided_by=operator, reason=reason, operator=operator
            )
            holding.hold(
                hold,
                transfer_id,
                plan.version,
                Holding(EventType.INGESTION, operator, transfer, reason),
            )
    return write_receipt(services, transfer_id)


def turn_back(
    services: IngestServices, transfer_id: str, *, operator: str, reason: str
) -> TransferRecord:
    """A person returns a transfer that waits: it is recorded, and its quarantine removed."""
    hold = services.holding
    with hold.work.resume(transfer_id):
        waiting = _waiting(services, transfer_id)
        returned = replace(
            waiting,
            state="returned",
            decided_by=operator,
            reason=reason,
            finished_at=utc_text(hold.clock.now()),
        )
        record_transfer(services, EventType.DECISION, returned, Outcome.SUCCESS, operator)
        hold.step("return recorded")
        hold.work.end(transfer_id)
    return write_receipt(services, transfer_id)


def _dossier_that_waits(services: IngestServices, transfer_id: str, note: WorkNote) -> Dossier:
    """The record as it was judged, proven to be that."""
    path = services.holding.work.folder(transfer_id) / "dossier.json"
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise durable.explained(problem, f"reading what waits as {transfer_id}") from problem
    if digest_bytes(data, ["sha512"])["sha512"] != note.detail["dossier_sha512"]:
        raise Corrupt(
            f"{path} is not what was judged. Return {transfer_id} and take it in again from the "
            "sender's copy."
        )
    return read_record(data)


def _same_as_judged(
    services: IngestServices, transfer_id: str, dossier: Dossier, follows: str
) -> None:
    record = services.holding.catalogue.object(dossier.object_id)
    head = record.head if record else ""
    if head != follows:
        raise Conflict(
            f"{dossier.object_id} was {follows or 'not held'} when {transfer_id} was judged and is "
            f"{head or 'not held'} now. Return {transfer_id} and take it in again: it will be judged "
            "against what is held now."
        )


def _waiting(services: IngestServices, transfer_id: str) -> TransferRecord:
    transfer = services.holding.catalogue.transfer(transfer_id)
    if transfer is None or transfer.state != "awaiting-decision":
        state = f"is {transfer.state}" if transfer else "is not known"
        raise NotFound(f"{transfer_id} does not wait for a decision: it {state}.")
    return transfer
