"""The kernel of federated learning, against gradient descent by loops."""

from __future__ import annotations

from math import fsum, sqrt
from typing import Any

import pytest
from numpy.random import Generator

from tasks.compute.kernels.draws import uniform
from tasks.compute.kernels.federated_learning import federated_learning
from tasks.compute.payloads.weights import FederatedLearning
from tests.support.by_loops import Rows, again, product, rows

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
