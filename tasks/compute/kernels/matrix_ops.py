"""`matrix_ops`: a chain of matrix products, rescaled to stay in range."""

from __future__ import annotations

from math import frexp, sqrt
from typing import Any

import numpy as np
from numpy.random import Generator

from tasks.compute.kernels.device import CPU, Device
from tasks.compute.kernels.draws import uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.perceptron import Array
from tasks.compute.payloads.matrices import MatrixOps

#: products between two rescalings; A's norm is at most √(3n) ≤ 111, and 111¹⁶ is within float32
_RESCALE_EVERY = 16


def matrix_ops(payload: MatrixOps, rng: Generator, device: Device = CPU) -> dict[str, object]:
    """`Xₖ₊₁ = A·Xₖ` for k = 0 … operations−1, float32, A and X₀ `(n, n)` drawn.

    Each product needs the one before, so none can be skipped. A has entries of variance 1/n, which keeps the size of a
    typical X. Every 16 products X is divided by the power of two above its largest entry, which is exact. A matrix that
    has become 0 stays 0. With 0 operations the result is that of X₀.

    Returns:
        `result_hash` over the last X, `exponent`: the sum of the powers of two taken out (true result =
        X·2^exponent), `trace`, `operations`, `shape`, `synthetic` (always true).
    """
    xp, size, exponent = device.xp, payload.matrix_size, 0
    factor = device.to_device(uniform(rng, (size, size), sqrt(3.0 / size)))
    current = device.to_device(uniform(rng, (size, size)))
    spare = xp.empty_like(current)
    for count in range(1, payload.operations + 1):
        current, spare = xp.matmul(factor, current, out=spare), current
        if count % _RESCALE_EVERY == 0:
            current, taken = _rescaled(current, device)
            exponent += taken
    last: Array = device.to_host(current)
    return {
        "result_hash": fingerprint("matrix_ops", last),
        "exponent": exponent,
        "trace": float(np.trace(last, dtype=np.float64)),
        "operations": payload.operations,
        "shape": [size, size],
        "synthetic": True,
    }


def _rescaled(matrix: Any, device: Device) -> tuple[Any, int]:
    """The matrix, divided by the power of two that brings its largest entry into [½, 1), and the exponent of that."""
    _, exponent = frexp(device.largest(matrix))
    return (device.xp.ldexp(matrix, -exponent, out=matrix) if exponent else matrix), exponent
