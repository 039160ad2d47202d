"""What one judgement finds, gathered: one finding for each rule, kind and METS, with its count. Core.

A METS of 100,000 files without checksums is one thing to mend, so it is one `Problem`: the first place,
what stood there, and how many places there are. Severities are never changed by the gathering.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from ingest.findings import bounded
from repository.problems import Problem, Report, Severity

SHOWN: Final = 160  # characters of a value that a finding repeats


@dataclass(slots=True)
class _Gathered:
    location: str
    found: str
    params: dict[str, str]
    count: int = 0


class Findings:
    """The findings so far. `severest` is the cap: with WARNING no error is recorded."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, Severity, str, str], _Gathered] = {}
        self.severest = Severity.ERROR

    def add(
        self,
        code: str,
        severity: Severity,
        mets: str,
        *,
        at: etree._Element | None = None,
        line: int | None = None,
        found: str = "",
        reason: str = "",
        **params: str,
    ) -> None:
        """One more place where `code` is broken, in the file or folder `mets`."""
        if severity is Severity.ERROR and self.severest is Severity.WARNING:
            severity = Severity.WARNING
        key = (code, severity, reason, mets)
        kept = self._kinds.get(key)
        if kept is None:
            line = line_of(at) if at is not None else line
            location = f"{shown(mets)}:{line}" if line else shown(mets)
            kept = self._kinds[key] = _Gathered(location, shown(found), params)
        kept.count += 1

    def report(self) -> Report:
        """All findings in the order in which each was first found; of one code the first hundred."""
        return bounded(
            Problem(
                code,
                severity,
                kept.location,
                {
                    "found": kept.found,
                    "count": str(kept.count),
                    **({"reason": reason} if reason else {}),
                    **kept.params,
                },
            )
            for (code, severity, reason, _), kept in self._kinds.items()
        )


def shown(value: str) -> str:
    """A value of a stranger, short and printable: no control characters, no half characters."""
    cut = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
    return "".join(
        c if c.isprintable() and not "\ud800" <= c <= "\udfff" else "\ufffd" for c in cut
    )


def line_of(element: etree._Element) -> int | None:
    """The line of the METS on which the element begins."""
    line: Any = element.sourceline  # what the stubs say of it is no type
    return int(line) if line else None
