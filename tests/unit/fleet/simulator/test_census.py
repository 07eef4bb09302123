"""Who counts as active, for jobs and for heartbeats."""

from __future__ import annotations

import json

from fleet.simulator.census import SHUTDOWN_S, Census
from fleet.simulator.endpoints import parse_request
from fleet.simulator.faultkinds import FaultKind
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.simulator import Simulator
from fleet.simulator.strangers import Strangers, parse_strangers


def test_a_session_counts_for_jobs_until_it_is_stopped_and_for_heartbeats_for_a_minute() -> None:
    census = Census(Strangers(), 0.0)
    for name, at in (("s1", 0.0), ("s2", 10.0), ("s3", 20.0)):
        census.open(name, at)
    assert (census.active, census.beating(59.9)) == (3, 3)
    assert (census.active, census.beating(60.0)) == (3, 2)
    census.beat("s1", 65.0)
    assert (census.active, census.beating(75.0)) == (3, 2)
    census.close("s1")
    census.close("s2")
    assert (census.active, census.beating(79.0)) == (1, 1)


def test_there_is_always_one_to_share_with() -> None:
    census = Census(Strangers(), 0.0)
    assert (census.active, census.beating(0.0)) == (1, 1)


def test_strangers_count_in_both_and_outlive_a_forgetting() -> None:
    census = Census(parse_strangers("8"), 0.0)
    census.open("s", 0.0)
    census.forget()
    assert (census.active, census.beating(0.0), census.strangers_seen) == (8, 8, 8)


def test_a_server_that_shuts_down_says_so_and_then_answers_nothing_until_it_is_started_again() -> None:
    strangers = parse_strangers("999@0s,1000@60s,0@61s")
    simulator = Simulator(SimulatorOptions(strangers=strangers, shutdown_at=1000), now=0.0)
    status = parse_request("GET", "/api/decentralization/status", b"")

    def initiated(now: float) -> bool:
        assert simulator.fault_for(status) is None
        said = json.loads(simulator.perform(status, None, now=now, monotonic_s=now).body)["shutdown_initiated"]
        return bool(said)

    assert [initiated(now) for now in (0.0, 59.0, 60.0, 60.0 + SHUTDOWN_S)] == [False, False, True, True]
    fault = simulator.fault_for(status)
    assert fault is not None
    assert fault.kind is FaultKind.DROP_BEFORE
    simulator.forget(200.0)
    assert not initiated(201.0)
