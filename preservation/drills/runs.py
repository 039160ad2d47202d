"""Which audits were part of a drill: what they find was planted, so they say nothing of the archive.

They stand in catalogue and ledger as any other run. Whoever tells of *the last audit* leaves them out.
"""

from __future__ import annotations

from collections.abc import Sequence

from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import AuditRunRecord

_AFTER = "after a drill"
_ROUNDS = (50, 1000)  # a whole drill of two stores makes some forty runs; mostly there is none


def of_a_drill(run: AuditRunRecord) -> bool:
    """Whether this run looked at canaries for a drill, by the note it was begun with."""
    note = str(run.totals.get("note", ""))
    return note == _AFTER or note.startswith(("drill ", "drill: "))


def last_runs(catalogue: Catalogue, limit: int) -> Sequence[AuditRunRecord]:
    """The last runs, newest first, without those of drills."""
    found: list[AuditRunRecord] = []
    for rounds in (*_ROUNDS, None):
        runs = catalogue.audit_runs(rounds)
        found = [run for run in runs if not of_a_drill(run)]
        if len(found) >= limit or rounds is None or len(runs) < rounds:
            break
    return found[:limit]
