"""What PREMIS says was done to a dossier up to the commit of one version, and by whom.

Made from the record alone, so a later projection tells the same events again and adds its own. Event
types are terms of the Library of Congress vocabulary. Thông tư 05/2025 keeps `transfer` for
digitisation, so our receipt is an `ingestion`; `information package creation`, from the SIP as
source to the AIP as outcome, is the circular's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from preservation.dossier import Dossier, Submission, Supplement
from preservation.events import Outcome
from preservation.package.file_events import Agent, PremisEvent, file_events
from preservation.package.identifiers import Names
from preservation.package.layout import INTAKE_REPORT, PAYLOAD
from preservation.package.record_json import Projection, Record
from preservation.package.supplement import supplement_reason

__all__ = ["Agent", "PremisEvent", "package_events", "software_agent", "source_identifier"]


def package_events(record: Record, names: Names) -> tuple[PremisEvent, ...]:
    """All events of the package, in the order of the work."""
    dossier, sent = record.dossier, record.dossier.submission
    later_files = sum(len(one.file_ids) for one in dossier.supplements)
    first, *later = record.projections
    software = software_agent(first.software)
    operator = Agent(sent.operator, "person")
    this = dossier.object_id
    events = [
        PremisEvent(
            names.uuid("event", "ingestion"),
            "ingestion",
            sent.received_at,
            _receipt(sent),
            Outcome.SUCCESS,
            f"{len(dossier.files) - later_files} files received",
            ((operator, "implementer"), (software, "executing program")),
            ((source_identifier(dossier), "source"), (this, "outcome")),
        ),
        PremisEvent(
            names.uuid("event", "message digest calculation"),
            "message digest calculation",
            sent.received_at,
            "SHA-512 and SHA-256 of every received file, from the one read that copied it",
            Outcome.SUCCESS,
            f"{len(dossier.files)} files, {sum(file.size for file in dossier.files)} bytes",
            ((software, "executing program"),),
            ((this, ""),),
            files=True,
        ),
        _fixity_check(dossier, names, software),
        _validation(record, names, software),
        *file_events(dossier, names, software),
    ]
    if dossier.custody is not None:
        decided = dossier.custody
        events.append(
            PremisEvent(
                names.uuid("event", "accession"),
                "accession",
                decided.decided_at,
                decided.reason or "the dossier was taken into custody",
                Outcome.SUCCESS,
                "",
                ((Agent(decided.decided_by, ""), "authorizer"),),
                ((this, ""),),
            )
        )
    events.append(
        PremisEvent(
            names.uuid("event", "information package creation"),
            "information package creation",
            first.created,
            f"AIP made from the SIP after profile {first.profile}",
            Outcome.SUCCESS,
            "",
            ((software, "executing program"),),
            ((source_identifier(dossier), "source"), (this, "outcome")),
        )
    )
    for supplement in dossier.supplements:
        events += _supplement(supplement, dossier, names, software)
    events += [_rewriting(number, one, dossier, names) for number, one in enumerate(later, 2)]
    return tuple(events)


def _supplement(
    supplement: Supplement, dossier: Dossier, names: Names, software: Agent
) -> Iterator[PremisEvent]:
    sent, decided = supplement.submission, supplement.custody
    yield PremisEvent(
        names.uuid("event", f"ingestion {sent.transfer_id}"),
        "ingestion",
        sent.received_at,
        f"supplement: {_receipt(sent)}",
        Outcome.SUCCESS,
        f"{len(supplement.file_ids)} files received",
        ((Agent(sent.operator, "person"), "implementer"), (software, "executing program")),
        ((dossier.object_id, "outcome"),),
    )
    if decided is not None:
        yield PremisEvent(
            names.uuid("event", f"accession {sent.transfer_id}"),
            "accession",
            decided.decided_at,
            decided.reason or "the supplement was taken into custody",
            Outcome.SUCCESS,
            "",
            ((Agent(decided.decided_by, ""), "authorizer"),),
            ((dossier.object_id, ""),),
        )


def source_identifier(dossier: Dossier) -> str:
    """What names the SIP: its OBJID, else the transfer it came in."""
    sent = dossier.submission
    return sent.objid_given or f"{sent.transfer_id}/{sent.container_name}"


def software_agent(software: str) -> Agent:
    """`Kho 0.1.0` as a program with its version."""
    name, _, version = software.rpartition(" ")
    return Agent(name or software, "software", version if name else "")


def _receipt(sent: Submission) -> str:
    container = f"{sent.container_name}, {sent.container_size} bytes"
    if sent.container_sha256:
        container += f", SHA-256 {sent.container_sha256}"
    return f"transfer {sent.transfer_id}, {sent.shape}: {container}"


def _fixity_check(dossier: Dossier, names: Names, software: Agent) -> PremisEvent:
    """Our digests against the sender's. A file without a checksum of the sender was not checked."""
    equal = differing = other = without = 0
    for file in dossier.files:
        verdicts = {
            file.digests[algorithm] == claim.value.strip().lower()
            for claim in file.sender_digests
            if (algorithm := claim.algorithm.lower().replace("-", "")) in file.digests
        }
        if False in verdicts:
            differing += 1
        elif True in verdicts:
            equal += 1
        elif file.sender_digests:
            other += 1
        else:
            without += 1
    if differing:
        outcome = Outcome.FAILURE
    elif not equal or other:
        outcome = Outcome.INCOMPLETE
    else:
        outcome = Outcome.SUCCESS
    return PremisEvent(
        names.uuid("event", "fixity check"),
        "fixity check",
        dossier.submission.received_at,
        "the sender's checksums compared with the digests taken while copying",
        outcome,
        f"equal: {equal}; different: {differing}; only in an algorithm not kept here: {other}; "
        f"without a checksum of the sender: {without}",
        ((software, "executing program"),),
        ((dossier.object_id, ""),),
        files=True,
    )


def _validation(record: Record, names: Names, software: Agent) -> PremisEvent:
    found = record.intake
    if found.errors:
        outcome = Outcome.FAILURE
    else:
        outcome = Outcome.WARNING if found.warnings else Outcome.SUCCESS
    return PremisEvent(
        names.uuid("event", "validation"),
        "validation",
        record.dossier.submission.received_at,
        f"intake rules; every finding is in {INTAKE_REPORT.removeprefix(PAYLOAD)}",
        outcome,
        f"errors: {found.errors}; warnings: {found.warnings}; notes: {found.infos}",
        ((software, "validator"),),
        ((record.dossier.object_id, ""),),
    )


def _rewriting(number: int, one: Projection, dossier: Dossier, names: Names) -> PremisEvent:
    added = one.reason in map(supplement_reason, dossier.supplements)
    what = "with the documents of a supplement" if added else "from the same record"
    agents = [(software_agent(one.software), "executing program")]
    if one.operator:
        agents.insert(0, (Agent(one.operator, ""), "implementer"))
    return PremisEvent(
        names.uuid("event", f"metadata modification {number}"),
        "metadata modification",
        one.created,
        f"METS, EAD and PREMIS written again {what} after profile {one.profile}",
        Outcome.SUCCESS,
        one.reason,
        tuple(agents),
        ((dossier.object_id, ""),),
    )
