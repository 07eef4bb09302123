"""Each row of the advice against what the same farm earns in virtual time once the change was made."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from bench.income_scenes import scene
from bench.virtual_farm import Scene, VirtualFarm
from fleet.earning.advice import Advice
from fleet.simulator.options import SimulatorOptions

MINERS, CROWD, TABLES = 4, 8, 40
DAY_S = 86_400.0
#: one miner uses up this limit
NARROW = scene(limit=300, round_trip_ms=10, strangers=0, capped=False, paid_heartbeats=False, most=TABLES)
#: a second address beside it
WIDE = scene(limit=600, round_trip_ms=10, strangers=0, capped=False, paid_heartbeats=False)
#: two slow processes are the bottleneck, and the limit is not
SLOW = replace(
    scene(limit=6000, round_trip_ms=10, strangers=0, capped=False, paid_heartbeats=False), kernel_s=1.0, processes=2
)
#: the simulator as `fleet up` starts it: it divides 10 NNET among the miners, and jobs come with heartbeats
SHARED = Scene(
    name="one process", server=SimulatorOptions(seed=1), round_trip_s=0.02, kernel_s=0.1, processes=1, most=TABLES
)


def earned_a_day(where: Scene, miners: int) -> float:
    """NNET a day of a fixed number of miners, measured after the first window."""
    farm = VirtualFarm(where, fixed=miners)
    farm.run(65.0)
    before = farm.earned
    farm.run(245.0)
    return (farm.earned - before) * DAY_S / 180.0


@cache
def advice(*, slow: bool) -> Advice:
    farm = VirtualFarm(SLOW, fixed=CROWD) if slow else VirtualFarm(NARROW, fixed=MINERS)
    farm.run(200.0)
    assert farm.farm.auto is not None
    found = farm.farm.auto.adviser.advice
    assert found is not None
    return found


def income(what: str, *, slow: bool) -> float:
    found = advice(slow=slow)
    option = next(one for one in (found.now, found.best, *found.others) if one.what == what)
    assert option.income is not None
    return option.income


@pytest.mark.parametrize(
    ("what", "slow", "then", "miners"),
    [
        ("as it is", False, NARROW, MINERS),
        ("the best number", False, NARROW, 1),
        ("one miner fewer", False, NARROW, MINERS - 1),
        ("one miner more", False, NARROW, MINERS + 1),
        ("another address", False, WIDE, 1),
        ("as it is", True, SLOW, CROWD),
        ("one worker more", True, replace(SLOW, processes=3), CROWD),
    ],
)
def test_each_row_is_what_the_change_brings(what: str, slow: bool, then: Scene, miners: int) -> None:
    assert income(what, slow=slow) == pytest.approx(earned_a_day(then, miners), rel=0.1)


@pytest.mark.parametrize(("processes", "what"), [(2, "as it is"), (3, "one worker more"), (4, "one host more")])
def test_four_miners_on_two_processes_are_told_that_workers_are_short(processes: int, what: str) -> None:
    """Jobs queue for less time than they compute: their miners spend the rest of it at the server."""
    farm = VirtualFarm(SLOW, fixed=MINERS)
    farm.run(200.0)
    assert farm.farm.auto is not None
    found = farm.farm.auto.adviser.advice
    assert found is not None
    option = next(one for one in (found.now, *found.others) if one.what == what)
    assert option.income == pytest.approx(earned_a_day(replace(SLOW, processes=processes), MINERS), rel=0.1)


@pytest.mark.parametrize("kernel_s", [0.1, 0.5])
def test_forty_miners_on_one_process_are_told_what_they_earn_and_what_one_of_them_would(kernel_s: float) -> None:
    """Only the first few jobs were done by fewer miners. With 0.5 s, most jobs at workers came with heartbeats."""
    slow = replace(SHARED, kernel_s=kernel_s)
    farm = VirtualFarm(slow, fixed=TABLES)
    farm.run(200.0)
    assert farm.farm.auto is not None
    found = farm.farm.auto.adviser.advice
    assert found is not None
    assert found.best.miners == 1
    assert found.now.income == pytest.approx(earned_a_day(slow, TABLES), rel=0.1)
    assert found.best.income == pytest.approx(earned_a_day(slow, 1), rel=0.1)


def test_paid_heartbeats_of_one_miner_are_not_taken_for_a_pay_that_any_number_of_miners_would_have() -> None:
    paid = scene(limit=300, round_trip_ms=10, strangers=0, capped=True, paid_heartbeats=True)
    farm = VirtualFarm(paid, fixed=1, asks_terms_at=5.0)
    farm.run(100.0)
    auto = farm.farm.auto
    assert auto is not None
    assert auto.adviser.advice is not None
    # two share 0.1 at the cap of 0.05; beyond that each heartbeat pays less
    assert auto.adviser.advice.best.miners <= 2


def test_forty_miners_that_the_settings_keep_open_are_said_to_cost_income_once() -> None:
    farm = VirtualFarm(replace(NARROW, name="40 tables"), pinned=TABLES)
    farm.run(200.0)
    said = [text for _, text in farm.notices if text.startswith("close 39 of 40 miners: ")]
    assert len(said) == 1
    assert said[0].endswith("these miners stay open because the settings ask for them")
    assert farm.farm.auto is not None
    assert farm.farm.auto.own == TABLES
