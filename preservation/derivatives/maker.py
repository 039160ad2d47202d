"""Making what is wanted and missing: fetch the proven bytes, render, publish, one file after the other.

Killed at any moment it leaves whole results, and nothing else that the next run does not clear away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from preservation.derivatives.derivative_store import DerivativeStore
from preservation.derivatives.reasons import Reason
from preservation.derivatives.recipe import Recipe
from preservation.derivatives.rendering import Limits, NotRendered, Rendered, Renderer
from preservation.derivatives.wanting import Task
from repository import durable
from repository.clock import Clock, utc_text


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """A held file that is not what it must be: nothing is made of it, and an audit should look."""

    object_id: str
    path: str
    kind: Literal["altered", "missing", "unreadable"]
    expected_sha512: str


class SourceDamaged(Exception):
    """Raised by a `Fetch` for a source that is not what it must be."""

    def __init__(self, problem: SourceProblem) -> None:
        super().__init__(problem.path)
        self.problem = problem


Fetch = Callable[[Task, Path], None]
"""Writes the proven bytes of a task's source to a new file. SourceDamaged; Unavailable."""


@dataclass(frozen=True, slots=True)
class Made:
    """What one run did: access copies made, and those that could not be; files still to do.

    `complete` says that everything given was looked at, so that `left` is all there is left.
    """

    done: int = 0
    failed: int = 0
    left: int = 0
    damaged: tuple[SourceProblem, ...] = ()
    complete: bool = True


class Maker:
    """Makes access copies for one store of them."""

    def __init__(
        self, derivatives: DerivativeStore, clock: Clock, limits: Limits | None = None
    ) -> None:
        self._derivatives = derivatives
        self._clock = clock
        self._limits = limits or Limits()

    def run(
        self,
        tasks: Iterable[Task],
        fetch: Fetch,
        *,
        limit: int | None = None,
        deadline: float | None = None,
    ) -> Made:
        """Make what is missing of the tasks, in their order.

        At most `limit` files are tried, and none is begun after `deadline` (as `time.monotonic`
        counts). Locked when another maker is at work; Unavailable when the source store or room is
        gone: what was made until then is kept. A task comes up again when it fails for a reason that
        may lie in the day, until it was tried often enough.
        """
        done, failed, left, tried = 0, 0, 0, 0
        damaged: list[SourceProblem] = []
        complete = True
        seen: set[str] = set()
        with self._derivatives.making() as work, Renderer(self._limits) as renderer:
            for task in tasks:
                over = deadline is not None and time.monotonic() >= deadline
                if over and left:
                    complete = False  # counting has an end as well
                    break
                missing = [r for r in task.recipes if self._derivatives.wants(task.sha512, r)]
                if not missing or task.sha512 in seen:
                    continue
                seen.add(task.sha512)
                if over or (limit is not None and tried >= limit):
                    left += 1
                    continue
                tried += 1
                try:
                    made = self._make(task, missing, fetch, work, renderer)
                except SourceDamaged as problem:
                    damaged.append(problem.problem)
                    continue
                done, failed = done + made, failed + len(missing) - made
        return Made(done, failed, left, tuple(damaged), complete)

    def _make(
        self, task: Task, recipes: list[Recipe], fetch: Fetch, work: Path, renderer: Renderer
    ) -> int:
        """Make these recipes of one source; how many could be made."""
        source = work / "source"
        staged = {recipe: work / recipe.key for recipe in recipes}
        try:
            if task.size > self._limits.most_source_bytes:
                for folder in staged.values():
                    folder.mkdir()
                too_large = NotRendered(Reason.TOO_LARGE, f"the file has {task.size} bytes")
                outcomes: list[Rendered | NotRendered] = [too_large] * len(recipes)
            else:
                fetch(task, source)
                outcomes = [
                    renderer.make(source, task.media, recipe, folder)
                    for recipe, folder in staged.items()
                ]
                source.unlink()  # before anything is flushed: these bytes need no medium
            for recipe, outcome in zip(recipes, outcomes, strict=True):
                self._publish(task, recipe, outcome, staged[recipe])
            return sum(isinstance(outcome, Rendered) for outcome in outcomes)
        finally:
            source.unlink(missing_ok=True)
            for folder in staged.values():
                durable.remove_staging(folder)

    def _publish(
        self, task: Task, recipe: Recipe, outcome: Rendered | NotRendered, staged: Path
    ) -> None:
        now = self._clock.now()
        if isinstance(outcome, NotRendered):
            self._derivatives.publish_failure(
                staged, task.sha512, recipe, outcome.reason, outcome.detail, now
            )
            return
        facts = {
            "made_at": utc_text(now),
            "software": outcome.software,
            "pages": [dict(page) for page in outcome.pages],
        }
        self._derivatives.publish_made(staged, task.sha512, recipe, facts)
