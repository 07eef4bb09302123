"""Kernels that multiply, reduce and hash, against float64 loops and hashlib."""

from __future__ import annotations

import hashlib
from math import exp, fsum, sqrt, tanh
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator

from tasks.compute.digest import seed
from tasks.compute.kernels.data_hash import data_hash
from tasks.compute.kernels.draws import generator, uniform
from tasks.compute.kernels.federated_learning import federated_learning
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.inference import inference
from tasks.compute.kernels.matrix_multiply import matrix_multiply
from tasks.compute.kernels.matrix_ops import matrix_ops
from tasks.compute.kernels.model_inference import model_inference
from tasks.compute.kernels.named_model import MAX_KEPT_PARAMETERS, named_model
from tasks.compute.kernels.perceptron import drawn_weights, forward
from tasks.compute.kernels.tensor_reduce import tensor_reduce
from tasks.compute.payloads.bytestrings import DataHash
from tasks.compute.payloads.layers import Inference, ModelInference
from tasks.compute.payloads.matrices import MatrixMultiply, MatrixOps
from tasks.compute.payloads.tensors import TensorReduce
from tasks.compute.payloads.weights import FederatedLearning
from tests.support.by_loops import Rows, again, product, rows

# Inference


def test_inference_is_the_named_model_on_the_drawn_batch(rng: Generator) -> None:
    payload = Inference(model_id="m", input_size=9, batch_size=3)
    result = inference(payload, rng)
    (first, second), model_hash = named_model("m", payload.dims)
    hidden = [[tanh(value) for value in row] for row in product(rows(uniform(again(), (3, 9))), rows(first))]
    expected = product(hidden, rows(second))
    output = forward((first, second), uniform(again(), (3, 9)))[-1]
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)
    assert result["output_hash"] == fingerprint("inference", output)
    assert result["model_hash"] == model_hash
    assert result["output_shape"] == [3, 16]
    assert result["output_mean"] == pytest.approx(fsum(value for row in expected for value in row) / 48, abs=1e-5)


def test_one_model_id_is_one_model_for_every_job_and_another_id_another() -> None:
    payload = Inference(model_id="m", input_size=16, batch_size=2)
    one, two = inference(payload, generator(1)), inference(payload, generator(2))
    assert one["model_hash"] == two["model_hash"]
    assert one["output_hash"] != two["output_hash"]
    other = inference(Inference(model_id="n", input_size=16, batch_size=2), generator(1))
    assert other["model_hash"] != one["model_hash"]
    assert other["output_hash"] != one["output_hash"]


def test_a_kept_model_is_the_drawn_one_and_can_not_be_written() -> None:
    kept, first_hash = named_model("kept", (8, 4))
    assert named_model("kept", (8, 4))[0][0] is kept[0]
    np.testing.assert_array_equal(kept[0], drawn_weights(generator(seed("model/kept")), (8, 4))[0])
    with pytest.raises(ValueError, match="read-only"):
        kept[0][0, 0] = 1.0
    assert first_hash == fingerprint("model", *kept)


def test_a_model_too_large_to_keep_is_drawn_alike_each_time() -> None:
    dims = (MAX_KEPT_PARAMETERS + 1, 1)
    (one,), one_hash = named_model("large", dims)
    (two,), two_hash = named_model("large", dims)
    assert one is not two
    assert one_hash == two_hash


def test_predictions_and_confidence_are_those_of_a_softmax_by_loops(rng: Generator) -> None:
    payload = ModelInference(batch_size=5, input_dim=12, hidden_dim=7, output_dim=4)
    result: dict[str, Any] = model_inference(payload, rng)
    (first, second), _ = named_model("model_inference", payload.dims)
    hidden = [[tanh(value) for value in row] for row in product(rows(uniform(again(), (5, 12))), rows(first))]
    logits = product(hidden, rows(second))
    odds = [[exp(value) for value in row] for row in logits]
    chances = [[value / fsum(row) for value in row] for row in odds]
    assert result["predictions"] == [row.index(max(row)) for row in chances]
    assert result["confidence"] == pytest.approx(fsum(max(row) for row in chances) / 5, rel=1e-5)
    assert result["shape"] == [5, 4]


def test_one_class_is_predicted_with_certainty_and_long_batches_list_64_predictions(rng: Generator) -> None:
    payload = ModelInference(batch_size=200, input_dim=3, hidden_dim=2, output_dim=1)
    result = model_inference(payload, rng)
    assert result["predictions"] == [0] * 64
    assert result["confidence"] == 1.0


# Federated learning


def test_a_local_round_is_gradient_descent_on_the_rows_from_the_weights_given(rng: Generator) -> None:
    given = ((0.5, -1.0), (2.0, 0.25), (-3.0, 1.5))
    payload = FederatedLearning(global_weights=given, local_data_size=40)
    result: dict[str, Any] = federated_learning(payload, rng)
    twin = again()
    teacher = rows(uniform(twin, (3, 2)))
    x = rows(uniform(twin, (40, 3)))
    noise = rows(uniform(twin, (40, 2), 0.05))
    exact = product(x, teacher)
    answers = [[a + b for a, b in zip(one, two, strict=True)] for one, two in zip(exact, noise, strict=True)]
    turned = [list(column) for column in zip(*x, strict=True)]
    rate = 1 / max(fsum(abs(value) / 40 for value in row) for row in product(turned, x))
    weights = [list(row) for row in given]

    def errors() -> Rows:
        pairs = zip(product(x, weights), answers, strict=True)
        return [[o - a for o, a in zip(output, answer, strict=True)] for output, answer in pairs]

    def loss() -> float:
        return fsum(error**2 for row in errors() for error in row) / 80

    assert result["initial_loss"] == pytest.approx(loss(), rel=1e-5)
    for _ in range(10):
        for row, slope in zip(weights, product(turned, errors()), strict=True):
            row[:] = [value - rate * part / 40 for value, part in zip(row, slope, strict=True)]
    assert result["final_loss"] == pytest.approx(loss(), rel=1e-3)
    moved = [a - b for one, two in zip(weights, given, strict=True) for a, b in zip(one, two, strict=True)]
    assert result["update_norm"] == pytest.approx(sqrt(fsum(value**2 for value in moved)), rel=1e-4)
    assert result["initial_weights"] == "given"
    assert result["synthetic"] is True


@pytest.mark.parametrize("size", [1, 2, 500, 2000])
def test_a_round_without_weights_starts_from_seeded_ones_and_lowers_the_loss(size: int) -> None:
    result: dict[str, Any] = federated_learning(FederatedLearning(local_data_size=size), again())
    assert result["initial_weights"] == "seeded"
    assert result["shape"] == [32, 10]
    assert result["final_loss"] < result["initial_loss"]


@pytest.mark.parametrize("weight", [1e6, -1e6, 0.0, -0.0, 1e-300])
def test_extreme_weights_give_finite_results(weight: float) -> None:
    given = tuple([(weight,) * 30] * 50)
    result: dict[str, Any] = federated_learning(FederatedLearning(global_weights=given, local_data_size=7), again())
    assert 0 <= result["final_loss"] < result["initial_loss"] < 1e20


def test_the_update_depends_on_the_weights_given() -> None:
    hashes = {
        federated_learning(FederatedLearning(global_weights=((w,), (0.0,), (1.0,)), local_data_size=9), again())[
            "weights_hash"
        ]
        for w in (1.0, 2.0)
    }
    assert len(hashes) == 2


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
