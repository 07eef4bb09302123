"""`matrix_multiply`: one product of two drawn matrices."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tasks.compute.kernels.device import CPU, Device
from tasks.compute.kernels.draws import uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.perceptron import Array
from tasks.compute.payloads.matrices import MatrixMultiply


def matrix_multiply(payload: MatrixMultiply, rng: Generator, device: Device = CPU) -> dict[str, object]:
    """`C = A·B`, float32, A and B `(size, size)` drawn uniform in (-1, 1).

    Returns:
        `checksum` over C, `shape`, `mean` and `std` (population) of its entries in float64, `synthetic` (always
        true). With size 1 the standard deviation is 0.
    """
    size = payload.size
    left, right = device.to_device(uniform(rng, (size, size))), device.to_device(uniform(rng, (size, size)))
    product: Array = device.to_host(left @ right)
    return {
        "checksum": fingerprint("matrix_multiply", product),
        "shape": [size, size],
        "mean": float(product.mean(dtype=np.float64)),
        "std": float(product.std(dtype=np.float64)),
        "synthetic": True,
    }
