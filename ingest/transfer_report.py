"""What agencies announced against what came: by agency, level and year, beside the province's targets.

Core but for the questions it asks of the catalogue; nothing here writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import RegistrationRecord

LEVELS = ("province", "commune", "other")


@dataclass(frozen=True, slots=True)
class AgencyLine:
    """One registration. Shares are percentages with one decimal; None where there is nothing."""

    registration: RegistrationRecord
    announced: int
    electronic: int  # of a list's rows
    paper: int
    unsaid: int  # the list does not say in which form
    held: int
    waiting: int
    refused: int
    returned: int
    not_come: int
    unlisted: int  # held, of that fonds and year, and in no list
    electronic_share: float | None
    held_share: float | None
    target: float | None
    target_met: bool | None


@dataclass(frozen=True, slots=True)
class LevelLine:
    """The sum of the agencies of one level."""

    level: str
    agencies: int
    announced: int
    electronic: int
    held: int
    not_come: int
    electronic_share: float | None
    held_share: float | None
    target: float | None
    target_met: bool | None


@dataclass(frozen=True, slots=True)
class TransferReport:
    """The whole report; `year` is None for all years."""

    year: int | None
    agencies: tuple[AgencyLine, ...]
    levels: tuple[LevelLine, ...]


def report(catalogue: Catalogue, year: int | None, targets: Mapping[str, float]) -> TransferReport:
    """Every registration of a year, or of all, with what came of it. `targets`: level → percent."""
    lines = [_line(catalogue, one, targets) for one in catalogue.registrations(year)]
    order = sorted(lines, key=lambda line: (_rank(line), line.registration.agency_name))
    levels = [
        _level(level, [line for line in lines if line.registration.level == level], targets)
        for level in LEVELS
    ]
    return TransferReport(year, tuple(order), tuple(line for line in levels if line.agencies))


def _rank(line: AgencyLine) -> tuple[int, int]:
    level = line.registration.level
    return (-line.registration.year, LEVELS.index(level) if level in LEVELS else len(LEVELS))


def _line(
    catalogue: Catalogue, registration: RegistrationRecord, targets: Mapping[str, float]
) -> AgencyLine:
    outcomes = catalogue.outcomes(registration)
    states = Counter(outcome.state for outcome in outcomes)
    forms = Counter(outcome.listed.form for outcome in outcomes)
    unlisted = len(catalogue.unlisted(registration.fonds_code, registration.year))
    announced = len(outcomes) or registration.announced
    # Without a list nobody can say which came: what is held of that fonds and year stands for it.
    held = states["held"] if outcomes else min(unlisted, announced)
    share = _share(forms["electronic"], len(outcomes)) if outcomes else None
    target = targets.get(registration.level)
    return AgencyLine(
        registration=registration,
        announced=announced,
        electronic=forms["electronic"],
        paper=forms["paper"],
        unsaid=forms[""],
        held=held,
        waiting=states["awaiting-decision"],
        refused=states["refused"],
        returned=states["returned"],
        not_come=states["not-come"] if outcomes else announced - held,
        unlisted=unlisted if outcomes else max(0, unlisted - announced),
        electronic_share=share,
        held_share=_share(held, announced),
        target=target,
        target_met=None if share is None or target is None else share >= target,
    )


def _level(level: str, lines: Sequence[AgencyLine], targets: Mapping[str, float]) -> LevelLine:
    listed = [line for line in lines if line.electronic_share is not None]
    electronic = sum(line.electronic for line in listed)
    share = _share(electronic, sum(line.announced for line in listed))
    announced, held = sum(line.announced for line in lines), sum(line.held for line in lines)
    target = targets.get(level)
    return LevelLine(
        level=level,
        agencies=len(
            {line.registration.agency_code or line.registration.fonds_code for line in lines}
        ),
        announced=announced,
        electronic=electronic,
        held=held,
        not_come=sum(line.not_come for line in lines),
        electronic_share=share,
        held_share=_share(held, announced),
        target=target,
        target_met=None if share is None or target is None else share >= target,
    )


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None
