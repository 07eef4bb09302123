"""`model_inference`: a classifier's predictions and their confidence."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tasks.compute.kernels.draws import uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.named_model import named_model
from tasks.compute.kernels.perceptron import Array, forward
from tasks.compute.payloads.layers import ModelInference

#: maximum number of predictions that a result lists; the digest covers all
MAX_LISTED = 64
_MODEL = "model_inference"


def model_inference(payload: ModelInference, rng: Generator) -> dict[str, object]:
    """`softmax(tanh(x·W₁)·W₂)` for a drawn batch x `(batch_size, input_dim)`, float32.

    `data` names no model, so the weights depend on the widths: all jobs of the same widths use the same classifier. The
    largest logit of a row is subtracted before the exponential, so nothing overflows. With one class each confidence is
    1. Of equal probabilities the first class is predicted.

    Returns:
        `predictions`: class of each of the first 64 rows, `confidence`: mean over all rows of the predicted class's
        probability, `checksum` over all probabilities `(batch_size, output_dim)`, `shape`, `synthetic` (always true).
    """
    weights, _ = named_model(_MODEL, payload.dims)
    logits = forward(weights, uniform(rng, (payload.batch_size, payload.input_dim)))[-1]
    probabilities = _softmax(logits)
    return {
        "checksum": fingerprint("model_inference", probabilities),
        "predictions": probabilities[:MAX_LISTED].argmax(axis=1).tolist(),
        "confidence": float(probabilities.max(axis=1).mean(dtype=np.float64)),
        "shape": list(probabilities.shape),
        "synthetic": True,
    }


def _softmax(logits: Array) -> Array:
    shifted: Array = logits - logits.max(axis=1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=1, keepdims=True)
    return shifted
