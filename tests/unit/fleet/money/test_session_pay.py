"""What a session's sum proves is booked once: with unresolved submissions, without a total, after a restart."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from fleet.domain.amounts import EntryKind
from fleet.domain.answers import HeartbeatAnswer, Receipt, Registration, SessionStart, SessionSummary, Totals
from fleet.domain.calls import Answer, Call, CallKind, Reply
from fleet.domain.causes import Difference
from fleet.domain.effects import Booked, Effect, Found, Write
from fleet.domain.events import AbandonedSessionStopped, DrainBegun, ResultArrived
from fleet.domain.jobs import Job, JobOrigin, MinerSpec
from fleet.errors import CallError, JobCompleted, NoAnswer, ServerFault
from fleet.ledger.engine import open_engine
from fleet.ledger.ledger import Ledger
from fleet.miner.abandoned import closing_rows
from fleet.miner.miner import Miner
from fleet.miner.phase import Phase
from fleet.miner.policy import Policy
from tasks.messages import Outcome, ResultMessage

MINER = "rig-a1"
PAY = Decimal("0.4182786000934555")
CRASH = ServerFault(500, "Internal Server Error")
DONE = JobCompleted("Task already completed")
HEARTBEAT = 30.0


class Farm:
    """One miner on a real ledger in memory, whose calls are answered by hand as release a answers them."""

    def __init__(self, ledger: Ledger | None = None) -> None:
        self.ledger = ledger or Ledger(open_engine("sqlite://"), "release-a")
        self.now = 0.0
        self.effects: list[Effect] = []
        saved = self.ledger.saved_miner(MINER)
        self.miner = Miner(MinerSpec(miner_id=MINER), Policy(), saved, random.Random(1), self.now)

    def commit(self, effects: list[Effect]) -> list[Effect]:
        self.ledger.commit([effect for effect in effects if isinstance(effect, Write)])
        self.effects += effects
        return effects

    def call(self, kind: CallKind, outcome: Answer | CallError) -> list[Effect]:
        begun = self.miner.begin(self.now)
        assert begun is not None, f"the miner wants nothing, not even {kind}"
        call, effects = begun
        assert call.kind is kind
        self.commit(effects)
        return self.answered(call, outcome)

    def answered(self, call: Call, outcome: Answer | CallError) -> list[Effect]:
        reply = Reply(call=call, outcome=outcome, sent_at=self.now, answered_at=self.now)
        return self.commit(self.miner.on(reply, self.now, self.ledger.find))

    def mining(self) -> Farm:
        self.call(CallKind.REGISTER, Registration(new=True))
        self.call(CallKind.START_SESSION, SessionStart(session_id="s1", adopted=False, initial_job=None))
        return self

    def fetched(self, job_id: str, reward: str = "0.3") -> Farm:
        """A job is fetched and computed, and waits for its submission."""
        job = Job(
            job_id=job_id,
            job_type="data_hash",
            data={},
            reward=Decimal(reward),
            origin=JobOrigin.FETCHED,
            timeout_s=60.0,
        )
        self.call(CallKind.FETCH, job)
        result = {"final_hash": "00", "iterations": 1}
        message = ResultMessage(job_id=job_id, attempt=1, outcome=Outcome.COMPUTED, result=result, compute_ms=1.0)
        self.commit(self.miner.on(ResultArrived(message=message), self.now))
        return self

    def heartbeats(self) -> list[Decimal]:
        entries = [effect.entry for effect in self.effects if isinstance(effect, Booked)]
        return [entry.amount for entry in entries if entry.kind is EntryKind.HEARTBEAT]

    def found(self) -> list[Difference]:
        return [effect.finding.kind for effect in self.effects if isinstance(effect, Found)]


def earned(sum_nnet: Decimal) -> HeartbeatAnswer:
    return HeartbeatAnswer(rewards_earned=sum_nnet)


def stopped(sum_nnet: Decimal | None) -> SessionSummary:
    return SessionSummary(tasks_completed=1, rewards_earned=sum_nnet)


def unresolved() -> Farm:
    """A submission was answered 500, and the heartbeat that follows states pay beside it."""
    farm = Farm().mining().fetched("j1")
    farm.call(CallKind.SUBMIT, CRASH)
    farm.now = HEARTBEAT
    farm.call(CallKind.HEARTBEAT, earned(PAY))
    return farm


def test_what_a_heartbeat_states_waits_for_the_submissions_that_are_unresolved() -> None:
    assert unresolved().heartbeats() == []


def test_it_is_booked_as_soon_as_the_last_of_them_is_resolved() -> None:
    farm = unresolved()
    farm.call(CallKind.SUBMIT, DONE)
    assert farm.heartbeats() == [PAY]
    assert farm.ledger.saved_miner(MINER).booked == PAY + Decimal("0.3")


def test_the_job_that_the_sum_counts_is_no_pay_of_the_heartbeat() -> None:
    """The release counts the job for the session, though the answer to its submission was lost."""
    farm = Farm().mining().fetched("j1")
    farm.call(CallKind.SUBMIT, NoAnswer("cut"))
    farm.now = HEARTBEAT
    farm.call(CallKind.HEARTBEAT, earned(Decimal("0.3")))
    farm.call(CallKind.SUBMIT, DONE)
    assert farm.heartbeats() == []
    assert not farm.ledger.saved_miner(MINER).claims, "the sum confirms it"


def test_a_job_that_is_accepted_after_the_sum_was_stated_is_not_in_it_and_is_in_the_next() -> None:
    farm = Farm().mining().fetched("j1")
    farm.call(CallKind.SUBMIT, NoAnswer("cut"))
    farm.now = HEARTBEAT
    farm.call(CallKind.HEARTBEAT, earned(PAY))
    farm.call(CallKind.SUBMIT, Receipt(accepted=True, reward=Decimal("0.3")))
    assert farm.heartbeats() == [PAY]
    farm.now = 2 * HEARTBEAT
    farm.call(CallKind.HEARTBEAT, earned(PAY + Decimal("0.3")))
    assert farm.heartbeats() == [PAY]


def test_a_sum_that_the_next_one_overtakes_is_booked_with_it() -> None:
    farm = unresolved()
    farm.now = 2 * HEARTBEAT
    farm.call(CallKind.HEARTBEAT, earned(2 * PAY))
    farm.call(CallKind.SUBMIT, DONE)
    assert farm.heartbeats() == [2 * PAY]


def drained(final: Totals | CallError) -> Farm:
    """A heartbeat was weighed; what a later one brought is stated by the session's end alone."""
    farm = unresolved()
    farm.call(CallKind.SUBMIT, DONE)
    farm.miner.on(DrainBegun(), 0.0)
    farm.call(CallKind.STOP_SESSION, stopped(2 * PAY))
    farm.now = 100.0
    farm.call(CallKind.TOTALS, final)
    return farm


def test_a_drain_books_what_the_sessions_end_states_without_any_total() -> None:
    farm = drained(CRASH)
    assert farm.heartbeats() == [PAY, PAY]
    assert farm.found() == []


def test_the_final_total_then_agrees() -> None:
    farm = drained(Totals(total_rewards=2 * PAY + Decimal("0.3"), total_jobs=2))
    assert farm.heartbeats() == [PAY, PAY]
    assert farm.miner.account.difference == 0
    assert farm.found() == [Difference.CONFIRMED]
    assert farm.miner.phase is Phase.DONE


@pytest.mark.parametrize("sum_nnet", [None, Decimal(0), PAY])
def test_a_sessions_end_that_states_no_more_books_nothing(sum_nnet: Decimal | None) -> None:
    farm = unresolved()
    farm.call(CallKind.SUBMIT, DONE)
    farm.miner.on(DrainBegun(), 0.0)
    farm.call(CallKind.STOP_SESSION, stopped(sum_nnet))
    assert farm.heartbeats() == [PAY]


def test_a_release_that_names_its_heartbeats_rewards_is_not_booked_by_its_sums_as_well() -> None:
    farm = Farm().mining()
    farm.now = HEARTBEAT
    farm.call(CallKind.HEARTBEAT, HeartbeatAnswer(reward=PAY))
    farm.miner.on(DrainBegun(), 0.0)
    farm.call(CallKind.STOP_SESSION, stopped(2 * PAY))
    assert farm.heartbeats() == [PAY]


def test_after_a_restart_jobs_that_the_server_counts_twice_are_no_other_clients() -> None:
    """docs/protocol-notes.md, 15: the total counts a reported job again; the farm knows this server from before."""
    before = unresolved()
    before.call(CallKind.SUBMIT, DONE)
    before.miner.on(DrainBegun(), 0.0)
    before.call(CallKind.STOP_SESSION, stopped(None))
    before.now = 100.0
    before.call(CallKind.TOTALS, CRASH)
    after = Farm(before.ledger)
    total = Totals(total_rewards=2 * PAY + Decimal("0.3"), total_jobs=2)
    after.call(CallKind.REGISTER, Registration(new=False, totals=total))
    assert after.found() == [Difference.HEARTBEAT]


def test_a_servers_habit_outlives_its_forgetting() -> None:
    before = unresolved()
    before.call(CallKind.SUBMIT, DONE)
    before.miner.on(DrainBegun(), 0.0)
    before.call(CallKind.STOP_SESSION, stopped(PAY))
    again = Farm(before.ledger)
    again.call(CallKind.REGISTER, Registration(new=True))
    assert again.ledger.saved_miner(MINER).counts_reports


def test_a_session_that_is_stopped_for_a_miner_that_is_not_wanted_any_more_is_booked_to_its_end() -> None:
    before = unresolved()
    before.call(CallKind.SUBMIT, DONE)
    ledger = before.ledger
    (session,) = ledger.abandoned_sessions({"another"})
    effects = closing_rows(AbandonedSessionStopped(session=session, outcome=stopped(3 * PAY)))
    ledger.commit([effect for effect in effects if isinstance(effect, Write)])
    assert ledger.saved_miner(MINER).booked == 3 * PAY + Decimal("0.3")
    assert ledger.abandoned_sessions({"another"}) == []


def test_nothing_of_it_is_booked_while_a_submission_may_be_in_the_sum() -> None:
    before = unresolved()
    (session,) = before.ledger.abandoned_sessions({"another"})
    effects = closing_rows(AbandonedSessionStopped(session=session, outcome=stopped(3 * PAY)))
    assert not any(isinstance(effect, Booked) for effect in effects)
