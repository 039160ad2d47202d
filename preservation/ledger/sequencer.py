"""From the catalogue's outbox into the journal, a checkpoint of it signed, and both into every
store.

One process at a time does this (a lock in the ledger's folder). Killed anywhere, the next call goes
on: what the journal has already is recognised by its sequence number and event id, what was signed
by the last checkpoint kept, what a store has already by its length. A store that is away gets its
share when it is back.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from preservation import history
from preservation.events import EventType, Outcome
from preservation.ledger import forks
from preservation.ledger.chain import ChainHead
from preservation.ledger.checkpoint import SignedCheckpoint, VerifierKey, public_half
from preservation.ledger.journal import Journal
from preservation.ledger.keys import KeyFiles, LedgerKey, first_key, next_key
from preservation.ledger.segments import evidence, read_evidence
from preservation.ledger.signing import SignedLog
from repository import durable, locks
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import EventRecord
from repository.clock import Clock
from repository.errors import Conflict, Corrupt, Unavailable
from repository.store import Store

_BATCH = 1000
_WAIT = locks.DEFAULT_WAIT
_AGENT = "kho"


@dataclass(frozen=True, slots=True)
class Signer:
    """Where the private keys are, and how a log that is made now is called."""

    keys: Path
    name: str
    clock: Clock
    step: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Rotation:
    """A wish for a new key: who wants it, and why."""

    agent: str
    reason: str


@dataclass(frozen=True, slots=True)
class Published:
    """How far the journal goes now, its checkpoint, which stores could not be given it, with the
    reason, and what a person should be told (a key was made)."""

    head: ChainHead
    signed: SignedCheckpoint
    behind: Mapping[str, str]
    told: Sequence[str] = ()


def publish(
    catalogue: Catalogue,
    folder: Path,
    stores: Sequence[Store],
    signer: Signer,
    *,
    rotation: Rotation | None = None,
) -> Published:
    """Bring the journal up to the catalogue, sign it once, and bring every store up to both.

    Conflict when the catalogue is older than the journal, the ledger older than a store's copy of
    it (an old one was put back), or not the one that was signed before (`kho rebuild` mends the
    first two), and when catalogue, ledger or a store's copy was exchanged. Corrupt when the journal
    is damaged; a store whose copy cannot be continued is told in `behind`. An archive without a key
    gets one, and so does one whose private key was lost.
    """
    with sequencing(folder):
        journal = Journal(folder)
        log = SignedLog(folder, journal, KeyFiles(signer.keys), signer.step)
        copies = forks.check_copies(folder, journal, stores)
        forks.check_catalogue(catalogue, journal)
        log.take_new()
        _drain(catalogue, journal, log)
        signer.step("ledger: appended")
        if catalogue.last_sequence() < journal.head().seq:
            raise Conflict(
                f"The catalogue ends at event {catalogue.last_sequence()}, the ledger at "
                f"{journal.head().seq}: the catalogue is an old one. Run `kho rebuild`."
            )
        told = _see_to_key(catalogue, journal, log, signer, rotation)
        key = log.key()
        private = log.private(key) if key else None
        if key is None or private is None:
            raise Corrupt("The ledger's key is not there, although it was just made.")
        signed = log.sign(private, key.name, signer.clock.now())
        return Published(journal.head(), signed, _copy_to_stores(folder, stores, copies), told)


@contextmanager
def sequencing(folder: Path) -> Iterator[None]:
    """Be the one who writes the ledger while the block runs. Locked."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locks.held(folder / "sequencer.lock", "The ledger", wait=_WAIT))
        except OSError as problem:
            raise durable.explained(problem, "locking the ledger") from problem
        yield


def event_to_record(event: EventRecord) -> dict[str, Any]:
    """The event as the journal keeps it. `record_to_event` reads it."""
    return history.event_values(event)


def record_to_event(record: Mapping[str, Any]) -> EventRecord:
    """The event that `event_to_record` wrote. Corrupt when the record is not one."""
    try:
        return EventRecord(**record)
    except TypeError as problem:
        raise Corrupt(f"A record in the ledger is not an event: {problem}.") from problem


# -- the journal


def _drain(catalogue: Catalogue, journal: Journal, log: SignedLog) -> None:
    while events := catalogue.outbox(_BATCH):
        fresh = _not_yet_written(journal, events)
        if fresh:
            log.take(journal.append([event_to_record(event) for event in fresh]))
        with catalogue.transaction() as tx:
            tx.mark_published(events[-1].sequence)


def _not_yet_written(journal: Journal, events: Iterable[EventRecord]) -> list[EventRecord]:
    head = journal.head().seq
    waiting = list(events)
    fresh = [event for event in waiting if event.sequence > head]
    if fresh and fresh[0].sequence != head + 1:
        raise Corrupt(
            f"The ledger ends at {head}, the catalogue goes on at {fresh[0].sequence}: events in "
            "between are in neither. Fetch the ledger from a store's copy."
        )
    for event in waiting[: len(waiting) - len(fresh)]:
        written = journal.entry(event.sequence).record
        if written is not None and written.get("event_id") != event.event_id:
            raise Conflict(
                f"Event {event.sequence} of the catalogue is not the one in the ledger. "
                "Run `kho rebuild`."
            )
    return fresh


# -- the key


def _see_to_key(
    catalogue: Catalogue,
    journal: Journal,
    log: SignedLog,
    signer: Signer,
    rotation: Rotation | None,
) -> Sequence[str]:
    """Make a key where there is none to sign with, or a new one is wished for, and enter it."""
    key = log.key()
    private = log.private(key) if key else None
    if private is not None and rotation is None:
        return ()
    files = KeyFiles(signer.keys)
    agent = rotation.agent if rotation else _AGENT
    if key is None:
        origin = f"{signer.name}/{secrets.token_hex(8)}"
        new = public_half(origin, files.make(origin))
        said = first_key(new, rotation.reason if rotation else "The ledger begins to be signed.")
        told = f"The ledger is signed from here on; its key is {new.vkey}"
    else:
        new = public_half(key.name, files.make(key.name))
        reason = rotation.reason if rotation else "The private key before it was not there."
        said = next_key(new, key, reason, private)
        told = f"The ledger has a new key: {new.vkey}" + (
            "" if private else ". Nothing signs for it: the old private key was not there"
        )
    signer.step("ledger: key made")
    _enter_key(catalogue, said, agent, signer)
    signer.step("ledger: key recorded")
    _drain(catalogue, journal, log)
    signer.step("ledger: key entered")
    _check_in_force(log, new)
    return (told,)


def _enter_key(catalogue: Catalogue, said: LedgerKey, agent: str, signer: Signer) -> None:
    event = history.new_event(
        EventType.LEDGER_KEY,
        at=signer.clock.now(),
        agent=agent,
        outcome=Outcome.SUCCESS,
        detail=said.detail(),
    )
    with catalogue.transaction() as tx:
        history.record(tx, event)


def _check_in_force(log: SignedLog, new: VerifierKey) -> None:
    if log.key() != new:
        raise Conflict("The ledger got another key at the same time. Try again.")


# -- the stores


def _copy_to_stores(
    folder: Path, stores: Iterable[Store], copies: Mapping[str, forks.Copy]
) -> dict[str, str]:
    behind = {}
    ours = evidence(folder)
    for store in stores:
        known = copies[store.name]
        if known.fork:
            behind[store.name] = (
                f"The copy of the ledger in store {store.name} is whole, and tells another history "
                "than ours: it was exchanged. Nothing was written to it; see `kho ledger verify`."
            )
            continue
        try:
            has = store.evidence()
            for name, size in ours.items():
                there = has.get(name, 0)
                # Zeros at its end, left by a power cut, are written over.
                start = min(there, known.sound.get(name, there))
                if start < size:
                    store.put_evidence(name, read_evidence(folder, name, start, size), start)
        except (Unavailable, Conflict) as problem:
            behind[store.name] = problem.operator
    return behind
