"""Making a catalogue file and bringing it to the tables this program knows.

The steps are Alembic's and lie in `migrations/`; each run is one transaction, so a file has all of
a step or nothing of it. Opening only compares one value and never migrates: a person decides when.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from repository.catalogue.engine import make_engine, reading, writing
from repository.errors import Conflict, Misconfigured, NotFound

if TYPE_CHECKING:
    from alembic.config import Config

CURRENT_REVISION = "0005"  # a test compares it with the last file of `migrations/versions`


def create_catalogue(path: Path) -> None:
    """Make a new catalogue with no records in it.

    After return the file is complete. Conflict when there is one already, or another database stands
    there. After a crash the file is complete, or holds no table and the same call finishes it.
    """
    if not path.parent.is_dir():
        raise NotFound(f"There is no folder {path.parent} to make the catalogue in.")
    engine = make_engine(path, "rwc")
    try:
        with writing(engine) as connection:
            if inspect(connection).get_table_names():
                raise Conflict(f"{path} is there already. Nothing was changed in it.")
            _upgrade(connection)
    finally:
        engine.dispose()


def migrate(path: Path) -> None:
    """Bring an existing catalogue to the present tables; nothing is done when it has them.

    NotFound when there is none. After an exception or a crash it has its former tables, whole.
    """
    if not path.is_file():
        raise _missing(path)
    engine = make_engine(path, "rw")
    try:
        with writing(engine) as connection:
            found = _revision(connection)
            if found is None or found not in _known_revisions():
                raise Misconfigured(_what_to_do(path, found))
            _upgrade(connection)
    finally:
        engine.dispose()


def is_older(path: Path) -> bool:
    """Whether there is a catalogue with the tables of an earlier step of this program's."""
    if not path.is_file():
        return False
    engine = make_engine(path, "ro")
    try:
        with reading(engine) as connection:
            found = _revision(connection)
    finally:
        engine.dispose()
    return found is not None and found < CURRENT_REVISION and found in _known_revisions()


def check_current(path: Path, *, read_only: bool) -> None:
    """Return when the file is a catalogue with exactly the tables this program knows. NotFound when
    there is none; Misconfigured, with what to do, when it is another state or another thing."""
    if not path.is_file():
        raise _missing(path)
    engine = make_engine(path, "ro" if read_only else "rw")
    try:
        with reading(engine) as connection:
            found = _revision(connection)
    finally:
        engine.dispose()
    if found != CURRENT_REVISION:
        raise Misconfigured(_what_to_do(path, found))


def _upgrade(connection: Connection) -> None:
    # Alembic is loaded only here: opening a catalogue must stay quick.
    from alembic import command

    config = _alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _known_revisions() -> set[str]:
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_alembic_config())
    return {step.revision for step in script.walk_revisions()}


def _alembic_config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "repository.catalogue:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection) -> str | None:
    """The step the file stands at; None when it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _what_to_do(path: Path, found: str | None) -> str:
    if found is None:
        return (
            f"{path} is not a catalogue of Kho, or its making was interrupted. If there was none "
            "before, make it again; else move it away and run `kho rebuild`."
        )
    if found < CURRENT_REVISION:
        return (
            f"{path} has the tables of step {found}; this program needs {CURRENT_REVISION}. Back it "
            "up and migrate it, or move it away and run `kho rebuild`."
        )
    return (
        f"{path} has the tables of step {found}, later than {CURRENT_REVISION}, the last one this "
        "program knows. Use the program version that made it."
    )


def _missing(path: Path) -> NotFound:
    return NotFound(
        f"There is no catalogue at {path}. `kho init` makes an archive; `kho rebuild` makes the "
        "catalogue of an existing one again from its storage."
    )
