"""A job that comes without a fetch is left where it is not worth its submission, and the ledger says so."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from fleet.domain.answers import HeartbeatAnswer, Registration, SessionStart
from fleet.domain.calls import Answer, CallKind, Reply
from fleet.domain.causes import Loss
from fleet.domain.effects import Dispatch, Effect, JobMoved, JobOpened, Notice, NoticeKind
from fleet.domain.events import FreeJobsWorth
from fleet.domain.free_jobs import FreeJobTerms
from fleet.domain.jobs import Job, JobOrigin, JobState, MinerSpec
from fleet.domain.saved_state import Prior, SavedMiner
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy

LEAST = Decimal("0.3")


def job(number: int, reward: str, origin: JobOrigin) -> Job:
    return Job(
        job_id=f"job-{number}",
        job_type="data_validation",
        data={"records": 100},
        reward=Decimal(reward),
        origin=origin,
        timeout_s=60.0,
    )


class Mine:
    """A miner that is told what a free job must state, and whose calls are answered by hand."""

    def __init__(self, least: Decimal = LEAST, most_free: int = 4) -> None:
        self.now = 1000.0
        policy = Policy(max_free_jobs=most_free)
        self.miner = Miner(MinerSpec(miner_id="rig-1"), policy, SavedMiner(), random.Random(1), self.now)
        self.priors: dict[str, Prior] = {}
        self.demand(FreeJobTerms(requests=least))
        self.answer(CallKind.REGISTER, Registration(new=True))

    def demand(self, terms: FreeJobTerms) -> None:
        self.miner.on(FreeJobsWorth(terms), self.now)

    def answer(self, kind: CallKind, outcome: Answer) -> list[Effect]:
        begun = self.miner.begin(self.now)
        assert begun is not None
        assert begun[0].kind is kind
        reply = Reply(call=begun[0], outcome=outcome, sent_at=self.now, answered_at=self.now)
        return self.miner.on(reply, self.now, self.priors.get)

    def start(self, initial: Job | None) -> list[Effect]:
        return self.answer(CallKind.START_SESSION, SessionStart(session_id="s", adopted=False, initial_job=initial))

    def beat(self, free: Job) -> list[Effect]:
        self.now += 30.0
        return self.answer(CallKind.HEARTBEAT, HeartbeatAnswer(next_job=free))


def ends(effects: list[Effect]) -> list[tuple[JobState, Loss | None]]:
    return [(effect.state, effect.loss) for effect in effects if isinstance(effect, JobMoved)]


def dispatched(effects: list[Effect]) -> list[str]:
    return [effect.message.job_id for effect in effects if isinstance(effect, Dispatch)]


@pytest.mark.parametrize("reward", ["0", "0.29"])
def test_one_below_the_worth_of_its_submission_is_recorded_as_left_and_never_computed(reward: str) -> None:
    mine = Mine()
    effects = mine.start(job(1, reward, JobOrigin.INITIAL))
    assert [effect.job.job_id for effect in effects if isinstance(effect, JobOpened)] == ["job-1"]
    assert ends(effects) == [(JobState.EXPIRED, Loss.LEFT)]
    assert [one.text for one in effects if isinstance(one, Notice) and one.kind is NoticeKind.LOST_JOB] == [
        "expired: not worth a request"
    ]
    assert not dispatched(effects)


@pytest.mark.parametrize("origin", [JobOrigin.INITIAL, JobOrigin.NEXT])
def test_one_that_is_worth_it_is_computed(origin: JobOrigin) -> None:
    mine = Mine()
    free = job(1, "0.3", origin)
    effects = mine.start(free) if origin is JobOrigin.INITIAL else mine.start(None) + mine.beat(free)
    assert dispatched(effects) == ["job-1"]


def test_one_that_busy_workers_have_no_time_for_is_recorded_as_left() -> None:
    mine = Mine(least=Decimal(0))
    mine.demand(FreeJobTerms(wait_s=64.0))
    effects = mine.start(job(1, "0.5", JobOrigin.INITIAL))
    assert ends(effects) == [(JobState.EXPIRED, Loss.OVERLOAD)]
    assert not dispatched(effects)


def test_a_fetched_job_is_computed_whatever_it_pays_since_it_blocks_its_miner() -> None:
    mine = Mine()
    mine.start(None)
    assert dispatched(mine.answer(CallKind.FETCH, job(1, "0", JobOrigin.FETCHED))) == ["job-1"]


def test_all_are_computed_while_requests_are_not_short() -> None:
    mine = Mine(least=Decimal(0))
    assert dispatched(mine.start(job(1, "0", JobOrigin.INITIAL))) == ["job-1"]


def test_one_that_was_left_and_is_given_again_is_recorded_once() -> None:
    mine = Mine()
    mine.start(job(1, "0.1", JobOrigin.INITIAL))
    mine.priors["job-1"] = Prior(state=JobState.EXPIRED, attempt=0, miner_id="rig-1", loss=Loss.LEFT)
    assert mine.beat(job(1, "0.1", JobOrigin.NEXT))[1:] == []
    mine.demand(FreeJobTerms())
    assert dispatched(mine.beat(job(1, "0.1", JobOrigin.NEXT))) == ["job-1"]


def test_one_too_many_is_recorded_as_well() -> None:
    mine = Mine(most_free=1)
    mine.start(job(1, "0.5", JobOrigin.INITIAL))
    effects = mine.beat(job(2, "0.5", JobOrigin.NEXT))
    assert ends(effects) == [(JobState.EXPIRED, Loss.CROWDED)]
