"""The clock's plan for one tick: what is due, cut into runs small enough to stop between. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

BATCH_COPIES = 64
BATCH_BYTES = 2_000_000_000  # a larger object is a run of its own


@dataclass(frozen=True, slots=True)
class Batch:
    """What one run looks at: copies by store, and whether also the storage roots of these stores."""

    copies: Mapping[str, tuple[str, ...]]
    roots: bool


def plan_batches(
    chosen: Mapping[str, Sequence[str]], sizes: Mapping[str, int], roots: Collection[str]
) -> list[Batch]:
    """Every chosen copy in exactly one batch, the order within a store kept, the stores in turns.

    The first batch also looks at the storage roots named, and names these stores even where none of
    their copies is due: so a run says that they were there, or away. Nothing due: no batch.
    """
    batches: list[dict[str, list[str]]] = []
    used = 0
    count = 0
    for name, object_id in _in_turns(chosen):
        size = sizes.get(object_id, 0)
        if not batches or count == BATCH_COPIES or (count and used + size > BATCH_BYTES):
            batches.append({})
            used = count = 0
        batches[-1].setdefault(name, []).append(object_id)
        used += size
        count += 1
    if roots and not batches:
        batches.append({})
    for name in sorted(roots):
        batches[0].setdefault(name, [])
    return [
        Batch({name: tuple(ids) for name, ids in batch.items()}, roots=bool(roots) and first == 0)
        for first, batch in enumerate(batches)
    ]


def _in_turns(chosen: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    columns = [[(name, object_id) for object_id in ids] for name, ids in chosen.items()]
    return [one for row in zip_longest(*columns) for one in row if one is not None]
