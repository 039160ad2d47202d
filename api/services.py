"""What the read service works with. Built once, in `kho/wiring.py`, and handed to `create_app`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from api.spool import Spool
from preservation.audit.policy import AuditPolicy
from preservation.derivatives.derivative_store import DerivativeStore
from repository.catalogue.catalogue import Catalogue
from repository.clock import Clock
from repository.errors import ArchiveError
from repository.store import Store


@dataclass(frozen=True, slots=True)
class Alive:
    """Whether what every answer needs is there now, and the clock that keeps it so."""

    catalogue: bool
    primary_store: bool
    clock: bool = True  # False: nobody looks after what is held any more

    @property
    def well(self) -> bool:
        return self.catalogue and self.primary_store and self.clock


@dataclass(frozen=True, slots=True)
class ApiServices:
    """Everything the API is made of. `catalogue` is opened read-only.

    `primary` names the store that is read from first; the others stand in for it in their order.
    `spool` None: what is not open is not given to anybody. `auditor_token_sha256` None: nobody is an
    auditor. `signing_key` signs page markers; every server of one archive has the same. `alive` None:
    catalogue and primary store are asked at every question for health. `derivatives` None: pages of
    documents are not shown. `audits`: what is promised of them, and so which copies are overdue.
    `required`: the stores that must have a copy of everything; None: all of them.
    """

    catalogue: Catalogue
    stores: Mapping[str, Store]
    primary: str
    spool: Spool | None
    clock: Clock
    base_url: str
    auditor_token_sha256: str | None
    archive_name: str
    signing_key: bytes
    alive: Callable[[], Alive] | None = None
    derivatives: DerivativeStore | None = None
    audits: AuditPolicy = field(default_factory=AuditPolicy)
    required: Collection[str] | None = None

    def health(self) -> Alive:
        """Whether the service can answer now."""
        if self.alive is not None:
            return self.alive()
        return look(self.catalogue, self.stores[self.primary])

    def stores_to_read(self) -> list[Store]:
        """The primary store, then the others."""
        others = [store for name, store in self.stores.items() if name != self.primary]
        return [self.stores[self.primary], *others]


def look(catalogue: Catalogue, primary: Store) -> Alive:
    """Ask both. Never raises for what is not well: that is the answer."""
    return Alive(
        catalogue=_answers(lambda: catalogue.object("urn:kho:none")),
        primary_store=_answers(primary.check_available),
    )


def _answers(question: Callable[[], object]) -> bool:
    try:
        question()
    except ArchiveError:
        return False
    return True
