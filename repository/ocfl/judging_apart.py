"""Judging the objects of a root in other processes: each judges and reads whole objects of its own.

Names and inventories are judged in Python, which uses one processor whatever the number of threads;
where files are small that is most of the work. Owns who judges what and in which order it is told; how
an object is judged is in `reading_together`, the same here and there. A process that dies takes no
object with it: what it had not answered for is judged by whoever asked.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Final, NamedTuple

from repository.digest import DigestOptions
from repository.ocfl.reading_together import judge_folders, judge_together, look_at_object
from repository.ocfl.validate import Judgement, ReadyToRead

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

WORTH_WHILE: Final = 64  # objects; a process takes a quarter of a second to begin
_MOST: Final = 16  # processes; each takes 30 MB
_TOGETHER: Final = 8  # objects given out, and answered for, at once,
_CHARACTERS: Final = 8_000  # of their folders: what a process has always fits in the line to it
_EACH: Final = 6  # lots a process has, so that its readers never wait
_AHEAD: Final = 128  # lots begun before the first of them is told
_PATIENCE: Final = 1.0  # seconds; who sits in a read that the kernel does not give back ends later
# An object that takes a processor longer than about a second is read by all of them, at the end.
_LARGE: Final = 256 * 1024 * 1024  # bytes,
_A_FILE: Final = 16 * 1024  # of which opening a file counts for so many
_LARGE_INVENTORY: Final = 4 * 1024 * 1024


def judge_apart(
    root: str,
    folders: Iterator[str],
    options: DigestOptions,
    *,
    check_digests: bool,
    processes: int,
) -> Iterator[tuple[str, Judgement]]:
    """The object in each of these folders with its judgement: in the order given, large ones last.

    Fewer than `WORTH_WHILE` are judged here, and no more than `_MOST` processes begun. Closing it ends
    them at once; so does the death of this one as soon as they have judged what they were given.
    """
    processes = min(processes, _MOST)
    first = list(islice(folders, WORTH_WHILE))
    every: Iterator[str] = chain(first, folders)
    large: list[str] = []
    if len(first) == WORTH_WHILE:
        asked = _Asked(root, _shared(options, processes), check_digests)
        with _Workers(asked, processes) as workers:
            for lot, answer in workers.answers(_lots(every)):
                if answer is None or not answer.is_for(lot):
                    (answer,) = asked.answers(iter([lot]))
                large += answer.large
                yield from answer.judged
        every = iter(large)
    yield from judge_folders(root, every, options, check_digests=check_digests)


class _Answer(NamedTuple):
    """What became of some objects: judged, or left for the end."""

    judged: list[tuple[str, Judgement]]
    large: list[str]

    @property
    def size(self) -> int:
        return len(self.judged) + len(self.large)

    def is_for(self, lot: Sequence[str]) -> bool:
        """Whether every object of these was answered for."""
        return {*(folder for folder, _ in self.judged), *self.large} == set(lot)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a process must know to judge what it is given."""

    root: str
    options: DigestOptions
    check_digests: bool

    def answers(self, lots: Iterator[list[str]]) -> Iterator[_Answer]:
        """One for each lot, in order. Lots are drawn ahead, so that the readers go on meanwhile."""
        begun: deque[tuple[list[str], _Answer]] = deque()

        def seen() -> Iterator[tuple[str, ReadyToRead | Judgement]]:
            for lot in lots:
                answer = _Answer([], [])
                begun.append((lot, answer))
                for folder in lot:
                    if (one := self._unless_large(folder)) is None:
                        answer.large.append(folder)
                    else:
                        yield folder, one

        for folder, judgement in judge_together(self.root, seen(), self.options):
            while folder not in begun[0][0]:  # all of that lot are large
                yield begun.popleft()[1]
            begun[0][1].judged.append((folder, judgement))
            while begun and begun[0][1].size == len(begun[0][0]):
                yield begun.popleft()[1]
        for _, answer in begun:
            yield answer

    def _unless_large(self, folder: str) -> ReadyToRead | Judgement | None:
        if self.check_digests and _has_large_inventory(f"{self.root}/{folder}"):
            return None
        seen = look_at_object(self.root, folder, self.options)
        if isinstance(seen, Judgement):
            return seen
        if not self.check_digests:
            return seen.conclude(())
        sizes = seen.shape.files.values()
        return None if sum(sizes) + len(sizes) * _A_FILE > _LARGE else seen


def _has_large_inventory(folder: str) -> bool:
    try:
        return os.lstat(f"{folder}/inventory.json").st_size > _LARGE_INVENTORY
    except (OSError, ValueError):
        return False  # it is told what is wrong with it where it is judged


def _shared(options: DigestOptions, processes: int) -> DigestOptions:
    """What each of the processes may use, so that all together use what they may."""
    threads = options.threads or len(os.sched_getaffinity(0))
    rate = options.max_bytes_per_second
    each = threads // processes
    return replace(
        options,
        threads=each if each > 1 else 0,  # it has nothing else to do
        max_bytes_per_second=max(1, rate // processes) if rate is not None else None,
    )


def _lots(folders: Iterable[str]) -> Iterator[list[str]]:
    lot: list[str] = []
    for folder in folders:
        if len(lot) == _TOGETHER or (lot and sum(map(len, lot)) + len(folder) > _CHARACTERS):
            yield lot
            lot = []
        lot.append(folder)
    if lot:
        yield lot


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    line: Connection
    has: deque[int] = field(default_factory=deque)  # lots, in the order it answers for them


class _Workers:
    """The processes, and what each of them has. Nobody stays behind after the `with` block."""

    def __init__(self, asked: _Asked, processes: int) -> None:
        self._workers: list[_Worker] = []
        try:
            for _ in range(processes):
                self._workers.append(_started(asked))
        except OSError:  # no more processes: those that there are do it, or nobody but us
            pass

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            self._end(worker)

    def answers(self, lots: Iterator[list[str]]) -> Iterator[tuple[list[str], _Answer | None]]:
        """Each lot with its answer, in order; None: nobody answered for it."""
        out: dict[int, list[str]] = {}
        answered: dict[int, _Answer | None] = {}
        number = told = 0
        exhausted = False
        while True:
            while not exhausted and number - told < _AHEAD and (free := self._free()) is not None:
                lot = next(lots, None)
                if lot is None:
                    exhausted = True
                    break
                out[number] = lot
                free.has.append(number)
                with suppress(OSError):  # it died meanwhile: heard of when its answer is waited for
                    free.line.send(lot)
                number += 1
            if told == number:
                break
            self._hear(answered)
            while told in answered:
                yield out.pop(told), answered.pop(told)
                told += 1
        for lot in lots:  # nobody is left to be given them
            yield lot, None

    def _free(self) -> _Worker | None:
        least = min(self._workers, key=lambda worker: len(worker.has), default=None)
        return least if least is not None and len(least.has) < _EACH else None

    def _hear(self, answered: dict[int, _Answer | None]) -> None:
        ready = wait([worker.line for worker in self._workers if worker.has])
        for worker in [one for one in self._workers if one.line in ready]:
            try:
                answered[worker.has[0]] = worker.line.recv()
            except (EOFError, OSError):  # it died
                answered.update(dict.fromkeys(worker.has))
                self._workers.remove(worker)
                self._end(worker)
            else:
                worker.has.popleft()

    @staticmethod
    def _end(worker: _Worker) -> None:
        worker.process.kill()  # it only reads
        worker.line.close()
        worker.process.join(_PATIENCE)


def _started(asked: _Asked) -> _Worker:
    # Spawned: the caller may have threads, whose locks a fork would copy as they happen to be.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, asked), daemon=True)
    try:
        process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return _Worker(process, ours)


def _work(line: Connection, asked: _Asked) -> None:
    """One process: answers for what it is given until nobody gives, or whoever gave is gone."""
    # Ctrl-C reaches the whole group of processes; who gives the work decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            for answer in asked.answers(_given(line)):
                line.send(answer)


def _given(line: Connection) -> Iterator[list[str]]:
    """The lots that are there. Never waits for a second one: its giver may be waiting for answers."""
    yield line.recv()
    while line.poll():
        yield line.recv()
