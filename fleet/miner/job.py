"""One open job: its state, its ledger row and its next message. Pure.

One file: each step of a job changes the same record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fleet.audit.comparing import HostResult
from fleet.domain.causes import REFUSED_BEFORE, Loss
from fleet.domain.effects import JobMoved
from fleet.domain.jobs import AT_WORKERS, FINAL, Job, JobOrigin, JobState, awaits_result
from fleet.domain.proof import Exchange, Proof
from fleet.domain.saved_state import OpenJob
from fleet.domain.submitted_work import SubmittedWork
from fleet.domain.turn import NEVER
from fleet.miner.submission import Submission, SubmissionEvent
from fleet.server.protocol import INVALID_FORMAT
from tasks.compact_json import compact_sorted
from tasks.host.host_names import host_of
from tasks.jobtypes import JOB_TYPES
from tasks.kinds import Kind
from tasks.messages import JobMessage, Outcome, ResultMessage

#: largest result that is submitted, in bytes
MAX_SUBMITTED_BYTES = 32 * 1024

#: outcome of the last attempt → why the job is not paid
LOSS_BY_OUTCOME = {
    Outcome.COMPUTED: Loss.BAD_FORMAT,
    Outcome.REFUSED: Loss.PAYLOAD,
    Outcome.FAILED: Loss.KERNEL,
    Outcome.TIME_LIMIT: Loss.TIME_LIMIT,
    Outcome.WORKER_LOST: Loss.WORKER_LOST,
}


@dataclass(kw_only=True, slots=True)
class ActiveJob:
    """One open job. Times are monotonic seconds."""

    job: Job
    #: the session in which the job was assigned, and with which it is submitted
    session_id: str
    state: JobState = JobState.ASSIGNED
    #: number of dispatches so far
    attempt: int = 0
    #: number of attempts that ended without a result
    strikes: int = 0
    #: the numbers of these attempts since the coordinator started, and the workers on which they failed
    struck: set[int] = field(default_factory=set)
    failed_on: set[str] = field(default_factory=set)
    #: hosts that refused the job
    refused_by: set[str] = field(default_factory=set)
    #: results that hosts gave of a job that is checked, until it is decided, and when it is decided at the latest
    claims: list[HostResult] = field(default_factory=list)
    decided_by: float = NEVER
    #: whether the only result waits for what checks of its host's other results show
    held: bool = False
    #: whether another host gave the same result
    checked: bool = False
    #: number of messages that a worker took, or Redis lost, since the last answer
    unanswered: int = 0
    #: first attempt whose failure counts; an earlier coordinator may have counted those before it
    counts_from: int = 1
    #: number of submissions sent
    sends: int = 0
    #: whether the result was cut to its required fields after "Invalid result format"
    mended: bool = False
    result: Mapping[str, Any] | None = None
    #: why there will be no result, else empty; it is submitted as `error`
    failure: str = ""
    #: the final state of a failed job, and why it is not paid
    end: JobState = JobState.REJECTED
    loss: Loss | None = None
    #: the worker that computed the result, and what it states of its host that decides on last bits
    worker: str = ""
    kind: Kind = ()
    kernel_version: str = ""
    submission: Submission = Submission.UNSENT
    #: number of submissions whose outcome stayed unknown: after any, the job may have been paid
    lost_answers: int = 0
    #: whether this ledger already has a payment for the job
    paid_before: bool = False
    redispatch_at: float = NEVER
    #: whether the last dispatch is with the dispatcher, which has not reported its outcome
    ordered: bool = False
    #: when the job is given up without a result; never for a fetched job, which the server would hand out again
    expires_at: float = NEVER
    #: when the answer that contained the job was read
    received_at: float | None = None
    compute_ms: float = 0.0
    #: milliseconds from that answer to the first submission, less the kernel time; None if not measured
    overhead_ms: float | None = None

    @classmethod
    def restored(cls, open_job: OpenJob, max_attempts: int) -> ActiveJob:
        """A job as an earlier coordinator left it in the ledger."""
        active = cls(
            job=open_job.job,
            session_id=open_job.session_id,
            state=open_job.state,
            attempt=open_job.attempt,
            strikes=open_job.strikes,
            counts_from=open_job.attempt,
            sends=open_job.sends,
            mended=open_job.mended,
            result=open_job.result,
            worker=open_job.worker,
            kernel_version=open_job.kernel_version,
            paid_before=open_job.paid_before,
            submission=Submission.UNANSWERED if open_job.state is JobState.SUBMITTING else Submission.UNSENT,
            # the ledger does not say which of them had an answer
            lost_answers=open_job.sends,
        )
        if open_job.result and "error" in open_job.result:
            end = JobState.QUARANTINED if open_job.strikes >= max_attempts else JobState.REJECTED
            active.fail(str(open_job.result["error"]), end, open_job.loss)
        return active

    @property
    def blocks_fetch(self) -> bool:
        """Whether a fetch would only return this job again."""
        return self.job.origin is JobOrigin.FETCHED and (not self.submission.unknown or self.submission.wanted)

    @property
    def sendable(self) -> bool:
        """Whether there is something to submit and no submission under way."""
        computed = self.state is JobState.COMPUTED or self.state is JobState.SUBMITTING
        return computed and not self.submission.in_flight

    @property
    def at_workers(self) -> bool:
        """Whether a result is awaited."""
        return self.state in AT_WORKERS

    @property
    def retries_at(self) -> float:
        """When the job is dispatched again if no result comes; never while its result is held."""
        return NEVER if self.held else self.redispatch_at

    @property
    def is_checked(self) -> bool:
        """Whether another host has to give the same result before it is submitted, or may have to."""
        return self.decided_by < NEVER

    @property
    def decides_at(self) -> float:
        """When the job is decided by the results that it has; never without any."""
        return self.decided_by if self.claims else NEVER

    def awaits(self, message: ResultMessage) -> bool:
        """Whether `message` ends an attempt that was made, while a result is still awaited."""
        return awaits_result(self.state, self.attempt, message.attempt)

    def submission_saw(self, event: SubmissionEvent) -> None:
        """Take in what happened to the submission. Raises KeyError for what can't happen in its state."""
        self.submission = self.submission.after(event)
        self.sends += event is SubmissionEvent.SENDING
        self.lost_answers += event is SubmissionEvent.NO_ANSWER

    def first_sent(self, at: float) -> None:
        """Record when the first submission was sent."""
        if self.received_at is not None:
            self.overhead_ms = (at - self.received_at) * 1000 - self.compute_ms

    def message(self, miner_id: str) -> JobMessage:
        """The message of the next dispatch of this job."""
        return JobMessage(
            job_id=self.job.job_id,
            attempt=self.attempt,
            miner_id=miner_id,
            job_type=self.job.job_type,
            data=self.job.data,
        )

    def work(self) -> SubmittedWork:
        """The job with its result; an empty one if there is none."""
        return SubmittedWork(
            job_id=self.job.job_id,
            job_type=self.job.job_type,
            data_json=compact_sorted(self.job.data),
            result_json=compact_sorted(self.result or {}),
            kernel_version=self.kernel_version,
            kind=self.kind,
            mended=self.mended,
        )

    def proof(self, exchange: Exchange, work: SubmittedWork) -> Proof:
        """The proof of a payment for this job, whose `work` this is."""
        return Proof(
            exchange=exchange,
            worker=self.worker,
            kernel_version=self.kernel_version,
            input_digest=work.input_digest,
            result_digest=work.result_digest,
        )

    def moved(
        self,
        state: JobState,
        *,
        cause: str | None = None,
        loss: Loss | None = None,
        computed_by: ResultMessage | None = None,
        work: SubmittedWork | None = None,
    ) -> JobMoved:
        """Enter `state` and return the row that records it. `work` is the job's, if it is at hand."""
        self.state = state
        kept = state in FINAL and self.sends and not self.failure and self.result is not None
        return JobMoved(
            job_id=self.job.job_id,
            state=state,
            attempt=self.attempt,
            strikes=self.strikes,
            sends=self.sends,
            mended=self.mended,
            result=self.result,
            worker=computed_by.worker if computed_by else None,
            kernel_version=computed_by.kernel_version if computed_by else None,
            compute_ms=computed_by.compute_ms if computed_by else None,
            cause=cause,
            loss=loss,
            submitted=(work or self.work()) if kept else None,
        )

    def strike(self, message: ResultMessage) -> bool:
        """Count an attempt that ended without a result. Returns False if it was, or may have been, counted before."""
        self.failed_on.add(message.worker)
        if message.outcome is Outcome.REFUSED:
            self.refused_by.add(host_of(message.worker))
        if message.attempt in self.struck or message.attempt < self.counts_from:
            return False
        self.struck.add(message.attempt)
        self.strikes += 1
        return True

    def fail(self, reason: str, end: JobState, loss: Loss | None) -> None:
        """Record that no result will come. The submission says so, which frees the miner for other jobs."""
        self.failure, self.end, self.loss = reason[:200], end, loss
        self.result = {"error": self.failure}

    def mend(self) -> bool:
        """Cut the result to the fields that the protocol requires. Returns False if that was done, or there is none."""
        if self.mended or self.failure or self.result is None:
            return False
        self.mended = True
        keep = {*JOB_TYPES[self.job.job_type].required, "compute_time_ms"}
        self.result = {name: value for name, value in self.result.items() if name in keep}
        return True


def loss_of_refusal(words: str) -> Loss:
    """Why a refused job is not paid, by the words with which the server refuses it."""
    return Loss.BAD_FORMAT if words.lower().startswith(INVALID_FORMAT.lower()) else Loss.REFUSED


def failed_before(loss: Loss | None) -> str:
    """What is submitted for a job that comes again after it ended unpaid for this cause."""
    return REFUSED_BEFORE if loss in {Loss.BAD_FORMAT, Loss.REFUSED} else "failed before"


def flaw_of(message: ResultMessage, job_type: str) -> str:
    """Why a worker's result can't be submitted, empty if it can. A result is untrusted input."""
    if message.outcome is not Outcome.COMPUTED:
        return message.error or message.outcome.value
    if "error" in message.result:
        return "the result holds an error"
    missing = [name for name in JOB_TYPES[job_type].required if message.result.get(name) is None]
    if missing:
        return f"the result lacks {', '.join(missing)}"
    try:
        size = len(json.dumps(message.result, allow_nan=False))
    except ValueError:
        # 1e400 is valid JSON but is read as infinity
        return "the result holds a number that no float holds"
    if size > MAX_SUBMITTED_BYTES:
        return f"the result is over {MAX_SUBMITTED_BYTES} bytes"
    return ""
