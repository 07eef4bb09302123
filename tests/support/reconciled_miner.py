"""A miner whose totals are asked for, and the answers to its calls."""

from __future__ import annotations

import random
from decimal import Decimal

from fleet.domain.answers import Registration, SessionStart
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.effects import Effect
from fleet.domain.jobs import Job, JobOrigin, MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy

EVERY_S = 100.0
HALF = Decimal("0.5")


def answer(miner: Miner, outcome: object, now: float) -> tuple[Call, list[Effect]]:
    """Let the miner make its most urgent call, and answer it at once."""
    begun = miner.begin(now)
    assert begun is not None
    call, _ = begun
    reply = Reply(call=call, outcome=outcome, sent_at=now, answered_at=now)  # type: ignore[arg-type]
    return call, miner.on(reply, now, lambda _job_id: None)


def mining(*, new: bool = True) -> Miner:
    miner = Miner(MinerSpec(miner_id="rig-a1"), Policy(reconcile_s=EVERY_S), SavedMiner(), random.Random(1), 0.0)
    answer(miner, Registration(new=new), 0.0)
    answer(miner, SessionStart(session_id="s1", adopted=False, initial_job=None), 0.0)
    return miner


def job() -> Job:
    return Job(job_id="j1", job_type="data_hash", data={}, reward=Decimal(1), origin=JobOrigin.FETCHED, timeout_s=60.0)


def kinds(miner: Miner, now: float) -> list[CallKind]:
    """The calls that the miner makes at `now` until it waits, left unanswered."""
    made = []
    while (begun := miner.begin(now)) is not None:
        made.append(begun[0].kind)
    return made
