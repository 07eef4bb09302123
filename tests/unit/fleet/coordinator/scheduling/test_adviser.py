"""Costly miners are named once, advice is written once a minute and at the drain, and forecasts once all is at rest."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import pytest

from bench.income_scenes import scene
from bench.virtual_farm import Scene, VirtualFarm
from fleet.coordinator.scheduling.adviser import Adviser
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.domain.effects import Effect, ForecastMade, IncomeEstimated, Notice
from fleet.earning.advice import Advice
from fleet.earning.advice_json import stated

#: a server with the terms of docs/protocol-notes.md, whose limit one miner uses up
WHERE = scene(limit=300, round_trip_ms=10, strangers=0, capped=True, paid_heartbeats=False, most=8)
#: one worker, which computes ten jobs a second
BUSY = replace(
    scene(limit=5000, round_trip_ms=10, strangers=0, capped=True, paid_heartbeats=False, most=8),
    processes=1,
    kernel_s=0.1,
)


def auto(farm: VirtualFarm) -> AutoMiners:
    assert farm.farm.auto is not None
    return farm.farm.auto


def advice(farm: VirtualFarm) -> Advice:
    found = auto(farm).adviser.advice
    assert found is not None
    return found


@pytest.fixture(scope="module")
def eight() -> VirtualFarm:
    """Eight miners that were asked for by number, on a server that states its rule."""
    farm = VirtualFarm(WHERE, fixed=8, asks_terms_at=5.0)
    farm.run(75.0)
    return farm


def written(adviser: Adviser, farm: VirtualFarm, now: float, *, at_rest: bool = False) -> list[Effect]:
    return adviser.write(auto(farm).model, now, own=8, hosts=1, stay_open=8, at_rest=at_rest)


@cache
def earned(miners: int) -> float:
    """What a fixed number of miners really earns, in NNET a day."""
    return earned_at(WHERE, miners)


def earned_at(where: Scene, miners: int) -> float:
    farm, seconds = VirtualFarm(where, fixed=miners), 120.0
    farm.run(30.0)
    before = farm.earned
    farm.run(30.0 + seconds)
    return (farm.earned - before) * 86_400 / seconds


def test_what_eight_miners_cost_is_within_a_tenth_of_the_truth(eight: VirtualFarm) -> None:
    shown = advice(eight)
    assert shown.clear
    assert shown.sentence.startswith(f"close {8 - shown.best.miners} of 8 miners: ")
    truth = max(earned(miners) for miners in (1, 2, 3)) - earned(8)
    assert shown.best.change == pytest.approx(truth, rel=0.1)


def test_pinned_miners_that_open_one_by_one_show_it_without_a_stated_rule() -> None:
    farm = VirtualFarm(WHERE, pinned=8)
    farm.run(40.0)
    shown = advice(farm)
    assert shown.clear
    truth = max(earned(miners) for miners in (1, 2, 3)) - earned(8)
    assert shown.best.change == pytest.approx(truth, rel=0.1)


def test_eight_miners_that_open_together_without_a_stated_rule_show_nothing_that_is_made_up() -> None:
    # a server that takes longer to open a session than the farm waits before it opens the next one
    farm = VirtualFarm(replace(WHERE, round_trip_s=3.0), fixed=8)
    farm.run(60.0)
    shown = advice(farm)
    assert not shown.clear
    assert all(one.income is None for one in shown.others if one.what.startswith("one miner"))


def test_where_one_worker_is_too_slow_for_all_miners_another_one_or_another_host_is_worth_as_much() -> None:
    farm = VirtualFarm(BUSY, fixed=8, asks_terms_at=5.0)
    farm.run(75.0)
    shown = advice(farm)
    others = {one.what: one for one in shown.others}
    truth = earned_at(replace(BUSY, processes=2), 8) - earned_at(BUSY, 8)
    for name in ("one worker more", "one host more"):
        assert others[name].change == pytest.approx(truth, rel=0.1)
    assert shown.best.change == pytest.approx(earned_at(BUSY, 2) - earned_at(BUSY, 8), rel=0.1)


def test_the_owner_is_warned_once(eight: VirtualFarm) -> None:
    adviser = Adviser()
    effects = [effect for minute in range(5) for effect in written(adviser, eight, minute * 60.0)]
    warned = [effect.text for effect in effects if isinstance(effect, Notice)]
    assert len(warned) == 1
    assert warned[0].startswith("close ")


def test_the_advice_is_written_once_a_minute(eight: VirtualFarm) -> None:
    effects: list[Effect] = []
    for second in range(600):
        effects += auto(eight).advise(eight.now + second, hosts=1)
    assert 10 <= sum(isinstance(effect, IncomeEstimated) for effect in effects) <= 11


def test_a_start_that_knows_from_the_last_run_warns_at_once_and_not_again(eight: VirtualFarm) -> None:
    adviser = Adviser()
    kept = json.dumps(stated(advice(eight)))
    assert adviser.kept(kept, stay_open=8) == f"as of the last run: {advice(eight).sentence}"
    assert not any(isinstance(effect, Notice) for effect in written(adviser, eight, 0.0))


@pytest.mark.parametrize(("kept", "stay_open"), [("", 8), ("x", 8), ("{}", 8), ("[]", 8), ("null", 8), (None, 9)])
def test_advice_that_is_about_another_farm_warns_of_nothing(
    eight: VirtualFarm, kept: str | None, stay_open: int
) -> None:
    adviser = Adviser()
    text = json.dumps(stated(advice(eight))) if kept is None else kept
    assert adviser.kept(text, stay_open=stay_open) == ""


def test_a_forecast_is_made_only_once_the_number_of_miners_is_at_rest(eight: VirtualFarm) -> None:
    adviser = Adviser()
    assert not any(isinstance(effect, ForecastMade) for effect in written(adviser, eight, 0.0))
    made = [effect for effect in written(adviser, eight, 60.0, at_rest=True) if isinstance(effect, ForecastMade)]
    assert [one.miners for one in made] == [8]
    assert made[0].nnet_an_hour * 24 == pytest.approx(earned(8), rel=0.05)


def test_a_drain_writes_the_last_advice(eight: VirtualFarm) -> None:
    eight.farm.drain(eight.now)
    turn = eight.farm.turn(eight.now)
    assert any(isinstance(write, IncomeEstimated) for write in turn.writes)
