"""Incidents: what is wrong, and how far its care has come."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incidents",
        _text("incident_id", primary_key=True),
        _text("cause"),
        _text("object_id"),
        _text("store"),
        _text("state"),
        _text("opened_at"),
        _text("changed_at"),
        _text("seen_at"),
        sa.Column("seen_count", sa.BigInteger(), nullable=False, autoincrement=False),
        _text("diagnosis"),
        _text("by"),
        _text("reason"),
        _text("run_id"),
        _text("kinds"),
        _text("detail"),
        _text("told"),
    )
    op.create_index("incidents_by_object", "incidents", ["object_id", "store", "incident_id"])
    op.create_index("incidents_by_state", "incidents", ["state", "opened_at", "incident_id"])


def _text(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    kind = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, kind, nullable=False, primary_key=primary_key)
