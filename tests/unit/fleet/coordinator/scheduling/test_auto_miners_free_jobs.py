"""While requests or workers are short, a farm leaves the free jobs that earn less than fetched ones, and no others."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bench.virtual_farm import Scene, VirtualFarm
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.earning.model import IncomeModel
from fleet.simulator.bans import parse_ban
from fleet.simulator.dialects import HeartbeatPay
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.ratelimit import RateLimit


def mined(limit: int, seconds: float = 300.0, miners: int = 20) -> VirtualFarm:
    """Miners on release a, which gives a job with each heartbeat and has each job submitted twice."""
    server = SimulatorOptions(
        dialect="a", seed=7, rate_limit=RateLimit(requests=limit), heartbeat_pay=HeartbeatPay.NONE
    )
    farm = VirtualFarm(Scene(name="free jobs", server=server, round_trip_s=0.05), fixed=miners)
    farm.run(seconds)
    return farm


def worth(farm: VirtualFarm) -> Decimal:
    assert farm.farm.auto is not None
    return farm.farm.auto.seen.free_terms.requests


def test_a_used_up_limit_makes_free_jobs_compete_with_fetched_ones() -> None:
    farm = mined(200)
    # two thirds of a mean job, which takes three requests there, and a tenth less for what is not certain
    assert Decimal("0.31") < worth(farm) < Decimal("0.36")


def test_leaving_them_earns_more_than_computing_all(monkeypatch: pytest.MonkeyPatch) -> None:
    left = mined(200, 900.0).earned
    monkeypatch.setattr(IncomeModel, "free_job_worth", lambda *_: 0.0)
    assert left > mined(200, 900.0).earned * 1.005


def test_a_limit_with_room_has_every_free_job_computed() -> None:
    assert worth(mined(5000, 70.0, miners=1)) == 0


def test_workers_that_had_nothing_to_do_during_a_ban_are_not_called_busy_after_it() -> None:
    farm = mined(5000, 70.0, miners=8)
    auto, waits = farm.farm.auto, list[float]()
    farm.simulator.bans.ban("farm", parse_ban("3600"), farm.now)
    for second in range(3670, 3760):
        farm.run(float(second))
        waits.append(auto.seen.free_terms.wait_s)
    assert max(waits) == 0


def overloaded(miners: int, seconds: float) -> VirtualFarm:
    """Miners whose only worker process can't keep up, since two job types take long."""
    server = SimulatorOptions(
        dialect="a", seed=7, rate_limit=RateLimit(requests=100_000), heartbeat_pay=HeartbeatPay.NONE
    )
    times = {"matrix_ops": 1.5, "model_training": 0.4}
    where = Scene(name="overload", server=server, round_trip_s=0.05, kernel_s=0.05, kernel_times_s=times, processes=1)
    farm = VirtualFarm(where, fixed=miners)
    farm.run(seconds)
    return farm


def test_busy_workers_leave_the_free_jobs_that_pay_the_least_a_second() -> None:
    farm = overloaded(20, 120.0)
    assert farm.farm.auto is not None
    compute = farm.farm.auto.seen.free_terms.compute
    # a mean job pays 0.55 and takes 0.275 s; a tenth less for what is not certain
    assert Decimal("1.8") < compute["matrix_ops"] < Decimal("3.8")
    assert compute["inference"] < Decimal("0.2")


def test_leaving_free_jobs_that_would_expire_earns_several_times_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    left = overloaded(120, 300.0).earned
    monkeypatch.setattr(AutoMiners, "_price_free_jobs", lambda *_: None)
    # four free jobs a second come beside the fetched ones, and the worker computes fewer than four in all
    assert left > 2 * overloaded(120, 300.0).earned
