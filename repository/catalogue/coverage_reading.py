"""What the statements of coverage ask: the last looks that were not intact, and sums for each month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, select

from repository.catalogue.records import CANARY_FONDS, AuditMonthRecord, AuditResultRecord
from repository.catalogue.tables import audit_results, copies, events, names, objects


def looks_not_intact(connection: Connection, store: str) -> Mapping[str, AuditResultRecord]:
    """What the last look at each copy of a store that is not intact found, by object_id."""
    run, name = names.alias("run"), names.alias("object")
    columns = [c for c in audit_results.columns if c.name not in ("run_key", "object_key")]
    query = (
        select(run.c.name.label("run_id"), name.c.name.label("object_id"), *columns)
        .select_from(copies)
        .join(name, name.c.name == copies.c.object_id)
        .join(
            audit_results,
            and_(
                audit_results.c.object_key == name.c.key,
                audit_results.c.store == copies.c.store,
                audit_results.c.checked_at == copies.c.last_checked_at,
            ),
        )
        .join(run, run.c.key == audit_results.c.run_key)
        .where(copies.c.store == store, copies.c.last_verdict.not_in(("", "intact")))
        .order_by(run.c.name)
    )
    found = {}
    for row in connection.execute(query):
        values: dict[str, Any] = dict(row._mapping)
        values["files"] = tuple(values["files"])
        found[values["object_id"]] = AuditResultRecord(**values)
    return found


_CANARIES = select(objects.c.key).where(objects.c.fonds_code == CANARY_FONDS)


def audit_months(connection: Connection, store: str) -> Sequence[AuditMonthRecord]:
    """What audits read of a store in each month (UTC), the first month first; without canaries, in
    which drills plant damage."""
    month = func.substr(audit_results.c.checked_at, 1, 7).label("month")
    sums = [
        func.sum(audit_results.c.intact + audit_results.c.altered),
        func.sum(audit_results.c.byte_count),
        func.sum(audit_results.c.altered + audit_results.c.missing + audit_results.c.unexpected),
        func.sum(audit_results.c.unreadable + audit_results.c.not_checked),
    ]
    query = (
        select(month, func.count(), *sums)
        .where(audit_results.c.store == store, audit_results.c.object_key.not_in(_CANARIES))
        .group_by(month)
        .order_by(month)
    )
    return tuple(
        AuditMonthRecord(store, str(row[0]), *(int(value) for value in row[1:]))
        for row in connection.execute(query)
    )


def event_counts(connection: Connection) -> Mapping[str, Mapping[str, int]]:
    """How many events of each type and outcome there are."""
    found: dict[str, dict[str, int]] = {}
    query = select(events.c.type, events.c.outcome, func.count()).group_by(
        events.c.type, events.c.outcome
    )
    for type_, outcome, count in connection.execute(query.order_by(events.c.type)):
        found.setdefault(str(type_), {})[str(outcome)] = int(count)
    return found
