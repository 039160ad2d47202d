"""A seeded tenth of the damage matrix; `make campaign-audit` runs all of it."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

from tests.preservation.audit import matrix


def test_a_tenth_of_the_damage_matrix_comes_out_as_the_rules_say() -> None:
    every = list(matrix.cells())
    chosen = random.Random(20261122).sample(every, len(every) // 10)
    # In memory where that can be had: what was just harmed need not be flushed to be looked at.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kho-matrix-", dir=memory) as folder:
        wrong, seen = matrix.wrong_cells(Path(folder) / "home", chosen)
    assert wrong == []
    assert len(seen) == len(chosen) > 60


def test_the_matrix_has_every_damage_in_every_store_under_every_audit() -> None:
    every = set(matrix.cells())
    for store in ("primary", "offline"):
        for kind in matrix.AUDITS:
            for damage in matrix.HARMS:
                assert {cell.file for cell in every if (cell.damage, cell.store, cell.audit) ==
                        (damage, store, kind)} == set(matrix.PATHS)  # fmt: skip
            assert {c.damage for c in every if (c.file, c.store, c.audit) ==
                    ("the whole copy", store, kind)} == set(matrix.WHOLE)  # fmt: skip
    assert {cell.damage for cell in every if cell.store == "lying"} == set(matrix.LIES)
