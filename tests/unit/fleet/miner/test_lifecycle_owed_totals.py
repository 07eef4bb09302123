"""A total that no answer stated after a session's stop is requested at the drain, also by the next coordinator."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from fleet.domain.answers import Totals
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.effects import Effect, TotalsSeen
from fleet.domain.events import DrainBegun
from fleet.domain.jobs import MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.errors import CallError, NoAnswer
from fleet.miner.miner import Miner
from fleet.miner.phase import Phase
from fleet.miner.policy import Policy


def closed(*, owes_total: bool) -> Miner:
    """A miner without a session, as an earlier coordinator left it."""
    saved = SavedMiner(base_total=Decimal(0), closed_uncompared=owes_total)
    return Miner(MinerSpec(miner_id="rig-1"), Policy(), saved, random.Random(1), 0.0)


def calls(miner: Miner, now: float) -> Call | None:
    begun = miner.begin(now)
    return None if begun is None else begun[0]


def ends(miner: Miner, call: Call, outcome: Totals | CallError, now: float) -> list[Effect]:
    return miner.on(Reply(call=call, outcome=outcome, sent_at=now, answered_at=now), now)


@pytest.mark.parametrize("owes_total", [False, True])
def test_a_drain_requests_the_total_that_an_earlier_coordinator_did_not(*, owes_total: bool) -> None:
    miner = closed(owes_total=owes_total)
    miner.on(DrainBegun(), 0.0)
    assert miner.done is not owes_total
    call = calls(miner, 0.0)
    assert (call is not None) is owes_total
    if call is not None:
        assert call.kind is CallKind.TOTALS
        ends(miner, call, Totals(total_rewards=Decimal(0)), 1.0)
        assert (miner.phase, miner.compared) == (Phase.DONE, True)


def test_a_total_that_was_not_stated_is_requested_again_by_the_next_drain_and_no_more() -> None:
    miner = closed(owes_total=True)
    now = 0.0
    for _ in range(2):
        miner.on(DrainBegun(), now)
        asked = 0
        while not miner.done:
            now += 60.0
            call = calls(miner, now)
            if call is not None:
                asked += 1
                ends(miner, call, NoAnswer("no answer"), now)
        assert asked == 2, "each farewell asks twice"
        assert not miner.compared


def test_the_ledger_takes_a_total_for_requested_only_once_the_farewell_is_over() -> None:
    miner = closed(owes_total=True)
    miner.on(DrainBegun(), 0.0)
    rows = []
    for now in (0.0, 60.0):
        call = calls(miner, now)
        assert call is not None
        found = ends(miner, call, NoAnswer("no answer"), now)
        rows.append([effect.verdict for effect in found if isinstance(effect, TotalsSeen)])
    assert rows == [[], ["unverifiable: no answer"]], "a coordinator killed after the first leaves it to the next start"
