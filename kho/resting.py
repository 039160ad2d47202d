"""Offline stores that may be away: disks that rest in a cupboard until their rotation is over.

Such a store is not asked by anything that asks every store (audits, the ledger's copies), and its
absence is no alarm. Named on the command line it is asked like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from kho.settings import Settings
from preservation.media import rests_until
from repository.catalogue.catalogue import Catalogue
from repository.clock import Clock
from repository.errors import Unavailable
from repository.local_store import LocalStore


class Resting:
    """Which stores of one archive rest now. What the catalogue tells of them is read once: nothing
    is looked at in a store that is away."""

    def __init__(
        self,
        settings: Settings,
        stores: Mapping[str, LocalStore],
        catalogue: Catalogue,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._catalogue = catalogue
        self._clock = clock
        self._until: dict[str, datetime | None] = {}

    def names(self) -> frozenset[str]:
        """The stores that are away and may be."""
        return frozenset(name for name in self._stores if self.rests(name))

    def rests(self, name: str) -> bool:
        """Whether this store is away and may be."""
        if self._settings.stores[name].kind != "offline" or is_there(self._stores[name]):
            self._until.pop(name, None)  # it may be looked at, and goes away later than before
            return False
        until = self.until(name)
        return until is not None and self._clock.now() < until

    def until(self, name: str) -> datetime | None:
        """When an offline store is due back; None when it holds nothing yet: then it is due now."""
        if name not in self._until:
            days = self._settings.stores[name].rotation_days
            self._until[name] = rests_until(self._catalogue.copies_of_store(name), days)
        return self._until[name]


class Awaited(Mapping[str, LocalStore]):
    """The stores by name; going through them leaves out those that rest."""

    def __init__(self, stores: Mapping[str, LocalStore], resting: Resting) -> None:
        self._stores = stores
        self._resting = resting

    def __getitem__(self, name: str) -> LocalStore:
        return self._stores[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._stores if not self._resting.rests(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def is_there(store: LocalStore) -> bool:
    """Whether the store can be used now."""
    try:
        store.check_available()
    except Unavailable:
        return False
    return True
