"""Jobs go to the GPU where that is quicker. Whatever goes wrong there, the processor computes them, with one line."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

import pytest
from billiard.exceptions import SoftTimeLimitExceeded

from tasks.compute import catalog
from tasks.compute.gpu_choice import GpuChoice
from tasks.compute.tolerance import within
from tasks.errors import PayloadError
from tasks.worker.gpu_desk import FIRST_REST_S, GpuDesk
from tasks.worker.gpu_jobs import GpuJobs
from tests.support import cupy_stand_in
from tests.support.cupy_stand_in import LOST, NO_DRIVER, NO_MEMORY, fares

CHOICE = GpuChoice(quicker={"matrix_ops": ((64, 1),), "model_training": ((16, 1, 1),), "matrix_multiply": ((50,),)})
JOB = ("matrix_ops", {"matrix_size": 64, "operations": 3})
ON_GPU, ON_PROCESSOR = f"{catalog.KERNEL_VERSION}+cuda", catalog.KERNEL_VERSION


@pytest.fixture
def gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a GPU that fares well at first."""
    monkeypatch.setitem(sys.modules, "cupy", cupy_stand_in)
    monkeypatch.setattr(cupy_stand_in, "_opened_by", None)
    monkeypatch.setenv("CUPY_STAND_IN", str(fares(tmp_path)))
    # what open_gpu sets for CUDA
    for name in ("CUDA_DEVICE_ORDER", "CUPY_TF32", "NVIDIA_TF32_OVERRIDE"):
        monkeypatch.setenv(name, "as it was")
    return tmp_path


def jobs(desk: GpuDesk | None = None) -> GpuJobs:
    found = GpuJobs()
    found.use(CHOICE, desk or GpuDesk([0]))
    return found


def version(one: GpuJobs, job_type: str = JOB[0], data: dict[str, object] = JOB[1]) -> str:  # type: ignore[assignment]
    """The kernel version of a job's result, which has to be right wherever it was computed."""
    result, kernel_version = one.compute(job_type, data, job_id="x")
    assert within(job_type, catalog.compute(job_type, data, job_id="x"), result)
    return kernel_version


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    ("job_type", "data", "kernel_version"),
    [
        (*JOB, ON_GPU),
        ("matrix_ops", {"matrix_size": 63, "operations": 3}, ON_PROCESSOR),
        ("model_training", {"layer_size": 16, "batch_size": 8, "epochs": 2}, ON_GPU),
        ("model_training", {"layer_size": 16, "batch_size": 8, "epochs": 0}, ON_PROCESSOR),
        ("matrix_multiply", {"size": 50}, ON_GPU),
        ("inference", {}, ON_PROCESSOR),
        ("tensor_reduce", {"dims": [100, 100]}, ON_PROCESSOR),
    ],
)
def test_a_result_states_where_it_was_computed(job_type: str, data: dict[str, object], kernel_version: str) -> None:
    assert version(jobs(), job_type, data) == kernel_version


@pytest.mark.usefixtures("gpu")
def test_absurd_data_is_refused_and_is_no_trouble() -> None:
    one, desk = GpuJobs(), GpuDesk([0])
    one.use(CHOICE, desk)
    with pytest.raises(PayloadError):
        one.compute("matrix_ops", {"matrix_size": 10**9}, job_id="x")
    assert not desk.rests()


def test_without_a_gpu_nothing_changes() -> None:
    assert version(GpuJobs()) == ON_PROCESSOR


@pytest.mark.parametrize(
    ("how", "reason"),
    [(NO_DRIVER, "cudaErrorInsufficientDriver"), (NO_MEMORY, "OutOfMemoryError"), (LOST, "cudaErrorIllegalAddress")],
)
def test_trouble_costs_no_job_and_is_said_once(
    gpu: Path, how: str, reason: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    one = jobs()
    assert version(one) == ON_GPU
    fares(gpu, how)
    if how == NO_DRIVER:
        one = jobs()
        monkeypatch.setattr(cupy_stand_in, "_opened_by", None)
    with caplog.at_level(logging.WARNING):
        assert [version(one) for _ in range(3)] == [ON_PROCESSOR] * 3
    (line,) = caplog.messages
    assert reason in line
    assert "the processor computes its jobs for 60 s" in line

    fares(gpu)
    assert version(one) == ON_PROCESSOR, "it rests"
    now += FIRST_REST_S
    assert version(one) == ON_GPU, "it is tried again"


def test_a_host_without_cupy_computes_all_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert version(jobs()) == ON_PROCESSOR


@pytest.mark.usefixtures("gpu")
def test_the_soft_time_limit_still_ends_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_long(_array: object) -> None:
        raise SoftTimeLimitExceeded

    desk = GpuDesk([0])
    one = jobs(desk)
    monkeypatch.setattr(cupy_stand_in, "asnumpy", too_long)
    with pytest.raises(SoftTimeLimitExceeded):
        one.compute(*JOB, job_id="x")
    assert desk.rests()


@pytest.mark.usefixtures("gpu")
def test_a_process_after_one_that_died_at_the_gpu_says_so_and_lets_it_rest(caplog: pytest.LogCaptureFixture) -> None:
    desk = GpuDesk([0])
    work = desk.at_work(0)
    work.__enter__()
    with caplog.at_level(logging.WARNING):
        assert version(jobs(desk)) == ON_PROCESSOR
    assert "a process ended while it computed there" in caplog.text


@pytest.mark.usefixtures("gpu")
def test_a_process_without_a_place_computes_by_itself() -> None:
    assert version(jobs(GpuDesk([]))) == ON_PROCESSOR
