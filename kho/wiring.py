"""The composition root: from the settings of one home to the objects that do the work.

Builds every long-lived object once and hands it down. `Archive` is what the verbs of the command line
work with; it opens the catalogue for writing, `serve` opens it read-only.
"""

from __future__ import annotations

import getpass
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.metadata import version as installed_version
from pathlib import Path

from kho.policy_record import notice_promises
from kho.promises import audit_policy
from kho.resting import Awaited, Resting
from kho.settings import (
    SETTINGS_FILE,
    Settings,
    StoreSettings,
    read_settings,
    write_settings,
)
from preservation import holding
from preservation.audit.commitments import LedgerCommitments
from preservation.audit.run import AuditServices
from preservation.copies import CopyServices
from preservation.drills.drill import DrillServices, mend_left
from preservation.drills.notes import left_planted
from preservation.holding import HoldingServices
from preservation.incidents import following
from preservation.incidents.following import IncidentServices
from preservation.ledger import sequencer
from preservation.ledger.sequencer import Published, Rotation, Signer
from preservation.package.plan import Organisation
from preservation.work import WorkFolder
from repository import durable, locks
from repository.catalogue.catalogue import (
    Catalogue,
    create_catalogue,
    is_older,
    migrate,
    open_catalogue,
)
from repository.clock import Clock, SystemClock
from repository.digest import digest_bytes
from repository.errors import Conflict, Locked, Misconfigured, NotFound, Unavailable
from repository.local_store import LocalStore, create_local_store
from repository.ocfl.layout import HASHED_WITH_ID
from repository.store import Recovered

FOLDERS = (
    "stores", "quarantine", "derivatives", "spool", "ledger", "keys", "trust", "reports",
)  # fmt: skip
SOFTWARE_NAME = "Kho"


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything of one archive lies."""

    path: Path

    @property
    def catalogue(self) -> Path:
        return self.path / "catalogue.sqlite"

    def folder(self, name: str) -> Path:
        return self.path / name


def make_archive(path: Path) -> Home:
    """Make a new archive with two local stores. Conflict when something is there already.

    After a crash, what is there has no `kho.toml` and is no archive; it can be removed by hand.
    """
    path = path.absolute()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise Conflict(f"{path} is there already and not empty. Choose another place.")
    path.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        (path / name).mkdir()
    stores = {}
    for name in ("primary", "copy-1"):
        store_id = create_local_store(path / "stores" / name)
        stores[name] = StoreSettings(path=f"stores/{name}", id=store_id, layout=HASHED_WITH_ID)
    for key in ("auditor.token", "cursor.key"):
        durable.write_durably(path / "keys" / key, f"{secrets.token_urlsafe(32)}\n".encode(), 0o600)
    home = Home(path)
    create_catalogue(home.catalogue)
    durable.sync_tree(path)
    durable.write_durably(path / SETTINGS_FILE, write_settings(Settings(stores=stores)))
    return home


class Archive:
    """One archive, open for work."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        catalogue: Catalogue,
        *,
        clock: Clock | None = None,
        step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.home = home
        self.settings = settings
        self.catalogue = catalogue
        self.clock = clock or SystemClock()
        self.step = step
        self.stores = open_stores(home, settings, step)
        self.resting = Resting(settings, self.stores, catalogue, self.clock)
        self.awaited = Awaited(self.stores, self.resting)  # without those that may be away
        self.work = WorkFolder(home.folder("quarantine"))
        self.ledger_behind: dict[str, str] = {}  # store → why it was not given the ledger
        self.commitments = LedgerCommitments(home.folder("ledger"))  # reads it when first asked

    def holding(self) -> HoldingServices:
        """What holding a version works with."""
        return HoldingServices(
            catalogue=self.catalogue,
            stores=[self.stores[name] for name in self.settings.required],
            clock=self.clock,
            work=self.work,
            publish=self.publish,
            step=self.step,
        )

    def auditing(self) -> AuditServices:
        """What an audit works with."""
        return AuditServices(
            catalogue=self.catalogue,
            stores=self.awaited,
            clock=self.clock,
            in_progress=self.work.in_progress,
            publish=self.publish,
            following=partial(following.follow, self.incidents()),
            required=self.settings.required,
            commitments=self.commitments,
            progress=self.home.folder("reports") / "audits",
            ledger=self.home.folder("ledger"),
        )

    def incidents(self) -> IncidentServices:
        """What care of incidents works with."""
        deadline = timedelta(days=self.settings.audit.unreadable_days)
        return IncidentServices(self.catalogue, self.clock, self.planted, deadline)

    def drilling(self) -> DrillServices:
        """What drills work with: the stores on disks of this machine that are awaited."""
        places = {
            name: self.home.path / given.path
            for name, given in self.settings.stores.items()
            if name in self.awaited and given.kind == "local"
        }
        return DrillServices(
            auditing=self.auditing(),
            caring=self.caring(),
            incidents=self.incidents(),
            places=places,
            elsewhere=self._elsewhere,
            workplace=self.home.folder("reports"),
            may_forbid=os.geteuid() != 0,
        )

    def _elsewhere(self, name: str, place: Path) -> LocalStore:
        """The same store, opened where its disk is not."""
        given = self.settings.stores[name]
        return LocalStore(name, place, given.id, layout=given.layout, kind=given.kind)

    def planted(self, object_id: str, store: str) -> bool:
        """Whether a drill harmed this copy of a canary on purpose, and has not mended it yet."""
        return left_planted(self.catalogue, object_id, store) is not None

    def caring(self) -> CopyServices:
        """What repair, reconciliation and catching up work with."""
        return CopyServices(
            catalogue=self.catalogue,
            stores=self.stores,
            ledger=self.home.folder("ledger"),
            clock=self.clock,
            in_progress=self.work.in_progress,
            publish=self.publish,
        )

    def publish(self) -> None:
        """Bring the ledger and its copies up to the catalogue; `ledger_behind` tells what was not."""
        self.ledger_behind = dict(self.publish_ledger().behind)

    def publish_ledger(self, rotation: Rotation | None = None) -> Published:
        """As `publish`, telling which stores could not be given it, and of a new key."""
        return sequencer.publish(
            self.catalogue,
            self.home.folder("ledger"),
            list(self.awaited.values()),
            self.signer(),
            rotation=rotation,
        )

    def signer(self) -> Signer:
        """What signs the ledger's checkpoints."""
        words = re.findall("[a-z0-9]+", self.settings.archive.code.lower())
        name = "kho." + "-".join(words or ["archive"])[:60]
        return Signer(self.home.folder("keys"), name, self.clock, self.step)

    def recover(self) -> list[Recovered]:
        """Finish or undo what dead workers left; every writing verb begins with this. What `kho.toml`
        promises of audits is put on record when it is news."""
        notice_promises(self.catalogue, self.home.path, self.clock, SOFTWARE_NAME)
        done = holding.recover(self.holding())
        for name, store in self.awaited.items():
            if name not in self.settings.required:
                with suppress(
                    Unavailable
                ):  # its absence stops nothing; audits and `status` tell it
                    done += store.recover()
        return done + self._mend_canaries()

    def _mend_canaries(self) -> list[Recovered]:
        """Mend what a drill that was killed left harmed; a drill that goes on is left alone."""
        with suppress(Locked):
            return [
                Recovered(
                    one.store,
                    one.object_id,
                    "finished" if one.mended else "postponed",
                    f"a drill left it harmed ({one.kind}) {one.why}".strip(),
                )
                for one in mend_left(self.drilling(), operator=SOFTWARE_NAME)
            ]
        return []

    def organisation(self) -> Organisation:
        """Who keeps this archive, as packages name it."""
        archive = self.settings.archive
        return Organisation(archive.name, archive.address, archive.contact)


@contextmanager
def open_archive(
    home: Path, *, read_only: bool = False, step: Callable[[str], None] = lambda _: None
) -> Iterator[Archive]:
    """The archive at `home`. Misconfigured, NotFound (no catalogue: `kho rebuild` makes it).

    Open for writing it keeps `alone` out; Locked while somebody is alone in it. A catalogue of an
    earlier step of this program is brought up to date then, in one transaction; what is only read is
    not, and says so.
    """
    check_ownership()
    place = Home(home)
    settings = read_settings(home)
    with ExitStack() as stack:
        if not read_only:
            stack.enter_context(_among_others(home))
        if not read_only and is_older(place.catalogue):
            migrate(place.catalogue)
        try:
            catalogue = stack.enter_context(open_catalogue(place.catalogue, read_only=read_only))
        except NotFound as problem:
            raise NotFound(
                f"The catalogue {place.catalogue} is missing. `kho rebuild` makes it again from "
                "storage and the ledger."
            ) from problem
        yield Archive(place, settings, catalogue, step=step)


def open_stores(
    home: Home, settings: Settings, step: Callable[[str], None] = lambda _: None
) -> Mapping[str, LocalStore]:
    """The stores by name, in the order of the settings. Opening does not look at the medium."""
    promised = audit_policy(settings)
    return {
        name: LocalStore(
            name,
            (home.path / store.path),
            store.id,
            layout=store.layout,
            kind=store.kind,
            step=step,
            readers=store.readers,
            bytes_per_second=promised.of(name).bytes_per_second,
        )
        for name, store in settings.stores.items()
    }


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Keep every other writing verb out while the block runs (rebuilding). Locked."""
    with _locking(home, locks.held):
        yield


@contextmanager
def _among_others(home: Path) -> Iterator[None]:
    with _locking(home, locks.shared):
        yield


@contextmanager
def _locking(home: Path, lock: Callable[..., AbstractContextManager[None]]) -> Iterator[None]:
    path = home / "quarantine" / "archive.lock"
    with ExitStack() as stack:
        try:
            stack.enter_context(lock(path, f"The archive at {home}", wait=5))
        except OSError as problem:
            raise durable.explained(problem, f"locking the archive at {home}") from problem
        yield


def operator_name(given: str | None) -> str:
    """Who is doing this: --operator, else the account that runs the command."""
    named = given or os.environ.get("KHO_OPERATOR") or ""
    try:
        named = named.strip() or getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in a container
        named = f"uid {os.getuid()}"
    # It stands in records for ever: what is not UTF-8 as \\xNN.
    return os.fsencode(named).decode("utf-8", "backslashreplace")


def software() -> str:
    """Name and version of this software, as packages and events record it."""
    return f"{SOFTWARE_NAME} {installed_version('kho')}"


def auditor_token_sha256(home: Path) -> str | None:
    """The digest the API compares an auditor's token with; None when the archive has no token."""
    try:
        token = (home / "keys" / "auditor.token").read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    return digest_bytes(token.encode(), ["sha256"])["sha256"]


def check_ownership() -> None:
    """Refuse to start when one of our six package names is another distribution's (ADR 0002)."""
    import api
    import ingest
    import kho
    import preservation
    import repository
    import schemas

    packages = (api, ingest, kho, preservation, repository, schemas)
    parents = {Path(str(package.__file__)).resolve().parent.parent for package in packages}
    if len(parents) != 1:
        raise Misconfigured(
            "Another package stands in for one of Kho's: "
            + ", ".join(sorted(str(parent) for parent in parents))
            + ". Install Kho into an environment of its own."
        )
