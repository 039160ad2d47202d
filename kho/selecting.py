"""Which copies an audit takes, asked of one archive's catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kho.promises import audit_policy
from kho.wiring import Archive
from preservation.audit.clock import worklist
from preservation.audit.policy import sample as drawn_sample
from preservation.audit.run import Selection
from repository.errors import NotFound
from repository.store import Store


def stores(archive: Archive, named: Sequence[str] | None) -> list[str]:
    """The stores asked for, else all but those that rest. NotFound for a name that is none."""
    return known(archive.stores, named or ()) or list(archive.awaited)


def everything(archive: Archive, names: Sequence[str]) -> Selection:
    """Every copy in these stores, and the storage roots themselves."""
    return Selection("all", {name: _copies(archive, name) for name in names}, roots=True)


def named(archive: Archive, names: Sequence[str], ids: Sequence[str]) -> Selection:
    """The copies of these dossiers. NotFound for an id that is not held."""
    wanted = held(archive, ids)
    return Selection("named", {name: _only(archive, name, wanted) for name in names}, roots=False)


def due(archive: Archive, names: Sequence[str], budget: int | None) -> Selection:
    """What is late and today's share, oldest first, in each of these stores: as the clock has it."""
    policy, now = audit_policy(archive.settings), archive.clock.now()
    records = list(archive.catalogue.objects())
    chosen = {
        name: worklist(archive.catalogue, name, policy, now, held=records, budget=budget)
        for name in names
    }
    return Selection("due", chosen, roots=True)


def sampled(archive: Archive, names: Sequence[str], percent: float, seed: int) -> Selection:
    """A random part of the dossiers, in all of these stores; the seed repeats it."""
    ids = drawn_sample((o.object_id for o in archive.catalogue.objects()), percent, seed)
    note = f"--sample {percent:g}% --seed {seed}"
    chosen = {name: _only(archive, name, ids) for name in names}
    return Selection("sample", chosen, roots=False, note=note)


def _copies(archive: Archive, name: str) -> list[str]:
    return [copy.object_id for copy in archive.catalogue.copies_of_store(name)]


def _only(archive: Archive, name: str, wanted: Sequence[str]) -> list[str]:
    there = set(_copies(archive, name))
    return [object_id for object_id in wanted if object_id in there]


def held(archive: Archive, ids: Sequence[str] | None) -> list[str]:
    """The dossiers named, else all. NotFound for an id that is not held."""
    if not ids:
        return [record.object_id for record in archive.catalogue.objects(canaries=False)]
    for object_id in ids:
        if archive.catalogue.object(object_id) is None:
            raise NotFound(f"Nothing is held as {object_id}. `kho list` shows what is.")
    return list(dict.fromkeys(ids))


def known(stores_: Mapping[str, Store], names: Sequence[str]) -> list[str]:
    """The names, each of them a store's. NotFound otherwise."""
    for name in names:
        if name not in stores_:
            raise NotFound(f"There is no store {name}. There are: {', '.join(stores_)}.")
    return list(names)
