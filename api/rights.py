"""The modes of use of Thông tư 05/2025/TT-BNV, and what each allows. Core.

01 open          everything, by everybody
02 conditional   its description by everybody, the rest by auditors
03 secret, or a mode that is not known: by auditors; for everybody else it is not there
"""

from __future__ import annotations

from typing import Final

from schemas.access import Access

OPEN: Final = "01"
CONDITIONAL: Final = "02"

READ_BY_ALL: Final = frozenset({OPEN})
LISTED_FOR_ALL: Final = frozenset({OPEN, CONDITIONAL})

_NAMES: Final[dict[str, Access]] = {OPEN: "open", CONDITIONAL: "conditional"}


def access_of(mode: str) -> Access:
    """The name of a mode; one that is not known counts as secret."""
    return _NAMES.get(mode, "secret")
