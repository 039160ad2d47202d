"""Which copies an audit takes, asked of one archive's catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kho.promises import audit_policy
from kho.wiring import Archive
from preservation.audit.clock import worklist
from preservation.audit.lacking import lacking
from preservation.audit.policy import sample as drawn_sample
from preservation.audit.run import Depth, Drawn, Selection
from preservation.incidents.watching import note_doubted
from repository.errors import NotFound, Refused
from repository.store import Store


def stores(archive: Archive, named: Sequence[str] | None) -> list[str]:
    """The stores asked for, else all but those that rest. NotFound for a name that is none."""
    return known(archive.stores, named or ()) or list(archive.awaited)


def everything(archive: Archive, names: Sequence[str], *, depth: Depth = "full") -> Selection:
    """Every copy in these stores, those that should be there included, and what is no object's."""
    chosen = {name: _copies(archive, name) for name in names}
    asked = {"by": "all", "stores": list(names), "depth": depth}
    return Selection("all", chosen, roots=True, depth=depth, asked=asked)


def named(
    archive: Archive, names: Sequence[str], ids: Sequence[str], *, depth: Depth = "full"
) -> Selection:
    """The copies of these dossiers. NotFound for an id that is not held."""
    wanted = held(archive, ids)
    chosen = {name: _only(archive, name, wanted) for name in names}
    found = {object_id for ids_ in chosen.values() for object_id in ids_}
    for object_id in wanted:
        if object_id not in found:  # else nothing would be looked at, and nothing found wrong
            raise NotFound(f"There is no copy of {object_id} in {', '.join(names)}.")
    asked = {"by": "ids", "stores": list(names), "depth": depth, "ids": wanted}
    return Selection("named", chosen, roots=False, depth=depth, asked=asked)


def due(archive: Archive, names: Sequence[str], budget: int | None) -> Selection:
    """What is late and today's share, oldest first, in each of these stores: as the clock has it."""
    policy, now = audit_policy(archive.settings), archive.clock.now()
    records = list(archive.catalogue.objects())
    ids = [record.object_id for record in records]
    chosen = {
        name: [
            *worklist(archive.catalogue, name, policy, now, held=records, budget=budget),
            *lacking(archive.catalogue, name, archive.settings.required, ids),
        ]
        for name in names
    }
    doubted = {name: archive.catalogue.unproven_readings(name) for name in names}
    for name, of_store in doubted.items():
        note_doubted(archive.incidents(), name, of_store)
    told = ", ".join(f"{name} {len(of_store)}" for name, of_store in doubted.items() if of_store)
    note = f"read first, for a reading is noted that no audit made: {told}" if told else ""
    asked = {"by": "due", "stores": list(names), "budget": budget}
    return Selection("due", chosen, roots=True, note=note, asked=asked)


def sampled(
    archive: Archive, names: Sequence[str], percent: float, seed: int, *, depth: Depth = "full"
) -> Selection:
    """A random part of the dossiers, in all of these stores; the seed repeats it."""
    return _drawn(archive, names, percent, seed, depth, before="")


def asked_again(archive: Archive, run_id: str) -> Selection:
    """The selection of a run that was interrupted. NotFound; Refused when it does not tell."""
    run = archive.catalogue.audit_run(run_id)
    if run is None:
        raise NotFound(f"There is no audit {run_id}. `kho status` shows the last.")
    asked = run.totals.get("asked", {})
    names, depth = known(archive.stores, asked.get("stores", ())), asked.get("depth", "full")
    match asked.get("by"):
        case "all":
            return everything(archive, names, depth=depth)
        case "ids":
            return named(archive, names, asked["ids"], depth=depth)
        case "due":
            return due(archive, names, asked["budget"])
        case "sample":
            percent, seed = asked["percent"], asked["seed"]
            return _drawn(archive, names, percent, seed, depth, before=run.started_at)
    raise Refused(f"{run_id} does not say what it was to look at. Begin another audit.")


def _drawn(
    archive: Archive,
    names: Sequence[str],
    percent: float,
    seed: int,
    depth: Depth,
    *,
    before: str,
) -> Selection:
    # A draw is repeated from what was there then: what came since would make it another draw.
    ids = [
        record.object_id
        for record in archive.catalogue.objects(canaries=False)  # they are no dossiers
        if not before or record.first_held_at <= before
    ]
    drawn = drawn_sample(ids, percent, seed)
    asked = {
        "by": "sample",
        "stores": list(names),
        "depth": depth,
        "percent": percent,
        "seed": seed,
    }
    return Selection(
        "sample",
        {name: _only(archive, name, drawn) for name in names},
        roots=False,
        note=f"--sample {percent:g}% --seed {seed}",
        depth=depth,
        asked=asked,
        drawn=Drawn(percent, seed, len(ids), len(drawn)),
    )


def _copies(archive: Archive, name: str) -> list[str]:
    """By object_id: what the store has, and what it must have."""
    rows = [copy.object_id for copy in archive.catalogue.copies_of_store(name)]
    required = archive.settings.required
    if name not in required:
        return rows
    return [*rows, *lacking(archive.catalogue, name, required, archive.catalogue.object_ids())]


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
