"""A network of dense layers without biases: `h₀ = x`, `hₖ = tanh(hₖ₋₁·Wₖ)`, output `hₘ = hₘ₋₁·Wₘ`, all float32."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod, sqrt
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tasks.compute.kernels.device import CPU, Device
from tasks.compute.kernels.draws import uniform

Array = NDArray[np.float32]


def drawn_weights(rng: Generator, dims: Sequence[int]) -> list[Array]:
    """One matrix `(dims[k], dims[k+1])` per layer, uniform with variance 1/dims[k], so that signals keep their size."""
    shapes = list(pairwise(dims))
    flat = uniform(rng, sum(prod(shape) for shape in shapes))
    weights, start = [], 0
    for rows, columns in shapes:
        matrix = flat[start : start + rows * columns].reshape(rows, columns)
        matrix *= np.float32(sqrt(3.0 / rows))
        weights.append(matrix)
        start += rows * columns
    return weights


def forward(weights: Sequence[Any], x: Any, device: Device = CPU) -> list[Any]:
    """The layers' values, `[x, h₁, …, output]`, for a batch x `(n, d)`. All arrays are the device's."""
    values = [x]
    for matrix in weights[:-1]:
        hidden = values[-1] @ matrix
        values.append(device.xp.tanh(hidden, out=hidden))
    values.append(values[-1] @ weights[-1])
    return values


def squared_loss(output: Array, targets: Array) -> tuple[float, Any]:
    """The loss `‖output − targets‖² / 2n` over a batch of n rows, and its gradient `(output − targets) / n`.

    The gradient is with respect to the output.
    """
    loss, error = loss_and_error(output, targets)
    error *= np.float32(1.0 / len(error))
    return loss, error


def loss_and_error(output: Any, targets: Any, device: Device = CPU) -> tuple[float, Any]:
    """`‖output − targets‖² / 2n` over a batch of n rows, summed up by numpy, and the device's `output − targets`."""
    error = output - targets
    return squares(error, device) / (2 * error.shape[0]), error


def squares(array: Any, device: Device = CPU) -> float:
    """The sum of the squares of a device's array, summed up by numpy."""
    flat: Array = device.to_host(array)
    return float(np.vdot(flat, flat))


def gradients(
    weights: Sequence[Any], values: Sequence[Any], by_output: Any, out: list[Any], device: Device = CPU
) -> None:
    """The loss's gradient with respect to each weight matrix, by backpropagation.

    `δₘ = by_output`, `∂Wₖ = hₖ₋₁ᵀ·δₖ`, `δₖ₋₁ = (δₖ·Wₖᵀ) ∘ (1 − hₖ₋₁²)`.

    Parameters:
        weights: one matrix per layer.
        values: the result of `forward`.
        by_output: gradient with respect to the output, `(n, dims[-1])`.
        out: receives the gradients, one matrix per layer in the shape of its weights; allocating new ones for each step
            would cost more in page faults than the products.
        device: whose arrays all of these are.
    """
    xp, delta = device.xp, by_output
    for layer in range(len(weights) - 1, -1, -1):
        below = values[layer]
        out[layer] = xp.matmul(below.T, delta, out=out[layer])
        if layer:
            slope = xp.multiply(below, below)
            slope = xp.subtract(xp.float32(1.0), slope, out=slope)
            delta = xp.multiply(delta @ weights[layer].T, slope, out=slope)
