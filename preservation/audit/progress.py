"""Notes of an audit at work: what it has found and the catalogue has not been told yet.

    FOLDER/RUN/000001.jsonl   results: a line for at most `NOTE_FILES` files, or one larger copy
    FOLDER/RUN.lock           held by the run for as long as it lives

A transaction for every few files would cost more than reading them; so results are noted at once, and
recorded together a little later. A note survives the death of its process, not a power cut: that takes
at most what the last seconds had found (`preservation.audit.recording`). Notes that a
dead run left are recorded by the next one; nothing that was found is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

from repository import durable, locks
from repository.catalogue.records import AuditResultRecord
from repository.errors import Locked

NOTE_FILES = 16  # with what is being read, a kill costs at most 64 files a reader
_VALUES = attrgetter(*(field.name for field in fields(AuditResultRecord)))
_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=list)


class Progress:
    """The notes of one run, by the process that does it: a line of results at a time, in one file that
    begins anew whenever all of it is in the catalogue."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._stream: BinaryIO | None = None

    def note(self, results: Sequence[AuditResultRecord]) -> None:
        """Keep these results until `recorded`. They outlive this process from here on."""
        rows = [list(_VALUES(result)) for result in results]
        data = _ENCODER.encode(rows).encode()
        try:
            if self._stream is None:
                self._count += 1
                self._stream = durable.create_file(self._folder / f"{self._count:06d}.jsonl")
            self._stream.write(data + b"\n")
            self._stream.flush()
        except OSError as problem:
            raise durable.explained(problem, "noting what the audit found") from problem

    def close(self) -> None:
        """Write no more. What was noted stays."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def recorded(self) -> None:
        """All that was noted is in the catalogue: forget it."""
        if self._stream is None:
            return
        self.close()
        try:
            (self._folder / f"{self._count:06d}.jsonl").unlink()
        except OSError as problem:
            raise durable.explained(problem, "forgetting the notes of the audit") from problem


@contextmanager
def noting(folder: Path, run_id: str) -> Iterator[Progress]:
    """The notes of this run while the block runs; they stay only when it does not end by itself.

    Locked when another process is doing the same run.
    """
    at = folder / run_id
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locks.held(_lock(at), f"The audit {run_id}", wait=0))
            at.mkdir(exist_ok=True)
        except OSError as problem:
            raise durable.explained(problem, f"noting the audit {run_id}") from problem
        notes = Progress(at)
        try:
            yield notes
        finally:
            notes.close()
        try:
            at.rmdir()
        except OSError as problem:
            raise durable.explained(problem, f"ending the audit {run_id}") from problem


def at_work(folder: Path) -> set[str]:
    """The runs that are, or were when they died, at work."""
    try:
        return {
            path.name.removesuffix(".lock") for path in folder.iterdir() if path.suffix == ".lock"
        }
    except OSError as problem:
        raise durable.explained(problem, "looking for other audits") from problem


def left(folder: Path, *, only: str = "") -> Iterator[tuple[str, list[AuditResultRecord]]]:
    """The notes that dead runs left, by run; each is forgotten once the next one is asked for.

    So what is done with them must be done before going on. Runs that live are left alone.
    """
    try:
        names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    except FileNotFoundError:
        return
    except OSError as problem:
        raise durable.explained(problem, "looking for notes of audits") from problem
    for name in names:
        if only and name != only:
            continue
        at = folder / name
        with ExitStack() as stack:
            try:
                stack.enter_context(locks.held(_lock(at), f"The audit {name}", wait=0))
            except Locked:
                continue
            try:
                there = sorted(at.iterdir()) if at.is_dir() else []
            except OSError as problem:
                raise durable.explained(problem, f"reading the notes of {name}") from problem
            yield name, [result for path in there for result in _read(path)]
            try:
                durable.remove_staging(at)
            except OSError as problem:
                raise durable.explained(problem, f"forgetting the notes of {name}") from problem


def _lock(at: Path) -> Path:
    return at.with_name(f"{at.name}.lock")


def _read(path: Path) -> Iterator[AuditResultRecord]:
    """What stands in whole lines: one torn by the death of the run is of copies to be read again."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError:
        return
    for line in lines:
        try:
            yield from [AuditResultRecord(*row) for row in json.loads(line)]
        except (ValueError, TypeError):
            return
