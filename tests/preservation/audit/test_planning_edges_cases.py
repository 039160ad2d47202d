"""Figures of the planner just before they are rounded up: the other side of those in
`test_planning_cases`."""

from __future__ import annotations

from tests.preservation.audit.test_planning_cases import HOUR, params


def test_a_second_less_in_an_hour_would_be_seen() -> None:
    assert params(10**12, 23.4499e9 / (13 * HOUR))["possible"] == "23.4 GB"
    assert params(9 * round(0.8499e6 * 13 * HOUR), 0.5e6)["enough"] == "0.8"
    day = 1000 * 13 * HOUR  # 1 kB/s
    assert params(round(day * 13.4991), 1000)["days"] == "16"  # 14.999 days, a tenth to spare
    assert params(9, 1e6, round(1e6 * HOUR * 13.0501))["hours"] == "13.1"
