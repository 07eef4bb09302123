"""A farm that stands by closes every session, loses nothing by it, and opens as many again."""

from __future__ import annotations

import pytest

from bench.income_scenes import scene
from bench.virtual_farm import VirtualFarm
from fleet.coordinator.scheduling.auto_miners import AutoMiners


def auto(farm: VirtualFarm) -> AutoMiners:
    assert farm.farm.auto is not None
    return farm.farm.auto


def farm_of(fixed: int | None) -> VirtualFarm:
    where = scene(limit=300, round_trip_ms=600, strangers=50, capped=True, paid_heartbeats=False, most=6)
    return VirtualFarm(where, fixed=fixed)


@pytest.mark.parametrize("fixed", [None, 4])
def test_it_closes_all_and_opens_as_many_again(fixed: int | None) -> None:
    farm = farm_of(fixed)
    farm.run(120.0)
    before = farm.simulator.world.census.sessions
    assert before >= 2
    farm.farm.requeue(auto(farm).stand_by(farm.now), farm.now)
    farm.run(farm.now + 30.0)
    assert farm.simulator.world.census.sessions == 0
    assert sum(miner.account.booked for miner in farm.farm.miners.values()) == farm.simulator.book.total()
    paid = farm.simulator.book.total()
    farm.run(farm.now + 100.0)
    assert farm.simulator.book.total() == paid, "it mined while it stood by"
    auto(farm).resume(farm.now)
    # at once, since the income of their number is known: not one every two seconds
    farm.run(farm.now + 5.0)
    assert farm.simulator.world.census.sessions >= before
    farm.farm.drain(farm.now)
    farm.run(farm.now + 60.0)
    assert sum(miner.account.booked for miner in farm.farm.miners.values()) == farm.simulator.book.total()


def test_miners_that_stood_by_from_the_start_are_not_in_use() -> None:
    farm = farm_of(4)
    farm.farm.requeue(auto(farm).stand_by(farm.now), farm.now)
    farm.run(10.0)
    assert farm.farm.in_use == {}
