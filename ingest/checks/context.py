"""What a rule may ask besides the package: the time, and what the archive holds already. Core."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from preservation.dossier import HeldDossier
from repository.clock import VIETNAM


class HeldLookup(Protocol):
    """Questions about held dossiers. Each answers from one state of the catalogue."""

    def by_object_id(self, object_id: str) -> HeldDossier | None:
        """The dossier held under that identifier."""
        ...

    def by_file_code(self, fonds_code: str, file_code: str) -> HeldDossier | None:
        """The dossier of that fonds with that mã hồ sơ."""
        ...

    def by_payload_digest(self, digests: Collection[str], /) -> Mapping[str, str]:
        """Of these SHA-256 digests those of payload files held, each with an object that has it."""
        ...

    def by_document_id(self, fonds_code: str, doc_id: str) -> str | None:
        """The object of that fonds that has a document of that docId."""
        ...


@dataclass(frozen=True, slots=True)
class CheckContext:
    """One judgement's surroundings, fixed at its start.

    `held` is None where there is no archive to ask (`kho check` at a sending office): what depends on
    it is then reported as not checked, never as passed.
    """

    now: datetime
    held: HeldLookup | None
    historical_archive: bool = True  # takes permanent records only
    archive_code: str = ""

    @property
    def today(self) -> date:
        """The day it is in Vietnam."""
        return self.now.astimezone(VIETNAM).date()
