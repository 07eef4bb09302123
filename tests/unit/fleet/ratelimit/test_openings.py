"""More miners than a server's limit carries: jobs are paid from the first minute on, and go on being paid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.domain.calls import Urgency
from fleet.ratelimit.governor import Governor
from fleet.ratelimit.openings import Openings
from tests.virtual.draw import draw_plan
from tests.virtual.plan import undisturbed
from tests.virtual.schedule import Schedule
from tests.virtual.timeline import EPOCH_S


def governor(requests: int) -> Governor:
    return Governor(requests=requests, window_s=60.0, miners=10_000, heartbeat_s=30.0)


@pytest.mark.parametrize("dialect", ["a", "b", "c"])
def test_with_ten_times_as_many_miners_as_it_carries_the_first_job_is_paid_within_a_minute(dialect: str) -> None:
    plan = replace(
        undisturbed(draw_plan(1)),
        dialect=dialect,
        miners=1_000,
        mining_s=300.0,
        latency_s=0.1,
        kernel_s=0.01,
        server_limit=500,
        governor_limit=500,
        forget_times=(),
    )
    schedule = Schedule(plan)
    schedule.run()
    rows = schedule.server.simulator.book.rows(since=0)
    paid = [float(str(row["at"])) - EPOCH_S for _, row in rows if row["kind"] == "job"]
    assert min(paid) < 60
    for minute in range(1, int(plan.mining_s / 60)):
        assert sum(minute * 60 <= at < (minute + 1) * 60 for at in paid) >= 20, f"minute {minute}"


def test_a_miner_that_is_in_goes_before_one_that_is_not() -> None:
    openings = Openings()
    openings.began("rig-1")
    assert openings.urgency("rig-1", Urgency.OPENING) < openings.urgency("rig-2", Urgency.OPENING)
    assert openings.urgency("rig-1", Urgency.FETCH) is Urgency.FETCH
    openings.failed("rig-1")
    assert openings.urgency("rig-1", Urgency.OPENING) is Urgency.OPENING


@pytest.mark.parametrize(("requests", "carried"), [(5_000, 1_250), (500, 125), (3, 1), (1, 1)])
def test_heartbeats_of_all_that_are_in_leave_room_for_jobs(requests: int, carried: int) -> None:
    openings, limit = Openings(), governor(requests)
    for number in range(10_000):
        if openings.has_room(limit):
            openings.began(f"rig-{number}")
    assert openings.inside == carried
