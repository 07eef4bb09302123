"""Dense kernels on a real GPU, by CuPy. Without one these tests are skipped, in CI, too: its machines have none."""

from __future__ import annotations

import importlib.util

import pytest

from tasks.bench.compare import measure_gpu
from tasks.bench.samples import GPU_SAMPLES
from tasks.host.hardware import detect

_HERE = detect()
pytestmark = pytest.mark.skipif(
    not _HERE.gpus or importlib.util.find_spec("cupy") is None,
    reason="no GPU, or no CuPy: nothing of CUDA is tested here, neither its results nor its speed",
)


def test_a_gpu_computes_what_the_processor_does_within_the_tolerance() -> None:
    measured = measure_gpu(_HERE, 2, 0.05)
    assert not measured.problem
    assert len(measured.speeds) == len(GPU_SAMPLES)
