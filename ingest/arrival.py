"""What is to be taken in: a path, and for one dossier of a list, which. A value, to be passed on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.container import recorded_name
from ingest.lists.dossiers import ListedDossier
from repository.problems import Problem


@dataclass(frozen=True, slots=True)
class Arrival:
    """One submission of one dossier. `path` is a ZIP, a TAR, a bag, a folder, or a list's folder.

    `refused` has what was found wrong while it was looked for: then it is not opened again. `fonds` is
    the mã phông that whoever takes it in says for what names none of its own.
    """

    path: Path
    listed: ListedDossier | None = None
    refused: tuple[Problem, ...] = ()
    fonds: str = ""

    @property
    def name(self) -> str:
        """How it is called in records and messages."""
        name = recorded_name(self.path)
        return f"{name}#{self.listed.file_code}" if self.listed else name

    @classmethod
    def of(cls, source: Path | Arrival) -> Arrival:
        """A path alone is a submission of one dossier."""
        return source if isinstance(source, Arrival) else cls(source)
