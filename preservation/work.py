"""Work in progress on disk, so that a crash leaves something to finish or undo.

    FOLDER/{work id}/work.json   what the work is and how far it has come
    FOLDER/{work id}/…           whatever the work needs (received bytes in quarantine)
    FOLDER/{work id}.lock        held by whoever does it, for as long as he lives

Only this says which objects are being written: audits ask it before they judge.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from repository import durable, locks
from repository.digest import digest_bytes
from repository.errors import Conflict, Corrupt


class WorkState(StrEnum):
    """How far a piece of work has come."""

    RECEIVING = "receiving"  # nothing outside its own folder was touched
    AWAITING = "awaiting-decision"  # complete and checked; a person decides
    COMMITTING = "committing"  # an object may be in some stores and not in others


@dataclass(frozen=True, slots=True)
class WorkNote:
    """What `work.json` says. `detail` is what finishing needs."""

    work_id: str
    state: WorkState
    object_id: str = ""
    version: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


class WorkFolder:
    """All work in progress of one archive."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def begin(self, work_id: str, *, wait: float = locks.DEFAULT_WAIT) -> Iterator[Path]:
        """A fresh folder for the work, locked while the block runs. Locked when somebody has it."""
        with self.resume(work_id, wait=wait), self.fresh(work_id) as folder:
            yield folder

    @contextmanager
    def fresh(self, work_id: str) -> Iterator[Path]:
        """A fresh folder for work whose lock the caller holds (`resume`).

        What an earlier, dead worker left under this name must have been settled before: a folder
        in another state than RECEIVING is a Conflict here, never cleared. `end` removes the folder, and
        so does an exception as long as nothing outside of it was touched.
        """
        folder = self._folder / work_id
        note = self.note(work_id)
        if note is not None and note.state is not WorkState.RECEIVING:
            raise Conflict(
                f"{work_id} is {note.state.value}. What waits is decided with "
                "`kho transfer approve` or `return`; what was interrupted is finished by the "
                "next command as soon as every store is there."
            )
        with _explaining(f"beginning {work_id}"):
            durable.remove_staging(folder)
            folder.mkdir()
        try:
            self.write(WorkNote(work_id, WorkState.RECEIVING))
            yield folder
        except BaseException:
            note = self.note(work_id)
            if note is not None and note.state is WorkState.RECEIVING:
                self.end(work_id)
            raise

    @contextmanager
    def resume(self, work_id: str, *, wait: float = 0) -> Iterator[WorkNote | None]:
        """Hold the work's lock, and tell how far it has come: None when there is none. Locked when
        somebody alive is doing it."""
        with ExitStack() as stack:
            with _explaining(f"taking over {work_id}"):
                stack.enter_context(locks.held(self._lock(work_id), f"Work {work_id}", wait=wait))
            yield self.note(work_id)

    @contextmanager
    def alone_with(self, keys: Collection[str]) -> Iterator[None]:
        """Keep every other process from settling work about the same things while the block runs."""
        with ExitStack() as stack:
            for key in sorted(keys):
                name = digest_bytes(key.encode("utf-8", "replace"), ["sha256"])["sha256"][:32]
                with _explaining(f"keeping others from {key}"):
                    lock = locks.held(self._lock(f"about-{name}"), key, wait=locks.DEFAULT_WAIT)
                    stack.enter_context(lock)
            yield

    def write(self, note: WorkNote) -> None:
        """Note durably how far the work has come. The caller holds its lock."""
        data = json.dumps(asdict(note), ensure_ascii=False).encode()
        with _explaining(f"noting how far {note.work_id} has come"):
            durable.write_durably(self._folder / note.work_id / "work.json", data)

    def note(self, work_id: str) -> WorkNote | None:
        """What the work's folder says; None when there is no such folder. Corrupt."""
        path = self._folder / work_id / "work.json"
        try:
            value = json.loads(path.read_bytes())
            return WorkNote(**{**value, "state": WorkState(value["state"])})
        except FileNotFoundError:
            # Died between making the folder and saying what it was for: nothing was done.
            return WorkNote(work_id, WorkState.RECEIVING) if path.parent.exists() else None
        except (ValueError, TypeError, KeyError) as problem:
            raise Corrupt(
                f"{path} cannot be understood: {problem}. Move its folder out of the quarantine and "
                "send what it was about again."
            ) from problem
        except OSError as problem:
            raise durable.explained(problem, f"looking at {work_id}") from problem

    def folder(self, work_id: str) -> Path:
        """Where the work keeps its files."""
        return self._folder / work_id

    def end(self, work_id: str) -> None:
        """The work is finished or undone: remove its folder."""
        with _explaining(f"removing what {work_id} left"):
            durable.remove_staging(self._folder / work_id)

    def names(self) -> list[str]:
        """The folders of work there are, also those whose note cannot be understood, in order."""
        with _explaining("looking for work in progress"):
            return sorted(path.name for path in self._folder.iterdir() if path.is_dir())

    def all(self) -> list[WorkNote]:
        """Every piece of work there is, whoever does it, in order of name."""
        return [note for name in self.names() if (note := self.note(name)) is not None]

    def sweep(self) -> None:
        """Remove the lock files that dead workers left."""
        with _explaining("looking for work in progress"):
            locks.sweep(self._folder)

    def in_progress(self) -> set[str]:
        """The objects that are, or may be, in some stores and not yet in others."""
        return {note.object_id for note in self.all() if note.state is WorkState.COMMITTING}

    def _lock(self, work_id: str) -> Path:
        return self._folder / f"{work_id}.lock"


@contextmanager
def _explaining(doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise durable.explained(problem, doing) from problem
