"""`inference`: a batch through the model that the job names."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tasks.compute.kernels.draws import uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.named_model import named_model
from tasks.compute.kernels.perceptron import forward
from tasks.compute.payloads.layers import Inference


def inference(payload: Inference, rng: Generator) -> dict[str, object]:
    """`tanh(x·W₁)·W₂` for a drawn batch x `(batch_size, input_size)`, float32, output `(batch_size, 16)`.

    W₁ `(input_size, 64)` and W₂ `(64, 16)` depend only on `model_id` and `input_size`: all jobs of one model use the
    same weights.

    Returns:
        `output_hash` over the output, `model_hash` over the weights, `output_shape`, `output_mean`, `synthetic`
        (always true: the batch is drawn).
    """
    weights, model_hash = named_model(payload.model_id, payload.dims)
    output = forward(weights, uniform(rng, (payload.batch_size, payload.input_size)))[-1]
    return {
        "output_hash": fingerprint("inference", output),
        "model_hash": model_hash,
        "output_shape": list(output.shape),
        "output_mean": float(np.add.reduce(output, axis=None)) / output.size,
        "synthetic": True,
    }
