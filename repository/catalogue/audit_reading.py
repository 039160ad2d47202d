"""What audits ask of the catalogue, many objects at a time: expected files, and the sums of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Text, func, select, type_coerce

from repository.catalogue.reading import RESULT_OBJECT, RESULT_RUN, RESULTS, as_results
from repository.catalogue.records import AuditResultRecord, ExpectedRecord
from repository.catalogue.tables import audit_results, expected_files, names, objects, unescaped

_BATCH = 500  # values of one IN list
_COUNTED = (
    "expected", "intact", "altered", "missing", "unreadable", "not_checked", "unexpected",
    "byte_count",
)  # fmt: skip


def expected_of_many(
    connection: Connection, object_ids: Sequence[str]
) -> Mapping[str, Sequence[ExpectedRecord]]:
    """What each of these objects must hold, by path; an object without rows has none."""
    found: dict[str, list[ExpectedRecord]] = {object_id: [] for object_id in object_ids}
    table = expected_files
    # Read as plain text, for a type of one's own is asked about every value of very many rows.
    path, sha512 = type_coerce(table.c.path, Text), type_coerce(table.c.sha512, Text)
    for start in range(0, len(object_ids), _BATCH):
        some = object_ids[start : start + _BATCH]
        keys = connection.execute(select(names.c.key, names.c.name).where(names.c.name.in_(some)))
        name_of = {int(key): str(name) for key, name in keys}
        query = (
            select(table.c.object_key, path, table.c.size, sha512)
            .where(table.c.object_key.in_(list(name_of)))
            .order_by(table.c.object_key, table.c.path)
        )
        for key, text, size, digest in connection.execute(query).all():
            name = name_of[key]
            found[name].append(ExpectedRecord(name, unescaped(text), size, digest))
    return found


def object_ids(connection: Connection) -> Sequence[str]:
    """The id of every held object, and nothing else of it, in order."""
    query = select(type_coerce(objects.c.object_id, Text)).order_by(objects.c.object_id)
    return [unescaped(name) for name in connection.execute(query).scalars().all()]


def totals_of_run(connection: Connection, run_id: str) -> Mapping[str, int]:
    """The sums over every result recorded of a run, and how many `rows` there are."""
    query = (
        select(
            func.count().label("rows"),
            *(func.coalesce(func.sum(audit_results.c[name]), 0).label(name) for name in _COUNTED),
        )
        .join(names, names.c.key == audit_results.c.run_key)
        .where(names.c.name == run_id)
    )
    row = connection.execute(query).one()
    return {name: int(value) for name, value in row._mapping.items()}


def found_since(
    connection: Connection, object_ids: Sequence[str], store: str, since: str, runs: Sequence[str]
) -> Mapping[str, AuditResultRecord]:
    """What these runs recorded of these copies since then, where every file was looked at."""
    found: dict[str, AuditResultRecord] = {}
    for start in range(0, len(object_ids), _BATCH):
        query = RESULTS.where(
            RESULT_OBJECT.c.name.in_(object_ids[start : start + _BATCH]),
            RESULT_RUN.c.name.in_(runs),
            audit_results.c.store == store,
            audit_results.c.checked_at >= since,
            audit_results.c.not_checked == 0,
        )
        found |= {result.object_id: result for result in as_results(connection, query)}
    return found
