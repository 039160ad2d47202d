"""Is the ledger that is about to go on the one that was here before? Asked before anything is
written.

A ledger put in the place of ours (another archive's, an older one, one that was rewritten and signed
anew) may be whole by itself. It is held against what cannot know of the exchange: the last event of
the catalogue, and each store's copy. Which of two whole histories is the true one is for people to
find out; until then none is written over the other.

A store's copy that is merely damaged stops nothing: it is told, and goes on getting what is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from re import Pattern

from preservation import history
from preservation.ledger.chain import BrokenChain, follow, whole_lines
from preservation.ledger.checkpoint import BadNote
from preservation.ledger.fetching import other_history
from preservation.ledger.journal import Journal
from preservation.ledger.kept import parse_line
from preservation.ledger.segments import EVIDENCE, JOURNAL, evidence, read_evidence
from repository.catalogue.catalogue import Catalogue
from repository.errors import Conflict, NotFound, Unavailable
from repository.store import Store


def check_catalogue(catalogue: Catalogue, journal: Journal) -> None:
    """Conflict when the catalogue has another event where the ledger ends."""
    head = journal.head()
    known = catalogue.events(after=head.seq - 1, limit=1) if head.seq else []
    record = journal.entry(head.seq).record if known else None
    if record is not None and record != history.event_values(known[0]):
        raise Conflict(
            f"Event {head.seq} of the catalogue is not the one in the ledger. When an old catalogue "
            "was put back, run `kho rebuild`. When not, the ledger was exchanged: `kho ledger verify` "
            "compares it with the stores' copies. Nothing was signed."
        )


@dataclass(slots=True)
class Copy:
    """How a store's copy stands to the ledger.

    `sound`: how long each newest segment of it is without zeros that a power cut left at its end.
    `agrees`: all that both have is the same. `fork`: it is whole, and another history.
    """

    agrees: bool = False
    fork: bool = False
    sound: dict[str, int] = field(default_factory=dict)


def check_copies(folder: Path, journal: Journal, stores: Iterable[Store]) -> Mapping[str, Copy]:
    """The stores' copies by name.

    Conflict when one goes on after ours ends (an old ledger was put back), and when one is whole and
    another history while none agrees with ours. Where one agrees, the other is told and not written
    to: it stops nothing, else whoever can write to one store could stop the archive.
    """
    copies = {store.name: _look(folder, journal, store) for store in stores}
    forks = [name for name, copy in copies.items() if copy.fork]
    if forks and not any(copy.agrees for copy in copies.values()):
        raise Conflict(
            f"The copy of the ledger in store {forks[0]} is whole, and tells another history than "
            "ours: one of the two was exchanged. Nothing was signed. `kho ledger verify` with a line "
            "of the paper register, or another office's checkpoint, says which is the archive's."
        )
    return copies


def _look(folder: Path, journal: Journal, store: Store) -> Copy:
    found = Copy()
    damaged = False
    try:
        has, ours = store.evidence(), evidence(folder)
        for kind in EVIDENCE:
            name = _newest_common(kind, ours, has)
            rest = b""
            if name:
                size, theirs = ours[name], store.read_evidence(name).rstrip(b"\0")
                found.sound[name] = len(theirs)
                if read_evidence(folder, name, 0, min(size, len(theirs))) != theirs[:size]:
                    damaged = True
                    continue
                rest = theirs[size:]
            further = (store.read_evidence(one) for one in has if kind.match(one) and one > name)
            if any(_goes_on(journal, kind, data) for data in (rest, *further)):
                raise Conflict(
                    f"The copy of the ledger in store {store.name} goes on after ours ends: an old "
                    "ledger was put back. Run `kho rebuild`, which takes over what is missing."
                )
        found.fork = damaged and other_history(journal, store)
        found.agrees = bool(found.sound) and not damaged
    except (Unavailable, NotFound):
        return Copy()  # it was away
    return found


def _newest_common(kind: Pattern[str], ours: Mapping[str, int], has: Mapping[str, int]) -> str:
    return max((name for name in ours if kind.match(name) and has.get(name)), default="")


def _goes_on(journal: Journal, kind: Pattern[str], rest: bytes) -> bool:
    """Whether this begins with a line that could follow ours."""
    lines = whole_lines(rest)[:1]
    if not lines:
        return False
    try:
        if kind is JOURNAL:
            next(follow(journal.head(), lines))
        else:
            parse_line(lines[0])
    except (BrokenChain, BadNote):
        return False
    return True
