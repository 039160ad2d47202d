"""When each copy was last read, as far as an audit's result says so too.

`copies.read_at` decides what is read next. Whoever writes a later instant there with an editor would
put a look off, for ever if he does it often enough. So a reading after the copy was written counts only
if the catalogue has the result of it, and results are in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import CopyRecord

NEVER = "1970-01-01T00:00:00Z"


def copies_as_read(catalogue: Catalogue, store: str) -> Iterator[CopyRecord]:
    """The copies of a store, by object_id; one whose reading no audit made counts as never read, so it
    is due before all others."""
    unproven = frozenset(catalogue.unproven_readings(store))
    for copy in catalogue.copies_of_store(store):
        yield replace(copy, read_at=NEVER) if copy.object_id in unproven else copy
