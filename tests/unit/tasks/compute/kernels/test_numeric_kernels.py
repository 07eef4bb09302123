"""Kernels that multiply, reduce and hash, against float64 loops and hashlib."""

from __future__ import annotations

import hashlib
from math import fsum, sqrt
from typing import Any

import pytest
from numpy.random import Generator

from tasks.compute.kernels.data_hash import data_hash
from tasks.compute.kernels.draws import generator, uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.matrix_multiply import matrix_multiply
from tasks.compute.kernels.matrix_ops import matrix_ops
from tasks.compute.kernels.tensor_reduce import tensor_reduce
from tasks.compute.payloads.bytestrings import DataHash
from tasks.compute.payloads.matrices import MatrixMultiply, MatrixOps
from tasks.compute.payloads.tensors import TensorReduce
from tests.support.by_loops import again, product, rows

# Matrices, tensors, bytes


@pytest.mark.parametrize(("size", "operations"), [(1, 3), (5, 0), (5, 1), (6, 4), (4, 40)])
def test_a_chain_of_products_is_that_of_loops_in_float64(size: int, operations: int, rng: Generator) -> None:
    result: dict[str, Any] = matrix_ops(MatrixOps(matrix_size=size, operations=operations), rng)
    twin = again()
    factor = rows(uniform(twin, (size, size), sqrt(3 / size)))
    current = rows(uniform(twin, (size, size)))
    for _ in range(operations):
        current = product(factor, current)
    trace = fsum(current[k][k] for k in range(size))
    largest = max(abs(value) for row in current for value in row)
    assert result["trace"] * 2.0 ** result["exponent"] == pytest.approx(trace, rel=1e-3, abs=1e-4 * largest)
    assert (result["exponent"] == 0) == (operations < 16)


@pytest.mark.parametrize("size", [1, 2, 3, 30])
def test_a_long_chain_stays_in_range(size: int) -> None:
    result: dict[str, Any] = matrix_ops(MatrixOps(matrix_size=size, operations=5000), again())
    assert abs(result["trace"]) <= 111.0**16 * size
    assert (
        result["result_hash"] != matrix_ops(MatrixOps(matrix_size=size, operations=5000), generator(5))["result_hash"]
    )


def test_a_product_has_the_mean_and_deviation_of_loops(rng: Generator) -> None:
    result = matrix_multiply(MatrixMultiply(size=11), rng)
    twin = again()
    a, b = uniform(twin, (11, 11)), uniform(twin, (11, 11))
    entries = [value for row in product(rows(a), rows(b)) for value in row]
    mean = fsum(entries) / 121
    assert result["mean"] == pytest.approx(mean, rel=1e-4, abs=1e-6)
    assert result["std"] == pytest.approx(sqrt(fsum((value - mean) ** 2 for value in entries) / 121), rel=1e-5)
    assert result["shape"] == [11, 11]
    assert result["checksum"] == fingerprint("matrix_multiply", a @ b)


def test_a_product_of_size_one_has_no_deviation(rng: Generator) -> None:
    assert matrix_multiply(MatrixMultiply(size=1), rng)["std"] == 0.0


@pytest.mark.parametrize("dims", [(1,), (7,), (2, 3, 4), (1, 1, 1, 1, 1, 1, 1, 1), (100, 100)])
def test_reductions_are_those_of_python(dims: tuple[int, ...], rng: Generator) -> None:
    result = tensor_reduce(TensorReduce(dims=dims), rng)
    tensor = uniform(again(), dims)
    values = [float(value) for value in tensor.flat]
    assert result["sum"] == pytest.approx(fsum(values), rel=1e-12, abs=1e-12)
    assert result["mean"] == pytest.approx(fsum(values) / len(values), rel=1e-12, abs=1e-12)
    assert (result["max"], result["min"]) == (max(values), min(values))
    assert result["checksum"] == fingerprint("tensor_reduce", tensor)
    assert result["shape"] == list(dims)


@pytest.mark.parametrize(("size", "iterations"), [(0, 1), (1, 1), (7, 2), (10_000, 1_000)])
def test_a_hash_chain_is_that_of_hashlib(size: int, iterations: int, rng: Generator) -> None:
    result = data_hash(DataHash(size=size, iterations=iterations), rng)
    current = again().bit_generator.random_raw(size // 8 + 1).astype("<u8").tobytes()[:size]
    for _ in range(iterations):
        current = hashlib.sha256(current).digest()
    assert result["final_hash"] == current.hex()
    assert result["iterations"] == iterations
