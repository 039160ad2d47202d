"""When all of a copy was last read, apart from when it was last looked at.

The history is told again from the events, as `kho rebuild` would, so that a migrated catalogue answers
as a rebuilt one does. What is known here of events is that of this step: nothing is imported.
"""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROOT = "urn:kho:storage-root"
_TELLING = sa.text("SELECT type, detail FROM events ORDER BY sequence")
_KNOWN = sa.text("SELECT object_id, store, written_at FROM copies")
_PUT = sa.text(
    "UPDATE copies SET last_checked_at = :checked, last_verdict = :verdict, read_at = :read, "
    "tried_at = :tried WHERE object_id = :object_id AND store = :store"
)


def upgrade() -> None:
    kind = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    for name in ("read_at", "tried_at"):
        op.add_column("copies", sa.Column(name, kind, nullable=False, server_default=""))
    connection = op.get_bind()
    told: dict[tuple[str, str], dict[str, str]] = {}
    for type_, detail in connection.execute(_TELLING):
        _tell(told, str(type_), json.loads(detail))
    rows = []
    for object_id, store, written in connection.execute(_KNOWN).all():
        looked = told.get((object_id, store)) or {"checked": "", "verdict": "", "tried": ""}
        looked = {**looked, "read": looked.get("read") or written}
        rows.append({**looked, "object_id": object_id, "store": store})
    if rows:
        connection.execute(_PUT, rows)


def _tell(
    told: dict[tuple[str, str], dict[str, str]], type_: str, detail: Mapping[str, Any]
) -> None:
    for copy in detail.get("copies", ()):
        place = (copy["object_id"], copy["store"])
        now = {"checked": "", "verdict": "", "read": copy["written_at"], "tried": ""}
        former = told.get(place)
        if former is not None and type_ != "repair":
            now |= {"read": former["read"], "tried": former["tried"]}
            if former["verdict"] not in ("", "intact"):
                now |= {"checked": former["checked"], "verdict": former["verdict"]}
        told[place] = now
    for row in detail.get("results", ()):
        object_id, store, at, verdict, expected, _, _, _, unreadable, not_checked = row[:10]
        looked = told.get((object_id, store))
        if looked is None or object_id == _ROOT or (verdict == "incomplete" and not unreadable):
            continue
        looked |= {"checked": at, "verdict": verdict}
        read_all = expected > 0 and not unreadable + not_checked
        looked |= {"read": at, "tried": ""} if read_all else {"tried": at}
