"""A farm under a virtual clock whose server answers by a script, and whose jobs take no time to compute."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from fleet.domain.answers import HeartbeatAnswer, Receipt, Registration, SessionStart, SessionSummary, Totals
from fleet.domain.calls import Answer, Call, CallKind, Reply
from fleet.domain.effects import Booked
from fleet.domain.events import Published
from fleet.domain.jobs import Job, JobOrigin, MinerSpec
from fleet.domain.saved_state import Prior, SavedMiner
from fleet.errors import CallError
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.ratelimit.governor import Governor
from tasks.messages import Outcome, ResultMessage
from tests.support.all_open import all_open

RTT_S = 0.2
KERNEL_S = 0.01
#: a server's answer to a call; None for that of a working server
Script = Callable[[Call], Answer | CallError | None]


@dataclass(kw_only=True, slots=True)
class Minute:
    """Counts of one minute."""

    calls: Counter[tuple[str, CallKind]] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)


class ScriptedFarm:
    """Runs `miners` miners against the script, and counts all events by minute."""

    def __init__(self, script: Script, *, miners: int = 1, requests: int = 100_000) -> None:
        self.now = 0.0
        self.minutes: list[Minute] = []
        self._script = script
        self._numbers = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        #: the job that a miner has not submitted yet
        self.held: dict[str, Job] = {}
        self._ended: dict[str, Prior] = {}
        specs = [MinerSpec(miner_id=f"rig-{number}") for number in range(miners)]
        self.farm = all_open(
            [Miner(spec, Policy(), SavedMiner(), random.Random(spec.miner_id), 0.0) for spec in specs],
            Governor(requests=requests, window_s=60.0, miners=miners, heartbeat_s=30.0),
            self._ended.get,
            max_calls=64,
            max_at_workers=1000,
            now=0.0,
        )

    def run(self, minutes: int) -> list[Minute]:
        """Let `minutes` minutes pass."""
        for _ in range(minutes):
            self.minutes.append(Minute())
            until = self.now + 60.0
            while self.now < until:
                wake_at = self._turn()
                first = self._events[0][0] if self._events else until
                self.now = max(self.now + 1e-4, min(wake_at, first, until))
                while self._events and self._events[0][0] <= self.now:
                    heapq.heappop(self._events)[2]()
        return self.minutes

    def _turn(self) -> float:
        turn = self.farm.turn(self.now)
        for write in turn.writes:
            if isinstance(write, Booked):
                self.minutes[-1].paid[write.entry.miner_id] += 1
        for order in turn.dispatches:
            message = order.message
            word = Published(job_id=message.job_id, miner_id=message.miner_id, attempt=message.attempt, published=True)
            result = ResultMessage(
                job_id=message.job_id,
                attempt=message.attempt,
                outcome=Outcome.COMPUTED,
                result={"final_hash": "ab", "iterations": 1},
                compute_ms=1.0,
            )
            self._after(0.001, partial(self._published, word))
            self._after(KERNEL_S, partial(self._computed, result))
        for call in turn.calls:
            self.minutes[-1].calls[call.spec.miner_id, call.kind] += 1
            outcome = self._script(call)
            reply = Reply(
                call=call,
                outcome=self._sound(call) if outcome is None else outcome,
                sent_at=self.now,
                answered_at=self.now + RTT_S,
            )
            self._after(RTT_S, partial(self._answered, reply))
        return turn.wake_at

    def _published(self, word: Published) -> None:
        self.farm.on_published(word, self.now)

    def _computed(self, result: ResultMessage) -> None:
        self.farm.on_result(result, self.now)

    def _answered(self, reply: Reply) -> None:
        self.farm.on_reply(reply, self.now)

    def _after(self, delay_s: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + delay_s, next(self._numbers), event))

    def _sound(self, call: Call) -> Answer:
        miner = call.spec.miner_id
        match call.kind:
            case CallKind.REGISTER:
                return Registration(new=False)
            case CallKind.START_SESSION:
                return SessionStart(
                    session_id=f"session of {miner} {next(self._numbers)}", adopted=False, initial_job=None
                )
            case CallKind.FETCH:
                return self.held.setdefault(miner, job(f"{miner}-{next(self._numbers)}"))
            case CallKind.SUBMIT:
                self.held.pop(miner, None)
                return Receipt(accepted=True, reward=Decimal(1))
            case CallKind.HEARTBEAT:
                return HeartbeatAnswer()
            case CallKind.STOP_SESSION:
                return SessionSummary(tasks_completed=None, rewards_earned=None)
        return Totals(total_rewards=Decimal(sum(minute.paid[miner] for minute in self.minutes)))


def job(job_id: str, *, job_type: str = "data_hash", problem: str = "") -> Job:
    """A job as a server assigns it."""
    return Job(
        job_id=job_id,
        job_type=job_type,
        data={"size": 8},
        reward=Decimal(1),
        origin=JobOrigin.FETCHED,
        timeout_s=60.0,
        problem=problem,
    )
