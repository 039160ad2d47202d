"""Indexes: copies by when they were last read, those that no audit has read since they were written,
and events by their type."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("copies_by_reading", "copies", ["store", "read_at", "object_id"])
    unread = sa.text("read_at <= written_at")
    op.create_index(
        "copies_unread",
        "copies",
        ["store", "object_id"],
        sqlite_where=unread,
        postgresql_where=unread,
    )
    op.create_index("events_by_type", "events", ["type", "sequence"])
