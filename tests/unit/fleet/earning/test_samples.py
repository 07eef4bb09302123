"""Weights and levels come out of rewards by type, whatever types each number of sessions drew."""

from __future__ import annotations

import pytest

from fleet.earning.samples import Sample, weights_of

WEIGHTS = {"inference": 0.4, "matrix_ops": 0.3, "federated_learning": 1.0}


def sample(own: int, level: float, **counts: int) -> Sample:
    made = Sample(own=own)
    for job_type, count in counts.items():
        for _ in range(count):
            made.add(job_type, WEIGHTS[job_type] * level, None)
    return made


def test_levels_compare_samples_of_different_types() -> None:
    samples = [
        sample(1, 0.05, inference=1, matrix_ops=3),
        sample(2, 0.05, matrix_ops=2, federated_learning=1),
        sample(8, 0.0125, inference=20, matrix_ops=20, federated_learning=20),
    ]
    weights = weights_of(samples)
    levels = [weights.level(one) for one in samples]
    assert [one and one.value for one in levels] == pytest.approx([4.0, 4.0, 1.0])


def test_the_mean_weight_counts_each_type_as_often_as_it_is_drawn() -> None:
    weights = weights_of([sample(1, 1.0, inference=30, federated_learning=10)])
    assert weights.mean == pytest.approx((30 * 0.4 + 10 * 1.0) / 40)
    assert 0 < weights.error < 0.15


def test_each_type_has_its_share_of_the_jobs_that_were_drawn() -> None:
    weights = weights_of([sample(1, 1.0, inference=20), sample(2, 0.5, inference=10, matrix_ops=10)])
    assert weights.shares == pytest.approx({"inference": 0.75, "matrix_ops": 0.25})


def test_a_sample_of_unknown_types_has_no_level() -> None:
    assert weights_of([sample(1, 1.0, inference=5)]).level(sample(2, 1.0, matrix_ops=3)) is None


def test_without_jobs_there_are_no_weights() -> None:
    assert weights_of([Sample(own=1)]).mean == 0.0


def test_rewards_that_differ_within_a_type_make_a_level_uncertain() -> None:
    steady, uneven = Sample(own=1), Sample(own=1)
    for number in range(100):
        steady.add("inference", 0.4, None)
        uneven.add("inference", 0.3 if number % 2 else 0.5, None)
    errors = [level.error for one in (steady, uneven) if (level := weights_of([one]).level(one)) is not None]
    assert errors[1] > 5 * errors[0]
