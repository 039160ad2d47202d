"""Copies that must be there and of which the catalogue has no row: nobody may pass over them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from repository.catalogue.catalogue import Catalogue


def lacking(
    catalogue: Catalogue, store: str, required: Collection[str], held: Iterable[str]
) -> list[str]:
    """Of the held objects those that this store must have and never got, as the catalogue knows.

    They are audited like the others: what is not there is missing, and says `no copy`.
    """
    if store not in required:
        return []
    there = {copy.object_id for copy in catalogue.copies_of_store(store)}
    return [object_id for object_id in held if object_id not in there]
