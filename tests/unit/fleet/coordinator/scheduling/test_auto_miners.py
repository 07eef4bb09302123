"""A farm on auto opens and closes real sessions at a simulated server, and loses nothing by it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from bench.income_scenes import scene
from bench.virtual_farm import VirtualFarm
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.simulator.strangers import Strangers
from tests.support.insides import active_jobs

#: strangers come after 200 s, and go 200 s later
TIDE = Strangers(steps=((0.0, 0), (200.0, 100), (400.0, 0)))


def auto(farm: VirtualFarm) -> AutoMiners:
    assert farm.farm.auto is not None
    return farm.farm.auto


def drained(farm: VirtualFarm) -> VirtualFarm:
    farm.farm.drain(farm.now)
    farm.run(farm.now + 60.0)
    assert farm.farm.done
    return farm


def test_sessions_open_one_after_another_so_that_each_shows_what_jobs_pay() -> None:
    where = scene(limit=300, round_trip_ms=50, strangers=0, capped=False, paid_heartbeats=False, most=8)
    farm = VirtualFarm(where, pinned=4)
    farm.run(30.0)
    counts = [count for _, count in farm.sessions]
    assert counts == [0, 1, 2, 3, 4]
    assert auto(farm).model.sharing.known


def test_miners_by_number_open_one_after_another_at_first_so_that_fewer_of_them_are_known_to_earn_more() -> None:
    where = scene(limit=1200, round_trip_ms=10, strangers=0, capped=True, paid_heartbeats=False, most=8)
    farm = VirtualFarm(where, fixed=8)
    farm.run(90.0)
    advice = auto(farm).adviser.advice
    assert advice is not None
    assert advice.clear
    assert advice.best.miners == 1
    # one miner and eight have the same limit, and a job pays four times as much with one, by the cap of 0.05
    assert advice.best.change is not None
    assert advice.now.income is not None
    assert advice.best.change / advice.now.income == pytest.approx(3.0, rel=0.1)


def test_many_miners_by_number_open_together_once_the_first_ones_have_shown_what_jobs_pay() -> None:
    where = scene(limit=50_000, round_trip_ms=300, strangers=0, capped=True, paid_heartbeats=False, most=40)
    farm = VirtualFarm(where, fixed=40)
    farm.run(5.0)
    counts = [count for _, count in farm.sessions]
    assert counts[:5] == [0, 1, 2, 3, 4]
    assert auto(farm).own == 40


def test_among_strangers_it_opens_as_many_as_the_limit_carries() -> None:
    where = scene(limit=300, round_trip_ms=300, strangers=500, capped=True, paid_heartbeats=False, most=12)
    farm = VirtualFarm(where)
    farm.run(180.0)
    # 150 jobs a minute take two miners at 0.62 s each
    assert auto(farm).own == 2


def test_more_are_opened_within_ten_minutes_once_the_server_or_the_workers_have_become_slow() -> None:
    where = scene(limit=300, round_trip_ms=50, strangers=100, capped=True, paid_heartbeats=False, most=12)
    for slow in (replace(where, round_trip_s=0.8), replace(where, kernel_s=1.6)):
        farm = VirtualFarm(where)
        farm.run(90.0)
        assert auto(farm).own == 1, "one uses up the limit"
        farm.scene = slow
        farm.run(farm.now + 600.0)
        # 150 jobs a minute take four miners at 1.6 s each
        assert auto(farm).own in (4, 5)


def test_a_slow_start_is_soon_forgotten() -> None:
    where = scene(limit=300, round_trip_ms=50, strangers=100, capped=True, paid_heartbeats=False, most=12)
    farm = VirtualFarm(replace(where, round_trip_s=0.8))
    farm.run(90.0)
    assert auto(farm).own > 2
    farm.scene = where
    farm.run(farm.now + 240.0)
    assert auto(farm).own == 1


def test_a_session_that_is_closed_finishes_its_jobs_and_asks_its_total() -> None:
    farm = VirtualFarm(scene(limit=300, round_trip_ms=600, strangers=TIDE, capped=True, paid_heartbeats=True, most=20))
    farm.run(700.0)
    counts = [count for _, count in farm.sessions]
    falls = [after for before, after in itertools.pairwise(counts) if after < before]
    assert falls, "nothing was ever closed"
    closed = [farm.farm.miners[name] for name in auto(farm).used if farm.farm.miners[name].draining]
    assert closed
    for miner in closed:
        assert miner.compared
        assert not active_jobs(miner)
        assert miner.account.difference == 0


def test_what_is_booked_is_what_the_server_paid() -> None:
    farm = VirtualFarm(scene(limit=300, round_trip_ms=600, strangers=TIDE, capped=True, paid_heartbeats=True, most=20))
    farm.run(600.0)
    drained(farm)
    assert farm.simulator.world.census.sessions == 0
    booked = sum(miner.account.booked for miner in farm.farm.miners.values())
    assert booked == farm.simulator.book.total()


def test_a_miner_that_was_closed_opens_again() -> None:
    farm = VirtualFarm(scene(limit=300, round_trip_ms=50, strangers=0, capped=True, paid_heartbeats=False, most=3))
    farm.run(30.0)
    for number in (1, 3):
        auto(farm).controller.target = number
        auto(farm).controller.least = auto(farm).controller.most = number
        farm.run(farm.now + 30.0)
        assert farm.simulator.world.census.sessions == number


def test_pinned_miners_stay_open_and_the_model_says_what_they_cost() -> None:
    where = scene(limit=1000, round_trip_ms=10, strangers=0, capped=True, paid_heartbeats=False, most=20)
    farm = VirtualFarm(where, pinned=8)
    farm.run(40.0)
    assert auto(farm).own == 8
    model = auto(farm).model
    # docs/protocol-notes.md: 69.17 and 17.19 NNET a minute on a real server
    assert model.income(2).total / model.income(8).total == pytest.approx(69.17 / 17.19, rel=0.1)


def test_miners_that_were_never_opened_are_not_among_those_in_use() -> None:
    farm = VirtualFarm(scene(limit=200, round_trip_ms=10, strangers=0, capped=True, paid_heartbeats=False, most=9))
    farm.run(30.0)
    assert 1 <= len(farm.farm.in_use) < 9


def test_a_fixed_number_of_miners_is_left_alone_and_learnt_from() -> None:
    where = scene(limit=300, round_trip_ms=50, strangers=5, capped=True, paid_heartbeats=False, most=6)
    farm = VirtualFarm(where, fixed=6)
    farm.run(60.0)
    assert farm.simulator.world.census.sessions == 6
    assert auto(farm).own == 6
    assert auto(farm).model.ready
