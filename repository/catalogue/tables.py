"""The tables of the catalogue: one metadata, private to this folder.

No row leaves: `reading.py` turns rows into the values of `records.py`, whose field names are the column
names. Numbers made here (`names.key`) are never part of an answer, because a rebuilt catalogue gives
other ones.

Large tables hold the key of an object's name instead of the name: at a million objects a
name of 70 characters in every expected file and every audit result would be most of the file.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.types import TypeEngine


class AnyText(TypeDecorator[str]):
    """Any Python string, ordered by code point.

    NUL and lone surrogates (bytes of a file name that are not UTF-8) cannot be stored in every
    database; they are written as U+001A, four hexadecimal digits, `;` and come back as they were.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Text(collation="C"))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or value.isprintable():  # so nearly every text, and none of the unstorable
            return value
        return _UNSTORABLE.sub(_escaped, value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else unescaped(value)


def unescaped(value: str) -> str:
    """The text that `AnyText` stored as `value`."""
    # Nearly no text has one, and an audit reads very many.
    return value if "\x1a" not in value else _ESCAPED.sub(_unescaped, value)


class JsonText(TypeDecorator[Any]):
    """A plain JSON value as text with sorted keys: equal values are equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        text = json.dumps(
            value, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":")
        )
        return _UNSTORABLE.sub(_escaped, text)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        assert value is not None
        return json.loads(_ESCAPED.sub(_unescaped, value))


_UNSTORABLE = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED = re.compile("\x1a([0-9a-f]{4});")


def _escaped(match: re.Match[str]) -> str:
    return f"\x1a{ord(match.group()):04x};"


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match.group(1), 16))


# SQLite makes keys by itself only for a column of exactly this type.
_Key = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()


def _text(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, AnyText(), primary_key=primary_key, nullable=False)


def _number(name: str, *, primary_key: bool = False) -> Column[int]:
    return Column(name, BigInteger(), primary_key=primary_key, nullable=False, autoincrement=False)


def _key_of_name(name: str) -> Column[int]:
    return Column(name, _Key, ForeignKey("names.key"), primary_key=True, autoincrement=False)


def _of_object() -> Column[str]:
    return Column(
        "object_id", AnyText(), ForeignKey("objects.object_id"), primary_key=True, nullable=False
    )


names = Table(
    "names",
    metadata,
    Column("key", _Key, primary_key=True),
    Column("name", AnyText(), nullable=False, unique=True),
)

objects = Table(
    "objects",
    metadata,
    _key_of_name("key"),
    Column("object_id", AnyText(), nullable=False, unique=True),
    _text("fonds_code"),
    _text("agency_name"),
    _text("file_code"),
    _text("file_code_nfc"),  # the identity of a dossier inside its fonds
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
    Index("objects_by_fonds", "fonds_code", "object_id"),
    Index("objects_by_file_code", "fonds_code", "file_code_nfc"),
    # counts() answers from this index alone.
    Index("objects_sums", "mode", "document_count", "file_count", "byte_count"),
)

documents = Table(
    "documents",
    metadata,
    _of_object(),
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
    # As JSON: a sender may claim any number, or none.
    Column("pages", JsonText(), nullable=False),
    Column("files", JsonText(), nullable=False),
    Index("documents_by_doc_id", "doc_id", "object_id"),
)

versions = Table(
    "versions",
    metadata,
    _of_object(),
    _number("place", primary_key=True),
    _text("version"),
    _text("created"),
    _text("message"),
    _text("user_name"),
    _text("inventory_sha512"),
    _text("profile"),
)

expected_files = Table(
    "expected_files",
    metadata,
    _key_of_name("object_key"),
    _text("path", primary_key=True),
    _number("size"),
    _text("sha512"),
    sqlite_with_rowid=False,
)

payloads = Table(
    "payloads",
    metadata,
    _text("sha256", primary_key=True),
    _key_of_name("object_key"),
    Index("payloads_by_object", "object_key"),
    sqlite_with_rowid=False,
)

search_texts = Table(
    "search_texts",
    metadata,
    _key_of_name("object_key"),
    _text("title"),
    _text("codes"),
    _text("people_and_agencies"),
    _text("subjects"),
    _text("body"),
)

copies = Table(
    "copies",
    metadata,
    _text("object_id", primary_key=True),
    _text("store", primary_key=True),
    _text("head"),
    _text("written_at"),
    _text("read_back"),
    _text("last_checked_at"),
    _text("last_verdict"),
    _text("read_at"),
    _text("tried_at"),
    Index("copies_by_age", "store", "last_checked_at", "object_id"),
    Index("copies_by_store", "store", "object_id"),
    Index("copies_by_reading", "store", "read_at", "object_id"),
    Index(
        "copies_unread",
        "store",
        "object_id",
        sqlite_where=text("read_at <= written_at"),
        postgresql_where=text("read_at <= written_at"),
    ),
)

transfers = Table(
    "transfers",
    metadata,
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
    Column("problems", JsonText(), nullable=False),
    _text("fonds_code"),
    _text("agency_name"),
    _text("file_code"),
    _text("agreement"),
    Index("transfers_by_file_code", "fonds_code", "file_code"),
    Index("transfers_by_container", "container_sha256"),
    Index("transfers_by_time", "received_at", "transfer_id"),
    Index("transfers_by_state", "state", "received_at", "transfer_id"),
)

registrations = Table(
    "registrations",
    metadata,
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

listed_dossiers = Table(
    "listed_dossiers",
    metadata,
    _text("registration_id", primary_key=True),
    _number("place", primary_key=True),
    _text("file_code"),
    _text("file_code_nfc"),
    _text("title"),
    _text("maintenance"),
    _text("form"),
    _text("closed"),
    _text("note"),
    Index("listed_by_file_code", "file_code_nfc"),
)

audit_runs = Table(
    "audit_runs",
    metadata,
    _text("run_id", primary_key=True),
    _text("kind"),
    _text("started_at"),
    _text("finished_at"),
    _text("operator"),
    _text("outcome"),
    Column("totals", JsonText(), nullable=False),
    Index("audit_runs_by_time", "started_at", "run_id"),
)

audit_results = Table(
    "audit_results",
    metadata,
    _key_of_name("run_key"),
    _key_of_name("object_key"),
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
    Column("files", JsonText(), nullable=False),
    Index("audit_results_by_object", "object_key"),
    sqlite_with_rowid=False,
)

incidents = Table(
    "incidents",
    metadata,
    _text("incident_id", primary_key=True),
    _text("cause"),
    _text("object_id"),
    _text("store"),
    _text("state"),
    _text("opened_at"),
    _text("changed_at"),
    _text("seen_at"),
    _number("seen_count"),
    _text("diagnosis"),
    _text("by"),
    _text("reason"),
    _text("run_id"),
    Column("kinds", JsonText(), nullable=False),
    Column("detail", JsonText(), nullable=False),
    Column("told", JsonText(), nullable=False),
    Index("incidents_by_object", "object_id", "store", "incident_id"),
    Index("incidents_by_state", "state", "opened_at", "incident_id"),
)

events = Table(
    "events",
    metadata,
    Column("sequence", _Key, primary_key=True, autoincrement=False),
    Column("event_id", AnyText(), nullable=False, unique=True),
    _text("type"),
    _text("at"),
    _text("agent"),
    _text("outcome"),
    _text("object_id"),
    _text("transfer_id"),
    Column("detail", JsonText(), nullable=False),
    Index("events_by_object", "object_id", "sequence"),
    Index("events_by_type", "type", "sequence"),
)

outbox = Table(
    "outbox",
    metadata,
    Column(
        "sequence",
        _Key,
        ForeignKey("events.sequence"),
        primary_key=True,
        autoincrement=False,
    ),
)
