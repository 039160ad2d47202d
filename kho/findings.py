"""What `kho doctor` says of one thing: how it stands, in two languages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, in two languages."""

    what: str
    level: Level
    vi: str
    en: str

    def as_dict(self) -> dict[str, str]:
        return dict(asdict(self))


def same(what: str, level: Level, text: str) -> Finding:
    """A finding whose text is the same in both languages: a number, a path, a name."""
    return Finding(what, level, text, text)
