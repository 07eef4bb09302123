"""`federated_learning`: one miner's local training round, starting from the server's weights."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.random import Generator

from tasks.compute.kernels.draws import uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.perceptron import Array
from tasks.compute.payloads.weights import LOCAL_STEPS, FederatedLearning

_NOISE = 0.05
#: matters only where every local row was drawn as 0, which is possible for one row of one input
_LEAST_CURVATURE = 1e-12


def federated_learning(payload: FederatedLearning, rng: Generator) -> dict[str, object]:
    """Ten steps of gradient descent of a linear model on local rows, from the global weights W₀ `(d, c)`, float32.

    Local rows x `(n, d)` and answers `y = x·T + noise` are drawn, T `(d, c)` being a drawn teacher. W₀ is the server's
    matrix, or drawn if there is none. The loss is `‖x·W − y‖² / 2n`. The steps are `W ← W − η·(G·W − b)` with `G =
    xᵀx/n`, `b = xᵀy/n`: equal to steps on the rows, but the rows are read once. η is one over the largest absolute row
    sum of G, which is at least its largest eigenvalue, so no step raises the loss except by rounding.

    Returns:
        `weights_hash` over the new weights, `initial_loss`, `final_loss`, `update_norm` (Euclidean, of W − W₀),
        `shape`, `samples`, `local_steps`, `initial_weights` ("given" or "seeded"), `synthetic` (always true: the
        local rows are drawn).
    """
    rows, (inputs, outputs) = payload.local_data_size, payload.shape
    teacher = uniform(rng, (inputs, outputs))
    start = _start(payload, rng)
    x = uniform(rng, (rows, inputs))
    answers = x @ teacher
    answers += uniform(rng, (rows, outputs), _NOISE)
    weights = _local_steps(start, x, answers)
    update = weights - start
    return {
        "weights_hash": fingerprint("federated_learning", weights),
        "initial_loss": _loss(x, start, answers),
        "final_loss": _loss(x, weights, answers),
        "update_norm": sqrt(float(np.vdot(update, update))),
        "shape": [inputs, outputs],
        "samples": rows,
        "local_steps": LOCAL_STEPS,
        "initial_weights": "seeded" if payload.global_weights is None else "given",
        "synthetic": True,
    }


def _start(payload: FederatedLearning, rng: Generator) -> Array:
    if payload.global_weights is None:
        return uniform(rng, payload.shape)
    return np.array(payload.global_weights, dtype=np.float32)


def _local_steps(start: Array, x: Array, answers: Array) -> Array:
    scale = np.float32(1.0 / x.shape[0])
    gram: Array = x.T @ x
    gram *= scale
    aim: Array = x.T @ answers
    aim *= scale
    rate = 1.0 / max(float(np.abs(gram).sum(axis=0).max()), _LEAST_CURVATURE)
    weights = start
    for _ in range(LOCAL_STEPS):
        step = gram @ weights
        step -= aim
        step *= np.float32(-rate)
        step += weights
        weights = step
    return weights


def _loss(x: Array, weights: Array, answers: Array) -> float:
    error = x @ weights
    error -= answers
    return float(np.vdot(error, error)) / (2 * len(x))
