"""How fast the workers return results, and how long they take for each job type."""

from __future__ import annotations

import pytest

from fleet.earning.compute import Compute


def test_jobs_wait_as_long_as_the_latest_results_took() -> None:
    compute = Compute()
    for number in range(500):
        # a worker that became twice as fast
        compute.add("inference", 0.1, number * 0.2 if number < 250 else 50.0 + (number - 250) * 0.1)
    assert compute.wait_s(30, 75.0) == pytest.approx(3.0, rel=0.05)


def test_a_wait_grows_while_no_result_arrives() -> None:
    compute = Compute()
    for number in range(40):
        compute.add("inference", 0.1, number * 0.1)
    assert compute.wait_s(40, 64.0) == pytest.approx(64.0)


def test_time_in_which_no_job_waits_is_none_of_the_workers() -> None:
    compute = Compute()
    for number in range(40):
        compute.add("inference", 0.1, number * 0.1)
    # the server was away for an hour
    for second in range(4, 3604, 2):
        assert compute.wait_s(0, float(second)) == 0.0
    assert compute.wait_s(40, 3604.0) == pytest.approx(4.0, abs=2.1)


def test_no_wait_is_known_before_some_results() -> None:
    compute = Compute()
    for number in range(19):
        compute.add("inference", 0.1, float(number))
    assert compute.wait_s(1_000, 19.0) == 0.0


def test_each_job_type_has_its_own_time() -> None:
    compute = Compute()
    for seconds in (0.1, 0.3):
        compute.add("matrix_ops", seconds, 1.0)
        compute.add("inference", 0.01, 1.0)
    assert compute.by_type == pytest.approx({"matrix_ops": 0.2, "inference": 0.01})
    assert compute.kernels.value == pytest.approx(0.105)
