"""Stores that come, go away and come back: made, registered in the settings, attached, detached.

The settings are rewritten in one step under a lock; comments in them do not survive. Processes that run
(`kho schedule`, `kho serve`) know a new store once they are started again; that a store was detached
every process sees at once, because it is written on the store itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Literal

from kho.settings import SETTINGS_FILE, Settings, StoreSettings, read_settings, write_settings
from kho.wiring import Archive
from preservation.copies import Followed, catch_up, record_fact
from preservation.events import EventType, Outcome
from repository import durable, locks
from repository.clock import utc_text
from repository.errors import Conflict, Misconfigured, Refused, Unavailable
from repository.local_store import create_local_store
from repository.ocfl.layout import HASHED_WITH_ID

Kind = Literal["local", "nfs", "smb", "offline"]
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def add_store(
    archive: Archive,
    name: str,
    path: Path,
    *,
    operator: str,
    kind: Kind = "local",
    place: str = "",
    rotation_days: int | None = None,
    started: date | None = None,
    rated_years: float | None = None,
) -> StoreSettings:
    """Make an empty store at `path`, register it, and record that.

    Conflict when the name or the place is taken. After a crash the store may lie there unregistered:
    then its folder can be removed by hand and the command given again.
    """
    home = archive.home.path
    if _NAME.fullmatch(name) is None:
        raise Refused(
            f"{name!r} is no name for a store: small letters, digits, dots and hyphens, at most 40."
        )
    with locks.held(home / "quarantine" / "settings.lock", "The settings", wait=5):
        settings = read_settings(home)
        if name in settings.stores:
            raise Conflict(f"There is a store {name} already, at {settings.stores[name].path}.")
        path = path.absolute()
        try:
            store_id = create_local_store(path)
        except FileExistsError as problem:
            raise Conflict(
                f"{path} is there already. Name a new folder, such as one on the disk: {path}/kho."
            ) from problem
        except OSError as problem:
            raise durable.explained(problem, f"making a store at {path}") from problem
        inside = path.is_relative_to(home)
        made = StoreSettings(
            path=str(path.relative_to(home) if inside else path),
            id=store_id,
            layout=HASHED_WITH_ID,
            kind=kind,
            place=place,
            rotation_days=rotation_days,
            started=started,
            rated_years=rated_years,
        )
        changed = Settings.model_validate(
            {**settings.model_dump(), "stores": {**settings.stores, name: made}}
        )
        _write(home, changed)
    record_fact(
        archive.caring(),
        EventType.STORE_ADDED,
        operator=operator,
        outcome=Outcome.SUCCESS,
        detail={"store": {"name": name, **made.model_dump(mode="json", exclude_none=True)}},
    )
    return made


def attach(archive: Archive, name: str, *, operator: str) -> None:
    """An offline store is back: it may be used again, gets the ledger, and what died there is settled.

    Unavailable when the right disk is not there. The caller catches it up and audits it.
    """
    _check_offline(archive, name)
    store = archive.stores[name]
    store.attach()
    store.check_available()
    store.recover()
    _record_visit(archive, EventType.STORE_ATTACHED, name, operator)


def detach(archive: Archive, name: str, *, operator: str) -> bool:
    """An offline store goes back to its cupboard; False when it is gone already.

    After return nothing of ours writes to it, and everything written is on it. Locked while a dossier
    is being written.
    """
    _check_offline(archive, name)
    store = archive.stores[name]
    _record_visit(archive, EventType.STORE_DETACHED, name, operator)
    try:
        store.detach(f"{utc_text(archive.clock.now())} {operator}")
    except Unavailable:
        return False
    return True


def follow_where_present(
    archive: Archive, *, operator: str, stop: Callable[[], bool] = lambda: False
) -> Iterator[Followed | str]:
    """What was just held also goes to the stores that need not have it and are there.

    Nothing here fails what is held already: what went wrong is told as a line.
    """
    for name in archive.awaited:
        if name in archive.settings.required:
            continue
        try:
            yield from catch_up(archive.caring(), name, operator=operator, stop=stop)
        except (Unavailable, Misconfigured) as problem:
            yield problem.operator


def _record_visit(archive: Archive, type_: EventType, name: str, operator: str) -> None:
    store = archive.settings.stores[name]
    record_fact(
        archive.caring(),
        type_,
        operator=operator,
        outcome=Outcome.SUCCESS,
        detail={"store": {"name": name, "id": store.id, "place": store.place}},
    )


def _check_offline(archive: Archive, name: str) -> None:
    if archive.settings.stores[name].kind != "offline":
        raise Refused(
            f"{name} is not an offline store. Only those are attached and detached; set "
            f'kind = "offline" for it in {SETTINGS_FILE} when it is a disk that is put away.'
        )


def _write(home: Path, settings: Settings) -> None:
    try:
        durable.write_durably(home / SETTINGS_FILE, write_settings(settings))
    except OSError as problem:
        raise durable.explained(problem, f"writing {home / SETTINGS_FILE}") from problem
