"""What a heartbeat's sum proves is booked once, however many submissions are unresolved."""

from __future__ import annotations

import random
from decimal import Decimal

from fleet.domain.amounts import EntryKind
from fleet.domain.answers import HeartbeatAnswer, Receipt, Registration, SessionStart, SessionSummary
from fleet.domain.calls import Answer, Call, CallKind, Reply
from fleet.domain.causes import Difference
from fleet.domain.effects import Booked, Effect, Found, Write
from fleet.domain.events import DrainBegun, ResultArrived
from fleet.domain.jobs import Job, JobOrigin, MinerSpec
from fleet.errors import CallError, JobCompleted, NoAnswer, ServerFault
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.miner.miner import Miner
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


def test_a_release_that_names_its_heartbeats_rewards_is_not_booked_by_its_sums_as_well() -> None:
    farm = Farm().mining()
    farm.now = HEARTBEAT
    farm.call(CallKind.HEARTBEAT, HeartbeatAnswer(reward=PAY))
    farm.miner.on(DrainBegun(), 0.0)
    farm.call(CallKind.STOP_SESSION, stopped(2 * PAY))
    assert farm.heartbeats() == [PAY]
