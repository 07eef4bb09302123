"""Gradients and training, against float64 loops and finite differences."""

from __future__ import annotations

from itertools import pairwise
from math import fsum, sqrt, tanh
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator

from tasks.compute.digest import seed
from tasks.compute.kernels.draws import generator, uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.gradient_compute import gradient_compute
from tasks.compute.kernels.model_training import model_training
from tasks.compute.kernels.perceptron import drawn_weights, forward, gradients, squared_loss
from tasks.compute.payloads.layers import GRADIENT_BATCH, GradientCompute, ModelTraining
from tests.support.by_loops import Rows, again, product, rows

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
