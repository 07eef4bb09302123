"""Has the open jobs of one miner computed: attempt by attempt, until a result comes or none is to be expected. Pure."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping

from fleet.domain.causes import Loss
from fleet.domain.effects import Dispatch, Effect
from fleet.domain.events import Published
from fleet.domain.jobs import JobState
from fleet.domain.turn import NEVER
from fleet.miner.job import LOSS_BY_OUTCOME, Work, flaw_of
from fleet.miner.job_notices import anomaly, computed
from fleet.miner.policy import Policy
from fleet.miner.strikes import avoided, given_up, pause_s
from tasks.messages import ResultMessage


class Attempts:
    """Orders attempts and takes in how they ended. `jobs` are the open ones, by id. Times are monotonic seconds."""

    def __init__(self, miner_id: str, policy: Policy, jobs: Mapping[str, Work], rng: random.Random) -> None:
        self._miner_id = miner_id
        self._policy = policy
        self._jobs = jobs
        self._rng = rng

    def order(self, work: Work, now: float, *, only_if_idle: bool = False) -> Dispatch:
        """Order the next attempt. Its row is written before it is published."""
        work.attempt += 1
        work.ordered = True
        work.redispatch_at = now + self._policy.redispatch_s
        return Dispatch(message=work.message(self._miner_id), only_if_idle=only_if_idle, avoid=avoided(work))

    def wakes_at(self) -> float:
        """When a job next expires or `tick` has something to do."""
        waiting = (min(work.redispatch_at, work.expires_at) for work in self._jobs.values() if work.at_workers)
        return min(waiting, default=NEVER)

    def expired(self, now: float) -> list[Work]:
        """The jobs whose results come too late."""
        return [work for work in self._jobs.values() if work.at_workers and work.expires_at <= now]

    def tick(self, now: float) -> list[Effect]:
        """Give up unanswered jobs; dispatch other overdue jobs again, unless messages wait in the queue."""
        effects: list[Effect] = []
        for work in [work for work in self._jobs.values() if work.at_workers and work.redispatch_at <= now]:
            if work.ordered:
                # a hanging Redis blocks the dispatcher: another order would only be a second copy once Redis is back
                work.redispatch_at = now + self._policy.redispatch_s
            elif work.unanswered >= self._policy.max_unanswered:
                # it may bring down a whole host each time
                cause = f"no answer to {work.unanswered} attempts"
                work.fail(cause, JobState.QUARANTINED, Loss.WORKER_LOST)
                note = anomaly(self._miner_id, cause, work.job.job_id)
                effects += [work.moved(JobState.COMPUTED, cause=cause, loss=Loss.WORKER_LOST), note]
            elif work.job.problem:
                work.fail(work.job.problem, JobState.REJECTED, Loss.PAYLOAD)
                effects.append(work.moved(JobState.COMPUTED, cause=work.failure, loss=Loss.PAYLOAD))
            else:
                order = self.order(work, now, only_if_idle=work.state is JobState.DISPATCHED)
                effects += [work.moved(JobState.ASSIGNED), order]
        return effects

    def broker_emptied(self, now: float) -> list[Effect]:
        """Have each job at the workers dispatched again at once."""
        for work in self._jobs.values():
            if work.at_workers:
                work.redispatch_at, work.ordered, work.unanswered = now, False, 0
        return []

    def published(self, event: Published, now: float) -> list[Effect]:
        """Record whether the dispatcher published a job."""
        work, attempt = self._jobs.get(event.job_id), event.attempt
        if work is None or work.attempt != attempt or not work.at_workers or attempt in work.struck:
            return []
        work.ordered = False
        if not event.published:
            work.redispatch_at = now + self._policy.backoff.delay_s(1, self._rng)
            return []
        work.redispatch_at = now + self._policy.redispatch_s
        work.unanswered += not event.waits
        return [work.moved(JobState.DISPATCHED)]

    def ended(self, message: ResultMessage, now: float, able: Collection[str] = frozenset()) -> list[Effect]:
        """Take in the end of an attempt. One that is not awaited, or was never made, changes nothing.

        `able` are the hosts that compute other jobs.
        """
        work = self._jobs.get(message.job_id)
        if work is None or not work.awaits(message):
            return [anomaly(self._miner_id, "a result that is not awaited", message.job_id)]
        work.unanswered = 0
        flaw = flaw_of(message, work.job.job_type)
        if not flaw:
            return self._computed(work, message)
        counted = work.strike(message)
        end = given_up(work, able, self._policy.max_attempts)
        if end is JobState.REJECTED or (end is not None and counted):
            # an `error` submission frees the miner for other jobs
            loss = LOSS_BY_OUTCOME[message.outcome]
            work.fail(flaw, end, loss)
            return [work.moved(JobState.COMPUTED, cause=flaw, loss=loss, computed_by=message)]
        known = "" if counted else ", which was known"
        note = anomaly(self._miner_id, f"attempt {message.attempt} failed{known}: {flaw}", message.job_id)
        if not counted:
            return [note]
        if message.attempt < work.attempt:
            # the attempt outlasted the wait for its result, and the next one is under way
            return [note, work.moved(work.state)]
        work.ordered, work.redispatch_at = False, now + pause_s(work.strikes)
        return [note, work.moved(JobState.ASSIGNED)]

    def _computed(self, work: Work, message: ResultMessage) -> list[Effect]:
        work.result = {**message.result, "compute_time_ms": round(message.compute_ms, 3)}
        work.compute_ms, work.worker, work.kernel_version = message.compute_ms, message.worker, message.kernel_version
        return [work.moved(JobState.COMPUTED, computed_by=message), computed(self._miner_id, work)]
