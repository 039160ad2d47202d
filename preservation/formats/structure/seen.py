"""What a look at a file found, before it is a fact of the record. Core."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from preservation.dossier import StructureFact, StructureVerdict

MOST_PROBLEMS: Final = 10
_LONGEST: Final = 300
_MOST_PROPERTIES: Final = 30


@dataclass(slots=True)
class Seen:
    """`damage`: what is wrong with the bytes. `unchecked`: why they could not be read to the end."""

    kind: str
    tool: str = ""
    damage: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)

    def as_answer(self) -> dict[str, Any]:
        """The same as plain data, for the pipe; `fact_of` reads it."""
        return {
            "kind": self.kind,
            "tool": self.tool,
            "damage": self.damage[: MOST_PROBLEMS + 1],
            "unchecked": self.unchecked[: MOST_PROBLEMS + 1],
            "properties": self.properties,
        }


def fact_of(answer: Any, at: str) -> StructureFact:
    """The fact in a child's answer. Never raises, whatever the answer holds."""
    if not isinstance(answer, dict):
        return not_checked("the examiner gave no answer", at)
    damage, unchecked = _texts(answer.get("damage")), _texts(answer.get("unchecked"))
    kind = line_of(answer.get("kind"))
    if damage:
        verdict = StructureVerdict.DAMAGED
    elif unchecked:
        verdict = StructureVerdict.NOT_CHECKED
    else:
        verdict = StructureVerdict.NO_DAMAGE_FOUND if kind else StructureVerdict.NO_CHECK
    properties = answer.get("properties")
    given = properties if isinstance(properties, dict) else {}
    return StructureFact(
        verdict=verdict,
        kind=kind,
        tool=line_of(answer.get("tool")),
        checked_at=at,
        problems=damage + unchecked,
        properties={
            line_of(name): line_of(value) for name, value in list(given.items())[:_MOST_PROPERTIES]
        },
    )


def not_checked(reason: str, at: str) -> StructureFact:
    """The fact that the look could not be taken, and why."""
    return StructureFact(StructureVerdict.NOT_CHECKED, "", "", at, (line_of(reason),))


def line_of(text: object) -> str:
    """One line that can stand in XML and JSON, of a bounded length."""
    given = str(text if text is not None else "")[: _LONGEST + 1]
    printable = "".join(c if c.isprintable() else " " for c in given)
    return printable if len(printable) <= _LONGEST else printable[: _LONGEST - 1] + "…"


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        return ()
    told = tuple(line_of(value) for value in values[:MOST_PROBLEMS])
    return told if len(values) <= MOST_PROBLEMS else (*told, "…")
