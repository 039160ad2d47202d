"""What an audit is asked for, what it works with, and what it answers: the values around a run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from preservation.audit.commitments import Commitments
from preservation.audit.fixity import CopyVerdict, Sums
from preservation.audit.sampling import Drawn
from preservation.events import Outcome
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import AuditResultRecord
from repository.catalogue.writing import Transaction
from repository.clock import Clock
from repository.store import Store

Kind = Literal["all", "due", "named", "sample"]
Depth = Literal["full", "structural"]

# Where a result tells of the catalogue, and not of a copy: no store can have such a name.
CATALOGUE_PLACE = "(catalogue)"
BUSY = "another audit is at work on it"  # why a copy was not checked


@dataclass(frozen=True, slots=True)
class Selection:
    """What to audit: which copies of which objects, and whether also what belongs to no object.

    `roots`: the storage roots' own files, the stores' copies of the ledger, and what the ledger knows
    and the catalogue does not. `asked` says in plain values how the selection was come to, so that an
    interrupted run can be asked again. `drawn`: how a sample was drawn.
    """

    kind: Kind
    copies: Mapping[str, Sequence[str]]  # store name → object ids
    roots: bool
    note: str = ""
    depth: Depth = "full"
    asked: Mapping[str, Any] = field(default_factory=dict)
    drawn: Drawn | None = None


def nothing_follows(_tx: Transaction, _results: Sequence[AuditResultRecord]) -> None:
    """Nothing is recorded beside the results."""


@dataclass(frozen=True, slots=True)
class AuditServices:
    """What a run works with. `in_progress` names the objects that somebody is writing now; `required`
    the stores that must have a copy of every object.

    `commitments` is what the catalogue is held against; without it (None: there is no ledger, as in a
    test of something else) a run says nothing of the catalogue. `progress`: a folder for the notes of
    runs at work and for the leases of two runs at once; without it every note is a transaction.
    `following` is called in the transaction that records a batch of results: what follows from them
    (incidents) is recorded with them or not at all. It may read the catalogue and must do nothing slow.
    """

    catalogue: Catalogue
    stores: Mapping[str, Store]
    clock: Clock
    in_progress: Callable[[], Collection[str]]
    publish: Callable[[], None]
    following: Callable[[Transaction, Sequence[AuditResultRecord]], None] = nothing_follows
    required: Collection[str] = ()
    commitments: Commitments | None = None
    progress: Path | None = None
    ledger: Path | None = None


@dataclass(slots=True)
class AuditSummary:
    """The sums of a run. `broken` says why they cannot be relied on, when they cannot."""

    run_id: str
    sums: Sums = field(default_factory=Sums)
    objects: int = 0
    copies: int = 0
    rows: int = 0  # results: of copies, of storage roots, of the ledger's copies, of the catalogue
    bytes: int = 0
    stores_unavailable: list[str] = field(default_factory=list)
    broken: str = ""
    more: dict[str, Any] = field(default_factory=dict)  # what only some kinds of run have to say

    @property
    def outcome(self) -> Outcome:
        verdict = self.sums.verdict()
        if verdict is CopyVerdict.DAMAGED or self.broken:
            return Outcome.FAILURE
        if verdict is CopyVerdict.INCOMPLETE or self.stores_unavailable:
            return Outcome.INCOMPLETE
        return Outcome.SUCCESS

    def totals(self) -> dict[str, object]:
        return {
            "objects": self.objects,
            "copies": self.copies,
            "bytes": self.bytes,
            **self.sums.as_dict(),
            "stores_unavailable": sorted(self.stores_unavailable),
            **({"broken": self.broken} if self.broken else {}),
            **self.more,
        }
