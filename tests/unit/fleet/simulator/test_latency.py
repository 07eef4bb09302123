"""Delays by endpoint."""

from __future__ import annotations

from random import Random

import pytest

from fleet.simulator.latency import Delay, Latency


def test_delays_are_those_of_the_road_and_grow_with_the_jobs() -> None:
    latency = Latency(
        usual=Delay(fixed_ms=10), endpoints={"gas": Delay(fixed_ms=50, jitter_ms=20)}, fetch_growth_us=100
    )
    rng = Random(1)
    assert latency.draw_s("register", rng, jobs_so_far=1000) == 0.010
    assert latency.draw_s("task", rng, jobs_so_far=1000) == pytest.approx(0.110)
    assert all(0.050 <= latency.draw_s("gas", rng, jobs_so_far=0) <= 0.070 for _ in range(100))
