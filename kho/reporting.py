"""Reports over one archive: what they ask, how another policy is tried, how a report goes on record."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kho.policy_record import record_promises
from kho.promises import audit_policy
from kho.settings import SETTINGS_FILE, Settings, write_settings
from kho.wiring import Archive, software
from preservation import history
from preservation.audit.planning import Plan
from preservation.events import EventType, Outcome
from preservation.media import Medium
from preservation.reports import gathering, ndsa, ndsa_gathering, printing
from preservation.reports.gathering import Reporting
from preservation.reports.ndsa_gathering import StoreSaid
from preservation.reports.ndsa_values import Declaration
from preservation.reports.telling import Language
from repository import durable
from repository.digest import digest_bytes
from repository.errors import Misconfigured, NotFound, Refused


@dataclass(frozen=True, slots=True)
class Recorded:
    """A report that stands in `reports/` and in the ledger."""

    document: Mapping[str, Any]
    sha512: str
    data: Path
    page: Path


def asking(archive: Archive, settings: Settings | None = None) -> Reporting:
    """What reports ask of this archive, under its own settings or proposed ones."""
    policy = audit_policy(settings or archive.settings)
    return Reporting(
        archive.catalogue, archive.stores, archive.settings.required, policy, archive.clock
    )


def proposed(settings: Settings, store: str | None, changes: Mapping[str, object]) -> Settings:
    """The settings with other promises, of one store or of all. NotFound for a store that is none;
    Misconfigured for a value that is none."""
    plain = settings.model_dump(mode="json", exclude_none=True, by_alias=True)
    if store is not None and store not in plain["stores"]:
        raise NotFound(f"There is no store {store}. There are: {', '.join(plain['stores'])}.")
    of_stores = [plain["stores"][name]["audit"] for name in plain["stores"]]
    section = plain["audit"] if store is None else plain["stores"][store]["audit"]
    section.update(changes)
    if store is None:  # what is proposed for all is not what a store has of its own
        for own in of_stores:
            for name in changes:
                own.pop(name, None)
    try:
        return Settings.model_validate(plain)
    except ValueError as problem:
        raise Misconfigured(f"This policy cannot be: {problem}") from problem


def save_policy(
    archive: Archive, settings: Settings, plans: tuple[Plan, ...], operator: str
) -> None:
    """Write the settings where the policy can be held, and put the change on record. Refused, with
    figures, where it cannot. After a crash it may be saved and not recorded: the next command that
    writes notices it."""
    from schemas.problem_texts import problem_text

    reasons = [
        f"{plan.store}: {problem_text(problem.code, problem.params, 'en')}"
        for plan in plans
        for problem in plan.problems
        if problem.severity == "error"
    ]
    if reasons:
        raise Refused(f"The policy was not saved. {' '.join(reasons)}")
    place = archive.home.path / SETTINGS_FILE
    try:
        durable.write_durably(place, write_settings(settings))
    except OSError as problem:
        raise durable.explained(problem, f"writing {place}") from problem
    if record_promises(archive.catalogue, settings, archive.clock, operator):
        archive.publish()


def record_ndsa(archive: Archive, *, operator: str, language: Language) -> Recorded:
    """Assess the archive now, keep the report as data and as a page, and put its digest on record.

    The ledger's entry has the sha512 of the data; with the checkpoint that is signed over it, it is
    the signature of the report. After a crash the files may be there without an entry: then the
    report is nobody's.
    """
    declared = {
        name: Declaration(one.statement, one.by, one.on.isoformat())
        for name, one in archive.settings.ndsa.declared.items()
    }
    said = {
        name: StoreSaid(one.kind, one.place, Medium(one.started, one.rated_years))
        for name, one in archive.settings.stores.items()
    }
    facts = ndsa_gathering.gather(
        asking(archive),
        said,
        archive.home.path,
        software=software(),
        seed=secrets.randbelow(2**31),
    )
    document = ndsa.document(facts, ndsa.assess(facts, declared))
    data = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"
    sha512 = digest_bytes(data, ["sha512"])["sha512"]
    page = printing.ndsa_page(
        document, archive=archive.settings.archive.name, sha512=sha512, language=language
    )
    stem = f"ndsa-{archive.clock.now():%Y%m%d-%H%M%S}-{sha512[:8]}"
    folder = archive.home.folder("reports")
    paths = {name: folder / f"{stem}.{name}" for name in ("json", "html")}
    try:
        durable.write_durably(paths["json"], data, 0o444)
        durable.write_durably(paths["html"], page.encode(), 0o444)
    except OSError as problem:
        raise durable.explained(problem, "writing the report") from problem
    event = history.new_event(
        EventType.REPORT,
        at=archive.clock.now(),
        agent=operator,
        outcome=Outcome.SUCCESS,
        detail={
            "report": document["report"],
            "file": paths["json"].name,
            "sha512": sha512,
            "counts": document["counts"],
        },
    )
    with archive.catalogue.transaction() as tx:
        history.record(tx, event)
    archive.publish()
    return Recorded(document, sha512, paths["json"], paths["html"])


def coverage_page(archive: Archive, language: Language) -> str:
    """The statement of coverage of every store, to be printed."""
    from repository.clock import utc_text

    asked = asking(archive)
    return printing.coverage_page(
        gathering.coverages(asked),
        gathering.trends(asked),
        archive=archive.settings.archive.name,
        at=utc_text(archive.clock.now()),
        language=language,
    )
