"""A measurement of a GPU survives its JSON, and one that can't be is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.bench.gpu import SPEED_FILE, GpuMeasurement, kept_gpu, read_gpu
from tasks.bench.samples import GPU_SAMPLES, gpu_sample
from tasks.compute.gpu_choice import SIZES, DeviceSpeeds
from tasks.compute.payloads.table import parse

SPEEDS = DeviceSpeeds(job_type="matrix_ops", size=(512, 3), cpu_per_s=40.0, gpu_per_s=400.0)
MEASURED = GpuMeasurement(processes=8, at_gpu=4, speeds=(SPEEDS,))


def test_it_survives_its_json() -> None:
    assert read_gpu(json.loads(json.dumps(MEASURED.stated()))) == MEASURED


@pytest.mark.parametrize(
    "change",
    [
        {"speeds": None},
        {"speeds": [3]},
        {"speeds": [MEASURED.stated()["speeds"][0]] * 101},
        {"processes": "many"},
        {"processes": float("inf")},
        *(
            {"speeds": [MEASURED.stated()["speeds"][0] | field]}
            for field in (
                {"job_type": "inference"},
                {"size": [512]},
                {"size": [0, 0]},
                {"gpu_per_s": float("nan")},
                {"gpu_per_s": float("inf")},
                {"cpu_per_s": 0},
                {"cpu_per_s": None},
            )
        ),
    ],
)
def test_what_can_not_be_a_measurement_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"measurement|many"):
        read_gpu(MEASURED.stated() | change)


@pytest.mark.parametrize("fields", [None, [], 3, "gpu"])
def test_anything_else_is_refused(fields: object) -> None:
    with pytest.raises(ValueError, match="not a measurement"):
        read_gpu(fields)


def test_the_kept_measurement_of_this_hardware_is_found(tmp_path: Path) -> None:
    other = MEASURED.stated() | {"processes": 2}
    rows = [
        {"inventory": {"key": "a"}, "gpu": other},
        {"inventory": {"key": "a"}, "gpu": MEASURED.stated()},
        {"inventory": {"key": "b"}},
        {"inventory": {"key": "c"}, "gpu": {"speeds": []}},
    ]
    (tmp_path / SPEED_FILE).write_text(json.dumps(rows))
    assert kept_gpu(tmp_path, "a") == MEASURED
    assert [kept_gpu(tmp_path, key) for key in ("b", "c", "d")] == [None] * 3


@pytest.mark.parametrize("text", ["", "[", "{}", "[3]", "null", "[{}]"])
def test_an_unusable_file_keeps_nothing(tmp_path: Path, text: str) -> None:
    assert kept_gpu(tmp_path, "a") is None
    (tmp_path / SPEED_FILE).write_text(text)
    assert kept_gpu(tmp_path, "a") is None


def test_trouble_chooses_nothing() -> None:
    assert MEASURED.choice.quicker
    broken = GpuMeasurement(processes=8, at_gpu=4, speeds=(SPEEDS,), problem="no driver")
    assert not broken.choice.quicker


def test_each_type_is_measured_from_small_to_large() -> None:
    assert {job_type for job_type, _ in GPU_SAMPLES} == set(SIZES)
    for job_type in SIZES:
        sizes = [size for one, size in GPU_SAMPLES if one == job_type]
        assert sizes == sorted(sizes)
    for job_type, size in GPU_SAMPLES:
        payload = parse(job_type, gpu_sample(job_type, size).data)
        assert tuple(getattr(payload, field) for field in SIZES[job_type]) == size
