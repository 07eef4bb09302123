"""A miner's account on a real ledger, against a server that pays: in whatever order, both hold the same money."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from decimal import Decimal
from unittest import mock

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fleet.domain.answers import HeartbeatAnswer, Registration, Totals
from fleet.domain.causes import Loss
from fleet.domain.effects import Effect, JobMoved, JobOpened, SessionOpened, Write
from fleet.domain.jobs import Job, JobOrigin, JobState
from fleet.domain.saved_state import OpenSession, SavedMiner
from fleet.ledger.ledger import Ledger
from fleet.money.balance import MinerAccount
from fleet.money.float_sums import HeartbeatIncome
from fleet.money.session_sum import SessionSum
from tests.support.machines import REPEATABLE
from tests.virtual.schedule import emptied_engine

MINER = "rig-1"
RECORD = 1_790_000_000
#: NNET that jobs pay, and heartbeats: no sum of the ones is one of the others
REWARDS = st.sampled_from((0.1, 0.3, 0.5, 0.8, 10 / 7))
BONUSES = st.sampled_from((0.0, 0.0376439987, 0.0071428571, 0.1352451081))

SETTINGS = settings(REPEATABLE, max_examples=40, stateful_step_count=30)


class Money(RuleBasedStateMachine):
    """One miner at one server, which sums in floats. `paid` is what it really paid, in exact decimals."""

    def __init__(self) -> None:
        super().__init__()
        self.paid, self.total, self.session_sum, self.jobs = Decimal(0), 0.0, 0.0, 0
        self.given = 0
        self.ledger = Ledger(emptied_engine(), "neonet-main")
        self.account = MinerAccount(MINER, self.ledger.saved_miner(MINER))

    @initialize(counts=st.booleans(), new=st.booleans())
    def registers(self, *, counts: bool, new: bool) -> None:
        """A session's sum counts submissions whose answers were lost, or heartbeats are paid: no release does both."""
        self.counts = counts
        self.commit(self.account.registered(Registration(new=True) if new else self.known(), unresolved=False))
        self.account.session_opened("s1", None, adopted=False)
        self.commit([SessionOpened(miner_id=MINER, session_id="s1", offset=self.account.session_offset)])

    @rule(reward=REWARDS)
    def a_job_is_paid(self, reward: float) -> None:
        job = self.job(reward, JobState.ACCEPTED)
        self.pays(reward, jobs=1, counted=True)
        self.commit([self.account.job_paid(job, job.reward, True, None, again=False)])

    @rule(reward=REWARDS)
    def a_job_is_paid_and_the_answer_is_lost(self, reward: float) -> None:
        job = self.job(reward, JobState.ALREADY_COMPLETED)
        self.pays(reward, jobs=1, counted=self.counts)
        self.commit([self.account.job_paid(job, job.reward, False, None, again=False)])

    @rule(reward=REWARDS, was_paid=st.booleans())
    def a_job_is_given_up_and_the_totals_tell(self, reward: float, was_paid: bool) -> None:
        job = self.job(reward, JobState.EXPIRED, Loss.ANSWER_LOST)
        self.commit(self.account.answer_lost(job))
        if was_paid:
            self.pays(reward, jobs=1, counted=self.counts)
        self.the_totals_are_read()

    @rule(bonus=BONUSES)
    def a_heartbeat_is_answered(self, bonus: float) -> None:
        self.beats(bonus)
        answer = HeartbeatAnswer(rewards_earned=Decimal(repr(self.session_sum)))
        self.commit(self.account.heartbeat(answer))

    @rule(bonus=BONUSES)
    def a_heartbeat_is_answered_while_work_is_unresolved(self, bonus: float) -> None:
        self.beats(bonus)
        answer = HeartbeatAnswer(rewards_earned=Decimal(repr(self.session_sum)))
        self.commit(self.account.heartbeat(answer, unresolved=True))

    @rule(bonus=BONUSES)
    def a_heartbeats_answer_is_lost(self, bonus: float) -> None:
        self.beats(bonus)
        self.account.heartbeat_lost()

    @rule()
    def the_totals_are_read(self) -> None:
        totals = self.known().totals
        assert totals is not None
        self.commit(self.account.compare(totals))
        assert abs(self.paid - self.account.booked) <= self.tolerance(), (
            "I2: after the totals, the ledger has what was paid"
        )

    @rule(shown=st.booleans(), opened=st.booleans())
    def the_coordinator_dies_and_starts(self, shown: bool, opened: bool) -> None:
        """It may die again before it is told anything, and before the session is adopted."""
        saved = self.restart()
        if shown:
            self.commit(self.account.registered(self.known(), unresolved=False))
        if not opened:
            saved = self.restart()
        self.account.session_opened("s1", saved.session, adopted=True)
        self.commit([SessionOpened(miner_id=MINER, session_id="s1", offset=self.account.session_offset)])

    @invariant()
    def the_ledger_holds_what_the_purse_does(self) -> None:
        saved = self.ledger.saved_miner(MINER)
        assert saved.booked == self.account.booked
        assert saved.payments == self.account.payments

    @invariant()
    def nothing_is_booked_that_was_not_paid(self) -> None:
        assert self.account.booked <= self.paid + self.tolerance(), "I2"

    def teardown(self) -> None:
        self.ledger._link.close()

    def restart(self) -> SavedMiner:
        saved = self.ledger.saved_miner(MINER)
        self.account = MinerAccount(MINER, saved)
        return saved

    def pays(self, reward: float, *, jobs: int, counted: bool) -> None:
        self.paid += Decimal(repr(reward))
        self.total += reward
        self.jobs += jobs
        self.session_sum += reward if counted else 0.0

    def beats(self, bonus: float) -> None:
        if not self.counts:
            self.pays(bonus, jobs=0, counted=True)

    def known(self) -> Registration:
        totals = Totals(total_rewards=Decimal(repr(self.total)), total_jobs=self.jobs, registered_at=RECORD)
        return Registration(new=False, totals=totals)

    def job(self, reward: float, state: JobState, loss: Loss | None = None) -> Job:
        self.given += 1
        job = Job(
            job_id=f"job-{self.given}",
            job_type="data_hash",
            data={},
            reward=Decimal(repr(reward)),
            origin=JobOrigin.FETCHED,
            timeout_s=60.0,
        )
        opened = JobOpened(job=job, miner_id=MINER, session_id="s1", state=JobState.ASSIGNED, attempt=1)
        moved = JobMoved(job_id=job.job_id, state=state, attempt=1, strikes=0, sends=1, mended=False, loss=loss)
        self.ledger.commit([opened, moved])
        return job

    def commit(self, effects: list[Effect]) -> None:
        self.ledger.commit([effect for effect in effects if isinstance(effect, Write)])

    def tolerance(self) -> Decimal:
        return Decimal(math.ulp(max(self.total, 1.0))) * (self.account.payments + 2) * 4


def test_purse_and_ledger_hold_what_the_server_paid_in_whatever_order_it_comes() -> None:
    run_state_machine_as_test(Money, settings=SETTINGS)


def begins_at_nothing(known: OpenSession) -> SessionSum:
    """A restart takes all that the session's sum holds for new."""
    return SessionSum(known.offset)


def prefers_a_reward(*, stated: Decimal, confirmed: Decimal, **_: object) -> HeartbeatIncome:
    """Takes every rise for the heartbeat's own."""
    return HeartbeatIncome(reward=max(stated - confirmed, Decimal(0)))


BUGS: dict[str, AbstractContextManager[object]] = {
    "a restart takes a session's sum for new": mock.patch.object(SessionSum, "of", begins_at_nothing),
    "payments that a sum proves are booked again": mock.patch(
        "fleet.money.session_sum.heartbeat_income", prefers_a_reward
    ),
}


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_that_is_put_in_is_found(name: str) -> None:
    once = settings(SETTINGS, phases=[Phase.generate], max_examples=200)
    with BUGS[name], pytest.raises(AssertionError):
        run_state_machine_as_test(Money, settings=once)
