"""Kernels that draw and multiply, against float64 loops, finite differences and hashlib."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from math import exp, fsum, sqrt, tanh
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator
from numpy.typing import NDArray

from tasks.compute.digest import seed
from tasks.compute.kernels.data_hash import data_hash
from tasks.compute.kernels.draws import Digested, generator, uniform, words16
from tasks.compute.kernels.federated_learning import federated_learning
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.gradient_compute import gradient_compute
from tasks.compute.kernels.inference import inference
from tasks.compute.kernels.matrix_multiply import matrix_multiply
from tasks.compute.kernels.matrix_ops import matrix_ops
from tasks.compute.kernels.model_inference import model_inference
from tasks.compute.kernels.model_training import model_training
from tasks.compute.kernels.named_model import MAX_KEPT_PARAMETERS, named_model
from tasks.compute.kernels.perceptron import drawn_weights, forward, gradients, squared_loss
from tasks.compute.kernels.tensor_reduce import tensor_reduce
from tasks.compute.payloads.bytestrings import DataHash
from tasks.compute.payloads.layers import GRADIENT_BATCH, GradientCompute, Inference, ModelInference, ModelTraining
from tasks.compute.payloads.matrices import MatrixMultiply, MatrixOps
from tasks.compute.payloads.tensors import TensorReduce
from tasks.compute.payloads.weights import FederatedLearning

SEED = seed("a job")
Rows = list[list[float]]


@pytest.fixture
def rng() -> Generator:
    return generator(SEED)


def again() -> Generator:
    """A second generator in the state of `rng`."""
    return generator(SEED)


def product(a: Rows, b: Rows) -> Rows:
    """a·b by loops over float64."""
    columns = list(zip(*b, strict=True))
    return [[fsum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in a]


def rows(array: NDArray[Any]) -> Rows:
    """The array's entries as Python floats."""
    return [[float(value) for value in row] for row in array]


# Draws


def test_a_seed_gives_the_numbers_that_sfc64_and_shake256_give() -> None:
    words = np.frombuffer(hashlib.shake_256(SEED.to_bytes(32, "little")).digest(24), dtype="<u8")
    assert Digested(SEED).generate_state(3, np.uint64).tolist() == words.tolist()
    state = [*(int(word) for word in words), 1]
    for _ in range(12):
        sfc64(state)
    assert generator(SEED).bit_generator.random_raw(5).tolist() == [sfc64(state) for _ in range(5)]


def sfc64(state: list[int]) -> int:
    """One word of Chris Doty-Humphrey's small fast chaotic generator; the state moves on."""
    mask = 2**64 - 1
    a, b, c, counter = state
    word = (a + b + counter) & mask
    turned = (c << 24 | c >> 40) & mask
    state[:] = [b ^ b >> 11, (c + (c << 3)) & mask, (turned + word) & mask, counter + 1]
    return word


def test_draws_lie_in_their_range_with_their_mean_and_variance(rng: Generator) -> None:
    values = uniform(rng, (500, 400), 2.0)
    assert values.dtype == np.float32
    assert values.shape == (500, 400)
    assert -2.0 <= values.min() < -1.999
    assert 1.999 < values.max() < 2.0
    assert abs(values.mean(dtype=np.float64)) < 5 * 2 / sqrt(3 * values.size)
    assert abs(values.var(dtype=np.float64) - 4 / 3) < 0.02
    assert abs(np.corrcoef(values.reshape(-1)[:-1], values.reshape(-1)[1:])[0, 1]) < 0.01


def test_draws_are_the_generators_words_on_a_grid() -> None:
    words = again().bit_generator.random_raw(3).astype("<u8").tobytes()
    expected = [int.from_bytes(words[2 * k : 2 * k + 2], "little", signed=True) for k in range(10)]
    assert words16(again(), 10).tolist() == expected
    assert uniform(again(), 10, 0.5).tolist() == [value / 2**16 for value in expected]


@pytest.mark.parametrize(("shape", "size"), [(0, 0), ((), 1), ((3, 0), 0), (1, 1), (5, 5)])
def test_draws_of_any_count_have_that_count(shape: int | tuple[int, ...], size: int, rng: Generator) -> None:
    assert uniform(rng, shape).size == size


def test_two_seeds_give_two_streams_and_a_seed_is_at_most_256_bits() -> None:
    assert uniform(generator(1), 8).tolist() != uniform(generator(2), 8).tolist()
    generator(2**256 - 1)
    for bad in (-1, 2**256):
        with pytest.raises(OverflowError):
            generator(bad)


# Networks


def loss_by_loops(weights: list[Rows], x: Rows, targets: Rows) -> float:
    """The perceptron's loss in float64."""
    values = x
    for matrix in weights[:-1]:
        values = [[tanh(value) for value in row] for row in product(values, matrix)]
    output = product(values, weights[-1])
    errors = [o - t for row, wanted in zip(output, targets, strict=True) for o, t in zip(row, wanted, strict=True)]
    return fsum(error * error for error in errors) / (2 * len(x))


@pytest.mark.parametrize("dims", [(5, 4, 3), (3, 2), (4, 1, 1, 2), (1, 1)])
def test_gradients_are_those_of_finite_differences_in_float64(dims: tuple[int, ...], rng: Generator) -> None:
    weights = drawn_weights(rng, dims)
    x, targets = uniform(rng, (6, dims[0])), uniform(rng, (6, dims[-1]))
    values = forward(weights, x)
    loss, by_output = squared_loss(values[-1], targets)
    found = [np.empty_like(matrix) for matrix in weights]
    gradients(weights, values, by_output, found)
    plain = [rows(matrix) for matrix in weights]
    assert loss == pytest.approx(loss_by_loops(plain, rows(x), rows(targets)), rel=1e-5)
    step = 1e-5
    for matrix, gradient in zip(plain, found, strict=True):
        for i, row in enumerate(matrix):
            for j, value in enumerate(list(row)):
                row[j] = value + step
                above = loss_by_loops(plain, rows(x), rows(targets))
                row[j] = value - step
                below = loss_by_loops(plain, rows(x), rows(targets))
                row[j] = value
                assert float(gradient[i, j]) == pytest.approx((above - below) / (2 * step), rel=2e-4, abs=2e-6)


def test_the_gradient_job_reports_the_loss_norm_and_digest_of_its_own_network(rng: Generator) -> None:
    dims = (7, 5, 3)
    result = gradient_compute(GradientCompute(layer_dims=dims), rng)
    twin = again()
    weights = drawn_weights(twin, dims)
    x, targets = uniform(twin, (GRADIENT_BATCH, 7)), uniform(twin, (GRADIENT_BATCH, 3))
    values = forward(weights, x)
    loss, by_output = squared_loss(values[-1], targets)
    found = [np.empty_like(matrix) for matrix in weights]
    gradients(weights, values, by_output, found)
    assert result["loss"] == loss
    assert result["gradient_norm"] == pytest.approx(sqrt(fsum(float(v) ** 2 for m in found for v in m.flat)), rel=1e-5)
    assert result["gradient_hash"] == fingerprint("gradient_compute", *found)
    assert result["parameters"] == 7 * 5 + 5 * 3
    assert result["synthetic"] is True


def test_weights_keep_the_size_of_signals(rng: Generator) -> None:
    for matrix, (inputs, outputs) in zip(drawn_weights(rng, (300, 200, 100)), pairwise((300, 200, 100)), strict=True):
        assert matrix.shape == (inputs, outputs)
        assert matrix.var(dtype=np.float64) * inputs == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("layer_size", [1, 2, 64, 128])
@pytest.mark.parametrize("batch_size", [1, 16, 64])
@pytest.mark.parametrize("job", ["a", "b"])
def test_training_lowers_the_loss_that_it_reports(layer_size: int, batch_size: int, job: str) -> None:
    payload = ModelTraining(layer_size=layer_size, batch_size=batch_size, epochs=15)
    result: dict[str, Any] = model_training(payload, generator(seed(job)))
    assert result["epochs_completed"] == 15
    assert 0 < result["steps_kept"] <= 15
    assert 0 <= result["final_loss"] < result["initial_loss"]
    if layer_size >= 64:
        assert result["final_loss"] < 0.2 * result["initial_loss"]


def test_more_epochs_carry_the_same_training_further() -> None:
    losses = [
        model_training(ModelTraining(layer_size=32, batch_size=16, epochs=epochs), again())["final_loss"]
        for epochs in (0, 1, 5, 50)
    ]
    assert losses == sorted(losses, reverse=True)  # type: ignore[type-var]
    assert len(set(losses)) == 4


def test_training_without_epochs_only_measures() -> None:
    payload = ModelTraining(layer_size=8, batch_size=4, epochs=0)
    result = model_training(payload, again())
    twin = again()
    weights = drawn_weights(twin, (8, 8, 8))
    (teacher,) = drawn_weights(twin, (8, 8))
    x = uniform(twin, (4, 8))
    expected = loss_by_loops([rows(matrix) for matrix in weights], rows(x), product(rows(x), rows(teacher)))
    assert result["initial_loss"] == result["final_loss"] == pytest.approx(expected, rel=1e-5)
    assert result["weights_hash"] == fingerprint("model_training", *weights)


def test_the_first_step_of_training_follows_the_gradient() -> None:
    payload = ModelTraining(layer_size=4, batch_size=8, epochs=1)
    result = model_training(payload, again())
    twin = again()
    weights = drawn_weights(twin, payload.dims)
    (teacher,) = drawn_weights(twin, (4, 4))
    x = uniform(twin, (8, 4))
    values = forward(weights, x)
    _, by_output = squared_loss(values[-1], x @ teacher)
    found = [np.empty_like(matrix) for matrix in weights]
    gradients(weights, values, by_output, found)
    rate = 8 / fsum(float(v) ** 2 for value in values[:-1] for v in value.flat)
    stepped = [rows(m - rate * g.astype(np.float64)) for m, g in zip(weights, found, strict=True)]
    expected = loss_by_loops(stepped, rows(x), product(rows(x), rows(teacher)))
    assert result["steps_kept"] == 1
    assert result["final_loss"] == pytest.approx(expected, rel=1e-4)


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
