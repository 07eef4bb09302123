"""One span a job, from its assignment to its end, without an id."""

from __future__ import annotations

from decimal import Decimal

from fleet.tracing.job_spans import JobSpan, JobSpans


def test_a_job_that_was_paid_is_one_span() -> None:
    made: list[JobSpan] = []
    spans = JobSpans(made.append)
    spans.opened("job-1", job_type="inference", miner="garage-1", at_ns=1_000)
    spans.computed("job-1", "shed")
    spans.ended("job-1", "accepted", Decimal("0.750000001"), 3_000)
    spans.ended("job-1", "accepted", Decimal(1), 4_000)
    (span,) = made
    assert (span.started_ns, span.ended_ns, span.paid) == (1_000, 3_000, True)
    assert span.attributes == {
        "neonet.job_type": "inference",
        "neonet.miner": "garage-1",
        "neonet.host": "shed",
        "neonet.outcome": "accepted",
        "neonet.amount_nnet": "0.750000001",
    }


def test_a_job_that_was_lost_has_no_amount_and_one_of_an_earlier_run_no_span() -> None:
    made: list[JobSpan] = []
    spans = JobSpans(made.append)
    spans.opened("job-1", job_type="inference", miner="garage-1", at_ns=5_000)
    spans.ended("job-1", "expired", None, 4_000)
    spans.computed("job-0", "shed")
    spans.ended("job-0", "accepted", Decimal(1), 6_000)
    (span,) = made
    assert not span.paid
    assert span.ended_ns == 5_000, "the clock was set back meanwhile"
    assert span.attributes["neonet.amount_nnet"] == "0"
    assert "neonet.host" not in span.attributes


def test_jobs_that_ended_cost_no_memory() -> None:
    spans = JobSpans(lambda _: None)
    for number in range(1_000):
        spans.opened(f"job-{number}", job_type="inference", miner="garage-1", at_ns=number)
        spans.ended(f"job-{number}", "accepted", Decimal(1), number)
    spans.ended("job-7", "accepted", Decimal(1), 7)
    assert not spans.under_way
