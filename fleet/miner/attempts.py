"""Dispatches one miner's jobs, again after a failed attempt, until a result arrives or the job is given up. Pure.

One file: each way in which an attempt can end changes the same job.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping

from fleet.audit.comparing import HostResult
from fleet.domain.causes import Loss
from fleet.domain.checks import Screened
from fleet.domain.effects import Dispatch, Effect
from fleet.domain.events import (
    BrokerEmptied,
    HoldOver,
    HostDistrusted,
    HostsLeft,
    Published,
    ResultArrived,
    Unserved,
    WorkEvent,
)
from fleet.domain.jobs import JobState
from fleet.domain.turn import NEVER
from fleet.miner.checking import Checking
from fleet.miner.job import LOSS_BY_OUTCOME, ActiveJob
from fleet.miner.job_notices import anomaly
from fleet.miner.policy import Policy
from fleet.miner.strikes import avoided, given_up, pause_s
from tasks.messages import ResultMessage

#: shortest wait for a result, in seconds, however close the deadline is
_LEAST_WAIT_S = 5.0
#: wait for the result of a host that leaves, if no other qualifies for the job, in seconds
_LAST_RESULT_S = 4.0


class Attempts:
    """Requests attempts and records how they ended. `jobs` are the open ones, by id. Times are monotonic seconds."""

    def __init__(self, miner_id: str, policy: Policy, jobs: Mapping[str, ActiveJob], rng: random.Random) -> None:
        self._miner_id = miner_id
        self._policy = policy
        self._jobs = jobs
        self._rng = rng
        #: decides the jobs whose results are checked
        self.checking = Checking(miner_id, jobs, policy.redispatch_s, self.order)

    def order(self, active: ActiveJob, now: float, *, only_if_idle: bool = False) -> Dispatch:
        """Order the next attempt. Its row is written before it is published."""
        active.attempt += 1
        active.ordered = True
        active.redispatch_at = now + self._wait_s(active, now)
        return Dispatch(
            message=active.message(self._miner_id),
            only_if_idle=only_if_idle,
            avoid=avoided(active),
            checks=bool(active.claims) and not active.strikes,
        )

    def _wait_s(self, active: ActiveJob, now: float) -> float:
        """How long a result is awaited: until the server's deadline, no longer than half of what is left."""
        left_s = 0.0 if active.received_at is None else active.received_at + active.job.timeout_s - now
        return min(self._policy.redispatch_s, max(left_s / 2, _LEAST_WAIT_S) if left_s > 0 else NEVER)

    def wakes_at(self) -> float:
        """When a job next expires or `tick` has something to do."""
        times = (min(one.retries_at, one.expires_at, one.decides_at) for one in self._jobs.values() if one.at_workers)
        return min(times, default=NEVER)

    def expired(self, now: float) -> list[ActiveJob]:
        """The jobs whose results come too late."""
        return [active for active in self._jobs.values() if active.at_workers and active.expires_at <= now]

    def tick(self, now: float) -> list[Effect]:
        """Decide overdue checks, and give up unanswered jobs; dispatch other overdue jobs again.

        A job is not dispatched again while messages wait in the queue.
        """
        effects: list[Effect] = []
        waiting = [one for one in self._jobs.values() if one.at_workers]
        for active in [one for one in waiting if min(one.retries_at, one.decides_at) <= now]:
            if active.decides_at <= now:
                # before anything else, since the order for another host may be held until a worker comes
                effects += self.checking.decide(active)
            elif active.ordered:
                # a hanging Redis blocks the dispatcher, so another order would only add a second copy later
                active.redispatch_at = now + self._policy.redispatch_s
            elif active.unanswered >= self._policy.max_unanswered:
                # the job may bring down a whole host each time
                cause = f"no answer to {active.unanswered} attempts"
                active.fail(cause, JobState.QUARANTINED, Loss.WORKER_LOST)
                note = anomaly(self._miner_id, cause, active.job.job_id)
                effects += [active.moved(JobState.COMPUTED, cause=cause, loss=Loss.WORKER_LOST), note]
            elif active.job.problem:
                active.fail(active.job.problem, JobState.REJECTED, Loss.PAYLOAD)
                effects.append(active.moved(JobState.COMPUTED, cause=active.failure, loss=Loss.PAYLOAD))
            else:
                order = self.order(active, now, only_if_idle=active.state is JobState.DISPATCHED)
                effects += [active.moved(JobState.ASSIGNED), order]
        return effects

    def on(self, event: WorkEvent, now: float) -> list[Effect]:
        """Take in what happened between the coordinator and its workers."""
        match event:
            case Published():
                return self.published(event, now)
            case BrokerEmptied():
                return self._broker_emptied(now)
            case HoldOver() | HostDistrusted() | HostsLeft():
                return self.checking.on(event, now)
            case Unserved():
                return self._unserved(event, now)

    def _broker_emptied(self, now: float) -> list[Effect]:
        """Have each job at the workers dispatched again at once, but for those whose result is here."""
        for active in self._jobs.values():
            if active.at_workers and not active.held:
                active.redispatch_at, active.ordered, active.unanswered = now, False, 0
        return []

    def _unserved(self, event: Unserved, now: float) -> list[Effect]:
        """Lose a job that no host qualifies for. One that a leaving host may hold gets a moment for its result."""
        active = self._jobs.get(event.job_id)
        if active is None or not active.at_workers:
            return []
        if event.sent:
            active.redispatch_at = min(active.redispatch_at, now + _LAST_RESULT_S)
            active.ordered = False
            return []
        if active.claims:
            return self.checking.decide(active)
        active.fail(event.cause, JobState.REJECTED, Loss.UNSERVED)
        return [active.moved(JobState.COMPUTED, cause=event.cause, loss=Loss.UNSERVED)]

    def published(self, event: Published, now: float) -> list[Effect]:
        """Record whether the dispatcher published a job."""
        active, attempt = self._jobs.get(event.job_id), event.attempt
        if active is None or active.attempt != attempt or not active.at_workers or attempt in active.struck:
            return []
        active.ordered = False
        if not event.published:
            active.redispatch_at = now + self._policy.backoff.delay_s(1, self._rng)
            return []
        active.redispatch_at = now + self._wait_s(active, now)
        active.unanswered += not event.waits
        return [active.moved(JobState.DISPATCHED)]

    def ended(self, event: ResultArrived, now: float) -> list[Effect]:
        """Record the end of an attempt. A result that is not awaited, or of an attempt never made, changes nothing."""
        message, able = event.message, event.able
        active = self._jobs.get(message.job_id)
        if active is None or not active.awaits(message):
            return [anomaly(self._miner_id, "a result that is not awaited", message.job_id)]
        active.unanswered = 0
        if event.flaw:
            return self._failed(active, message, event.flaw, able, now)
        claim = HostResult(message=message, kind=event.kind)
        if event.screened is Screened.TAKEN and not active.is_checked:
            return self.checking.computed(active, claim)
        return self.checking.claimed(active, claim, able, now, held=event.screened is Screened.HELD)

    def _failed(
        self, active: ActiveJob, message: ResultMessage, flaw: str, able: Collection[str], now: float
    ) -> list[Effect]:
        counted = active.strike(message)
        claimants = {claim.message.worker for claim in active.claims}
        end = given_up(active, set(able) - claimants, self._policy.max_attempts)
        if end is not None and active.claims and (counted or end is JobState.REJECTED):
            return self.checking.decide(active)
        if end is JobState.REJECTED or (end is not None and counted):
            # an `error` submission frees the miner for other jobs
            loss = LOSS_BY_OUTCOME[message.outcome]
            active.fail(flaw, end, loss)
            return [active.moved(JobState.COMPUTED, cause=flaw, loss=loss, computed_by=message)]
        known = "" if counted else ", counted before"
        note = anomaly(self._miner_id, f"attempt {message.attempt} failed{known}: {flaw}", message.job_id)
        if not counted:
            return [note]
        if message.attempt < active.attempt:
            # the attempt outlasted the wait for its result, and the next one is under way
            return [note, active.moved(active.state)]
        active.ordered, active.redispatch_at = False, now + pause_s(active.strikes)
        return [note, active.moved(JobState.ASSIGNED)]
