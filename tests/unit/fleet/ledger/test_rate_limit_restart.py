"""A coordinator that is killed at half a window of the server's limit and started again, in virtual time."""

from __future__ import annotations

from random import Random

import pytest

from bench.income_scenes import scene
from bench.virtual_farm import VirtualFarm
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.effects import LimitLearnt
from fleet.domain.jobs import MinerSpec
from fleet.domain.turn import Turn
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.ratelimit.governor import Governor

WINDOW_S, HEARTBEAT_S = 60.0, 30.0
EPOCH_MS = 1_800_000_000_000


class Restarted(VirtualFarm):
    """A farm with a ledger, whose coordinator can die."""

    def __init__(self, limit: int, miners: int) -> None:
        self._miners, self._limit = miners, limit
        self.ledger = Ledger(open_engine("sqlite://"), "server", now_ms=lambda: EPOCH_MS + int(self.now * 1000))
        super().__init__(
            scene(limit=limit, round_trip_ms=50, strangers=0, capped=True, paid_heartbeats=False), fixed=miners
        )
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
        # as `fleet.coordinator.startup.assembly` does
        governor = Governor(
            requests=self._limit,
            window_s=WINDOW_S,
            miners=self._miners,
            heartbeat_s=HEARTBEAT_S,
            carried_s=WINDOW_S - self.ledger.quiet_s(),
            learnt=LimitLearnt(requests=self._limit, window_s=WINDOW_S),
            spent=[self.now - age_s for age_s in self.ledger.spent_ages_s(WINDOW_S, HEARTBEAT_S)],
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
