"""One miner whose attempts end as a test says, on hosts by name."""

from __future__ import annotations

import random
from decimal import Decimal

from fleet.domain.answers import Registration, SessionStart
from fleet.domain.calls import CallKind, Reply
from fleet.domain.effects import Dispatch, JobMoved
from fleet.domain.events import Published
from fleet.domain.jobs import Job, JobOrigin, JobState, MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.domain.turn import Turn
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.ratelimit.governor import Governor
from tasks.messages import Outcome, ResultMessage
from tests.support.all_open import all_open
from tests.support.insides import active_jobs

TYPE = "data_validation"
GOOD, BAD, WORSE = "worker@good", "worker@bad", "worker@worse"


def ended(job_id: str, attempt: int, host: str, outcome: Outcome = Outcome.FAILED) -> ResultMessage:
    result = {"integrity_score": 0.9} if outcome is Outcome.COMPUTED else {}
    return ResultMessage(job_id=job_id, attempt=attempt, outcome=outcome, result=result, error="broken", worker=host)


class Mining:
    """A farm of one miner whose calls are answered at once, and whose jobs end on hosts of the test's choice."""

    def __init__(self, **policy: int) -> None:
        self.now = 1000.0
        self.turns: list[Turn] = []
        self.given = 0
        spec = MinerSpec(miner_id="rig-1")
        miner = Miner(spec, Policy(**policy), SavedMiner(), random.Random(1), self.now)  # type: ignore[arg-type]
        governor = Governor(requests=100_000, window_s=60.0, miners=1, heartbeat_s=30.0)
        self.farm = all_open([miner], governor, max_calls=8, max_at_workers=99, now=self.now)
        self.miner = miner
        self.later(0.0)

    def later(self, seconds: float) -> None:
        """So long later; what falls due is carried out."""
        self.now += seconds
        for _ in range(9):
            turn = self.farm.turn(self.now)
            self.turns.append(turn)
            for order in turn.dispatches:
                message = order.message
                word = Published(
                    job_id=message.job_id, miner_id=message.miner_id, attempt=message.attempt, published=True
                )
                self.farm.on_published(word, self.now)
            for call in turn.calls:
                answer = self._answer(call.kind)
                if answer is not None:
                    reply = Reply(call=call, outcome=answer, sent_at=self.now, answered_at=self.now)
                    self.farm.on_reply(reply, self.now)

    def _answer(self, kind: CallKind) -> Registration | SessionStart | Job | None:
        if kind is CallKind.REGISTER:
            return Registration(new=True)
        if kind is CallKind.START_SESSION:
            return SessionStart(session_id="s1", adopted=False, initial_job=None)
        if kind is CallKind.FETCH:
            self.given += 1
            return Job(
                job_id=f"j{self.given}",
                job_type="data_validation",
                data={},
                reward=Decimal(1),
                origin=JobOrigin.FETCHED,
                timeout_s=60.0,
            )
        return None

    def hears(self, message: ResultMessage) -> None:
        """A result, and what it asks for at once."""
        self.farm.on_result(message, self.now)
        self.later(0.0)

    def knows(self, host: str) -> None:
        """The host has computed another job."""
        self.farm.workers._hosts.ended(ended("other", 1, host, Outcome.COMPUTED), TYPE, self.now)

    @property
    def orders(self) -> list[Dispatch]:
        return [order for turn in self.turns for order in turn.dispatches]

    @property
    def warnings(self) -> list[str]:
        return [notice.text for turn in self.turns for notice in turn.notices]

    def state(self, job_id: str = "j1") -> JobState:
        moved = [write for turn in self.turns for write in turn.writes if isinstance(write, JobMoved)]
        return next(write.state for write in reversed(moved) if write.job_id == job_id)

    def failure(self, job_id: str = "j1") -> str:
        return active_jobs(self.miner)[job_id].failure
