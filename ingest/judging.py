"""Judging a submission: hops 1 to 3, with or without an archive behind them.

Metadata first: nothing of the payload is copied while the metadata forbids it, so a secret is never
copied in. Then one read of each member, and every rule over what came. All findings are told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ingest.arrival import Arrival
from ingest.checks import (
    CheckContext,
    HeldLookup,
    check_metadata,
    check_payload,
    held_target,
    resolve_links,
)
from ingest.container import Limits
from ingest.facts.gathering import FactGatherer
from ingest.quarantine import ContainerFacts, copy_members, read_container
from ingest.readers.record import to_dossier
from ingest.received import ReceivedBytes, TransferFacts
from ingest.shapes.opening import open_arrival
from ingest.shapes.reading import read_package
from preservation.dossier import Dossier
from preservation.package.plan import AipPlan
from repository.clock import utc_text
from repository.problems import Problem, Report

_SECRET_CODE = "ING-SECRET"  # noqa: S105  # a finding's code
_HELD_CODE = "ING-HELD-ALREADY"


@dataclass(frozen=True, slots=True)
class Received:
    """A submission after hops 1 to 3. `dossier` is there when nothing refuses it."""

    report: Report
    object_id: str = ""
    title: str = ""
    held_already: str = ""  # the head version of the object that has the same content
    follows: str = ""  # the head version that this replaces
    dossier: Dossier | None = None
    sources: dict[str, str] | None = None  # file id → where its bytes lie
    fonds_code: str = ""
    agency_name: str = ""
    file_code: str = ""
    agreement: str = ""  # mã đăng ký yêu cầu nộp
    shape: str = ""  # what it came as; empty when that could not be told


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of one transfer. `plan` is set by a dry run that would accept it."""

    source: str
    transfer_id: str
    object_id: str
    title: str
    verdict: str  # accepted, refused, awaiting-decision
    report: Report
    plan: AipPlan | None = None


def judge(
    source: Path | Arrival,
    folder: Path,
    *,
    held: HeldLookup | None,
    now: datetime,
    gatherer: FactGatherer | None = None,
) -> IngestResult:
    """The verdict of the intake rules on one transfer, for its sender. Nothing is recorded.

    `folder` is a working place of the caller's, who removes it. Without `gatherer` no file is opened.
    """
    container = read_container(source)
    facts = TransferFacts(
        transfer_id=container.transfer_id,
        container_name=container.name,
        container_size=container.size,
        container_sha256=container.sha256,
        received_at=utc_text(now),
        operator="kho check",
        archive_code="",
    )
    got = receive(
        source,
        container,
        folder,
        held=held,
        limits=Limits(),
        facts=facts,
        now=now,
        gatherer=gatherer,
    )
    verdict = "refused" if got.report.has_errors else "accepted"
    return IngestResult(
        container.name, container.transfer_id, got.object_id, got.title, verdict, got.report
    )


def receive(
    source: Path | Arrival,
    container: ContainerFacts,
    folder: Path,
    *,
    held: HeldLookup | None,
    limits: Limits,
    facts: TransferFacts,
    now: datetime,
    on_bytes: Callable[[int], None] = lambda _: None,
    gatherer: FactGatherer | None = None,
    step: Callable[[str], None] = lambda _: None,
) -> Received:
    """Copy and judge one submission. What it copies lies below `folder`, for the caller to remove."""
    arrival = Arrival.of(source)
    opened, report = open_arrival(arrival, limits)
    if opened is None:
        return Received(report, shape="unread")
    context = CheckContext(now=now, held=held, archive_code=facts.archive_code)
    with opened.container:
        package, found = read_package(opened, arrival)
        report += found
        if package is None:
            return Received(report, shape=f"unread-{opened.carried_in}")
        judged = check_metadata(package, context)
        if _SECRET_CODE in judged.codes():
            # Its title and the names of its files are themselves not to be written down here.
            return Received(judged)
        report += judged
        told = Received(
            report,
            title=package.title,
            fonds_code=package.fonds_code,
            agency_name=package.agency_name,
            file_code=package.file_code,
            agreement=package.agreement(),
            shape=package.shape,
        )
        if report.has_errors:
            return told
        step("metadata checked")
        wanted = [
            (member, package.sender_algorithms(member)) for member in opened.container.members
        ]
        received: dict[int, ReceivedBytes] = {}
        for item in copy_members(opened.container, wanted, folder / "members", on_bytes=on_bytes):
            if isinstance(item, Problem):
                report += Report.of([item])
            else:
                received[item.member_index] = item
    step("payload copied")
    report += check_payload(package, received, context)
    if report.has_errors:
        return replace(told, report=report)
    links = resolve_links(package, context)
    dossier = to_dossier(package, received, transfer=facts, links=links)
    sources = {item.file_id: item.path for item in received.values()}
    if gatherer is not None and _HELD_CODE not in report.codes():
        dossier, found = gatherer.gather(dossier, sources, now)
        report += found
        if report.has_errors:
            return replace(told, report=report)
        step("files looked at")
    held_already = follows = ""
    target = held_target(package, context)
    if target is not None:
        dossier = replace(dossier, object_id=target.object_id)
        same = _HELD_CODE in report.codes()
        held_already, follows = (target.head, "") if same else ("", target.head)
    return replace(
        told,
        report=report,
        object_id=dossier.object_id,
        held_already=held_already,
        follows=follows,
        dossier=dossier,
        sources=sources,
    )
