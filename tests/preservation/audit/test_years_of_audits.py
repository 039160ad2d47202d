"""Two simulated years of the audits' plan; `simulate.py` as a campaign does ten at full size."""

from __future__ import annotations

from pathlib import Path

from tests.preservation.audit.simulate import Simulation


def test_over_two_years_nothing_is_late_unheard_and_the_load_is_level(tmp_path: Path) -> None:
    simulation = Simulation(years=2, objects=3_000).run(tmp_path)
    shown = simulation.judge(smooth=7)
    assert shown["days of trouble and catch-up"] > 100
    assert simulation.compared > 10  # the plan over records was the plan that was simulated
