"""The first tables, and the full-text index over them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Exactly this definition is in every archive made by this step: it is not imported, so that later
# changes elsewhere cannot reach back.
_FULL_TEXT = """
CREATE VIRTUAL TABLE search_index USING fts5(
    title_exact, codes_exact, people_exact, subjects_exact, body_exact,
    title_folded, codes_folded, people_folded, subjects_folded, body_folded,
    tokenize = "unicode61 remove_diacritics 0 tokenchars '_'"
)
"""


def upgrade() -> None:
    op.create_table(
        "audit_runs",
        _text("run_id", primary_key=True),
        _text("kind"),
        _text("started_at"),
        _text("finished_at"),
        _text("operator"),
        _text("outcome"),
        _text("totals"),
    )
    op.create_index("audit_runs_by_time", "audit_runs", ["started_at", "run_id"])
    op.create_table(
        "copies",
        _text("object_id", primary_key=True),
        _text("store", primary_key=True),
        _text("head"),
        _text("written_at"),
        _text("read_back"),
        _text("last_checked_at"),
        _text("last_verdict"),
    )
    op.create_index("copies_by_age", "copies", ["store", "last_checked_at", "object_id"])
    op.create_index("copies_by_store", "copies", ["store", "object_id"])
    op.create_table(
        "events",
        _key("sequence", primary_key=True),
        _text("event_id", unique=True),
        _text("type"),
        _text("at"),
        _text("agent"),
        _text("outcome"),
        _text("object_id"),
        _text("transfer_id"),
        _text("detail"),
    )
    op.create_index("events_by_object", "events", ["object_id", "sequence"])
    op.create_table(
        "names",
        _key("key", primary_key=True),
        _text("name", unique=True),
    )
    op.create_table(
        "transfers",
        _text("transfer_id", primary_key=True),
        _text("source"),
        _text("shape"),
        _text("container_sha256"),
        _text("received_at"),
        _text("finished_at"),
        _text("operator"),
        _text("state"),
        _text("object_id"),
        _text("version"),
        _text("title"),
        _text("decided_by"),
        _text("reason"),
        _text("problems"),
    )
    op.create_index("transfers_by_container", "transfers", ["container_sha256"])
    op.create_index("transfers_by_state", "transfers", ["state", "received_at", "transfer_id"])
    op.create_index("transfers_by_time", "transfers", ["received_at", "transfer_id"])
    op.create_table(
        "audit_results",
        _key("run_key", sa.ForeignKey("names.key"), primary_key=True),
        _key("object_key", sa.ForeignKey("names.key"), primary_key=True),
        _text("store", primary_key=True),
        _text("checked_at"),
        _text("verdict"),
        _number("expected"),
        _number("intact"),
        _number("altered"),
        _number("missing"),
        _number("unreadable"),
        _number("not_checked"),
        _number("unexpected"),
        _number("byte_count"),
        _text("files"),
        sqlite_with_rowid=False,
    )
    op.create_index("audit_results_by_object", "audit_results", ["object_key"])
    op.create_table(
        "expected_files",
        _key("object_key", sa.ForeignKey("names.key"), primary_key=True),
        _text("path", primary_key=True),
        _number("size"),
        _text("sha512"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "objects",
        _key("key", sa.ForeignKey("names.key"), primary_key=True),
        _text("object_id", unique=True),
        _text("fonds_code"),
        _text("agency_name"),
        _text("file_code"),
        _text("file_code_nfc"),
        _text("arc_file_code"),
        _text("title"),
        _text("mode"),
        _text("maintenance"),
        _text("start_date"),
        _text("end_date"),
        _number("document_count"),
        _number("file_count"),
        _number("byte_count"),
        _text("head"),
        _text("profile"),
        _text("transfer_id"),
        _text("first_held_at"),
        _text("updated_at"),
    )
    op.create_index("objects_by_file_code", "objects", ["fonds_code", "file_code_nfc"])
    op.create_index("objects_by_fonds", "objects", ["fonds_code", "object_id"])
    op.create_index(
        "objects_sums", "objects", ["mode", "document_count", "file_count", "byte_count"]
    )
    op.create_table(
        "outbox",
        _key("sequence", sa.ForeignKey("events.sequence"), primary_key=True),
    )
    op.create_table(
        "payloads",
        _text("sha256", primary_key=True),
        _key("object_key", sa.ForeignKey("names.key"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("payloads_by_object", "payloads", ["object_key"])
    op.create_table(
        "search_texts",
        _key("object_key", sa.ForeignKey("names.key"), primary_key=True),
        _text("title"),
        _text("codes"),
        _text("people_and_agencies"),
        _text("subjects"),
        _text("body"),
    )
    op.create_table(
        "documents",
        _text("object_id", sa.ForeignKey("objects.object_id"), primary_key=True),
        _number("place", primary_key=True),
        _number("ordinal"),
        _text("kind"),
        _text("doc_id"),
        _text("doc_code"),
        _text("title"),
        _text("type_code"),
        _text("code_number"),
        _text("code_notation"),
        _text("issued_date"),
        _text("organ_name"),
        _text("mode"),
        _text("pages"),
        _text("files"),
    )
    op.create_index("documents_by_doc_id", "documents", ["doc_id", "object_id"])
    op.create_table(
        "versions",
        _text("object_id", sa.ForeignKey("objects.object_id"), primary_key=True),
        _number("place", primary_key=True),
        _text("version"),
        _text("created"),
        _text("message"),
        _text("user_name"),
        _text("inventory_sha512"),
        _text("profile"),
    )

    if op.get_bind().dialect.name == "sqlite":
        op.execute(_FULL_TEXT)


def _text(name: str, *args: Any, **options: Any) -> sa.Column[str]:
    kind = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, kind, *args, nullable=False, **options)


def _number(name: str, *args: Any, **options: Any) -> sa.Column[int]:
    options.setdefault("autoincrement", False)
    return sa.Column(name, sa.BigInteger(), *args, nullable=False, **options)


def _key(name: str, *args: Any, **options: Any) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, *args, nullable=False, **options)
