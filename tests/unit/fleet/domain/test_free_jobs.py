"""Jobs that come without a fetch are taken if they earn more than what they displace."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.domain.causes import Loss
from fleet.domain.free_jobs import FreeJobTerms
from fleet.domain.jobs import Job, JobOrigin

SHORT = FreeJobTerms(requests=Decimal("0.2"), compute={"matrix_ops": Decimal("0.9")}, wait_s=30.0)


def job(job_type: str, reward: str, timeout_s: float = 60.0) -> Job:
    return Job(
        job_id="job-1",
        job_type=job_type,
        data={},
        reward=Decimal(reward),
        origin=JobOrigin.NEXT,
        timeout_s=timeout_s,
    )


@pytest.mark.parametrize(
    ("free", "refusal"),
    [
        (job("inference", "0.2"), None),
        (job("inference", "0.19"), Loss.LEFT),
        (job("matrix_ops", "0.9"), None),
        (job("matrix_ops", "0.89"), Loss.OVERLOAD),
        (job("inference", "0.4", timeout_s=29.0), Loss.OVERLOAD),
    ],
)
def test_a_job_below_any_of_the_terms_is_refused_with_the_cause(free: Job, refusal: Loss | None) -> None:
    assert SHORT.refusal(free) is refusal


def test_every_job_is_taken_where_there_are_no_terms() -> None:
    assert FreeJobTerms().refusal(job("inference", "0", timeout_s=0.0)) is None


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (FreeJobTerms(requests=Decimal("0.205"), compute={"matrix_ops": Decimal("0.92")}, wait_s=30.0), True),
        (FreeJobTerms(requests=Decimal("0.23"), compute={"matrix_ops": Decimal("0.9")}, wait_s=30.0), False),
        (FreeJobTerms(requests=Decimal("0.2"), compute={"matrix_ops": Decimal("1.0")}, wait_s=30.0), False),
        (FreeJobTerms(requests=Decimal("0.2"), compute={"inference": Decimal("0.9")}, wait_s=30.0), False),
        (FreeJobTerms(requests=Decimal("0.2"), compute={"matrix_ops": Decimal("0.9")}, wait_s=64.0), False),
        (FreeJobTerms(), False),
    ],
)
def test_terms_are_alike_if_no_figure_differs_much(other: FreeJobTerms, alike: bool) -> None:
    assert SHORT.alike(other, 0.05) is alike
    assert other.alike(SHORT, 0.05) is alike
