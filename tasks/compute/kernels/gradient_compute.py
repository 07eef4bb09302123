"""`gradient_compute`: the exact gradient of a network's loss with respect to its weights."""

from __future__ import annotations

from math import fsum, sqrt

import numpy as np
from numpy.random import Generator

from tasks.compute.kernels.draws import uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.perceptron import drawn_weights, forward, gradients, squared_loss
from tasks.compute.payloads.layers import GRADIENT_BATCH, GradientCompute


def gradient_compute(payload: GradientCompute, rng: Generator) -> dict[str, object]:
    """Backpropagation of `‖f(x) − t‖² / 2n` through dense tanh layers `layer_dims`, float32.

    Weights, x `(32, layer_dims[0])` and t `(32, layer_dims[-1])` are drawn, so the result depends on the seed alone.

    Returns:
        `gradient_hash` over all gradients in the order of the layers, `loss`, `gradient_norm` (Euclidean, over all of
        them together), `parameters` (their number), `layer_dims`, `batch_size`, `synthetic` (always true).
    """
    dims = payload.layer_dims
    weights = drawn_weights(rng, dims)
    x = uniform(rng, (GRADIENT_BATCH, dims[0]))
    targets = uniform(rng, (GRADIENT_BATCH, dims[-1]))
    values = forward(weights, x)
    loss, by_output = squared_loss(values[-1], targets)
    found = [np.empty_like(matrix) for matrix in weights]
    gradients(weights, values, by_output, found)
    return {
        "gradient_hash": fingerprint("gradient_compute", *found),
        "loss": loss,
        "gradient_norm": sqrt(fsum(float(np.vdot(gradient, gradient)) for gradient in found)),
        "parameters": sum(gradient.size for gradient in found),
        "layer_dims": list(dims),
        "batch_size": GRADIENT_BATCH,
        "synthetic": True,
    }
