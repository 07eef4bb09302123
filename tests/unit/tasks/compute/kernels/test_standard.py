"""Dense kernels on a library of the array API standard compute what they compute with numpy, within the tolerance.

The library is array-api-strict, which has the standard's functions and nothing else, and computes on the processor. So
these tests don't say what a GPU rounds; `tests/integration/test_real_gpu.py` does where there is one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import array_api_strict
import numpy as np
import pytest

from tasks.compute.catalog import DENSE, KERNELS, compute, compute_on
from tasks.compute.kernels.device import CPU, Device
from tasks.compute.kernels.standard import StandardFunctions
from tasks.compute.tolerance import within

FUNCTIONS = StandardFunctions(array_api_strict)
STRICT = Device(
    xp=FUNCTIONS,
    to_device=array_api_strict.asarray,
    to_host=lambda array: np.array(np.from_dlpack(array)),
    largest=FUNCTIONS.largest,
)
#: moves each number by its last bit, as another order of additions would
ROUNDED = replace(STRICT, to_device=lambda array: array_api_strict.asarray(np.nextafter(array, np.float32(2))))
JOBS: list[tuple[str, dict[str, Any]]] = [
    ("matrix_ops", {"matrix_size": 1, "operations": 40}),
    ("matrix_ops", {"matrix_size": 5, "operations": 0}),
    ("matrix_ops", {"matrix_size": 256, "operations": 8}),
    ("matrix_ops", {"matrix_size": 30, "operations": 100}),
    ("matrix_multiply", {"size": 1}),
    ("matrix_multiply", {"size": 100}),
    ("model_training", {"layer_size": 1, "batch_size": 1, "epochs": 5}),
    ("model_training", {"layer_size": 8, "batch_size": 4, "epochs": 0}),
    ("model_training", {"layer_size": 64, "batch_size": 16, "epochs": 5}),
    ("model_training", {"layer_size": 256, "batch_size": 64, "epochs": 15}),
]
ANOTHER_DIGEST = {"matrix_ops": "result_hash", "matrix_multiply": "checksum", "model_training": "weights_hash"}


@pytest.mark.parametrize(("job_type", "data"), JOBS)
def test_a_dense_kernel_computes_the_same_by_the_standard_as_by_numpy(job_type: str, data: dict[str, Any]) -> None:
    here, there = compute(job_type, data, job_id="x"), compute_on(STRICT, job_type, data, job_id="x")
    assert within(job_type, here, there)


@pytest.mark.parametrize(
    ("job_type", "data"),
    [
        ("matrix_ops", {"matrix_size": 256, "operations": 8}),
        ("matrix_multiply", {"size": 100}),
        ("model_training", {"layer_size": 64, "batch_size": 16, "epochs": 5}),
    ],
)
def test_a_device_that_rounds_otherwise_makes_another_digest_within_the_tolerance(
    job_type: str, data: dict[str, Any]
) -> None:
    here, there = compute(job_type, data, job_id="x"), compute_on(ROUNDED, job_type, data, job_id="x")
    assert here[ANOTHER_DIGEST[job_type]] != there[ANOTHER_DIGEST[job_type]]
    assert within(job_type, here, there)


def test_a_device_gets_the_very_numbers_that_the_processor_draws() -> None:
    data = {"matrix_size": 40, "operations": 0}
    assert compute("matrix_ops", data, job_id="x") == compute_on(STRICT, "matrix_ops", data, job_id="x")
    data = {"layer_size": 40, "batch_size": 3, "epochs": 0}
    here, there = (compute_on(device, "model_training", data, job_id="x") for device in (CPU, STRICT))
    assert here["weights_hash"] == there["weights_hash"]


def test_only_kernels_of_the_catalog_are_dense() -> None:
    assert all(id(KERNELS[job_type]) == id(kernel) for job_type, kernel in DENSE.items())


@pytest.mark.parametrize("exponent", [-109, -1, 0, 1, 127, 148])
def test_a_power_of_two_is_taken_out_exactly_where_one_factor_would_not_fit(exponent: int) -> None:
    numbers = np.ldexp(np.array([0.75, -0.5, 0.0], dtype=np.float32), -exponent // 2)
    scaled = STRICT.to_host(FUNCTIONS.ldexp(array_api_strict.asarray(numbers), exponent))
    assert scaled.tolist() == np.ldexp(numbers, exponent).tolist()
    assert scaled.dtype == np.float32


def test_the_largest_entry_counts_without_its_sign() -> None:
    numbers = np.array([[1.0, -3.0], [2.0, 0.0]], dtype=np.float32)
    assert CPU.largest(numbers) == STRICT.largest(array_api_strict.asarray(numbers)) == 3.0
