"""The questions about incidents, and of their papers: functions of a connection, told as records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, func, select

from repository.catalogue.records import IncidentRecord
from repository.catalogue.tables import audit_results, incidents, names

CLOSED = "closed"  # the one state in which nobody has anything to do any more
_BATCH = 500  # values of one IN list
_OPEN = incidents.c.state != CLOSED


def incident(connection: Connection, incident_id: str) -> IncidentRecord | None:
    """One incident, or None."""
    row = connection.execute(
        select(incidents).where(incidents.c.incident_id == incident_id)
    ).one_or_none()
    return None if row is None else IncidentRecord(**row._mapping)


def incident_list(
    connection: Connection,
    *,
    only_open: bool,
    object_id: str | None,
    store: str | None,
    limit: int | None,
) -> Sequence[IncidentRecord]:
    """Last opened first."""
    query = select(incidents)
    if only_open:
        query = query.where(incidents.c.state != CLOSED)
    if object_id is not None:
        query = query.where(incidents.c.object_id == object_id)
    if store is not None:
        query = query.where(incidents.c.store == store)
    query = query.order_by(incidents.c.opened_at.desc(), incidents.c.incident_id.desc())
    return tuple(IncidentRecord(**row._mapping) for row in connection.execute(query.limit(limit)))


def open_incidents_of(
    connection: Connection, object_ids: Collection[str]
) -> Sequence[IncidentRecord]:
    """What is not closed of these objects, first opened first."""
    found: list[IncidentRecord] = []
    if connection.execute(select(incidents.c.incident_id).where(_OPEN).limit(1)).first() is None:
        return ()  # so it is nearly always, and an audit asks of all that it looked at
    wanted = sorted(set(object_ids))
    for start in range(0, len(wanted), _BATCH):
        query = select(incidents).where(
            incidents.c.object_id.in_(wanted[start : start + _BATCH]), _OPEN
        )
        found += [IncidentRecord(**row._mapping) for row in connection.execute(query)]
    return tuple(sorted(found, key=lambda one: (one.opened_at, one.incident_id)))


def stores_of_run(connection: Connection, run_id: str) -> Sequence[str]:
    """The stores of which an audit run has results, by name."""
    query = (
        select(audit_results.c.store)
        .join(names, names.c.key == audit_results.c.run_key)
        .where(names.c.name == run_id)
        .distinct()
    )
    return tuple(sorted(str(store) for (store,) in connection.execute(query)))


def incident_counts(connection: Connection) -> Mapping[str, int]:
    """How many incidents are in each state."""
    query = select(incidents.c.state, func.count()).group_by(incidents.c.state)
    return {str(state): int(count) for state, count in connection.execute(query)}
