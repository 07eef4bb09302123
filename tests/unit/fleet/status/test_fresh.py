"""What happened within a second is summed up by what it is learnt for."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.amounts import EntryKind
from fleet.domain.jobs import Entry
from fleet.domain.proof import Proof
from fleet.status.fresh import Fresh
from tasks.messages import Outcome, ResultMessage


def result(outcome: Outcome, *, worker: str = "worker@shed", compute_ms: float = 2.0) -> ResultMessage:
    return ResultMessage(
        job_id="j", attempt=1, worker=worker, outcome=outcome, result={}, compute_ms=compute_ms, kernel_version="3"
    )


def entry(amount: str, *, miner_id: str = "a", kind: EntryKind = EntryKind.JOB) -> Entry:
    job = kind is EntryKind.JOB
    return Entry(
        miner_id=miner_id,
        kind=kind,
        amount=Decimal(amount),
        confirmed=True,
        session_id="s",
        job_type="inference" if job else "",
        proof=Proof(worker="worker@shed" if job else ""),
    )


def test_attempts_are_summed_by_type_and_worker_with_each_kernel_time() -> None:
    fresh = Fresh()
    fresh.ended("inference", result(Outcome.COMPUTED, compute_ms=2.0), 1.0)
    fresh.ended("inference", result(Outcome.FAILED), 2.0)
    fresh.ended("inference", result(Outcome.COMPUTED, compute_ms=3.0), 3.0)
    fresh.ended("inference", result(Outcome.COMPUTED, worker="worker@barn"), 4.0)
    shed = fresh.attempts["inference", "worker@shed"]
    assert (shed.kernel_ms, shed.failed, shed.kernel_version) == ([2.0, 3.0], 1, "3")
    assert (shed.first_at, shed.last_at) == (1.0, 3.0)
    assert fresh.attempts["inference", "worker@barn"].kernel_ms == [2.0]


def test_payments_are_summed_by_miner_and_by_work_and_those_of_jobs_apart() -> None:
    fresh = Fresh()
    fresh.booked(entry("0.5"), 1.0)
    fresh.booked(entry("0.25"), 2.0)
    fresh.booked(entry("0.125", kind=EntryKind.HEARTBEAT), 3.0)
    fresh.booked(entry("1", miner_id="b"), 4.0)
    one = fresh.by_miner["a"]
    assert (one.entries, one.jobs, one.amount, one.job_amount) == (3, 2, Decimal("0.875"), Decimal("0.75"))
    assert (one.first_at, one.last_at) == (1.0, 3.0)
    assert fresh.by_work["inference", "worker@shed"].amount == Decimal("1.75")
    assert fresh.by_work["heartbeat", ""].jobs == 0
