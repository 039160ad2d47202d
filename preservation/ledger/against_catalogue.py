"""The ledger's entries held against the events of the catalogue, one by one.

Pages and reports show the catalogue's events. Whoever changes one there, or empties or changes an
entry in every copy of the ledger, makes the two differ.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from preservation import history
from preservation.ledger.chain import Entry
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import EventRecord

_PAGE = 200
_MOST_SAID = 20


class AgainstCatalogue:
    """Takes the entries in their order; `wrong` has a sentence for each that the catalogue knows
    otherwise. Memory stays flat."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._events: deque[EventRecord] = deque()
        self._count = 0
        self._said: list[str] = []

    @property
    def wrong(self) -> Sequence[str]:
        """What differs; at most 20 sentences, and one that says how many there are."""
        more = self._count - len(self._said)
        last = [f"And {more} entries more that the catalogue knows otherwise."] if more else []
        return self._said + last

    def take(self, entry: Entry) -> None:
        """Compare one entry."""
        while self._events and self._events[0].sequence < entry.seq:
            self._events.popleft()
        if not self._events:
            self._events.extend(self._catalogue.events(after=entry.seq - 1, limit=_PAGE))
        event = self._events[0] if self._events else None
        if event is None or event.sequence != entry.seq:
            self._tell(f"The catalogue does not have the event of entry {entry.seq}.")
        elif entry.record is None:
            self._tell(
                f"The record of entry {entry.seq} was taken out; the catalogue still has it."
            )
        elif entry.record != history.event_values(event):
            self._tell(
                f"Entry {entry.seq} of the ledger and event {entry.seq} of the catalogue are not the "
                "same: one of them was changed."
            )

    def _tell(self, said: str) -> None:
        self._count += 1
        if len(self._said) < _MOST_SAID:
            self._said.append(said)
