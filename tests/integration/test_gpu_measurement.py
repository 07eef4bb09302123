"""A GPU is measured beside the cores: one that is slower gets nothing, one that computes otherwise is not used."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tasks.bench import compare
from tasks.bench.compare import measure_gpu
from tasks.host.hardware import Gpu, Hardware
from tests.support import cupy_stand_in
from tests.support.cupy_stand_in import DEADLY, LOST, NO_DRIVER, NO_MEMORY, SLOW, WRONG, fares

HOST = Hardware(cpu_cores=2, memory_mb=8000, gpus=(Gpu(model="NVIDIA Stand-in", memory_mb=4096),))


@pytest.fixture(autouse=True)
def _one_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", cupy_stand_in)
    monkeypatch.setenv("CUPY_STAND_IN", str(fares(tmp_path)))
    monkeypatch.setattr(compare, "GPU_SAMPLES", (("matrix_multiply", (100,)),))


def test_a_gpu_that_is_slower_gets_no_jobs(tmp_path: Path) -> None:
    fares(tmp_path, SLOW)
    steps: list[None] = []
    measured = measure_gpu(HOST, 2, 0.01, lambda: steps.append(None))
    assert (measured.processes, measured.at_gpu, measured.problem) == (2, 2, "")
    assert 0 < measured.speeds[0].gpu_per_s < measured.speeds[0].cpu_per_s
    assert not measured.choice.quicker
    assert len(steps) == 1


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        (NO_DRIVER, "CUDARuntimeError: cudaErrorInsufficientDriver"),
        (NO_MEMORY, "OutOfMemoryError"),
        (LOST, "cudaErrorIllegalAddress"),
        (WRONG, "it computes matrix_multiply 100 otherwise than the processor"),
        (DEADLY, "a process ended"),
    ],
)
def test_a_gpu_that_fails_is_a_finding_and_ends_nothing(tmp_path: Path, how: str, problem: str) -> None:
    fares(tmp_path, how)
    measured = measure_gpu(HOST, 2, 0.01)
    assert problem in measured.problem
    assert not measured.choice.quicker


@pytest.mark.parametrize(
    "host",
    [
        Hardware(cpu_cores=2, memory_mb=8000, gpus=(Gpu(model="old", memory_mb=512),)),
        Hardware(cpu_cores=2, memory_mb=500, gpus=HOST.gpus),
    ],
)
def test_with_too_little_memory_nothing_is_tried(host: Hardware) -> None:
    measured = measure_gpu(host, 2, 0.01)
    assert "memory is short" in measured.problem
    assert measured.at_gpu == 0
