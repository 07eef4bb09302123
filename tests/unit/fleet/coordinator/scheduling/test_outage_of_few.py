"""An outage is recognized however few of a farm's miners are open."""

from __future__ import annotations

import random

import pytest

from bench.income_scenes import scene
from bench.virtual_farm import VirtualFarm
from fleet.coordinator.scheduling.outage import Outage
from fleet.domain.calls import Call, Reply
from fleet.errors import Unreachable
from fleet.miner.backoff import Backoff

WHERE = scene(limit=300, round_trip_ms=50, strangers=0, capped=True, paid_heartbeats=False, most=8)


class Silent(VirtualFarm):
    """A farm whose server can fall silent."""

    answers = True

    def _arrive(self, call: Call, sent_at: float) -> None:
        if self.answers:
            super()._arrive(call, sent_at)
            return
        reply = Reply(call=call, outcome=Unreachable("no way there"), sent_at=sent_at, answered_at=self.now)
        self._after(0.0, lambda: self.farm.on_reply(reply, self.now))


def outage(*callers: str) -> Outage:
    return Outage(lambda: callers, Backoff(), random.Random(1), 0.0)


def failing(made: Outage, *miners: str, since: float = 10.0) -> bool:
    for number, miner in enumerate(miners):
        made.failed(miner, since + number)
    return made.known


def test_two_open_miners_that_both_fail_are_an_outage() -> None:
    assert failing(outage("a", "b"), "a", "b", "a")


def test_one_of_two_that_fails_alone_is_none() -> None:
    assert not failing(outage("a", "b"), "a", "a", "a")


def test_a_closed_miner_that_failed_on_its_own_does_not_stand_for_an_open_one() -> None:
    made = outage("a", "b")
    made.failed("closed", 1.0)
    made.failed("a", 1.1)
    made.answered(1.2)
    assert not failing(made, "a", "a", "a"), "b has not failed"
    assert failing(made, "b", since=20.0)


@pytest.mark.parametrize("fixed", [None, 1, 8], ids=["auto", "one", "eight"])
def test_a_farm_whose_server_is_silent_knows_within_seconds(fixed: int | None) -> None:
    farm = Silent(WHERE, fixed=fixed)
    farm.run(60.0)
    farm.answers = False
    farm.run(75.0)
    assert farm.farm.server.away
    farm.answers = True
    farm.run(80.0)
    assert not farm.farm.server.away
