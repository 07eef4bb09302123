"""`tensor_reduce`: sum, mean, largest and smallest of a drawn tensor."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tasks.compute.kernels.draws import uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.payloads.tensors import TensorReduce


def tensor_reduce(payload: TensorReduce, rng: Generator) -> dict[str, object]:
    """Reductions of a float32 tensor of shape `dims`, uniform in (-1, 1); sums are accumulated in float64.

    Returns:
        `sum`, `mean`, `max`, `min`, `checksum` over the tensor, `shape`, `synthetic` (always true).
    """
    tensor = uniform(rng, payload.dims)
    total = float(tensor.sum(dtype=np.float64))
    return {
        "sum": total,
        "mean": total / tensor.size,
        "max": float(tensor.max()),
        "min": float(tensor.min()),
        "checksum": fingerprint("tensor_reduce", tensor),
        "shape": list(payload.dims),
        "synthetic": True,
    }
