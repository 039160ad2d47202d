"""Findings: what was found about the material, as data that a program and a person can read.

A `Problem` has a stable code that is never reused, a severity, a place, and the values its text needs.
Texts in Vietnamese and English stand in `schemas/texts/problems.*.json`, keyed by code, so this module
holds no prose. Codes come from the standard where it has them (`E092`, `CSIP60`); ours have a family
(`ING-`, `FIX-`, `BAG-`, `STO-`). A `Report` is a list of problems and never decides what they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs. Only ERROR refuses a dossier or makes an object invalid."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `location` says where in the material; `params` fill the text's placeholders."""

    code: str
    severity: Severity
    location: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """The same finding as plain data, for journals and the catalogue. `from_dict` reads it."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "location": self.location,
            "params": dict(self.params),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Problem:
        params = data.get("params") or {}
        assert isinstance(params, Mapping)
        return cls(
            code=str(data["code"]),
            severity=Severity(str(data["severity"])),
            location=str(data.get("location", "")),
            params={str(k): str(v) for k, v in params.items()},
        )


def error(code: str, location: str = "", **params: object) -> Problem:
    """A finding that refuses or invalidates."""
    return Problem(code, Severity.ERROR, location, {k: str(v) for k, v in params.items()})


def warning(code: str, location: str = "", **params: object) -> Problem:
    """A finding that is recorded and shown, and refuses nothing."""
    return Problem(code, Severity.WARNING, location, {k: str(v) for k, v in params.items()})


def info(code: str, location: str = "", **params: object) -> Problem:
    """A fact worth telling."""
    return Problem(code, Severity.INFO, location, {k: str(v) for k, v in params.items()})


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one judgement, in the order they were found."""

    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> Report:
        return cls(tuple(problems))

    @property
    def has_errors(self) -> bool:
        return any(p.severity is Severity.ERROR for p in self.problems)

    def codes(self) -> list[str]:
        return [p.code for p in self.problems]

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.problems)

    def __add__(self, other: Report) -> Report:
        return Report(self.problems + other.problems)
