"""A farm on a real ledger, whose calls are answered by hand."""

from __future__ import annotations

import random
from decimal import Decimal

from fleet.domain.answers import Registration, SessionStart
from fleet.domain.calls import Answer, Call, CallKind, Reply
from fleet.domain.jobs import Job, JobOrigin, MinerSpec
from fleet.domain.turn import Turn
from fleet.errors import CallError
from fleet.ledger.ledger import Ledger
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.ratelimit.governor import Governor
from tests.support.all_open import all_open


class Answered:
    """A farm whose calls wait here for their answers."""

    def __init__(self, ledger: Ledger, miners: int = 1) -> None:
        self.ledger = ledger
        self.now = 0.0
        self.calls: list[Call] = []
        specs = [MinerSpec(miner_id=f"rig-{number}") for number in range(miners)]
        self.farm = all_open(
            [Miner(spec, Policy(), ledger.saved_miner(spec.miner_id), random.Random(1), self.now) for spec in specs],
            Governor(requests=5000, window_s=60.0, miners=miners, heartbeat_s=30.0),
            ledger.find,
        )
        self.turn()

    def turn(self) -> Turn:
        """As the coordinator: written first."""
        turn = self.farm.turn(self.now)
        self.ledger.commit(turn.writes)
        self.calls += turn.calls
        return turn

    def waiting(self, kind: CallKind) -> list[Call]:
        return [call for call in self.calls if call.kind is kind]

    def answer(self, call: Call, outcome: Answer | CallError) -> None:
        self.calls.remove(call)
        self.farm.on_reply(Reply(call=call, outcome=outcome, sent_at=self.now, answered_at=self.now), self.now)

    def registered(self) -> Answered:
        for call in self.waiting(CallKind.REGISTER):
            self.answer(call, Registration(new=True))
        self.turn()
        return self

    def mining(self) -> Answered:
        self.registered()
        # the first sessions are opened one after the other
        while calls := self.waiting(CallKind.START_SESSION):
            for call in calls:
                self.answer(call, start(call))
            self.turn()
        return self


def start(call: Call, initial_job: Job | None = None) -> SessionStart:
    return SessionStart(session_id=f"session of {call.spec.miner_id}", adopted=False, initial_job=initial_job)


def job(origin: JobOrigin) -> Job:
    return Job(job_id="j1", job_type="data_hash", data={"size": 8}, reward=Decimal(1), origin=origin, timeout_s=60.0)
