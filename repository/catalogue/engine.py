"""Connections to the catalogue's SQLite file. What is said here about SQLite is said nowhere else,
except its full-text index (`search.py`).

Rules kept on every connection: write-ahead log, so that readers never wait for the writer; a commit
is on the medium before it returns (`synchronous=FULL`); foreign keys are checked; a busy file is waited
for, then reported as Locked. A read-only connection cannot write by two independent settings.
Open after a fork, never before: SQLite connections do not survive one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.pool import QueuePool

from repository.errors import ArchiveError, Conflict, Corrupt, Locked, Misconfigured, Unavailable

WAIT_SECONDS = 60.0  # how long a writer waits for the other writers before Locked
_WRITES = "kho_writes"

Mode = Literal["ro", "rw", "rwc"]


def make_engine(path: Path, mode: Mode, *, wait_seconds: float = WAIT_SECONDS) -> Engine:
    """An engine over one file. Touches nothing until the first connection is asked for."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=wait_seconds,
            isolation_level=None,  # `_begin` says where a transaction begins, not the driver
            check_same_thread=False,  # the pool lends a connection to one thread at a time
        )
        try:
            _prepare(connection, mode)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=8, max_overflow=56
    )
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the catalogue from its first question to its last."""
    with told_as_failures(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """The one write transaction of this moment: committed on leaving, rolled back on an exception.

    Nobody else writes between its start and its end, in any process. Locked when the others did not
    finish in time.
    """
    with (
        told_as_failures(engine),
        engine.connect().execution_options(**{_WRITES: True}) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def told_as_failures(engine: Engine | None = None) -> Iterator[None]:
    """SQLite's errors as the archive's failures; what only a programmer can cause stays as it is."""
    try:
        yield
    except DBAPIError as error:
        failure = _failure(error.orig, error)
        if failure is None:
            raise
        raise failure from error
    except sqlite3.Error as error:
        failure = _failure(error, error)
        if failure is None:
            raise
        raise failure from error
    except TimeoutError as error:
        raise Unavailable("Too many questions to the catalogue at once. Try again.") from error


def _failure(cause: BaseException | None, told: BaseException) -> ArchiveError | None:
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return None
    if code in (
        sqlite3.SQLITE_READONLY_CANTINIT,
        sqlite3.SQLITE_READONLY_CANTLOCK,
        sqlite3.SQLITE_READONLY_DIRECTORY,
        sqlite3.SQLITE_READONLY_RECOVERY,
    ):
        return Unavailable(
            "The catalogue can be read without the right to write in its folder only while a writer "
            f"has it open: start `kho schedule`, or give this user that right. ({cause})"
        )
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Locked(f"Another process is writing the catalogue and did not finish: {cause}")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return Corrupt(
                f"The catalogue is damaged: {cause}. Objects are not touched by this; move the file "
                "away and run `kho rebuild`."
            )
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_IOERR | sqlite3.SQLITE_FULL:
            return Unavailable(
                f"The catalogue cannot be used now: {cause}. Look at the disk's free space, and at "
                "the permissions of the folder: its -wal and -shm files must be readable too."
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return Misconfigured(f"The catalogue was opened without the right to write: {cause}")
        case sqlite3.SQLITE_CONSTRAINT:
            return Conflict(f"The catalogue has another record in this place already: {told}")
    return None


def _prepare(connection: sqlite3.Connection, mode: Mode) -> None:
    if mode == "ro":
        connection.execute("PRAGMA query_only=1")
    else:
        connection.execute("PRAGMA synchronous=FULL")
        if mode == "rwc":
            connection.execute("PRAGMA journal_mode=WAL")  # lasting: a property of the file
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cache_size=-16384")


def _begin(connection: Connection) -> None:
    options: Any = connection.get_execution_options()
    # IMMEDIATE: take the write lock before reading what the write depends on.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")
