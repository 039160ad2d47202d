"""The mutation test: `python -m tests.mutation.campaign [--only MODULE …] [--draw N] [--out FILE]`.

Every mutant of every target, one after the other. Prints a table
for docs/audits.md and every survivor; ends with 1 when one survived that is not argued to be
equivalent (`tests.mutation.equivalent`).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tests.mutation.equivalent import reason_of
from tests.mutation.running import ROOT, Outcome, run
from tests.mutation.targets import TARGETS, Target


def campaign(targets: list[Target], out: Path | None, draw: int | None, seed: int) -> int:
    """Run all, or so many of each module that are not argued to be equivalent; the exit status."""
    os.chdir(ROOT)
    chance = random.Random(seed)
    rows, open_ones = [], 0
    for target in targets:
        begun = time.monotonic()
        outcomes: list[Outcome] = []

        def told(outcome: Outcome, outcomes: list[Outcome] = outcomes) -> None:
            outcomes.append(outcome)
            if not outcome.killed:
                print(f"SURVIVED {outcome.mutant}", flush=True)
            if out is not None:
                with out.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")

        tests = [path for path in target.tests if (ROOT / path).exists()]
        found = target.mutants()
        if draw is not None:
            found = [one for one in found if one.function and not reason_of(one)]
            found = chance.sample(found, draw)
        run(found, tests, told)
        alive = [one.mutant for one in outcomes if not one.killed]
        equal = [one for one in alive if reason_of(one)]
        open_ones += len(alive) - len(equal)
        killed = len(outcomes) - len(alive)
        timed = sum(one.by == "time" for one in outcomes)
        rate = 100 * killed / len(outcomes)
        rows.append(
            f"| `{target.module}` | {len(outcomes)} | {killed} ({timed}) | {rate:.1f} % "
            f"| {len(equal)} | {len(alive) - len(equal)} |"
        )
        print(rows[-1], f"{time.monotonic() - begun:.0f} s", flush=True)
    print("\n".join(rows))
    return 1 if open_ones else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="modules, by the end of their name")
    parser.add_argument("--out", type=Path, help="a file to which each outcome is added as JSON")
    parser.add_argument(
        "--draw", type=int, help="only so many of each module, all within functions"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    asked = parser.parse_args()
    os.nice(3)
    if asked.draw is None:
        # For mutants that take effect at import, which come before anything of ours is imported.
        for name in ("alembic", "cryptography", "lxml.etree", "pydantic", "sqlalchemy", "typer"):
            importlib.import_module(name)
    chosen = [
        one
        for one in TARGETS
        if not asked.only or one.module.endswith(tuple(f".{name}" for name in asked.only))
    ]
    sys.exit(campaign(chosen, asked.out, asked.draw, asked.seed))
