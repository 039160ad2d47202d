"""The questions of the intake desk: what was announced, what of it came, what came unannounced.

As in `reading.py`, each is a function of a connection, and every order depends on the records alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, select

from repository.catalogue.reading import OBJECT_COLUMNS, as_object
from repository.catalogue.records import (
    ListedDossierRecord,
    ListedOutcome,
    ObjectRecord,
    RegistrationRecord,
)
from repository.catalogue.tables import listed_dossiers, objects, registrations, transfers


def registration(connection: Connection, registration_id: str) -> RegistrationRecord | None:
    """One registration, or None."""
    query = select(registrations).where(registrations.c.registration_id == registration_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else RegistrationRecord(**row._mapping)


def registration_list(connection: Connection, year: int | None) -> Sequence[RegistrationRecord]:
    """By year, the latest first, then by id."""
    query = select(registrations)
    if year is not None:
        query = query.where(registrations.c.year == year)
    query = query.order_by(registrations.c.year.desc(), registrations.c.registration_id)
    return tuple(RegistrationRecord(**row._mapping) for row in connection.execute(query))


def listed(connection: Connection, registration_id: str) -> Sequence[ListedDossierRecord]:
    """The rows of one list, in its order."""
    query = _rows(registration_id).order_by(listed_dossiers.c.place)
    return tuple(ListedDossierRecord(**row._mapping) for row in connection.execute(query))


def outcomes(connection: Connection, of: RegistrationRecord) -> Iterator[ListedOutcome]:
    """Each row of one list with what became of it: held, or the state of the last transfer of that
    code, or nothing came."""
    last = {
        unicodedata.normalize("NFC", code): (state, transfer_id)
        for code, state, transfer_id in connection.execute(
            select(transfers.c.file_code, transfers.c.state, transfers.c.transfer_id)
            .where(transfers.c.fonds_code == of.fonds_code, transfers.c.file_code != "")
            .order_by(transfers.c.received_at, transfers.c.transfer_id)
        )
    }
    same = and_(
        objects.c.fonds_code == of.fonds_code,
        objects.c.file_code_nfc == listed_dossiers.c.file_code_nfc,
        listed_dossiers.c.file_code_nfc != "",
    )
    query = (
        _rows(of.registration_id)
        .add_columns(objects.c.object_id)
        .join_from(listed_dossiers, objects, same, isouter=True)
        .order_by(listed_dossiers.c.place, objects.c.object_id)
    )
    told = 0
    for row in connection.execute(query):
        values = dict(row._mapping)
        object_id = values.pop("object_id")
        record = ListedDossierRecord(**values)
        if record.place == told:
            continue  # two objects of one code: the row is told once
        told = record.place
        state, transfer_id = last.get(unicodedata.normalize("NFC", record.file_code), ("", ""))
        if object_id is not None:
            yield ListedOutcome(record, "held", object_id, transfer_id)
        else:
            # What was taken and is not held any more, or never was a dossier of this archive.
            known = state in ("awaiting-decision", "refused", "returned")
            yield ListedOutcome(record, state if known else "not-come", "", transfer_id)


def unlisted(connection: Connection, fonds: str, year: int) -> Iterator[ObjectRecord]:
    """Held dossiers of a fonds that ended in a year and stand in none of its lists, by object_id."""
    mentioned = (
        select(listed_dossiers.c.place)
        .join(registrations, registrations.c.registration_id == listed_dossiers.c.registration_id)
        .where(
            registrations.c.fonds_code == fonds,
            listed_dossiers.c.file_code_nfc == objects.c.file_code_nfc,
        )
    )
    query = (
        select(*OBJECT_COLUMNS)
        .where(
            objects.c.fonds_code == fonds,
            objects.c.end_date.startswith(f"{year:04d}", autoescape=True),
            ~exists(mentioned),
        )
        .order_by(objects.c.object_id)
    )
    for row in connection.execute(query):
        yield as_object(row)


def _rows(registration_id: str) -> Select[Any]:
    columns = [c for c in listed_dossiers.columns if c.name != "file_code_nfc"]
    return select(*columns).where(listed_dossiers.c.registration_id == registration_id)
