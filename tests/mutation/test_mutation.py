"""A seeded part of the mutation test, and the mutator itself; the whole is `make campaign-mutation`."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from tests.mutation.equivalent import EQUIVALENT, reason_of
from tests.mutation.mutator import mutants, mutated
from tests.mutation.running import ROOT
from tests.mutation.targets import TARGETS

SOURCE = """
LIMIT = 3

def judge(seen, wanted):
    '''Not a word of this is changed.'''
    if seen is None or seen > LIMIT:
        raise ValueError("nor of this")
    return seen == wanted
"""


def test_each_mutant_is_one_other_program_and_can_be_compiled() -> None:
    found = mutants("m", SOURCE)
    original = ast.dump(ast.parse(SOURCE))
    trees = [ast.dump(mutated(SOURCE, one)) for one in found]
    assert len(set(trees)) == len(trees)
    assert original not in trees
    for one in found:
        compile(mutated(SOURCE, one), "m", "exec")
    told = {f"{one.before} → {one.after}" for one in found}
    assert told >= {
        "3 → 4", "3 → 2", "seen is None → seen is not None", "seen > LIMIT → seen >= LIMIT",
        "seen > LIMIT → seen <= LIMIT", "seen is None or seen > LIMIT → seen is None",
        "seen is None or seen > LIMIT → seen > LIMIT", "seen == wanted → seen != wanted",
        "return seen == wanted → return None", "raise ValueError('nor of this') → (removed)",
    }  # fmt: skip
    assert not any("Not a word" in one.before for one in found)
    assert {one.function for one in found} == {"", "judge"}


def test_what_is_argued_to_be_equivalent_is_still_there_to_be_argued_about() -> None:
    argued = {module for module, *_ in EQUIVALENT}
    found = [target.mutants() for target in TARGETS if target.module in argued]
    known = [one for some in found for one in some if reason_of(one)]
    assert len(known) == len(EQUIVALENT)


def test_twelve_mutants_drawn_from_the_judgement_of_a_copy_are_all_killed() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutation.campaign", "--only", "fixity", "exits",
         "--draw", "12", "--seed", "7"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| `preservation.audit.fixity` | 12 | 12 | 0 | 0 | 0 | 100.0 % |" in done.stdout


def test_a_campaign_that_was_stopped_goes_on_and_counts_nothing_twice(tmp_path: Path) -> None:
    out = tmp_path / "outcomes.jsonl"

    def campaign() -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tests.mutation.campaign", "--only", "exits", "--draw", "4",
             "--out", str(out)],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    assert "4 mutants, 0 of them known" in campaign()
    lines = out.read_text("utf-8").splitlines(keepends=True)
    assert len(lines) == 4
    out.write_text("".join(lines[:3]) + lines[3][:40], "utf-8")  # torn where it was stopped
    told = campaign()
    assert "4 mutants, 3 of them known, 1 to be tried" in told
    assert "| together | 4 | 4 | 0 | 0 | 0 | 100.0 % |" in told
    assert "4 mutants, 4 of them known, 0 to be tried" in campaign()
