"""A total that counts what the base may lack is asked for before the first job."""

from __future__ import annotations

import random

import pytest

from fleet.domain.answers import HeartbeatAnswer, Registration, SessionStart, Totals
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.saved_state import SavedMiner
from fleet.errors import Garbled
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from tests.support.first_base import BONUS, SPEC, UNTOLD, stated
from tests.support.insides import running_session

Outcome = Registration | SessionStart | Garbled | HeartbeatAnswer | Totals


def called(miner: Miner, now: float, outcome: Outcome) -> CallKind:
    """The miner's next call, which ends so."""
    begun = miner.begin(now)
    assert begun is not None
    call: Call = begun[0]
    miner.on(Reply(call=call, outcome=outcome, sent_at=now, answered_at=now), now, lambda _: None)
    return call.kind


def mining(registration: Registration) -> Miner:
    miner = Miner(SPEC, Policy(reconcile_s=600.0), SavedMiner(), random.Random(1), 0.0)
    assert called(miner, 1.0, registration) is CallKind.REGISTER
    start = SessionStart(session_id="s1", adopted=False, initial_job=None)
    assert called(miner, 1.0, start) is CallKind.START_SESSION
    return miner


@pytest.mark.parametrize(
    ("registration", "first"), [(UNTOLD, CallKind.TOTALS), (Registration(new=True), CallKind.FETCH)]
)
def test_a_total_that_a_registration_did_not_state_is_asked_for_before_the_first_job(
    registration: Registration, first: CallKind
) -> None:
    begun = mining(registration).begin(1.0)
    assert begun is not None
    assert begun[0].kind is first


def test_a_total_is_asked_for_as_soon_as_a_sum_brings_what_the_base_may_count() -> None:
    miner = mining(UNTOLD)
    assert called(miner, 1.0, Garbled("Infinity")) is CallKind.TOTALS
    session = running_session(miner)
    assert session is not None
    at = session.heartbeat_at
    miner.account.heartbeat_lost()
    miner.account.compare(stated(BONUS, 0))
    assert called(miner, at, HeartbeatAnswer(rewards_earned=BONUS)) is CallKind.HEARTBEAT
    assert called(miner, at, stated(BONUS, 0)) is CallKind.TOTALS
