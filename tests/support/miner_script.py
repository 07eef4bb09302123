"""One pure miner whose calls are answered by hand."""

from __future__ import annotations

import random
from decimal import Decimal

from fleet.domain.amounts import EntryKind
from fleet.domain.answers import Receipt, Registration, SessionStart
from fleet.domain.calls import Answer, Call, CallKind, Reply
from fleet.domain.effects import Booked, Dispatch, Effect, JobMoved
from fleet.domain.events import ResultArrived, TimePassed
from fleet.domain.jobs import Job, JobOrigin, JobState, MinerSpec
from fleet.domain.saved_state import Prior, SavedMiner
from fleet.errors import (
    CallError,
)
from fleet.miner.job import flaw_of
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from tasks.messages import Outcome, ResultMessage

REWARD = Decimal("0.3")


def job(job_id: str, origin: JobOrigin = JobOrigin.FETCHED, job_type: str = "data_validation") -> Job:
    return Job(job_id=job_id, job_type=job_type, data={"records": 100}, reward=REWARD, origin=origin, timeout_s=60.0)


class Script:
    """Answers the calls of one miner and keeps what it asked for."""

    def __init__(self, saved: SavedMiner | None = None) -> None:
        self.now = 1000.0
        self.miner = Miner(MinerSpec(miner_id="rig-1"), Policy(), saved or SavedMiner(), random.Random(1), self.now)
        self.effects: list[Effect] = []
        self.priors: dict[str, Prior] = {}

    def begin(self, kind: CallKind) -> Call:
        begun = self.miner.begin(self.now)
        assert begun is not None, f"the miner wants nothing, not even {kind}"
        call, effects = begun
        self.effects += effects
        assert call.kind is kind
        return call

    def answer(self, call: Call, outcome: Answer | CallError) -> list[Effect]:
        reply = Reply(call=call, outcome=outcome, sent_at=self.now, answered_at=self.now)
        effects = self.miner.on(reply, self.now, self.priors.get)
        self.effects += effects
        return effects

    def call(self, kind: CallKind, outcome: Answer | CallError) -> list[Effect]:
        return self.answer(self.begin(kind), outcome)

    def mining(self) -> Script:
        self.call(CallKind.REGISTER, Registration(new=True))
        self.call(CallKind.START_SESSION, SessionStart(session_id="s1", adopted=False, initial_job=None))
        return self

    def computed(self, job_id: str, attempt: int = 1) -> None:
        self.result(job_id, Outcome.COMPUTED, attempt)

    def result(self, job_id: str, outcome: Outcome, attempt: int = 1) -> None:
        result = {"integrity_score": 0.9, "extra": 1} if outcome is Outcome.COMPUTED else {}
        message = ResultMessage(job_id=job_id, attempt=attempt, outcome=outcome, result=result, compute_ms=2.0)
        arrived = ResultArrived(message=message, flaw=flaw_of(message, "data_validation"))
        self.effects += self.miner.on(arrived, self.now)

    def waited(self, seconds: float) -> None:
        """So long later, the timers that are due have run."""
        self.now += seconds
        self.effects += self.miner.on(TimePassed(), self.now)

    def fetched(self, job_id: str = "j1") -> Script:
        self.call(CallKind.FETCH, job(job_id))
        self.computed(job_id)
        return self

    def booked(self) -> list[tuple[EntryKind, Decimal, bool]]:
        entries = [effect.entry for effect in self.effects if isinstance(effect, Booked)]
        return [(entry.kind, entry.amount, entry.confirmed) for entry in entries]

    def last_state(self, job_id: str) -> JobState:
        return [e.state for e in self.effects if isinstance(e, JobMoved) and e.job_id == job_id][-1]

    def dispatches(self) -> list[Dispatch]:
        return [effect for effect in self.effects if isinstance(effect, Dispatch)]


def accepted(reward: str = "0.3") -> Receipt:
    return Receipt(accepted=True, reward=Decimal(reward))
