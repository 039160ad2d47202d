"""Making one access copy of one file, in a child process with limits of memory and time.

PDFs and images are hostile: what decodes them may be brought down, or run for ever. Then the child is
killed and the next file gets a new one. Every file leaves a whole result or one of `Reason`.
"""

from __future__ import annotations

import errno
import shutil
import signal
import stat
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from preservation.derivatives.reasons import Reason
from preservation.derivatives.recipe import TEXT_FILE, Recipe, page_file
from preservation.derivatives.wanting import Media
from preservation.formats.child import Child, ChildEnded, ChildSilent
from repository.errors import Unavailable

_WORKER: Final = "preservation.derivatives.worker"
_START_SECONDS: Final = 60.0
_FILES_PER_CHILD: Final = 100  # then a new one, so that what a library leaks does not add up


@dataclass(frozen=True, slots=True)
class Limits:
    """What one access copy may cost."""

    page_seconds: float = 60.0
    source_seconds: float = 1800.0
    memory: int = 2 * 1024**3  # bytes the child may have of its own
    most_source_bytes: int = 4 * 1024**3  # a larger source is not even copied
    most_pages: int = 3_000  # of page images
    most_text_pages: int = 20_000
    most_pixels: int = 1_000_000_000  # of one page of an image file, as it comes
    most_bytes: int = 2 * 1024**3  # of all that is made
    most_characters: int = 20_000_000  # of all text of one source


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was made: for each page what there is to say of it, and the software that made it."""

    pages: tuple[Mapping[str, int], ...]
    software: str


@dataclass(frozen=True, slots=True)
class NotRendered:
    """Why nothing was made."""

    reason: Reason
    detail: str


class Renderer:
    """Makes access copies one after the other. To be closed; starts nothing until asked."""

    def __init__(self, limits: Limits | None = None, *, worker: str = _WORKER) -> None:
        self._limits = limits or Limits()
        self._worker = worker
        self._child: Child | None = None
        self._served = 0

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
        """End the child. It is started again should somebody ask."""
        if self._child is not None:
            self._child.close()
            self._child = None

    def make(
        self, source: Path, media: Media, recipe: Recipe, into: Path
    ) -> Rendered | NotRendered:
        """Make one recipe of `source` into the new folder `into`.

        After Rendered the folder holds all of it, not yet flushed; after NotRendered it is empty.
        Unavailable when there is no room, or no child can be started: that is no fact about the file.
        """
        into.mkdir()
        try:
            answer = self._ask(source, media, recipe, into)
            outcome = self._outcome(answer, recipe, into)
        except ChildSilent:
            self._child = None
            outcome = NotRendered(Reason.TIMEOUT, "not done in time")
        except ChildEnded as problem:
            self._child = None
            killed = problem.signal_number in (signal.SIGKILL, signal.SIGTERM)
            reason = Reason.NO_MEMORY if killed else Reason.CRASHED
            outcome = NotRendered(reason, str(problem))
        except BaseException:
            if self._child is not None:
                self._child.kill()
                self._child = None
            raise
        if isinstance(outcome, NotRendered):
            shutil.rmtree(into)
            into.mkdir()
        return outcome

    def _ask(self, source: Path, media: Media, recipe: Recipe, into: Path) -> dict[str, Any]:
        child = self._ready()
        child.ask(
            {
                "source": str(source.absolute()),
                "media": media,
                "recipe": {**asdict(recipe)},
                "into": str(into.absolute()),
                "limits": asdict(self._limits),
            }
        )
        end = time.monotonic() + self._limits.source_seconds
        while True:
            left = min(self._limits.page_seconds, end - time.monotonic())
            answer = child.answer(max(left, 0.01))
            if "page" not in answer:  # else a sign of life: one more page is done
                return answer

    def _ready(self) -> Child:
        if self._child is not None and self._served >= _FILES_PER_CHILD:
            self.close()
        if self._child is None:
            try:
                self._child = Child(self._worker, {"VIPS_CONCURRENCY": "1"})
                self._child.answer(_START_SECONDS)
            except OSError as problem:
                raise Unavailable(f"No process for access copies: {problem.strerror}.") from problem
            except (ChildEnded, ChildSilent) as problem:
                self._child = None
                raise Unavailable(
                    f"The process for access copies does not start: {problem}. Run `kho doctor`."
                ) from problem
            self._served = 0
        self._served += 1
        return self._child

    def _outcome(
        self, answer: Mapping[str, Any], recipe: Recipe, into: Path
    ) -> Rendered | NotRendered:
        if answer.get("errno") in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable(
                "No room left while making access copies. Make room and run it again."
            )
        try:
            if "failed" in answer:
                return NotRendered(Reason(answer["failed"]), str(answer.get("detail", "")))
            pages = tuple(
                {str(name): int(value) for name, value in page.items()} for page in answer["pages"]
            )
            software = str(answer["software"])[:200]
        except (KeyError, TypeError, ValueError, AttributeError):
            self.close()
            return NotRendered(Reason.CRASHED, "it answered what is no answer")
        names = (
            {TEXT_FILE} if recipe.form == "text" else {page_file(n + 1) for n in range(len(pages))}
        )
        # The child has read a hostile file: what it left is looked at before it is kept.
        left = {entry.name: entry.lstat() for entry in into.iterdir()}
        whole = all(stat.S_ISREG(seen.st_mode) and seen.st_size > 0 for seen in left.values())
        if not pages or set(left) != names or not whole:
            self.close()
            return NotRendered(Reason.CRASHED, "what it made is not what it said")
        return Rendered(pages, software)
