"""A call that fails is said once: by what became of the job or of the session, else by the call's own words."""

from __future__ import annotations

import random

import pytest

from fleet.domain.amounts import ZERO
from fleet.domain.answers import Registration, SessionStart
from fleet.domain.calls import Answer, CallKind, Reply
from fleet.domain.effects import Effect, Notice, NoticeKind
from fleet.domain.events import DrainBegun, ResultArrived
from fleet.domain.jobs import Job, JobOrigin, MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.errors import CallError, JobUnknown, NotRegistered, Refused, ServerFault, SessionLost, Unreachable
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from tasks.messages import Outcome, ResultMessage


def answered(miner: Miner, outcome: Answer | CallError, now: float = 0.0) -> list[Effect]:
    begun = miner.begin(now)
    assert begun is not None
    call, _ = begun
    reply = Reply(call=call, outcome=outcome, sent_at=now, answered_at=now)
    return miner.on(reply, now, lambda _job_id: None)


def mining() -> Miner:
    miner = Miner(MinerSpec(miner_id="rig-a1"), Policy(), SavedMiner(), random.Random(1), 0.0)
    answered(miner, Registration(new=True))
    answered(miner, SessionStart(session_id="s1", adopted=False, initial_job=None))
    return miner


def submitting() -> Miner:
    miner = mining()
    job = Job(job_id="j1", job_type="data_hash", data={}, reward=ZERO, origin=JobOrigin.FETCHED, timeout_s=60.0)
    answered(miner, job)
    result = {"final_hash": "00", "iterations": 1}
    message = ResultMessage(job_id="j1", attempt=1, outcome=Outcome.COMPUTED, result=result, compute_ms=1.0)
    miner.on(ResultArrived(message=message, flaw=""), 0.0)
    return miner


def said(effects: list[Effect]) -> list[tuple[NoticeKind, str]]:
    return [(effect.kind, effect.text) for effect in effects if isinstance(effect, Notice)]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (JobUnknown("Task not found"), "expired: server forgot"),
        (Refused(422, "no such field"), "rejected: 422: no such field"),
    ],
)
def test_a_submission_that_ends_its_job_is_one_lost_job(error: CallError, words: str) -> None:
    miner = submitting()
    effects = answered(miner, error)
    if isinstance(error, Refused):
        # refused as it was, the result is cut to the required fields and sent once more
        assert [kind for kind, _ in said(effects)] == [NoticeKind.ANOMALY]
        effects = answered(miner, error)
    assert said(effects) == [(NoticeKind.LOST_JOB, words)]


@pytest.mark.parametrize("error", [NotRegistered("Contributor not registered"), SessionLost("No active session")])
def test_a_session_that_is_lost_is_said_once(error: CallError) -> None:
    assert said(answered(mining(), error)) == [(NoticeKind.SESSION_LOST, str(error))]


@pytest.mark.parametrize("error", [Unreachable("refused"), ServerFault(503, "")])
def test_a_call_of_which_nothing_else_is_said_has_its_own_words(error: CallError) -> None:
    assert said(answered(mining(), error)) == [(NoticeKind.CALL_FAILED, f"task: {error}")]


def test_a_session_that_cannot_be_stopped_is_a_warning_and_the_last_one_of_three() -> None:
    miner = mining()
    miner.on(DrainBegun(), 0.0)
    kinds = []
    for now in (0.0, 100.0, 200.0):
        kinds += said(answered(miner, ServerFault(500, "no"), now))
    assert [kind for kind, _ in kinds] == [NoticeKind.CALL_FAILED, NoticeKind.CALL_FAILED, NoticeKind.ANOMALY]
    assert kinds[-1][1] == "session not stopped: 500: no: s1"
    assert CallKind.STOP_SESSION.value in kinds[0][1]
