"""A total that no answer stated since a session ended is requested at the drain, also by the next coordinator."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from fleet.domain.answers import SessionStart, SessionSummary, Totals
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.effects import Effect, TotalsSeen
from fleet.domain.events import DrainBegun, DrainOver
from fleet.domain.jobs import MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.errors import CallError, NoAnswer, SessionLost
from fleet.miner.miner import Miner
from fleet.miner.phase import Phase
from fleet.miner.policy import Policy
from tests.support.miner_script import Script


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


def between_sessions() -> Script:
    """A miner whose session the server forgot, and which has not opened another one."""
    script = Script().mining()
    script.now += 60.0
    script.call(CallKind.HEARTBEAT, SessionLost("Session not found"))
    assert not script.miner.in_session
    return script


def test_a_drain_requests_the_total_of_a_miner_that_is_between_two_sessions() -> None:
    script = between_sessions()
    script.miner.on(DrainBegun(), script.now)
    script.call(CallKind.TOTALS, Totals(total_rewards=Decimal(0)))
    assert (script.miner.done, script.miner.compared) == (True, True)


def test_it_does_so_once_the_jobs_are_over_that_were_open() -> None:
    script = Script().mining().fetched("j1")
    script.now += 60.0
    script.call(CallKind.HEARTBEAT, SessionLost("Session not found"))
    script.miner.on(DrainBegun(), script.now)
    script.miner.on(DrainOver(), script.now)
    script.call(CallKind.TOTALS, Totals(total_rewards=Decimal(0)))
    assert (script.miner.done, script.miner.compared) == (True, True)


def test_a_miner_that_found_its_next_session_owes_no_total_before_that_one_is_stopped() -> None:
    script = between_sessions()
    script.call(CallKind.START_SESSION, SessionStart(session_id="s2", adopted=False, initial_job=None))
    script.miner.on(DrainBegun(), script.now)
    script.call(CallKind.STOP_SESSION, SessionSummary(tasks_completed=0, rewards_earned=None))
    script.call(CallKind.TOTALS, Totals(total_rewards=Decimal(0)))
    assert (script.miner.done, script.miner.compared) == (True, True)
