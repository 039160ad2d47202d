"""Incidents that no audit of a copy finds: a store that is away, a silent clock, a broken ledger.

Asked by the clock at its ticks. A store that comes back makes its incident *verified*: a person closes
it after finding out why it was gone. A clock that stood still can say so only once it runs again;
while it stands still `kho status`, the pages and the outside watcher say it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from preservation.heartbeat import Alive, Silence
from preservation.incidents.following import BY, IncidentServices, open_finding, record_step
from preservation.incidents.incident import Cause, Finding, Step, step_of_intact, step_of_repair
from repository.catalogue.records import IncidentRecord
from repository.errors import ArchiveError, Unavailable
from repository.store import Store

_MOST_DOUBTED = 20  # incidents at a time; the first says how many there are
_SAID = ("found", "diagnosed", "explained")  # that it is away is known, and not told at every tick


def watch_stores(services: IncidentServices, awaited: Mapping[str, Store]) -> list[Step]:
    """Open an incident for each awaited store that is away; note those that are back."""
    steps: list[Step] = []
    known = _open(services, Cause.STORE_AWAY)
    for name, store in awaited.items():
        open_one = known.get(name)
        try:
            store.check_available()
        except Unavailable as problem:
            if open_one is None or open_one.state not in _SAID:
                finding = Finding(Cause.STORE_AWAY, store=name, detail={"why": problem.operator})
                steps += open_finding(services, finding)
            continue
        if open_one is not None:
            steps += _came_back(services, open_one)
    return steps


def note_silence(services: IncidentServices, before: Alive) -> list[Step]:
    """Called when the clock starts: what the sign of the clock before it said, if it was an alarm."""
    if before.reason not in (Silence.LATE, Silence.NO_AUDIT, Silence.FUTURE) or not before.alarm:
        return []
    why = f"{before.reason.value}: {before.last}"
    found = Finding(Cause.SILENCE, detail={"why": why, "last": before.last})
    steps = open_finding(services, found)
    # It runs again, or nobody could have noted this.
    return steps + _came_back(services, steps[-1].incident)


def note_ledger(services: IncidentServices, failure: ArchiveError | None) -> list[Step]:
    """Publishing the ledger failed for more than an absent store, or succeeded again (None)."""
    known = _open(services, Cause.LEDGER).get("")
    if failure is not None:
        if known is not None and known.state == "found":
            return []  # said once, not at every tick
        return open_finding(services, Finding(Cause.LEDGER, detail={"why": failure.operator}))
    return _came_back(services, known) if known is not None else []


def note_doubted(services: IncidentServices, store: str, object_ids: Sequence[str]) -> None:
    """The catalogue says of these copies that they were read when no audit read them: somebody else
    wrote that. An incident of the catalogue for each, said once; they are audited at once."""
    for object_id in object_ids[:_MOST_DOUBTED]:
        known = services.catalogue.incidents(only_open=True, object_id=object_id)
        if any(one.cause == Cause.CATALOGUE and one.store == store for one in known):
            continue
        copies = services.catalogue.copies(object_id)
        said = next((copy.read_at for copy in copies if copy.store == store), "")
        why = f"the catalogue says the copy was read at {said}, and no audit did"
        if len(object_ids) > _MOST_DOUBTED:
            why += f"; so it does of {len(object_ids)} copies in this store"
        open_finding(services, Finding(Cause.CATALOGUE, object_id, store, detail={"why": why}))


def _came_back(services: IncidentServices, incident: IncidentRecord) -> list[Step]:
    """It is as it must be again, by whoever's doing; that is noted, and a person closes it."""
    if incident.state not in ("found", "diagnosed"):
        return []
    now = services.clock.now()
    mended = step_of_repair(
        incident, {"action": "back"}, by=BY, reason="it is there again", now=now
    )
    seen = step_of_intact(mended.incident, "", now=now)
    assert seen is not None
    with services.catalogue.transaction() as tx:
        for step in (mended, seen):
            record_step(tx, step, by=BY, at=now)
    return [mended, seen]


def _open(services: IncidentServices, cause: Cause) -> dict[str, IncidentRecord]:
    found = services.catalogue.incidents(only_open=True, object_id="")
    return {one.store: one for one in found if one.cause == cause}
