"""Money that leaves the wallet of a closed miner is found within minutes, at a bounded number of requests."""

from __future__ import annotations

import pytest

from bench.income_scenes import scene
from bench.virtual_farm import VirtualFarm
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.causes import Difference
from fleet.domain.effects import Found, Write
from fleet.domain.turn import Turn
from fleet.ratelimit.governor import Governor

MINERS = 4


class WithClosedMiners(VirtualFarm):
    """A farm on auto whose other miners have earned money before. All writes to its ledger are kept."""

    def __init__(self, limit: int, *, round_trip_ms: float = 10) -> None:
        where = scene(limit=limit, round_trip_ms=round_trip_ms, strangers=0, capped=True, paid_heartbeats=False)
        super().__init__(where, fixed=MINERS)
        self.run(20.0)
        self.farm.drain(self.now)
        self.run(self.now + 90.0)
        assert self.farm.done
        miners = list(self.farm.miners.values())
        governor = Governor(requests=limit, window_s=60.0, miners=MINERS, heartbeat_s=30.0)
        auto = AutoMiners(miners, governor, pinned=["rig-0"], heartbeat_s=30.0, now=self.now)
        self.farm = Farm(miners, governor, lambda _: None, max_calls=100, max_at_workers=100, now=self.now, auto=auto)
        self.writes: list[Write] = []
        turn = self.farm.turn

        def kept(now: float, *, heartbeats_only: bool = False) -> Turn:
            made = turn(now, heartbeats_only=heartbeats_only)
            self.writes += made.writes
            return made

        self.farm.turn = kept  # type: ignore[method-assign]

    @property
    def asked(self) -> int:
        """Number of requests for a miner's total so far."""
        return self.simulator.world.counters.requests["contributor"]

    def sent(self) -> list[tuple[str, float]]:
        """The departures found so far: whose wallet, and how much it was."""
        return [
            (write.miner_id, float(-write.finding.amount))
            for write in self.writes
            if isinstance(write, Found) and write.finding.kind is Difference.SENT
        ]


def test_money_that_leaves_a_closed_miners_wallet_is_found_within_minutes_and_once() -> None:
    farm = WithClosedMiners(limit=300)
    farm.run(farm.now + 30.0)
    wallets = farm.simulator.world.cashier.wallets
    thief_takes = wallets.balance("rig-3") / 2
    assert not farm.farm.miners["rig-3"].in_session
    wallets.move("rig-3", "elsewhere", thief_takes)
    farm.run(farm.now + 320.0)
    ((whose, how_much),) = farm.sent()
    assert whose == "rig-3"
    assert how_much == pytest.approx(thief_takes)
    farm.run(farm.now + 320.0)
    assert len(farm.sent()) == 1


@pytest.mark.parametrize(("limit", "looks"), [(100, 2), (300, 6)])
def test_one_request_in_five_hundred_at_most_is_for_wallets(limit: int, looks: int) -> None:
    farm = WithClosedMiners(limit)
    began_at, before = farm.now, farm.asked
    farm.run(began_at + 610.0)
    assert farm.asked - before == looks


def test_a_closed_miner_without_money_is_not_looked_at() -> None:
    farm = VirtualFarm(scene(limit=300, round_trip_ms=10, strangers=0, capped=True, paid_heartbeats=False, most=4))
    farm.run(200.0)
    assert farm.simulator.world.counters.requests.get("contributor", 0) == 0
