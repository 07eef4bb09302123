"""Notices to the operator about a job: computed, paid, lost or anomalous; and about a call that failed."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.calls import Call
from fleet.domain.effects import Effect, Notice, NoticeKind
from fleet.errors import CallError
from fleet.miner.job import ActiveJob


def computed(miner_id: str, active: ActiveJob) -> Notice:
    """The notice that a job's result has arrived."""
    return Notice(
        kind=NoticeKind.COMPUTED,
        miner_id=miner_id,
        job_id=active.job.job_id,
        job_type=active.job.job_type,
        worker=active.worker,
        compute_ms=active.compute_ms,
    )


def rewarded(miner_id: str, active: ActiveJob, amount: Decimal, total: Decimal, *, confirmed: bool) -> Notice:
    """The notice that a job was paid. `amount` is its reward, `total` everything booked for the miner, in NNET."""
    return Notice(
        kind=NoticeKind.REWARD,
        miner_id=miner_id,
        job_id=active.job.job_id,
        job_type=active.job.job_type,
        amount=amount,
        total=total,
        confirmed=confirmed,
        overhead_ms=active.overhead_ms,
    )


def lost_job(miner_id: str, active: ActiveJob, text: str) -> Notice:
    """The notice that a job ended without a reward."""
    return Notice(
        kind=NoticeKind.LOST_JOB,
        miner_id=miner_id,
        job_id=active.job.job_id,
        job_type=active.job.job_type,
        text=text,
        amount=active.job.reward,
    )


def anomaly(miner_id: str, text: str, job_id: str = "") -> Notice:
    """The notice of something odd, after which the miner carries on."""
    return Notice(kind=NoticeKind.ANOMALY, miner_id=miner_id, text=text, job_id=job_id)


def with_notice(miner_id: str, effects: list[Effect], call: Call, error: CallError) -> list[Effect]:
    """The effects of a failed call, with one notice: that of the job or the session, or else the call's error."""
    if any(isinstance(effect, Notice) for effect in effects):
        return effects
    text = f"{call.kind.value}: {error}"[:300]
    return [*effects, Notice(kind=NoticeKind.CALL_FAILED, miner_id=miner_id, job_id=call.job_id, text=text)]
