"""What drills leave in the ledger, and what can be read back from it.

    drill damage planted   before a byte of a canary is touched   {"planted": {"plant_id", …}}
    drill damage mended    when it is over, well or badly         {"ended": {"plant_id", …}}
    drill                  what the whole drill found             {"drill": {…}}

A planting without its end was interrupted. Whoever meets the canary damaged knows from that why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from preservation.events import EventType
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import CANARY_FONDS, EventRecord

CANARY_PREFIX = f"urn:{CANARY_FONDS}:"


def canaries(catalogue: Catalogue) -> list[str]:
    """The objects that drills may harm, in order."""
    return [record.object_id for record in catalogue.objects(fonds=CANARY_FONDS)]


def left_planted(catalogue: Catalogue, object_id: str, store: str) -> EventRecord | None:
    """The planting in this copy that has no end yet; None when there is none, or it is no canary."""
    if not object_id.startswith(CANARY_PREFIX):
        return None
    left: dict[str, EventRecord] = {}
    for event in catalogue.events(object_id=object_id):
        if event.type == EventType.DRILL_PLANTED and event.detail["planted"]["store"] == store:
            left[event.detail["planted"]["plant_id"]] = event
        elif event.type == EventType.DRILL_ENDED:
            left.pop(event.detail["ended"]["plant_id"], None)
    return next(iter(left.values()), None)


def all_left(catalogue: Catalogue, stores: Sequence[str]) -> list[EventRecord]:
    """Every planting without an end, in these stores."""
    found = (left_planted(catalogue, one, store) for one in canaries(catalogue) for store in stores)
    return [event for event in found if event is not None]


def last_drill(catalogue: Catalogue) -> EventRecord | None:
    """The last drill of every kind that drilled anything and was not stopped halfway; it is recorded
    with the first canary. One of single kinds says little of the others."""
    first = next(iter(canaries(catalogue)), None)
    if first is None:
        return None
    events = catalogue.events(object_id=first)
    for event in reversed(events):
        if event.type != EventType.DRILL:
            continue
        told = event.detail["drill"]
        if told["results"] and not told["stopped"] and _of_every_kind(told):
            return event
    return None


def _of_every_kind(told: Mapping[str, Any]) -> bool:
    """As the event says; the first ones did not, and then by what was drilled."""
    return bool(told.get("whole", len({one["kind"] for one in told["results"]}) > 1))
