"""A farm that is paid for heartbeats, which only the session's sum proves."""

from __future__ import annotations

import random
from decimal import Decimal

from fleet.domain.amounts import EntryKind
from fleet.domain.answers import HeartbeatAnswer, Registration, SessionStart, SessionSummary
from fleet.domain.calls import Answer, Call, CallKind, Reply
from fleet.domain.causes import Difference
from fleet.domain.effects import Booked, Effect, Found, Write
from fleet.domain.events import ResultArrived
from fleet.domain.jobs import Job, JobOrigin, MinerSpec
from fleet.errors import CallError, JobCompleted, ServerFault
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
        self.commit(self.miner.on(ResultArrived(message=message, flaw=""), self.now))
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
