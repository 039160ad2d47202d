"""What can honestly be said of a dossier's copies in three words. Core.

The weakest copy speaks for all: the time of checking is that of the copy looked at the longest ago, and
nothing is called intact before every copy was read from the first byte to the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from preservation.audit.policy import is_late
from repository.catalogue.records import CopyRecord

Integrity = Literal["intact", "damaged", "incomplete", "unchecked"]
Checked = Literal["checked", "overdue", "never"]
Copies = Literal["enough", "lacking", "some-damaged"]


@dataclass(frozen=True, slots=True)
class Trust:
    """The three words, with what they are made of. `oldest` empty: some copy was never audited."""

    integrity: Integrity
    checked: Checked
    copies: Copies
    oldest: str
    written: str
    sound: int
    held: int
    required: int


def judge_trust(
    copies: Sequence[CopyRecord],
    head: str,
    *,
    required: int,
    window: Callable[[str], int],
    now: datetime,
) -> Trust:
    """The state of one object, whose head version is `head`, from its copies.

    `window`: within how many days its copy in a store is to be read again.
    """
    verdicts = [copy.last_verdict for copy in copies]
    integrity: Integrity = "intact"
    if "damaged" in verdicts:
        integrity = "damaged"
    elif "incomplete" in verdicts:
        integrity = "incomplete"
    elif not copies or any(verdict != "intact" for verdict in verdicts):
        integrity = "unchecked"
    checks = [copy.last_checked_at for copy in copies]
    oldest = min(checks, default="")
    overdue = any(is_late(copy, window(copy.store), now) for copy in copies)
    checked: Checked = "never" if not oldest else "overdue" if overdue else "checked"
    current = [copy for copy in copies if copy.head == head]
    sound = sum(1 for copy in current if copy.last_verdict != "damaged")
    state: Copies = "enough"
    if len(current) < required:
        state = "lacking"
    elif sound < required:
        state = "some-damaged"
    return Trust(
        integrity=integrity,
        checked=checked,
        copies=state,
        oldest=oldest,
        written=max((copy.written_at for copy in copies), default=""),
        sound=sound,
        held=len(current),
        required=required,
    )
