"""Many transfers at once: each dossier on a processor of its own, results in the order they were named.

Processes and not threads: receiving is mostly Python's own work, which threads do one at a time. Each
process opens the archive for itself; SQLite lets one write the catalogue at a time, and the locks of
`preservation.work` keep two from the same transfer.

What is yielded is in the ledger and its copies: several transfers share one flush of it. Killed at any
point, the next command finishes or undoes each of those under way. A process that dies takes only its
own transfer with it, which is told as a failure.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kho import intake, wiring
from kho.wiring import Archive
from repository import errors, locks
from repository.errors import ArchiveError, Conflict, Locked, Unavailable

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from ingest.arrival import Arrival
    from ingest.judging import IngestResult
    from ingest.pipeline import IngestServices
    from ingest.standing import Standing

PAYS_FROM = 8  # transfers from which starting processes costs less than it gains
_AHEAD = 50  # how many transfers of each process may be finished before an earlier, slow one
_FLUSH_SECONDS = 0.5  # the longest a finished transfer waits for others to share its flush with


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one transfer: its result, or why it could not be judged or received."""

    source: Path | Arrival
    result: IngestResult | None = None
    failure: ArchiveError | None = None


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def take_all(
    archive: Archive,
    sources: Sequence[Path | Arrival],
    *,
    operator: str,
    jobs: int,
    dry_run: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Taken]:
    """Take every transfer, at most `jobs` at a time; yield what became of each in the order given.

    Once `stop` says so, no further one is begun, and those under way are finished and yielded. Leaving
    the iteration early ends the processes at once; the next command settles what they left.
    """
    if jobs <= 1 or len(sources) == 1:
        yield from _one_by_one(archive, sources, operator, dry_run, stop)
    else:
        yield from _Crew(archive, operator, dry_run).take(sources, jobs, stop)


def _one_by_one(
    archive: Archive,
    sources: Sequence[Path | Arrival],
    operator: str,
    dry_run: bool,
    stop: Callable[[], bool],
) -> Iterator[Taken]:
    from ingest import pipeline

    with intake.services(archive) as services:
        flush = _Flush(archive)
        services = flush.sharing(services) if len(sources) > 1 else services
        finished: list[Taken] = []
        try:
            for source in sources:
                if stop():
                    break
                try:
                    result = pipeline.ingest(services, source, operator=operator, dry_run=dry_run)
                    finished.append(Taken(source, result))
                except ArchiveError as failure:
                    finished.append(Taken(source, failure=failure))
                if flush.is_due():
                    flush.now()
                    yield from finished
                    finished.clear()
        finally:
            flush.now()
        yield from finished


class _Flush:
    """The ledger brought up to the catalogue, once for several transfers."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._last = time.monotonic()

    def sharing(self, services: IngestServices) -> IngestServices:
        """The same services, whose events wait for the common flush."""
        return replace(services, holding=replace(services.holding, publish=lambda: None))

    def is_due(self) -> bool:
        return time.monotonic() - self._last >= _FLUSH_SECONDS

    def now(self) -> None:
        self._archive.publish()
        self._last = time.monotonic()


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    line: Connection
    at: int | None = None  # the number of the transfer it has
    asks: bool = False  # it has judged that, and waits to be told whether it may settle it


class _Crew:
    """The processes of one batch, and who has which transfer.

    They judge at once and settle as if they had come one after the other: a transfer is settled when
    all before it were judged and none of those still under way is of the same dossier. One that
    depends on what others may bring waits until it is the first of all that are left.
    """

    def __init__(self, archive: Archive, operator: str, dry_run: bool) -> None:
        self._archive = archive
        self._home = archive.home.path
        self._operator, self._dry_run = operator, dry_run
        self._workers: list[_Worker] = []
        self._standings: dict[int, Standing | None] = {}  # of each under way; None: not judged yet
        self._again: list[int] = []  # not settled, and to be taken when those before them are done
        self._done: dict[int, Taken] = {}  # and not yielded yet
        self._lost = False

    def take(
        self, sources: Sequence[Path | Arrival], jobs: int, stop: Callable[[], bool]
    ) -> Iterator[Taken]:
        begun = told = 0
        flush = _Flush(self._archive)
        try:
            self._workers = [self._start() for _ in range(min(jobs, len(sources)))]
            while True:
                for worker in self._workers:
                    if worker.at is not None:
                        continue
                    if self._again and self._again[0] == min(self._standings):
                        self._give(worker, self._again.pop(0), sources)
                    elif begun < len(sources) and not stop() and begun - told < _AHEAD * jobs:
                        self._give(worker, begun, sources)
                        begun += 1
                self._answer()
                self._hear(sources)
                ready = told
                while ready in self._done:
                    ready += 1
                idle = not self._standings
                # A group is told once it is in the ledger, and nobody waits long for it.
                if ready > told and (flush.is_due() or idle):
                    flush.now()
                    yield from (self._done.pop(number) for number in range(told, ready))
                    told = ready
                if idle and (begun == len(sources) or stop()):
                    break
        finally:
            self._end()
            flush.now()
        if self._lost:
            self._archive.recover()

    def _answer(self) -> None:
        """Tell those who ask whether they may settle, as far as that can be told now."""
        for worker in sorted(self._workers, key=lambda w: -1 if w.at is None else w.at):
            if not worker.asks or worker.at is None:
                continue
            own = self._standings[worker.at]
            assert own is not None
            before = {n: s for n, s in self._standings.items() if n < worker.at}
            blind = any(n in self._again and s is None for n, s in before.items())
            meet = any(s is not None and own.keys & s.keys for s in before.values())
            if blind or meet or (own.depends and before):
                self._send(worker, False)
            elif all(s is not None for s in before.values()):
                self._send(worker, True)
            else:
                continue  # one before it is still being judged
            worker.asks = False

    def _hear(self, sources: Sequence[Path | Arrival]) -> None:
        """Wait a moment for what the processes have to say, and note it."""
        lines = {w.line: w for w in self._workers if w.at is not None and not w.asks}
        for line in wait(list(lines), timeout=_FLUSH_SECONDS) if lines else ():
            worker = lines[line]  # type: ignore[index]  # only lines were waited for
            number = worker.at
            assert number is not None
            try:
                kind, value = worker.line.recv()
            except (EOFError, OSError):
                self._lost = True
                worker.process.join()
                self._finish(worker, Taken(sources[number], failure=_died(worker.process.exitcode)))
                self._replace(worker)
                continue
            if kind == "judged":
                self._standings[number], worker.asks = value, True
            elif kind == "again":
                worker.at = None
                self._again = sorted([*self._again, number])
            elif kind == "done":
                self._finish(worker, Taken(sources[number], result=value))
            else:
                self._finish(worker, Taken(sources[number], failure=_failure(*value)))

    def _finish(self, worker: _Worker, taken: Taken) -> None:
        assert worker.at is not None
        self._done[worker.at] = taken
        del self._standings[worker.at]
        worker.at, worker.asks = None, False

    def _give(self, worker: _Worker, number: int, sources: Sequence[Path | Arrival]) -> None:
        worker.at = number
        self._standings[number] = None
        self._send(worker, (sources[number], number == min(self._standings)))

    def _send(self, worker: _Worker, message: object) -> None:
        with suppress(OSError):  # it died meanwhile: heard of when its next word is waited for
            worker.line.send(message)

    def _start(self) -> _Worker:
        # Spawned: a connection to SQLite does not survive a fork.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_work, args=(self._home, theirs, self._operator, self._dry_run), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _replace(self, worker: _Worker) -> None:
        worker.line.close()
        fresh = self._start()
        worker.process, worker.line = fresh.process, fresh.line

    def _end(self) -> None:
        """Nobody stays behind: who is idle ends by itself, who still works is ended."""
        for worker in self._workers:
            if worker.at is not None:
                worker.process.kill()
            worker.line.close()
        for worker in self._workers:
            worker.process.join()


def _work(home: Path, line: Connection, operator: str, dry_run: bool) -> None:
    """One process: takes what it is given until nobody gives, or whoever gave is gone."""
    from ingest import pipeline
    from ingest.standing import OutOfTurn

    # Ctrl-C reaches the whole group of processes; who gives the work decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with (
            wiring.open_archive(home) as archive,
            intake.services(archive, catch_up=False) as services,
        ):
            services = _Flush(archive).sharing(services)

            def may_settle(standing: Standing) -> bool:
                line.send(("judged", standing))
                answer: bool = line.recv()
                return answer

            while True:
                source, first = line.recv()
                answer: tuple[str, Any]
                try:
                    result = pipeline.ingest(
                        services,
                        source,
                        operator=operator,
                        dry_run=dry_run,
                        may_settle=may_settle,
                        wait=locks.DEFAULT_WAIT if first else 0,
                    )
                    answer = ("done", result)
                except OutOfTurn:
                    answer = ("again", None)
                except (Conflict, Locked) as failure:
                    # Another of the batch may have it, or have been first; in its turn it is told why.
                    answer = ("failed", _named(failure)) if first else ("again", None)
                except ArchiveError as failure:
                    answer = ("failed", _named(failure))
                line.send(answer)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the work is done, or its giver died: what was begun is settled by the next command


def _named(failure: ArchiveError) -> tuple[str, str, str]:
    return type(failure).__name__, failure.operator, failure.public


def _failure(name: str, operator: str, public: str) -> ArchiveError:
    """The failure of another process, as its class where it is one of the archive's own tree."""
    kind = getattr(errors, name, ArchiveError)
    made: ArchiveError = kind(operator, public=public)
    return made


def _died(status: int | None) -> Unavailable:
    how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
    return Unavailable(
        f"The process that was receiving it ended ({how}; too little memory?). What it had begun is "
        "finished or undone at the end of this command; send the transfer again."
    )
