"""Founding an archive: its folders, stores and keys, and the first entry of its ledger."""

from __future__ import annotations

from pathlib import Path

from kho import wiring
from kho.wiring import Home
from preservation import history
from preservation.events import EventType, Outcome


def found(path: Path, operator: str) -> Home:
    """Make a new archive at `path` and record that it was made. Conflict when something is there."""
    home = wiring.make_archive(path)
    with wiring.open_archive(home.path) as archive:
        event = history.new_event(
            EventType.ARCHIVE_MADE,
            at=archive.clock.now(),
            agent=operator,
            outcome=Outcome.SUCCESS,
            detail={
                "software": wiring.software(),
                "stores": {name: store.id for name, store in archive.settings.stores.items()},
            },
        )
        with archive.catalogue.transaction() as tx:
            history.record(tx, event)
        archive.publish()
    return home
