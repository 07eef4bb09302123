"""All open jobs of one miner, from their assignment to their receipt. Pure.

One file: every way in which a job can end is handled here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from fleet.domain.answers import Receipt
from fleet.domain.calls import Reply
from fleet.domain.causes import Loss
from fleet.domain.effects import Effect, JobOpened, Notice
from fleet.domain.events import ResultArrived
from fleet.domain.free_jobs import FreeJobTerms
from fleet.domain.jobs import PAID, Job, JobOrigin, JobState
from fleet.domain.saved_state import OpenJob, Prior
from fleet.domain.turn import NEVER
from fleet.errors import CallError, JobCompleted, JobUnknown, OutcomeUnknown, RateLimited, Refused, Unsendable
from fleet.miner.attempts import Attempts
from fleet.miner.fetch_pause import FetchPause
from fleet.miner.garbled import SecondReading
from fleet.miner.job import ActiveJob, failed_before, loss_of_refusal
from fleet.miner.job_notices import anomaly, lost_job, rewarded
from fleet.miner.policy import Policy
from fleet.miner.session import Session
from fleet.miner.submission import Submission, SubmissionEvent
from fleet.money.balance import MinerAccount
from tasks.data_size import too_large

#: from this many submissions with unknown outcome on, no other job is fetched
_MAX_UNKNOWN = 3
#: how long a restarted coordinator waits for results that are already on the stream, in seconds
_RESTORED_S = 2.0
#: number of ended jobs that are remembered, more than can end while one fetch is under way
_REMEMBERED = 8
#: why a job is not paid whose last submission had no effect
_UNSUBMITTED = {Submission.LIMITED: Loss.LIMIT, Submission.UNREACHED: Loss.SERVER_DOWN}

Find = Callable[[str], Prior | None]


class Workload:
    """Accepts jobs, has them computed, and turns receipts into payments. `session` is the running one, if any."""

    def __init__(self, miner_id: str, policy: Policy, account: MinerAccount, rng: random.Random) -> None:
        self.jobs: dict[str, ActiveJob] = {}
        self.session: Session | None = None
        #: what a job that comes without a fetch must state to be taken
        self.free_terms = FreeJobTerms()
        self.attempts = Attempts(miner_id, policy, self.jobs, rng)
        self.pause = FetchPause(policy.backoff, rng)
        self._miner_id = miner_id
        self._policy = policy
        self._account = account
        self._second_reading = SecondReading(self.pause)
        #: when each of the last jobs ended, by job id
        self._ended: dict[str, float] = {}

    @property
    def may_fetch(self) -> bool:
        """Whether to fetch: the server would give a new job, and not too many submissions have an unknown outcome."""
        unknown = 0
        for active in self.jobs.values():
            if active.blocks_fetch:
                return False
            unknown += active.submission.unknown
        return unknown < _MAX_UNKNOWN

    @property
    def unresolved(self) -> bool:
        """Whether the server may have paid a job that is not booked."""
        return bool(self.waiting)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Ids of jobs that the server may have paid and that are not booked."""
        return tuple(key for key, one in self.jobs.items() if one.submission.unknown or one.submission.in_flight)

    @property
    def uncertain(self) -> bool:
        """Whether the outcome of a submission is unknown."""
        return any(active.submission.unknown for active in self.jobs.values())

    @property
    def has_leftovers(self) -> bool:
        """Whether a job is open that has no submission under way."""
        return not all(active.submission.in_flight for active in self.jobs.values())

    def sendable(self) -> Iterator[ActiveJob]:
        """The jobs that can be submitted."""
        return (active for active in self.jobs.values() if active.sendable)

    def restore(self, open_job: OpenJob, now: float) -> None:
        """Take over a job that an earlier coordinator left open in the ledger."""
        active = ActiveJob.restored(open_job, self._policy.max_attempts)
        if problem := too_large(active.job.data):
            # an earlier release accepted it
            active.job = replace(active.job, data={}, problem=problem)
        if active.at_workers:
            active.redispatch_at = now + min(_RESTORED_S, self._policy.redispatch_s)
            active.expires_at = NEVER if active.job.origin is JobOrigin.FETCHED else now + active.job.timeout_s
        self.jobs[open_job.job.job_id] = active

    def restored(self) -> list[JobOpened]:
        """The effects that opened the jobs that are still open."""
        return [self._opened(active, None) for active in self.jobs.values()]

    # -- to the workers and back ------------------------------------------------------------------------------------

    def assigned(self, job: Job, reply: Reply, now: float, find: Find) -> list[Effect]:
        """Take in a job from the server: a new one, one that is open, or one that had already ended here."""
        known = self.jobs.get(job.job_id)
        if known is not None:
            return self._given_again(known, job)
        if self._ended.get(job.job_id, 0.0) > reply.sent_at:
            # the job ended while this answer was under way
            return [self._anomaly("the answer to a fetch was overtaken by a receipt", job.job_id)]
        prior = find(job.job_id)
        if prior is not None and prior.miner_id != self._miner_id:
            self.pause.insisted(now)
            return [self._anomaly(f"was given the job of {prior.miner_id}", job.job_id)]
        if prior is None and self._second_reading.asks_again(job, now):
            return [self._anomaly(f"garbled, fetched again: {job.problem}", job.job_id)]
        active = ActiveJob(
            job=job,
            session_id=self.session.session_id if self.session else "",
            received_at=reply.answered_at,
            expires_at=NEVER if job.origin is JobOrigin.FETCHED else now + job.timeout_s,
            attempt=prior.attempt if prior else 0,
            counts_from=prior.attempt + 1 if prior else 1,
            paid_before=prior is not None and prior.state in PAID,
        )
        self.jobs[job.job_id] = active
        self._account.job_reopened(job)
        refused_before = prior is not None and prior.state in {JobState.REJECTED, JobState.QUARANTINED}
        if refused_before:
            self.pause.insisted(now)
        if job.problem or refused_before:
            loss = Loss.PAYLOAD if job.problem or prior is None else prior.loss
            active.fail(job.problem or failed_before(loss), JobState.REJECTED, loss)
            active.state = JobState.COMPUTED
            return [self._opened(active, prior), active.moved(JobState.COMPUTED, cause=active.failure, loss=loss)]
        self.pause.useful()
        odd = [self._anomaly(job.oddity, job.job_id)] if job.oddity else []
        dispatch = self.attempts.order(active, now)
        return [self._opened(active, prior), dispatch, *odd]

    def free_job(self, job: Job | None, reply: Reply, now: float, find: Find) -> list[Effect]:
        """Take in a job that came without a fetch, or ignore it: other jobs earn more, or it is one too many."""
        if job is None:
            return []
        free = sum(active.job.origin is not JobOrigin.FETCHED for active in self.jobs.values())
        loss = self.free_terms.refusal(job) or (Loss.CROWDED if free >= self._policy.max_free_jobs else None)
        if job.job_id not in self.jobs and loss is not None:
            return self._left(job, loss) if find(job.job_id) is None else []
        return self.assigned(job, reply, now, find)

    def _left(self, job: Job, loss: Loss) -> list[Effect]:
        """Record a new job that is ignored. It blocks no fetch, since it came without one."""
        active = ActiveJob(job=job, session_id=self.session.session_id if self.session else "")
        return [self._opened(active, None), *self._lost(active, JobState.EXPIRED, loss.value, loss)]

    def tick(self, now: float) -> list[Effect]:
        """Give up expired jobs, and dispatch overdue ones again."""
        effects: list[Effect] = []
        for active in self.attempts.expired(now):
            decided = self.attempts.checking.decide(active) if active.claims else []
            effects += decided or self._lost(active, JobState.EXPIRED, "deadline passed", Loss.EXPIRED)
        return effects + self.attempts.tick(now)

    def result(self, event: ResultArrived, now: float) -> list[Effect]:
        """Take in the end of an attempt."""
        active = self.jobs.get(event.message.job_id)
        if self.session and active is not None and active.awaits(event.message):
            self.session.compute_ms += event.message.compute_ms
        return self.attempts.ended(event, now)

    # -- to the server and back -------------------------------------------------------------------------------------

    def submitting(self, active: ActiveJob) -> list[Effect]:
        """Mark a submission as under way. Its row is written before it is sent."""
        active.submission_saw(SubmissionEvent.SENDING)
        return [active.moved(JobState.SUBMITTING)]

    def receipt(self, receipt: Receipt, active: ActiveJob, reply: Reply) -> list[Effect]:
        """Take in the server's answer to a submission."""
        if receipt.accepted:
            paid = self._paid(active, receipt.reward, True, receipt.total_rewards, reply)
            return [*paid, *self._account.wallet.receipt(receipt.balance, receipt.total_rewards)]
        if active.failure:
            return self._lost(active, active.end, active.failure, active.loss, reply)
        return self._mended(active, receipt.error) or self._refused(active, receipt.error, reply)

    def submission_failed(self, active: ActiveJob, error: CallError, reply: Reply) -> list[Effect] | None:
        """The effects of an error that ends the job; None if the submission is to be sent again later."""
        if isinstance(error, JobCompleted):
            if active.failure:
                return self._lost(active, active.end, active.failure, active.loss, reply)
            if active.paid_before:
                self._end(active, reply.answered_at)
                self.pause.unpaid(reply.answered_at)
                return [active.moved(JobState.ALREADY_COMPLETED), *self._account.job_resolved(active.job.job_id)]
            return self._paid(active, active.job.reward, False, None, reply)
        if isinstance(error, JobUnknown):
            loss = Loss.ANSWER_LOST if active.submission.unknown else Loss.FORGOTTEN
            return self._lost(active, JobState.EXPIRED, loss.value, loss, reply)
        if isinstance(error, Refused):
            return self._mended(active, str(error)) or self._refused(active, str(error), reply)
        if isinstance(error, Unsendable):
            return self._mended(active, str(error)) or self._lost(
                active, JobState.REJECTED, str(error), Loss.BAD_FORMAT, reply
            )
        if isinstance(error, OutcomeUnknown):
            active.submission_saw(SubmissionEvent.NO_ANSWER)
            return None
        active.submission_saw(SubmissionEvent.LIMIT if isinstance(error, RateLimited) else SubmissionEvent.NO_EFFECT)
        if not active.submission.unknown:
            active.state = JobState.COMPUTED
        return None

    def give_up(self) -> list[Effect]:
        """End each job without a submission under way, since the drain took too long."""
        effects: list[Effect] = []
        for active in [active for active in self.jobs.values() if not active.submission.in_flight]:
            loss = Loss.ANSWER_LOST if active.submission.unknown else _UNSUBMITTED.get(active.submission, Loss.DRAINED)
            effects += self._lost(active, JobState.EXPIRED, loss.value, loss)
        return effects

    # -- steps ------------------------------------------------------------------------------------------------------

    def _given_again(self, active: ActiveJob, job: Job) -> list[Effect]:
        """Take in an open job that is handed out again: no submission of it has arrived at the server."""
        active.submission_saw(SubmissionEvent.GIVEN_AGAIN)
        if job.data != active.job.data or job.reward != active.job.reward:
            return [self._anomaly("the same job came with another payload", job.job_id)]
        return []

    def _opened(self, active: ActiveJob, prior: Prior | None) -> JobOpened:
        return JobOpened(
            job=active.job,
            miner_id=self._miner_id,
            session_id=active.session_id,
            state=active.state,
            attempt=active.attempt,
            reopened=prior is not None,
        )

    def _anomaly(self, text: str, job_id: str) -> Notice:
        return anomaly(self._miner_id, text, job_id)

    def _mended(self, active: ActiveJob, refusal: str) -> list[Effect]:
        """Cut the result to its required fields for one more submission; nothing if that was tried before."""
        if not active.mend():
            return []
        active.submission_saw(SubmissionEvent.MENDED)
        return [active.moved(JobState.COMPUTED), self._anomaly(f"mended: {refusal}", active.job.job_id)]

    def _paid(
        self, active: ActiveJob, amount: Decimal, confirmed: bool, stated_total: Decimal | None, reply: Reply
    ) -> list[Effect]:
        self._end(active, reply.answered_at)
        self.pause.paid()
        if self.session and self.session.session_id == reply.call.session_id:
            self.session.completed += 1
        work = active.work()
        proof = active.proof(reply.exchange, work)
        booked = self._account.job_paid(
            active.job, amount, confirmed, stated_total, again=active.paid_before, proof=proof
        )
        notice = rewarded(self._miner_id, active, amount, self._account.booked, confirmed=confirmed)
        moved = active.moved(JobState.ACCEPTED if confirmed else JobState.ALREADY_COMPLETED, work=work)
        return [moved, booked, notice, *self._account.job_resolved(active.job.job_id)]

    def _refused(self, active: ActiveJob, words: str, reply: Reply) -> list[Effect]:
        return self._lost(active, JobState.REJECTED, words, loss_of_refusal(words), reply)

    def _lost(
        self, active: ActiveJob, state: JobState, cause: str, loss: Loss | None, reply: Reply | None = None
    ) -> list[Effect]:
        self._end(active, reply.answered_at if reply else 0.0)
        if reply is not None:
            self.pause.unpaid(reply.answered_at)
        if active.lost_answers and not active.failure:
            loss = Loss.ANSWER_LOST
        loss = None if active.paid_before else active.loss or loss
        unanswered = loss is Loss.ANSWER_LOST
        lost = self._account.answer_lost(active.job) if unanswered else self._account.job_resolved(active.job.job_id)
        notice = lost_job(self._miner_id, active, f"{state.value}: {cause}")
        return [active.moved(state, cause=cause, loss=loss), *lost, notice]

    def _end(self, active: ActiveJob, at: float) -> None:
        """Remove a job and remember when it ended: an older answer to a fetch may still contain it."""
        self.jobs.pop(active.job.job_id, None)
        self._ended[active.job.job_id] = at
        while len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]
