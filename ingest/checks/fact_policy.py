"""How much the archive lets a finding about a file weigh. Core."""

from __future__ import annotations

from dataclasses import dataclass

from repository.problems import Severity


@dataclass(frozen=True, slots=True)
class FactPolicy:
    """What the archive decided (`[intake.files]`, `[signatures]`).

    `roots`: how many roots of signatures it trusts.
    """

    damaged: Severity = Severity.WARNING
    invalid: Severity = Severity.ERROR
    indeterminate: Severity = Severity.WARNING
    roots: int = 0
