"""`model_training`: gradient descent on a small network, with a loss that really falls."""

from __future__ import annotations

from math import fsum

import numpy as np
from numpy.random import Generator

from tasks.compute.kernels.draws import uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.perceptron import Array, drawn_weights, forward, gradients, loss_and_error
from tasks.compute.payloads.layers import ModelTraining

_GROW = 1.5
_SHRINK = 0.5
#: lower limit of the sum of all signals' squares; only a 1 × 1 layer whose input was drawn as 0 comes near
_LEAST_SQUARES = 1e-12


def model_training(payload: ModelTraining, rng: Generator) -> dict[str, object]:
    """Full-batch gradient descent on a network d → d (tanh) → d, float32, `epochs` steps.

    Weights and x `(n, d)` are drawn, and a linear teacher T `(d, d)` whose answers `x·T` are the targets. The loss is
    `‖f(x) − x·T‖² / 2n`. A step is kept only if it lowers the loss. The rate then grows by half, otherwise it is
    halved, so the final loss is never above the initial one. The first rate is one over the mean squared norm of the
    signals, a bound on the curvature in the last layer.

    Returns:
        `weights_hash` over the final weights, `initial_loss`, `final_loss`, `epochs_completed`, `steps_kept`,
        `parameters`, `synthetic` (always true). With 0 epochs both losses are equal.
    """
    weights = drawn_weights(rng, payload.dims)
    (teacher,) = drawn_weights(rng, payload.dims[:2])
    x = uniform(rng, (payload.batch_size, payload.layer_size))
    initial, final, kept, weights = _descend(weights, x, x @ teacher, payload.epochs)
    return {
        "weights_hash": fingerprint("model_training", *weights),
        "initial_loss": initial,
        "final_loss": final,
        "epochs_completed": payload.epochs,
        "steps_kept": kept,
        "parameters": sum(matrix.size for matrix in weights),
        "synthetic": True,
    }


def _descend(weights: list[Array], x: Array, targets: Array, epochs: int) -> tuple[float, float, int, list[Array]]:
    """First loss, last loss, steps kept and last weights. The given weights are overwritten."""
    values = forward(weights, x)
    initial, error = loss_and_error(values[-1], targets)
    rate = _first_rate(values)
    loss, kept = initial, 0
    trial = [np.empty_like(matrix) for matrix in weights]
    steps = [np.empty_like(matrix) for matrix in weights]
    fresh = True
    for _ in range(epochs):
        if fresh:
            # the gradients are linear in the error, so scaling its few rows here turns them into steps
            error *= np.float32(-rate / len(error))
            gradients(weights, values, error, steps)
        for matrix, step, stepped in zip(weights, steps, trial, strict=True):
            np.add(matrix, step, out=stepped)
        trial_values = forward(trial, x)
        trial_loss, trial_error = loss_and_error(trial_values[-1], targets)
        fresh = trial_loss < loss
        if fresh:
            weights, trial = trial, weights
            values, loss, error = trial_values, trial_loss, trial_error
            kept += 1
            rate *= _GROW
        else:
            rate *= _SHRINK
            for step in steps:
                np.multiply(step, np.float32(_SHRINK), out=step)
    return initial, loss, kept, weights


def _first_rate(values: list[Array]) -> float:
    squares = fsum(float(np.vdot(value, value)) for value in values[:-1])
    return len(values[0]) / max(squares, _LEAST_SQUARES)
