"""Having files looked at in child processes: damage, content, signatures.

As many children as there are processors, each started when there is work enough for it and kept. A
file at which one dies, or is not done in time, is *not checked*, with that as the reason; the child
is started again and the next file looked at. Usable from several threads at once.
"""

from __future__ import annotations

import os
import stat
import threading
from base64 import b64encode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import Empty, LifoQueue
from types import TracebackType
from typing import Any, Final, Self

from preservation.dossier import SignatureCheck, StructureFact
from preservation.formats.child import Child, ChildEnded, ChildSilent
from preservation.formats.facts import extension_of
from preservation.formats.structure.seen import fact_of, not_checked
from preservation.signatures.facts import judged_of, unjudged
from preservation.signatures.trust import TrustRoots
from repository.clock import utc_text

_WORKER: Final = "preservation.formats.examiner_worker"
_START_SECONDS: Final = 60.0
_SLOWEST: Final = 2 * 1024 * 1024  # bytes a second
_LONGEST_SECONDS: Final = 1800.0
# A child takes a second to load its libraries, in which another one looks at twenty files.
_FILES_FOR_ANOTHER: Final = 40
_MOST_WANTED: Final = 1000  # files that one signature names


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found in one file. `wanted`: files that a signature names and were not shown to it."""

    structure: StructureFact
    signatures: SignatureCheck | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()


class Examiner:
    """Looks at files with children of its own. `seconds` is what each file is given, beside the time
    its size needs. Starts nothing until asked; the roots are those of the first question's day."""

    def __init__(
        self,
        trust: TrustRoots,
        *,
        children: int | None = None,
        seconds: float = 60.0,
        worker: str = _WORKER,
    ) -> None:
        self.trust = trust
        self._most = children or os.cpu_count() or 1
        self._seconds = seconds
        self._worker = worker
        self._idle: LifoQueue[Child] = LifoQueue()
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(self._most)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the children that are idle. They are started again should somebody ask."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def examine(
        self, paths: Mapping[str, str], *, names: Mapping[str, str], at: datetime
    ) -> dict[str, Examined]:
        """Every file of `paths` (file id → where the bytes lie), in that order, judged as on that
        moment. `names` are the received ones. Raises nothing about the files or the tools."""
        several = min(self._most, 1 + len(paths) // _FILES_FOR_ANOTHER)
        if several == 1:
            return {
                file_id: self.examine_one(path, name=names.get(file_id, ""), at=at)
                for file_id, path in paths.items()
            }
        with ThreadPoolExecutor(several) as pool:
            found = pool.map(
                lambda one: self.examine_one(one[1], name=names.get(one[0], ""), at=at),
                paths.items(),
            )
            return dict(zip(paths, found, strict=True))

    def examine_one(
        self, path: str, *, name: str, at: datetime, beside: Mapping[str, str] | None = None
    ) -> Examined:
        """One file. `beside`: what references in it may name → where that lies."""
        when = utc_text(at)
        try:
            seen = Path(path).lstat()
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "not a path"
            return self._failed(f"it could not be read: {reason}", when)
        if not stat.S_ISREG(seen.st_mode):
            return self._failed("it is not a regular file", when)
        allowed = min(self._seconds + seen.st_size / _SLOWEST, _LONGEST_SECONDS)
        asked = {
            "path": str(Path(path).absolute()),
            "extension": extension_of(name),
            "seconds": allowed,
            "at": when,
            "beside": dict(beside or {}),
        }
        with self._places:
            answer = self._ask(asked, allowed)
        if isinstance(answer, str):
            return self._failed(answer, when)
        structure = fact_of(answer.get("structure"), when)
        signatures = answer.get("signatures")
        judged = judged_of(signatures, at=when, trust=self.trust.label)
        if judged is None:
            return Examined(structure)
        return Examined(structure, judged.check, judged.data, _wanted(signatures))

    def _ask(self, asked: Mapping[str, Any], allowed: float) -> dict[str, Any] | str:
        """The answer of some child, or why there is none."""
        try:
            child = self._idle.get_nowait()
        except Empty:
            started = self._start()
            if isinstance(started, str):
                return started
            child = started
        try:
            child.ask(asked)
            answer = child.answer(allowed)
        except ChildSilent:
            return f"the examiner was not done after {allowed:.0f} seconds"
        except ChildEnded as problem:
            return f"the examiner failed at this file: {problem}"
        except BaseException:
            child.kill()
            raise
        self._idle.put(child)
        return answer

    def _start(self) -> Child | str:
        told = {
            "roots": [b64encode(one).decode() for one in self.trust.roots],
            "helpers": [b64encode(one).decode() for one in self.trust.helpers],
        }
        try:
            child = Child(self._worker)
        except OSError as problem:
            return f"the examiner could not be started: {problem.strerror}"
        try:
            child.ask(told)
            child.answer(_START_SECONDS)
        except ChildSilent:
            return "the examiner could not be started: it did not answer in time"
        except ChildEnded as problem:
            return f"the examiner could not be started: {problem}"
        except BaseException:
            child.kill()
            raise
        return child

    def _failed(self, reason: str, when: str) -> Examined:
        judged = unjudged(reason, at=when, trust=self.trust.label)
        return Examined(not_checked(reason, when), judged.check)


def _wanted(signatures: Any) -> tuple[str, ...]:
    given = signatures.get("wanted") if isinstance(signatures, dict) else None
    names = given[:_MOST_WANTED] if isinstance(given, list) else []
    return tuple(name for name in names if isinstance(name, str))
