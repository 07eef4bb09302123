"""Dispatches one miner's jobs, again after a failed attempt, until a result arrives or the job is given up. Pure."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping

from fleet.domain.causes import Loss
from fleet.domain.effects import Dispatch, Effect
from fleet.domain.events import Published
from fleet.domain.jobs import JobState
from fleet.domain.turn import NEVER
from fleet.miner.job import LOSS_BY_OUTCOME, ActiveJob, flaw_of
from fleet.miner.job_notices import anomaly, computed
from fleet.miner.policy import Policy
from fleet.miner.strikes import avoided, given_up, pause_s
from tasks.messages import ResultMessage


class Attempts:
    """Requests attempts and records how they ended. `jobs` are the open ones, by id. Times are monotonic seconds."""

    def __init__(self, miner_id: str, policy: Policy, jobs: Mapping[str, ActiveJob], rng: random.Random) -> None:
        self._miner_id = miner_id
        self._policy = policy
        self._jobs = jobs
        self._rng = rng

    def order(self, active: ActiveJob, now: float, *, only_if_idle: bool = False) -> Dispatch:
        """Order the next attempt. Its row is written before it is published."""
        active.attempt += 1
        active.ordered = True
        active.redispatch_at = now + self._policy.redispatch_s
        return Dispatch(message=active.message(self._miner_id), only_if_idle=only_if_idle, avoid=avoided(active))

    def wakes_at(self) -> float:
        """When a job next expires or `tick` has something to do."""
        waiting = (min(active.redispatch_at, active.expires_at) for active in self._jobs.values() if active.at_workers)
        return min(waiting, default=NEVER)

    def expired(self, now: float) -> list[ActiveJob]:
        """The jobs whose results come too late."""
        return [active for active in self._jobs.values() if active.at_workers and active.expires_at <= now]

    def tick(self, now: float) -> list[Effect]:
        """Give up unanswered jobs; dispatch other overdue jobs again, unless messages wait in the queue."""
        effects: list[Effect] = []
        for active in [active for active in self._jobs.values() if active.at_workers and active.redispatch_at <= now]:
            if active.ordered:
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

    def broker_emptied(self, now: float) -> list[Effect]:
        """Have each job at the workers dispatched again at once."""
        for active in self._jobs.values():
            if active.at_workers:
                active.redispatch_at, active.ordered, active.unanswered = now, False, 0
        return []

    def published(self, event: Published, now: float) -> list[Effect]:
        """Record whether the dispatcher published a job."""
        active, attempt = self._jobs.get(event.job_id), event.attempt
        if active is None or active.attempt != attempt or not active.at_workers or attempt in active.struck:
            return []
        active.ordered = False
        if not event.published:
            active.redispatch_at = now + self._policy.backoff.delay_s(1, self._rng)
            return []
        active.redispatch_at = now + self._policy.redispatch_s
        active.unanswered += not event.waits
        return [active.moved(JobState.DISPATCHED)]

    def ended(self, message: ResultMessage, now: float, able: Collection[str] = frozenset()) -> list[Effect]:
        """Record the end of an attempt. A result that is not awaited, or of an attempt never made, changes nothing.

        `able` are the hosts that compute other jobs.
        """
        active = self._jobs.get(message.job_id)
        if active is None or not active.awaits(message):
            return [anomaly(self._miner_id, "a result that is not awaited", message.job_id)]
        active.unanswered = 0
        flaw = flaw_of(message, active.job.job_type)
        if not flaw:
            return self._computed(active, message)
        counted = active.strike(message)
        end = given_up(active, able, self._policy.max_attempts)
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

    def _computed(self, active: ActiveJob, message: ResultMessage) -> list[Effect]:
        active.result = {**message.result, "compute_time_ms": round(message.compute_ms, 3)}
        active.compute_ms, active.worker, active.kernel_version = (
            message.compute_ms,
            message.worker,
            message.kernel_version,
        )
        return [active.moved(JobState.COMPUTED, computed_by=message), computed(self._miner_id, active)]
