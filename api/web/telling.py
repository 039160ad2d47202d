"""The history of a dossier in plain words: what happened to it, and each time it was checked. Core."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from repository.catalogue.records import AuditResultRecord, EventRecord

_TOLD = frozenset(
    [
        "ingestion", "metadata modification", "replication", "duplicate receipt", "repair begun",
        "incident opened", "incident found again", "incident diagnosed", "incident repaired",
        "incident verified", "incident vanished", "incident explained", "incident closed",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happening:
    """One line: when, which sentence, and what stands in it. `mark` is ok, warn, bad or none."""

    at: str
    key: str
    mark: str = "none"
    agent: str = ""
    run_id: str = ""
    results: tuple[AuditResultRecord, ...] = field(default=())
    type: str = ""


def tell(events: Iterable[EventRecord], checks: Iterable[AuditResultRecord]) -> list[Happening]:
    """Events and checks in one list, last first; the copies checked in one run are one line."""
    told = [
        Happening(
            event.at,
            _sentence(event),
            agent=event.agent,
            type=event.type,
        )
        for event in events
    ]
    checked: list[Happening] = []
    runs: dict[str, list[AuditResultRecord]] = {}
    for check in checks:
        runs.setdefault(check.run_id, []).append(check)
    for run_id, results in runs.items():
        worst = worst_verdict([result.verdict for result in results])
        checked.append(
            Happening(
                max(result.checked_at for result in results),
                f"check.{worst}",
                mark=mark_of(worst),
                run_id=run_id,
                results=tuple(sorted(results, key=lambda result: result.store)),
            )
        )
    # Of one second too what came later stands first, and an incident after the check that showed it.
    return sorted([*checked, *told], key=lambda one: one.at)[::-1]


def worst_verdict(verdicts: Sequence[str]) -> str:
    """The one that decides: damaged before incomplete before intact."""
    return next(v for v in ("damaged", "incomplete", "intact") if v in verdicts or v == "intact")


def mark_of(verdict: str) -> str:
    """How a verdict is marked: ok, bad, warn; `none` for a copy that was never audited."""
    return {"intact": "ok", "damaged": "bad", "incomplete": "warn"}.get(verdict, "none")


def _sentence(event: EventRecord) -> str:
    if event.type in _TOLD:
        return f"event.{event.type.replace(' ', '-')}"
    if event.type == "repair" and event.outcome == "success":  # one that failed rebuilt nothing
        return "event.repair"
    return "event.other"
