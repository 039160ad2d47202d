"""Bounding a report: the first findings of each kind, and how many more there were.

A hostile or broken transfer can give one finding for each of 200,000 files; a person needs the first
few and the number. Severities are never changed, so a bounded report refuses what the whole one would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from repository.problems import Problem, Report, info

PER_CODE: Final = 100


def bounded(problems: Iterable[Problem], *, per_code: int = PER_CODE) -> Report:
    """At most `per_code` findings of each code and severity, then ING-MORE with each remainder."""
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for problem in problems:
        key = (problem.code, problem.severity.value)
        seen[key] += 1
        if seen[key] <= per_code:
            kept.append(problem)
    kept.extend(
        info("ING-MORE", "", of=code, count=count - per_code)
        for (code, _), count in seen.items()
        if count > per_code
    )
    return Report.of(kept)
