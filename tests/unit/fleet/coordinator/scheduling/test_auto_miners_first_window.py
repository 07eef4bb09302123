"""How many of a farm's miners open while the server's limit is unknown, and what that leaves of its first window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.income_scenes import scene
from bench.virtual_farm import VirtualFarm

MINERS = 100


def farm(limit: int, *, stated: int = 5000, round_trip_ms: float = 50) -> VirtualFarm:
    where = scene(limit=limit, round_trip_ms=round_trip_ms, strangers=0, capped=True, paid_heartbeats=False)
    return VirtualFarm(replace(where, stated=stated), fixed=MINERS)


def open_sessions(mining: VirtualFarm) -> int:
    return mining.simulator.world.census.sessions


def advised(mining: VirtualFarm) -> int | None:
    """The number of miners that the last advice is about."""
    auto = mining.farm.auto
    assert auto is not None
    return None if auto.adviser.advice is None else auto.adviser.advice.now.miners


@pytest.mark.parametrize("limit", [200, 1000, 5000])
def test_few_sessions_open_in_the_first_window_if_few_use_up_the_limit_that_was_stated(limit: int) -> None:
    mining = farm(limit)
    mining.run(0.8 * min(60 * limit / 5000, 30.0))
    counts = mining.simulator.world.counters
    assert open_sessions(mining) <= 12, "so that few heartbeats can meet a full window"
    before = mining.earned
    # all 100 would be paid the least that a job pays from the start
    assert before / counts.accepted > 3 * 0.1 / MINERS * 0.55


@pytest.mark.parametrize("limit", [1000, 5000])
def test_the_other_sessions_open_once_the_limit_is_known(limit: int) -> None:
    mining = farm(limit)
    mining.run(62.0 + 60.0 * 2 * MINERS / limit)
    assert open_sessions(mining) == MINERS


def test_sessions_open_in_the_first_window_as_far_as_the_open_ones_leave_requests() -> None:
    # a job takes 0.62 s, and 83 requests a second are stated: 26 miners use them
    mining = farm(5000, round_trip_ms=300)
    mining.run(20.0)
    assert 20 <= open_sessions(mining) <= 30


def test_no_advice_is_given_about_the_sessions_that_the_first_window_holds_back() -> None:
    mining = farm(5000)
    mining.run(59.0)
    assert advised(mining) is None
    mining.run(90.0)
    assert advised(mining) == MINERS
