"""`model_training`: gradient descent on a small network, with a loss that really falls."""

from __future__ import annotations

from math import fsum
from typing import Any

from numpy.random import Generator

from tasks.compute.kernels.device import CPU, Device
from tasks.compute.kernels.draws import uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.perceptron import drawn_weights, forward, gradients, loss_and_error, squares
from tasks.compute.payloads.layers import ModelTraining

_GROW = 1.5
_SHRINK = 0.5
#: lower limit of the sum of all signals' squares; only a 1 × 1 layer whose input was drawn as 0 comes near
_LEAST_SQUARES = 1e-12


def model_training(payload: ModelTraining, rng: Generator, device: Device = CPU) -> dict[str, object]:
    """Full-batch gradient descent on a network d → d (tanh) → d, float32, `epochs` steps.

    Weights and x `(n, d)` are drawn, and a linear teacher T `(d, d)` whose answers `x·T` are the targets. The loss is
    `‖f(x) − x·T‖² / 2n`. A step is kept only if it lowers the loss. The rate then grows by half, otherwise it is
    halved, so the final loss is never above the initial one. The first rate is one over the mean squared norm of the
    signals, a bound on the curvature in the last layer.

    Returns:
        `weights_hash` over the final weights, `initial_loss`, `final_loss`, `epochs_completed`, `steps_kept`,
        `parameters`, `synthetic` (always true). With 0 epochs both losses are equal.
    """
    start = [device.to_device(matrix) for matrix in drawn_weights(rng, payload.dims)]
    teacher = device.to_device(drawn_weights(rng, payload.dims[:2])[0])
    x = device.to_device(uniform(rng, (payload.batch_size, payload.layer_size)))
    initial, final, kept, trained = _descend(start, x, x @ teacher, payload.epochs, device)
    weights = [device.to_host(matrix) for matrix in trained]
    return {
        "weights_hash": fingerprint("model_training", *weights),
        "initial_loss": initial,
        "final_loss": final,
        "epochs_completed": payload.epochs,
        "steps_kept": kept,
        "parameters": sum(matrix.size for matrix in weights),
        "synthetic": True,
    }


def _descend(
    weights: list[Any], x: Any, targets: Any, epochs: int, device: Device
) -> tuple[float, float, int, list[Any]]:
    """First loss, last loss, steps kept and last weights. All arrays are the device's, and the weights overwritten."""
    xp, values = device.xp, forward(weights, x, device)
    initial, error = loss_and_error(values[-1], targets, device)
    rate = _first_rate(values, device)
    loss, kept = initial, 0
    trial = [xp.empty_like(matrix) for matrix in weights]
    steps = [xp.empty_like(matrix) for matrix in weights]
    fresh = True
    for _ in range(epochs):
        if fresh:
            # the gradients are linear in the error, so scaling its few rows here turns them into steps
            error *= xp.float32(-rate / error.shape[0])
            gradients(weights, values, error, steps, device)
        trial = [xp.add(matrix, step, out=old) for matrix, step, old in zip(weights, steps, trial, strict=True)]
        trial_values = forward(trial, x, device)
        trial_loss, trial_error = loss_and_error(trial_values[-1], targets, device)
        fresh = trial_loss < loss
        if fresh:
            weights, trial = trial, weights
            values, loss, error = trial_values, trial_loss, trial_error
            kept += 1
            rate *= _GROW
        else:
            rate *= _SHRINK
            steps = [xp.multiply(step, xp.float32(_SHRINK), out=step) for step in steps]
    return initial, loss, kept, weights


def _first_rate(values: list[Any], device: Device) -> float:
    total = fsum(squares(value, device) for value in values[:-1])
    rows: int = values[0].shape[0]
    return rows / max(total, _LEAST_SQUARES)
