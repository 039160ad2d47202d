"""What PREMIS says of the looks taken at each file: identification, reading whole, viruses, signatures.

Made from the facts in the record alone: a record from before a fact existed tells no event of it, so
that its projection stays what it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from preservation.dossier import (
    Dossier,
    SignatureVerdict,
    StructureVerdict,
    VirusVerdict,
)
from preservation.events import Outcome
from preservation.package.identifiers import Names


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody or something that acted. `kind` is empty when the record does not say what it is."""

    name: str
    kind: str  # person, organization, software, or empty
    version: str = ""


@dataclass(frozen=True, slots=True)
class PremisEvent:
    """One thing that was done. `about` are the identifiers of objects with their roles."""

    identifier: str
    type: str
    at: str
    detail: str
    outcome: Outcome
    outcome_note: str
    agents: tuple[tuple[Agent, str], ...]
    about: tuple[tuple[str, str], ...]  # (object identifier, role or empty)
    files: bool = False  # also linked from every file


def file_events(dossier: Dossier, names: Names, software: Agent) -> Iterator[PremisEvent]:
    """One event for each kind of look that was taken at any file."""
    yield from _structure(dossier, names, software)
    yield from _viruses(dossier, names, software)
    yield from _signatures(dossier, names, software)


def _structure(dossier: Dossier, names: Names, software: Agent) -> Iterator[PremisEvent]:
    facts = [file.structure for file in dossier.files if file.structure is not None]
    if not facts:
        return
    counts = Counter(fact.verdict for fact in facts)
    outcome = Outcome.SUCCESS
    if counts[StructureVerdict.NOT_CHECKED]:
        outcome = Outcome.INCOMPLETE
    if counts[StructureVerdict.DAMAGED]:
        outcome = Outcome.WARNING
    yield PremisEvent(
        names.uuid("event", "file validation"),
        "validation",
        facts[0].checked_at,
        "every file read whole as what it seems to be; "
        + _tools(sorted({fact.tool for fact in facts if fact.tool})),
        outcome,
        "; ".join(f"{verdict.value}: {counts[verdict]}" for verdict in StructureVerdict),
        ((software, "executing program"),),
        ((dossier.object_id, ""),),
        files=True,
    )


def _viruses(dossier: Dossier, names: Names, software: Agent) -> Iterator[PremisEvent]:
    facts = [file.virus for file in dossier.files if file.virus is not None]
    if not facts:
        return
    counts = Counter(fact.verdict for fact in facts)
    outcome = Outcome.SUCCESS
    if counts[VirusVerdict.NOT_CHECKED]:
        outcome = Outcome.INCOMPLETE
    if counts[VirusVerdict.FOUND]:
        outcome = Outcome.FAILURE
    databases = sorted({fact.database for fact in facts if fact.database})
    why = sorted({f.detail for f in facts if f.verdict is VirusVerdict.NOT_CHECKED and f.detail})
    told = [f"{verdict.value}: {counts[verdict]}" for verdict in VirusVerdict]
    yield PremisEvent(
        names.uuid("event", "virus check"),
        "virus check",
        facts[0].checked_at,
        f"{_tools(sorted({fact.tool for fact in facts if fact.tool}))}; "
        f"signatures: {', '.join(databases) or 'none'}",
        outcome,
        "; ".join(told + why[:3]),
        ((software, "executing program"),),
        ((dossier.object_id, ""),),
        files=True,
    )


def _signatures(dossier: Dossier, names: Names, software: Agent) -> Iterator[PremisEvent]:
    checks = [file.signatures for file in dossier.files if file.signatures is not None]
    if not checks:
        return
    found = [signature for check in checks for signature in check.found]
    counts = Counter(signature.verdict for signature in found)
    unjudged = sum(bool(check.not_checked) for check in checks)
    outcome = Outcome.SUCCESS
    if counts[SignatureVerdict.INDETERMINATE] or unjudged:
        outcome = Outcome.INCOMPLETE
    if counts[SignatureVerdict.INVALID]:
        outcome = Outcome.FAILURE
    told = [f"{verdict.value}: {counts[verdict]}" for verdict in SignatureVerdict]
    yield PremisEvent(
        names.uuid("event", "digital signature validation"),
        "digital signature validation",
        checks[0].checked_at,
        "signatures in the files, judged offline as on this day; "
        f"{_tools(sorted({check.tool for check in checks}))}; "
        f"trusted: {', '.join(sorted({check.trust for check in checks}))}",
        outcome,
        "; ".join([*told, f"files not judged: {unjudged}"]),
        ((software, "executing program"),),
        ((dossier.object_id, ""),),
        files=True,
    )


def _tools(tools: list[str]) -> str:
    return ", ".join(tools) or "no tool"
