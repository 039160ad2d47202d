"""What agencies announce before it comes: a registration, and with it the file list of a year.

Each is an event, so that `kho rebuild` knows it again. A list given a second time takes the
place of the first: agencies correct them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from preservation import history
from preservation.events import EventType, Outcome
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import ListedDossierRecord, RegistrationRecord
from repository.clock import Clock

_ROWS = 200  # of one event; more than that might not fit into an entry of the ledger
_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class AnnouncingServices:
    """What announcing works with."""

    catalogue: Catalogue
    clock: Clock
    publish: Callable[[], None]


def register(
    services: AnnouncingServices,
    registration: RegistrationRecord,
    rows: Sequence[ListedDossierRecord] = (),
    *,
    operator: str,
) -> None:
    """Record an announcement and its list, in place of what was announced under that id before.

    After return all of it is in the catalogue and the ledger; after an exception or a crash, all or
    nothing.
    """
    first, *rest = list(_batches(rows)) or [[]]
    details = [
        {
            **history.registration_detail(registration),
            **history.listed_detail(registration.registration_id, first),
        },
        *(history.listed_detail(registration.registration_id, batch) for batch in rest),
    ]
    now = services.clock.now()
    with services.catalogue.transaction() as tx:
        for detail in details:
            event = history.new_event(
                EventType.REGISTRATION,
                at=now,
                agent=operator,
                outcome=Outcome.SUCCESS,
                detail=detail,
            )
            history.record(tx, event)
    services.publish()


def _batches(rows: Sequence[ListedDossierRecord]) -> Iterator[list[ListedDossierRecord]]:
    batch: list[ListedDossierRecord] = []
    size = 0
    for row in rows:
        length = len(row.file_code) + len(row.title) + len(row.note) + len(row.maintenance)
        if batch and (len(batch) >= _ROWS or size + length > _CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += length
    if batch:
        yield batch
