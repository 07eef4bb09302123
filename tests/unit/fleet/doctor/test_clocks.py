"""Clocks that differ."""

from __future__ import annotations

import pytest

from fleet.doctor.clocks import judged_clock
from fleet.doctor.diagnosis import Grade


@pytest.mark.parametrize(
    ("ahead_s", "latency_ms", "grade"),
    [(0.4, 10.0, Grade.OK), (90.0, 10.0, Grade.WARN), (-90.0, 10.0, Grade.WARN), (7.0, 4_000.0, Grade.OK)],
)
def test_a_clock_that_is_off_by_more_than_the_latency_is_a_warning(
    ahead_s: float, latency_ms: float, grade: Grade
) -> None:
    found = judged_clock("redis clock", ahead_s, latency_ms)
    assert found.grade is grade
    assert ("behind" if ahead_s < 0 else f"{ahead_s:.0f}") in found.found or grade is Grade.OK
    assert grade is Grade.OK or "NTP" in found.advice


def test_an_offset_is_stated_though_it_is_no_fault() -> None:
    assert judged_clock("redis clock", -0.42, 3.0).found == "0.4 s behind this machine's"
