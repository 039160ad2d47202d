"""What the intake desk asks: whose dossier a transfer brought, what was announced before it came."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("fonds_code", "agency_name", "file_code", "agreement"):
        # Transfers received before have none: their events say none either.
        op.add_column("transfers", _text(name, server_default=""))
    op.create_index("transfers_by_file_code", "transfers", ["fonds_code", "file_code"])
    op.create_table(
        "registrations",
        _text("registration_id", primary_key=True),
        _text("agency_code"),
        _text("agency_name"),
        _text("level"),
        _text("fonds_code"),
        _number("year"),
        _number("announced"),
        _text("expected_by"),
        _text("registered_at"),
        _text("registered_by"),
        _text("source"),
        _text("source_sha256"),
        _text("note"),
    )
    op.create_table(
        "listed_dossiers",
        _text("registration_id", primary_key=True),
        _number("place", primary_key=True),
        _text("file_code"),
        _text("file_code_nfc"),
        _text("title"),
        _text("maintenance"),
        _text("form"),
        _text("closed"),
        _text("note"),
    )
    op.create_index("listed_by_file_code", "listed_dossiers", ["file_code_nfc"])


def _text(name: str, **options: object) -> sa.Column[str]:
    kind = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, kind, nullable=False, **options)  # type: ignore[arg-type]


def _number(name: str, **options: object) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False, **options)  # type: ignore[arg-type]
