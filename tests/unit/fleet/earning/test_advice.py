"""What the owner of a farm is advised to do agrees with the model, and what is uncertain is not recommended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.earning.advice import Advice, Option, advise
from fleet.earning.capacity import Capacity
from fleet.earning.model import IncomeModel
from fleet.earning.samples import Weights
from fleet.earning.sharing import Sharing

#: a server with the measured figures of docs/protocol-notes.md: 5,000 requests a minute, used up by one miner
REAL = IncomeModel(
    weights=Weights(by_type={"matrix_ops": 0.55}, mean=0.5554, error=0.01),
    sharing=Sharing(budget=0.1, strangers=0.0, cap=0.05, floor=0.0001, tried=(1, 8), error=0.01),
    capacity=Capacity(requests_per_s=5000 / 60, heartbeat_s=30.0, cycle_s=0.02),
)


def advised(model: IncomeModel, own: int, *, hosts: int = 0) -> Advice:
    advice = advise(model, own, hosts=hosts)
    assert advice is not None
    return advice


def change(one: Option) -> float:
    assert one.change is not None
    return one.change


def options(model: IncomeModel, own: int, *, hosts: int = 0) -> dict[str, Option]:
    return {one.what: one for one in advised(model, own, hosts=hosts).others}


def sentence(model: IncomeModel, own: int) -> str:
    return advised(model, own).sentence


def test_eight_miners_that_share_a_budget_for_one_are_too_many() -> None:
    assert sentence(REAL, 8) == "close 7 of 8 miners: 17.3 → 69.4 NNET a minute; jobs then pay 4 times as much"


def test_one_miner_that_is_waiting_for_answers_is_too_few_among_strangers() -> None:
    model = replace(REAL, sharing=replace(REAL.sharing, strangers=500.0), capacity=replace(REAL.capacity, cycle_s=0.62))
    assert sentence(model, 1).startswith("open 25 more miners, 26 in all: ")


def test_a_farm_at_its_best_is_left_alone() -> None:
    assert sentence(REAL, 1).endswith("no other number is known to earn more")


def test_another_number_of_miners_is_not_measured_where_nothing_explains_the_rewards() -> None:
    model = replace(REAL, sharing=Sharing(flat=1.0, tried=(2, 2), error=0.01))
    advice = advised(model, 2)
    assert not advice.clear
    assert any("takes from the others" in text for text in advice.unknown)
    for name in ("one miner fewer", "one miner more"):
        assert options(model, 2)[name].income is None
    assert advice.best.miners == 2


def test_each_change_is_counted_against_the_farm_as_it_is() -> None:
    per_day = {own: REAL.income(own).total * 86_400 for own in (7, 8, 9)}
    found = options(REAL, 8)
    fewer = found["one miner fewer"]
    assert fewer.change == pytest.approx(per_day[7] - per_day[8])
    assert found["one miner more"].change == pytest.approx(per_day[9] - per_day[8])
    assert 0 < (fewer.error or 0) < change(fewer)


def test_a_second_limit_doubles_what_a_limit_at_its_end_carries() -> None:
    assert options(REAL, 1)["another address"].income == pytest.approx(2 * REAL.income(1).total * 86_400, rel=0.01)


def test_a_worker_or_a_host_more_earns_only_where_workers_are_the_bottleneck() -> None:
    per_day = REAL.income(2).total * 86_400
    for name in ("one worker more", "one host more"):
        assert options(REAL, 2, hosts=2)[name].change == 0
    # each of two hosts computes five jobs a second
    short = replace(REAL, capacity=replace(REAL.capacity, workers_per_s=10.0, kernel_s=0.4))
    per_day = short.income(2).total * 86_400
    assert change(options(short, 2, hosts=2)["one host more"]) == pytest.approx(per_day / 2, rel=0.01)
    assert change(options(short, 2, hosts=2)["one worker more"]) == pytest.approx(per_day / 4, rel=0.01)


def test_a_host_more_is_not_measured_where_no_host_or_no_kernel_was_seen() -> None:
    short = replace(REAL, capacity=replace(REAL.capacity, workers_per_s=10.0))
    for name in ("one worker more", "one host more"):
        assert options(short, 2)[name].income is None
    assert any("how many hosts compute" in text for text in advised(short, 2).unknown)


def test_computing_time_is_that_of_the_jobs_done() -> None:
    timed = replace(REAL, capacity=replace(REAL.capacity, kernel_s=0.1))
    jobs_a_day = timed.income(8).pace.jobs * 86_400
    assert advised(timed, 8).now.core_hours == pytest.approx(jobs_a_day * 0.1 / 3600)
    assert advised(REAL, 8).now.core_hours is None


def test_nothing_is_advised_before_an_income_can_be_estimated() -> None:
    assert advise(replace(REAL, weights=Weights()), 2) is None
    assert advise(REAL, 0) is None


def test_numbers_of_miners_that_earn_the_same_are_no_change() -> None:
    """Fixed rewards, and workers that are the bottleneck: what floats make of the sums is no gain."""
    sharing = Sharing(flat=1.0, budget=1.0, strangers=0.0, cap=1.0, floor=1.0, tried=(1, 8), error=0.01)
    model = replace(REAL, sharing=sharing, capacity=replace(REAL.capacity, workers_per_s=7.3))
    advice = advised(model, 8)
    assert advice.best.miners == 8
    assert [one.change for one in advice.others if "miner" in one.what] == [0.0, 0.0]
