"""A coordinator that is killed at half a window of the server's limit and started again, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from bench.income_scenes import scene
from bench.virtual_farm import VirtualFarm
from config.server_tables import BudgetSettings
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.coordinator.startup.assembly import make_governor
from fleet.domain.effects import LimitLearnt
from fleet.domain.jobs import MinerSpec
from fleet.domain.turn import Turn
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.simulator.ratelimit import RateLimit

WINDOW_S, HEARTBEAT_S = 60.0, 30.0
EPOCH_MS = 1_800_000_000_000


class Restarted(VirtualFarm):
    """A farm with a ledger, whose coordinator can die."""

    def __init__(self, limit: int, miners: int, window_s: float = WINDOW_S) -> None:
        self._miners, self._limit = miners, RateLimit(requests=limit, window_s=window_s)
        self.ledger = Ledger(open_engine("sqlite://"), "server", now_ms=lambda: EPOCH_MS + int(self.now * 1000))
        where = scene(limit=limit, round_trip_ms=50, strangers=0, capped=True, paid_heartbeats=False)
        super().__init__(replace(where, server=replace(where.server, rate_limit=self._limit)), fixed=miners)
        self._write_down(self.farm)

    def _write_down(self, farm: Farm) -> None:
        turn = farm.turn

        def written(now: float, *, heartbeats_only: bool = False) -> Turn:
            made = turn(now, heartbeats_only=heartbeats_only)
            self.ledger.commit(made.writes)
            return made

        farm.turn = written  # type: ignore[method-assign]

    def die(self, down_s: float) -> None:
        """Lose all that is not in the ledger, and begin again after `down_s`."""
        self._events.clear()
        self._queue.clear()
        self._free = self.scene.processes
        self.now += down_s
        self.ledger.commit([LimitLearnt(requests=self._limit.requests, window_s=self._limit.window_s)])
        governor = make_governor(
            BudgetSettings(requests=self._limit.requests, window_s=WINDOW_S),
            self.ledger,
            miners=self._miners,
            heartbeat_s=HEARTBEAT_S,
            now=self.now,
        )
        policy = Policy(heartbeat_s=HEARTBEAT_S)
        specs = [MinerSpec(miner_id=f"rig-{number}") for number in range(self._miners)]
        saved = [self.ledger.saved_miner(spec.miner_id) for spec in specs]
        miners = [Miner(spec, policy, state, Random(1), self.now) for spec, state in zip(specs, saved, strict=True)]
        auto = AutoMiners(miners, governor, pinned=[], heartbeat_s=HEARTBEAT_S, now=self.now, follows=False)
        find = self.ledger.find
        self.farm = Farm(miners, governor, find, max_calls=10_000, max_at_workers=10_000, now=self.now, auto=auto)
        self._write_down(self.farm)


@pytest.mark.parametrize(("limit", "miners", "killed_at_s"), [(600, 8, 30.0), (600, 60, 30.0), (600, 60, 90.0)])
def test_a_coordinator_killed_at_half_a_window_has_hardly_a_request_refused(
    limit: int, miners: int, killed_at_s: float
) -> None:
    farm = Restarted(limit, miners)
    farm.run(killed_at_s)
    paid = farm.paid
    farm.die(down_s=1.0)
    farm.run(killed_at_s + WINDOW_S)
    farm.ledger.close()
    assert farm.simulator.world.counters.refused_429 <= 1
    assert farm.paid > paid + limit / 5, "it goes on with what the limit leaves"


@pytest.mark.parametrize("killed_at_s", [150.0, 400.0])
def test_a_learnt_window_longer_than_the_stated_one_is_known_as_a_whole(killed_at_s: float) -> None:
    farm = Restarted(1200, 8, window_s=300.0)
    farm.run(killed_at_s)
    refused = farm.simulator.world.counters.refused_429
    farm.die(down_s=1.0)
    farm.run(killed_at_s + 300.0)
    farm.ledger.close()
    assert farm.simulator.world.counters.refused_429 <= refused + 1
