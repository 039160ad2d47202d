"""A ledger held against the catalogue's events: what a mutation test of `comparing` asked for."""

from __future__ import annotations

from preservation.ledger.comparing import verify_ledger
from tests.preservation.ledger.test_verifying_cases import (
    Archive,
    archive,
    home,
    state_of,
    template,
)

__all__ = ["archive", "home", "template"]  # fixtures


def test_an_event_that_was_changed_in_the_catalogue_is_damage_of_one_of_the_two(
    archive: Archive,
) -> None:
    with archive.catalogue.transaction() as tx:
        tx._connection.exec_driver_sql("UPDATE events SET agent = 'else' WHERE sequence = 5")
    state = state_of(archive)
    assert (state.damaged, state.broken) == (True, "")
    (said,) = state.log.wrong
    assert "5" in said
    assert set(state.copies.values()) == {"identical"}
    # The ledger by itself is whole.
    assert not verify_ledger(archive.home.folder("ledger"), archive.stores.values()).damaged
