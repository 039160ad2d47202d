"""A copy that another audit has found, and one that the ledger does not know and that looks wrong: more
cases that a mutation test of `preservation.audit.looking` asked for."""

from __future__ import annotations

from typing import Any

from kho import wiring
from preservation.audit.leases import leases
from preservation.audit.selection import CATALOGUE_PLACE
from repository.store import Observation, ObservedFile
from tests.preservation.audit.test_looking_cases import (
    IDS,
    archive,
    bent,
    late,
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


def test_what_the_ledger_does_not_know_is_no_more_damaged_by_one_engines_word_than_the_rest(
    archive: wiring.Archive,
) -> None:
    def bend(seen: Observation, confirm: bool = False, **_: Any) -> Observation:
        wrong = tuple(ObservedFile(one.path, one.size, "0" * 128, None) for one in seen.files)
        return seen if confirm else Observation(**{**_fields(seen), "files": wrong})

    services, store = bent(archive, bend, publish=lambda: None)
    services.commitments.refresh()
    name = late(archive)
    found = {one.store: one for one in looker(services).results(store, [name])}
    assert (found["primary"].verdict, found["primary"].altered) == ("intact", 0)
    assert "AUD-UNCOMMITTED" in found[CATALOGUE_PLACE].files[0]["reason"]


def _fields(seen: Observation) -> dict[str, Any]:
    return {name: getattr(seen, name) for name in seen.__dataclass_fields__}
