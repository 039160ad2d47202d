"""How a judged transfer stands to others that are under way at the same time.

Several dossiers are judged at once; they are settled as if they had come one after the other, and no
two of the same dossier at the same time. Here is what that is decided by. Core.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from ingest.checks import HeldLookup
from ingest.judging import Received
from preservation.dossier import Dossier
from repository.errors import Conflict

# Findings that other transfers of the same batch may change: updates of a dossier, links to documents.
_HELD_CODE = "ING-FILECODE-HELD"
_NONE: frozenset[str] = frozenset()
_DEPENDS_ON_OTHERS = frozenset({"ING-RECORD-STATUS", "ING-LINK-UNRESOLVED", "ING-SUPPLEMENT"})


@dataclass(frozen=True, slots=True)
class Standing:
    """What a judged transfer has to do with others that are under way at the same time."""

    keys: frozenset[str]  # of the dossier it would change; none when it was refused
    depends: bool  # it was judged by what is held, and that may be on its way


class OutOfTurn(Exception):
    """This transfer must wait for earlier ones that are under way. Nothing of it was recorded."""


def standing_of(got: Received) -> Standing:
    """What a judged submission has to do with others."""
    depends = not _DEPENDS_ON_OTHERS.isdisjoint(got.report.codes())
    if got.report.has_errors:
        return Standing(_NONE, depends)
    return (
        Standing(standing_keys(got.dossier), depends) if got.dossier else Standing(_NONE, depends)
    )


def standing_keys(dossier: Dossier) -> frozenset[str]:
    """What no two transfers may settle at the same time: the object, and the code in its fonds."""
    code = unicodedata.normalize("NFC", dossier.file_code)
    return frozenset({dossier.object_id, f"{dossier.fonds_code} {code}"})


def check_still_as_judged(held: HeldLookup, got: Received) -> None:
    """Conflict when somebody else took in the same dossier since this one was judged."""
    if got.report.has_errors:
        return
    own = held.by_object_id(got.object_id)
    same = held.by_file_code(got.fonds_code, got.file_code) if got.file_code else None
    known = _HELD_CODE in got.report.codes()  # told already: it is held under another identifier
    if (own.head if own else "") != (got.held_already or got.follows) or (
        same is not None and same.object_id != got.object_id and not known
    ):
        raise Conflict(
            f"{got.title or got.object_id} was taken in by somebody else while this transfer was "
            "judged. Send it again: it will be judged against what is held now."
        )
