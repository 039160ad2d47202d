"""The short, seeded form of the store's campaigns. The long form is `tests.crash.store.campaign`.

Each runs in a process of its own, for it forks, kills and patches what it runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
SEED = int(os.environ.get("KHO_TEST_SEED", "2026"))
WORKS = ("create", "update", "replicate", "replicate-update", "evidence", "settle", "settle-back")


def campaign(name: str, *options: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "tests.crash.store.campaign", "--quick", "--only", name]
    ended = subprocess.run(
        [*command, "--seed", str(SEED), *options], capture_output=True, text=True, cwd=ROOT
    )
    assert ended.stdout, ended.stderr[-3000:]
    return ended.returncode, json.loads(ended.stdout)


@pytest.mark.parametrize("name", ["kill", "errors", "power", "hooks"])
def test_an_interrupted_store_is_whole_again_after_recovery(name: str) -> None:
    status, told = campaign(name)
    done = told.get(name) or told["hooks"]  # hooks, where strace cannot be had
    assert [done[work]["wrong"] for work in WORKS] == [[]] * len(WORKS)
    assert all(done[work]["tried"] > 0 for work in WORKS)
    assert status == 0


def test_a_power_cut_is_survived_where_files_are_flushed_one_by_one() -> None:
    status, told = campaign("power", "--flush", "files", "--works", "create,update")
    assert status == 0, told


def test_the_power_campaign_finds_what_a_store_that_flushes_nothing_loses() -> None:
    status, told = campaign("power", "--flush", "none", "--works", "create,update")
    if told["strace"] != "used":
        pytest.skip(f"power cuts are rebuilt from a trace: {told['strace']}")
    assert status == 1
    assert all(told["power"][work]["wrong"] for work in ("create", "update"))


def test_two_processes_killed_at_random_lose_nothing_and_make_nothing_twice() -> None:
    status, told = campaign("processes")
    assert (status, told["processes"]["wrong"]) == (0, [])
    assert told["processes"]["objects"] == 30 and told["processes"]["killed"] > 0


def test_memory_does_not_grow_with_the_size_of_a_file_and_little_with_their_number() -> None:
    status, told = campaign("limits")
    assert (status, told["limits"]["wrong"]) == (0, [])
