"""`matrix_ops`: a chain of matrix products, rescaled to stay in range."""

from __future__ import annotations

from math import frexp, sqrt

import numpy as np
from numpy.random import Generator

from tasks.compute.kernels.draws import uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.perceptron import Array
from tasks.compute.payloads.matrices import MatrixOps

#: products between two rescalings; A's norm is at most √(3n) ≤ 111, and 111¹⁶ is within float32
_RESCALE_EVERY = 16


def matrix_ops(payload: MatrixOps, rng: Generator) -> dict[str, object]:
    """`Xₖ₊₁ = A·Xₖ` for k = 0 … operations−1, float32, A and X₀ `(n, n)` drawn.

    Each product needs the one before, so none can be skipped. A has entries of variance 1/n, which keeps the size of a
    typical X. Every 16 products X is divided by the power of two above its largest entry, which is exact. A matrix that
    has become 0 stays 0. With 0 operations the result is that of X₀.

    Returns:
        `result_hash` over the last X, `exponent`: the sum of the powers of two taken out (true result =
        X·2^exponent), `trace`, `operations`, `shape`, `synthetic` (always true).
    """
    size = payload.matrix_size
    factor = uniform(rng, (size, size), sqrt(3.0 / size))
    current, exponent = uniform(rng, (size, size)), 0
    spare = np.empty_like(current)
    for count in range(1, payload.operations + 1):
        np.matmul(factor, current, out=spare)
        current, spare = spare, current
        if count % _RESCALE_EVERY == 0:
            exponent += _rescale(current)
    return {
        "result_hash": fingerprint("matrix_ops", current),
        "exponent": exponent,
        "trace": float(np.trace(current, dtype=np.float64)),
        "operations": payload.operations,
        "shape": [size, size],
        "synthetic": True,
    }


def _rescale(matrix: Array) -> int:
    """Divide the matrix in place by the power of two that brings its largest entry into [½, 1); the exponent."""
    largest = max(float(matrix.max()), -float(matrix.min()))
    _, exponent = frexp(largest)
    if exponent:
        np.ldexp(matrix, -exponent, out=matrix)
    return exponent
