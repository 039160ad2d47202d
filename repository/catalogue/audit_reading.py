"""What audits ask of the catalogue, many objects at a time: expected files, and the sums of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from sqlalchemy import BindParameter, Connection, Text, bindparam, func, select, type_coerce

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
    for start in range(0, len(object_ids), _BATCH):
        some = {"some": object_ids[start : start + _BATCH]}
        name_of = {int(key): str(name) for key, name in connection.execute(_KEYS, some)}
        rows = connection.execute(_EXPECTED, {"some": list(name_of)}).all()
        for key, of_one in groupby(rows, key=itemgetter(0)):
            name = name_of[key]
            found[name] = [
                ExpectedRecord._make((name, unescaped(path), size, sha512))
                for _, path, size, sha512 in of_one
            ]
    return found


# Made once: an audit asks for a few objects at a time, all the time. Read as plain text, for a type of
# one's own is asked about every value of very many rows.
_SOME: BindParameter[list[object]] = bindparam("some", expanding=True)
_KEYS = select(names.c.key, names.c.name).where(names.c.name.in_(_SOME))
_TABLE = expected_files.c
_EXPECTED = (
    select(
        _TABLE.object_key,
        type_coerce(_TABLE.path, Text),
        _TABLE.size,
        type_coerce(_TABLE.sha512, Text),
    )
    .where(_TABLE.object_key.in_(_SOME))
    .order_by(_TABLE.object_key, _TABLE.path)
)


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
