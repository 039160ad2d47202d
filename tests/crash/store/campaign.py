"""Campaigns against the store: `python -m tests.crash.store.campaign [--quick] [--only kill,errors …]`.

kill       the writer is killed at every system call that changes a file system
errors     every one of these calls fails, with each of ENOSPC, EIO, EROFS, EACCES; reads with EIO
power      power cuts rebuilt from the trace of the real process: unflushed changes dropped
hooks      kill and errors from within the interpreter: where strace cannot be had, and beside it
processes  two processes update shared objects and are killed at random
limits     one object with very many files, one very large file

Prints one JSON document with the counts, and on the error stream a line for each campaign; the exit
status is 0 when nothing failed. `--quick` takes a seeded sample where the whole takes minutes.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from repository import durable
from tests.crash.store import limits, power, processes, trial
from tests.crash.store.judge import Grounds
from tests.crash.store.scenario import WORKS, Work

NAMES = ("kill", "errors", "power", "hooks", "processes", "limits")


@dataclass
class Tally:
    """What one campaign did with one piece of work."""

    tried: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    injected: Counter[str] = field(default_factory=Counter)  # by errno
    wrong: list[str] = field(default_factory=list)

    def report(self) -> dict[str, object]:
        told: dict[str, object] = {"tried": self.tried, **self.ends}
        if self.injected:
            told["injected"] = dict(sorted(self.injected.items()))
        return {**told, "wrong": self.wrong[:20]}


@dataclass
class Campaign:
    base: Path
    quick: bool
    chance: random.Random
    works: list[Work]

    def chosen(self, points: list[trial.Point], share: int) -> list[trial.Point]:
        """All points, or a seeded sample of them when there is little time."""
        if not self.quick or len(points) <= share:
            return points
        return self.chance.sample(points, share)

    def kill(self) -> dict[str, object]:
        return self._each(self._kill)

    def _kill(self, grounds: Grounds, tally: Tally) -> None:
        calls = trial.count_calls(self._doing(grounds), trial.CHANGING)
        points = [
            trial.Point(call, nth + 1) for call, count in calls.items() for nth in range(count)
        ]
        for point in self.chosen(points, 4):
            ground = grounds.trial(self.base / "trial")
            ended = trial.interrupt(lambda at=ground: grounds.work.do(at), point)
            self._judge(grounds, ground, tally, f"{point}", ended, ("killed",))

    def errors(self) -> dict[str, object]:
        return self._each(self._errors)

    def _errors(self, grounds: Grounds, tally: Tally) -> None:
        names = (*trial.CHANGING, *trial.LOOKING)
        points = []
        for call, count in trial.count_calls(self._doing(grounds), names).items():
            for error in trial.ERRORS if call in trial.CHANGING else ("EIO",):
                points += [trial.Point(call, nth + 1, error) for nth in range(count)]
        for point in self.chosen(points, 4):
            ground = grounds.trial(self.base / "trial")
            tally.injected[str(point.error)] += 1
            ended = trial.interrupt(lambda at=ground: grounds.work.do(at), point)
            self._judge(grounds, ground, tally, f"{point}", ended, ("failed", "done"))

    def hooks(self) -> dict[str, object]:
        return self._each(self._hooks)

    def _hooks(self, grounds: Grounds, tally: Tally) -> None:
        count = trial.count_hooks(self._doing(grounds))
        points = [(nth, error) for nth in range(1, count + 1) for error in (None, *trial.ERRORS)]
        if self.quick:
            points = self.chance.sample(points, min(len(points), 10))
        for nth, error in points:
            ground = grounds.trial(self.base / "trial")
            ended = trial.interrupt_by_hook(lambda at=ground: grounds.work.do(at), nth, error)
            allowed = ("failed", "done") if error else ("killed",)
            if error:
                tally.injected[error] += 1
            self._judge(grounds, ground, tally, f"{nth} {error}", ended, allowed)

    def power(self) -> dict[str, object]:
        return self._each(self._power)

    def _power(self, grounds: Grounds, tally: Tally) -> None:
        log = self.base / "log"
        ground = grounds.trial(self.base / "trial")
        ended = trial.record(lambda: grounds.work.do(ground), log)
        assert ended.how == "done", ended
        ground = grounds.trial(self.base / "trial")
        told = power.replay(log, ground)
        found = list(power.states(told, self.chance, 1 if self.quick else 8))
        tally.ends["states possible"] = len(found)
        if self.quick:
            found = self.chance.sample(found, min(len(found), 10))
        for state in found:
            shutil.rmtree(ground)
            power.make(state, ground)
            cut = trial.Ended("cut")
            self._judge(grounds, ground, tally, f"state {len(state)}", cut, ("cut",))
        # Flushed to the end: a power cut after the writer's word changes nothing.
        _, last_pending = told.points[-1]
        lost = [told.changes[n] for n in last_pending if not _harmless(told, told.changes[n])]
        if lost:
            tally.wrong.append(f"not flushed when the writer had ended: {lost[:3]}")

    def processes(self) -> dict[str, object]:
        objects, kills = (30, 12) if self.quick else (500, 200)
        return processes.run(self.base / "processes", objects, kills, self.chance)

    def limits(self) -> dict[str, object]:
        return limits.run(self.base / "limits", quick=self.quick)

    # -- one trial

    def _each(self, run: Callable[[Grounds, Tally], None]) -> dict[str, object]:
        out: dict[str, object] = {}
        for work in self.works:
            tally = Tally()
            grounds = Grounds.prepare(work, self.base / "grounds" / work.name)
            run(grounds, tally)
            shutil.rmtree(self.base / "grounds")
            out[work.name] = tally.report()
        return out

    def _doing(self, grounds: Grounds) -> Callable[[], object]:
        ground = grounds.trial(self.base / "trial")
        return lambda: grounds.work.do(ground)

    def _judge(
        self,
        grounds: Grounds,
        ground: Path,
        tally: Tally,
        where: str,
        ended: trial.Ended,
        allowed: tuple[str, ...],
    ) -> None:
        tally.tried += 1
        tally.ends[ended.how] += 1
        if ended.how not in allowed:
            # A point that was not reached this time (the order of threads) is no point.
            if ended.how == "done" and "killed" in allowed:
                tally.ends["not reached"] += 1
            else:
                tally.wrong.append(f"{where}: {ended.how} {ended.words}")
        try:
            state = grounds.judge(ground)
        except Exception as problem:  # noqa: BLE001 — whatever it is, it is what this campaign looks for
            tally.wrong.append(f"{where}: {type(problem).__name__}: {problem}"[:1500])
            return
        tally.ends[f"found {state}"] += 1
        if ended.how == "done" and state != "new":
            tally.wrong.append(f"{where}: the writer was told it is done, and it is not")
        if ended.how == "failed" and state == "new" and "run it again" not in ended.words:
            tally.ends["new after a failure that did not say so"] += 1
            if grounds.work.commits:
                tally.wrong.append(f"{where}: new, and the failure did not say so: {ended.words}")


def _harmless(told: power.Replay, change: power.Change) -> bool:
    """Lock files come and go without a flush, and what was in a folder that is gone is gone."""
    locks = {
        inode
        for one in told.changes
        if isinstance(one, power.Names)
        for _, name, inode in one.changes
        if name.endswith(b".lock")
    }
    if not isinstance(change, power.Names):
        return change.inode in locks or change.inode not in told.reachable()
    return all(
        name.endswith(b".lock") or folder not in told.reachable()
        for folder, name, _ in change.changes
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.store.campaign")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--dir", default="", help="where to work; memory, where there is /dev/shm")
    parser.add_argument("--works", default=",".join(WORKS), help="which pieces of work")
    parser.add_argument(
        "--flush",
        choices=("tree", "files", "none"),
        default="tree",
        help="by syncfs; one by one, as where syncfs does not reach the medium; or, to see that the "
        "campaign finds what is wrong then, not at all",
    )
    chosen = parser.parse_args(arguments)
    warnings.simplefilter("ignore", DeprecationWarning)  # fork, with threads that have ended
    logging.getLogger().setLevel(logging.CRITICAL)
    if chosen.flush != "tree":
        durable._syncfs = None
    if chosen.flush == "none":
        os.fsync = lambda descriptor: None  # type: ignore[assignment]
    shared = Path("/dev/shm")
    place = chosen.dir or (str(shared) if shared.is_dir() else None)
    only = chosen.only.split(",")
    why_not = trial.strace_works()
    if why_not:
        only = [name for name in only if name not in ("kill", "errors", "power")]
        only += ["hooks"] if "hooks" not in only else []
    out: dict[str, object] = {
        "quick": chosen.quick,
        "seed": chosen.seed,
        "strace": why_not or "used",
    }
    with tempfile.TemporaryDirectory(dir=place, prefix="kho-campaign-") as base:
        for name in only:
            begun = time.monotonic()
            works = [WORKS[work] for work in chosen.works.split(",")]
            chance = random.Random(chosen.seed)
            campaign = Campaign(Path(base, name), chosen.quick, chance, works)
            campaign.base.mkdir()
            result = getattr(campaign, name)()
            out[name] = {**result, "seconds": round(time.monotonic() - begun, 1)}
            shutil.rmtree(campaign.base)
    print(json.dumps(out, indent=1, ensure_ascii=False))
    print("\n".join(summary(out)), file=sys.stderr)
    return 1 if _any_wrong(out) else 0


def summary(out: Mapping[str, object]) -> Iterator[str]:
    """A line for each campaign: its counts over all pieces of work."""
    for name, told in out.items():
        if not isinstance(told, dict):
            continue
        counts: Counter[str] = Counter()
        for part in (told, *told.values()):
            if isinstance(part, dict):
                _add(counts, part)
        words = ", ".join(f"{what} {count:,}" for what, count in counts.items())
        yield f"{name}: {words} in {told['seconds']} s"


def _add(counts: Counter[str], told: Mapping[str, object]) -> None:
    for what, value in told.items():
        if what == "wrong" and isinstance(value, list):
            counts["wrong"] += len(value)
        elif isinstance(value, int):
            counts[what] += value
        elif what == "injected" and isinstance(value, dict):
            counts.update({f"injected {error}": count for error, count in value.items()})


def _any_wrong(found: object) -> bool:
    if isinstance(found, dict):
        return bool(found.get("wrong")) or any(_any_wrong(part) for part in found.values())
    return False


if __name__ == "__main__":
    sys.exit(main())
