"""Where requests are short, a farm leaves the free jobs that earn less than its fetched ones, and no others."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bench.virtual_farm import Scene, VirtualFarm
from fleet.earning.model import IncomeModel
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
    return farm.farm.auto.seen.least_free


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
