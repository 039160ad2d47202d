"""Two audits at once, where one has found what the other was to look at: more cases that a mutation
test of `preservation.audit.looking` asked for."""

from __future__ import annotations

from kho import wiring
from preservation.audit.leases import leases
from tests.preservation.audit.test_looking_cases import (
    IDS,
    archive,
    bent,
    looker,
    rival,
    template,
    whole,
)

__all__ = ["archive", "template"]  # fixtures


def test_a_copy_that_was_found_by_another_is_not_kept_from_a_third(
    archive: wiring.Archive,
) -> None:
    services, store = bent(archive)
    rival(archive, whole(0))
    results = looker(services).results(store, IDS)
    next(results)
    with leases(services.progress, "primary") as third:
        assert third.take(IDS[0])
        assert not third.take(IDS[2])
    results.close()
