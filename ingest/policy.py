"""The decision to take a dossier into custody: by a named policy, which answers for it.

A policy never overrides an error. It says who decided and why, and that is recorded with the dossier
(design section 4, hop 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from repository.problems import Report, Severity

Verdict = Literal["accepted", "refused", "awaiting-decision"]
AUTOMATIC: Final = "tu-dong"
BY_PERSON: Final = "nguoi-duyet"


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule of decision and the person who made it. `author` answers for what it accepts."""

    name: Literal["tu-dong", "nguoi-duyet"]
    author: str

    def __post_init__(self) -> None:
        if self.name not in (AUTOMATIC, BY_PERSON):
            raise ValueError(f"no such policy: {self.name!r}; known: {AUTOMATIC}, {BY_PERSON}")
        if not self.author.strip():
            raise ValueError("a policy must name its author")


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a transfer, by whom and why."""

    verdict: Verdict
    by: str
    reason: str


def decide(report: Report, policy: Policy) -> Decision:
    """Refused when there is an error, whatever the policy; else as the policy says."""
    by = f"{policy.name} ({policy.author})"
    errors = list(dict.fromkeys(p.code for p in report if p.severity is Severity.ERROR))
    if errors:
        return Decision("refused", by, ", ".join(errors))
    warnings = sum(p.severity is Severity.WARNING for p in report)
    reason = f"0 errors, {warnings} warnings"
    if policy.name == BY_PERSON:
        return Decision("awaiting-decision", by, reason)
    return Decision("accepted", by, reason)
