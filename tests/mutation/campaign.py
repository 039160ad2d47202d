"""The mutation test: `python -m tests.mutation.campaign [--only MODULE …] [--jobs N] [--out FILE]`.

Every mutant of every target once. What became of each is written to a file of JSON lines at once, so
that a campaign that was stopped goes on with `--out` where it was. A killed mutant stays killed as long
as the module, the mutator and the test that failed are what they were; one that was not is tried again
when any of its tests is another. Prints a table for docs/audits.md and every survivor; ends with 1 when
one survived that is not argued to be equivalent (`tests.mutation.equivalent`), or has no outcome.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

from tests.mutation.equivalent import reason_of
from tests.mutation.mutator import Mutant
from tests.mutation.running import ROOT, Outcome, run
from tests.mutation.targets import TARGETS, Target

TOGETHER = 150  # mutants of one module that one process tries in a row
Units = list[tuple[Target, list[Mutant]]]
Known = dict[Mutant, tuple[str, Outcome]]  # with a digest of all that it follows from


def campaign(targets: Sequence[Target], out: Path, jobs: int, draw: int | None, seed: int) -> int:
    """Run all that have no outcome yet, or so many of each module that are not argued to be equivalent;
    the exit status."""
    os.chdir(ROOT)
    chance = random.Random(seed)
    begun = time.monotonic()
    wanted: list[tuple[Target, list[Mutant]]] = []
    for target in targets:
        found = target.mutants()
        if draw is not None:
            found = [one for one in found if one.function and not reason_of(one)]
            found = chance.sample(found, draw)
        wanted.append((target, found))
    known = _known(out)
    units = list(_units(wanted, known))
    if out.exists() and not out.read_bytes().endswith(b"\n"):
        with out.open("ab") as stream:
            stream.write(b"\n")
    left, every = sum(len(some) for _, some in units), sum(len(some) for _, some in wanted)
    print(f"{every} mutants, {every - left} of them known, {left} to be tried", flush=True)
    _work(units, out, jobs)
    print(f"{left} tried in {time.monotonic() - begun:.0f} s by {jobs} at a time")
    return _told(wanted, _known(out))


def _units(wanted: Units, known: Known) -> Iterator[tuple[Target, list[Mutant]]]:
    """What is to be done, in parts, the largest first: no process has much left when the others end.
    At the end those that take effect at import, each of which needs a process that has everything to
    import still."""
    parts = []
    for target, found in wanted:
        open_ones = [one for one in found if _outcome(target, one, known) is None]
        for some in ([one for one in open_ones if one.function],
                     [one for one in open_ones if not one.function]):  # fmt: skip
            count = -(-len(some) // TOGETHER)
            parts += [(target, some[at::count]) for at in range(count)]
    yield from sorted(parts, key=lambda part: (not part[1][0].function, -len(part[1])))


def _work(units: Units, out: Path, jobs: int) -> None:
    """Several processes, each taking the next part when it has done one."""
    read, write = os.pipe()
    os.write(write, bytes(range(len(units))))  # the numbers of the parts: a queue of the kernel
    os.close(write)
    children = []
    for _ in range(jobs):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                while number := os.read(read, 1):
                    _part(*units[number[0]], out)
                status = 0
            finally:
                sys.stdout.flush()
                os._exit(status)
        children.append(child)
    os.close(read)
    statuses = [os.waitpid(child, 0)[1] for child in children]
    if any(statuses):
        print("A part of the campaign ended with an error. Run it again to go on.", flush=True)


def _part(target: Target, some: list[Mutant], out: Path) -> None:
    begun = time.monotonic()
    alive = 0

    def told(outcome: Outcome) -> None:
        nonlocal alive
        alive += outcome.fate == "survived"
        digest = _digest(target, outcome)
        value = json.dumps({"digest": digest, **asdict(outcome)}, ensure_ascii=False)
        with out.open("ab", buffering=0) as stream:  # one write: lines of two processes stay whole
            stream.write(f"{value}\n".encode())

    try:
        run(some, target.there(), told)
    except RuntimeError as problem:  # the other parts can still be done
        print(f"{target.module}: {problem}", flush=True)
    seconds = time.monotonic() - begun
    print(f"{target.module}: {len(some)} in {seconds:.0f} s, {alive} survived", flush=True)


def _known(out: Path) -> Known:
    found: Known = {}
    for line in out.read_text("utf-8").splitlines() if out.exists() else ():
        try:
            value = json.loads(line)
        except ValueError:
            continue  # torn when the campaign was stopped
        digest = value.pop("digest")
        mutant = Mutant(**value.pop("mutant"))
        found[mutant] = digest, Outcome(mutant, **value)
    return found


def _outcome(target: Target, mutant: Mutant, known: Known) -> Outcome | None:
    digest, outcome = known.get(mutant, ("", None))
    return outcome if outcome is not None and digest == _digest(target, outcome) else None


def _digest(target: Target, outcome: Outcome) -> str:
    """Of all that an outcome follows from, but for the code that the module calls."""
    failed = outcome.by.split("::")[0]
    tests = [failed] if failed in target.tests else target.there()
    read = [target.path, Path(__file__).with_name("mutator.py"), *(ROOT / path for path in tests)]
    return hashlib.sha256("".join(map(_sum_of, read)).encode()).hexdigest()[:16]


@cache
def _sum_of(path: Path) -> str:
    """As it was when first asked for: the tree may change under a long campaign."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _told(wanted: Units, known: Known) -> int:
    rows, totals, open_ones, without = [], [0] * 5, 0, 0
    for target, found in wanted:
        given = [_outcome(target, one, known) for one in found]
        outcomes = [one for one in given if one is not None]
        without += len(found) - len(outcomes)
        alive = [one.mutant for one in outcomes if one.fate == "survived"]
        equal = [one for one in alive if reason_of(one)]
        for one in alive:
            print(f"{'equivalent' if one in equal else 'SURVIVED'} {one}")
        killed = sum(one.fate == "killed" for one in outcomes)
        late = sum(one.fate == "timed out" for one in outcomes)
        open_ones += len(alive) - len(equal)
        counts = [len(outcomes), killed, late, len(equal), len(alive) - len(equal)]
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
        rows.append(_row(f"`{target.module}`", counts))
    print("| module | mutants | killed | timed out | equivalent | survived | noticed |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join([*rows, _row("together", totals)]))
    if without:
        print(f"{without} mutants have no outcome: do the tests pass on the modules as they are?")
    return 1 if open_ones or without else 0


def _row(name: str, counts: Sequence[int]) -> str:
    every, killed, late, *_ = counts
    rate = 100 * (killed + late) / every if every else 0
    return f"| {name} | {' | '.join(map(str, counts))} | {rate:.1f} % |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="modules, by the end of their name")
    parser.add_argument("--out", type=Path, help="a file to which each outcome is added as JSON")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes (2)")
    parser.add_argument(
        "--draw", type=int, help="only so many of each module, all within functions"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    asked = parser.parse_args()
    if asked.draw is None:
        # For mutants that take effect at import, which come before anything of ours is imported.
        for name in ("alembic", "cryptography", "lxml.etree", "pydantic", "sqlalchemy", "typer"):
            importlib.import_module(name)
    chosen = [
        one
        for one in TARGETS
        if not asked.only or one.module.endswith(tuple(f".{name}" for name in asked.only))
    ]
    with tempfile.TemporaryDirectory() as folder:
        kept = asked.out.absolute() if asked.out else Path(folder) / "outcomes.jsonl"
        sys.exit(campaign(chosen, kept, asked.jobs, asked.draw, asked.seed))
