"""An incident in a sentence, for a person."""

from __future__ import annotations

from typing import Literal

from preservation.incidents.incident import as_problem
from repository.catalogue.records import IncidentRecord
from schemas.problem_texts import problem_text
from schemas.wording import worded


def told(incident: IncidentRecord, language: Literal["vi", "en"]) -> str:
    """What is wrong and what to do about it, in one language."""
    problem = as_problem(incident)
    kinds = ", ".join(worded(kind, language) for kind in incident.kinds) or "-"
    return problem_text(problem.code, {**problem.params, "kinds": kinds}, language)
