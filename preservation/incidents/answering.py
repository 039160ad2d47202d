"""What people say of an incident: explained, closed. Each is an event with its author and reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from preservation.incidents.following import IncidentServices, record_step
from preservation.incidents.incident import Step, step_of_closing, step_of_explaining
from repository.catalogue.records import IncidentRecord
from repository.errors import NotFound


def explain(
    services: IncidentServices, incident_id: str, *, by: str, reason: str
) -> IncidentRecord:
    """Record what a person found out. NotFound, Refused (closed already); then nothing changed."""
    return _answer(services, incident_id, by, reason, step_of_explaining)


def close(services: IncidentServices, incident_id: str, *, by: str, reason: str) -> IncidentRecord:
    """End an incident that is repaired and verified, or explained. NotFound, Refused otherwise."""
    return _answer(services, incident_id, by, reason, step_of_closing)


def _answer(
    services: IncidentServices,
    incident_id: str,
    by: str,
    reason: str,
    step_of: Callable[..., Step],
) -> IncidentRecord:
    now: datetime = services.clock.now()
    with services.catalogue.transaction() as tx:
        incident = tx.incident(incident_id)
        if incident is None:
            raise NotFound(f"There is no incident {incident_id}. `kho incidents` lists them.")
        step = step_of(incident, by=by, reason=reason, now=now)
        record_step(tx, step, by=by, at=now)
    return step.incident
