"""The meter makes a model of answers alone, and notices that the network changed."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from fleet.domain.answers import RewardTerms
from fleet.earning.meter import Meter
from tests.support.paying import BUDGET, PayingServer


def fed(server: PayingServer, *numbers: int, jobs: int = 60) -> Meter:
    """A meter that saw `jobs` jobs at each number of sessions."""
    meter = Meter(heartbeat_s=30.0)
    meter.limit(5000, 60.0)
    for own in numbers:
        for _ in range(jobs):
            server.job(meter, own)
        meter.look()
    return meter


@pytest.mark.parametrize("strangers", [0, 5, 500])
def test_budget_and_strangers_are_learnt_from_rewards_and_nothing_else(strangers: int) -> None:
    model = fed(PayingServer(strangers=strangers), 3, 4, 6, 9).model()
    for own in (3, 6, 30):
        truth = PayingServer(strangers=strangers).level(own) / PayingServer(strangers=strangers).level(3)
        assert model.sharing.level(own) / model.sharing.level(3) == pytest.approx(truth, rel=0.03)


def test_difficulties_that_change_each_reward_are_averaged_out() -> None:
    model = fed(PayingServer(rng=Random(3), noise=0.3), 3, 4, 6, 9, 13, jobs=800).model()
    assert model.sharing.known
    assert model.sharing.level(26) / model.sharing.level(3) == pytest.approx(3 / 26, rel=0.15)


def test_strangers_that_came_are_noticed_with_the_same_number_of_sessions() -> None:
    server = PayingServer()
    meter = fed(server, 1, 2, 3, 4)
    server.strangers = 100
    for _ in range(20):
        server.job(meter, 4)
    meter.look()
    assert meter.shifted
    assert meter.model().sharing.strangers == pytest.approx(100, rel=0.05)
    assert meter.model().income(1).total < fed(PayingServer(), 1).model().income(1).total / 20


def test_a_steady_network_is_never_said_to_have_changed() -> None:
    server = PayingServer(rng=Random(5), noise=0.2)
    meter = fed(server, 1, 2, 3, 4, jobs=300)
    for _ in range(200):
        for _ in range(9):
            server.job(meter, 4)
        meter.look()
        assert not meter.shifted


@pytest.mark.parametrize("shared", [False, True])
def test_heartbeats_are_known_to_share_the_budget_or_not(shared: bool) -> None:
    server = PayingServer()
    meter = fed(server, 1, 2, 3, 4, 6, 9)
    for own in (2, 9) * 30:
        amount = BUDGET / own if shared else 0.007
        meter.beat(Decimal(str(amount)), own=own, free_job=False)
    pay = meter.model().beats
    assert bool(pay.shared) is shared
    assert bool(pay.fixed) is not shared


def test_pay_for_reported_jobs_adds_to_each_job() -> None:
    meter = fed(PayingServer(), 1)
    for second in range(100):
        meter.done(float(second))
    meter.bonus(Decimal(4))
    assert meter.model().beats.per_job == pytest.approx(0.04)


def test_longer_cycles_with_more_sessions_show_that_workers_are_short() -> None:
    meter = fed(PayingServer(), 1, 2)
    for _ in range(20):
        meter.cycle(0.5, own=1, now=0.0)
        meter.cycle(0.5, own=2, now=0.0)
        meter.cycle(2.0, own=8, now=0.0)
    assert meter.model().capacity.workers_per_s == pytest.approx(4.0)


def test_the_pace_that_was_reached_corrects_the_forecast() -> None:
    meter = fed(PayingServer(), 1)
    meter.cycle(0.5, own=1, now=0.0)
    for second in range(120):
        meter.done(second + 0.5)
    meter.calibrate(1, 0.0, 120.0)
    assert meter.model().efficiency == pytest.approx(0.5, rel=0.03)


def test_stated_terms_replace_trials() -> None:
    server = PayingServer(strangers=20, states_active=True)
    meter = Meter(heartbeat_s=30.0)
    meter.terms(RewardTerms(budget=0.1, floor=0.0001, cap=0.05))
    for _ in range(40):
        server.job(meter, 8)
    meter.look()
    assert meter.model().sharing.stated
    assert meter.model().sharing.level(1) / meter.model().sharing.level(8) == pytest.approx(28 / 21, rel=0.02)
