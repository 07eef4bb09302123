"""The original client's kernels as its README describes them, in plain numpy, to be timed beside ours.

That client draws random numbers of the job's size, does the operation that the job type names in numpy's default
float64, and hashes the outcome with SHA-256. None of it is tuned, checked or explained.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Data = Mapping[str, Any]
Matrix = NDArray[np.float64]

_RNG = np.random.default_rng(1)
#: width where the job's data gives no size
_WIDTH = 64


def _drawn(*shape: int) -> Matrix:
    return _RNG.standard_normal(shape)


def _hashed(*arrays: NDArray[Any]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def fraud_detection(data: Data) -> dict[str, object]:
    """A logistic score for each transaction's features."""
    features = _drawn(len(data["transactions"]), _WIDTH)
    scores = 1 / (1 + np.exp(-features @ _drawn(_WIDTH)))
    return {"results_hash": _hashed(scores), "flagged": int((scores > 0.5).sum())}


def model_training(data: Data) -> dict[str, object]:
    """A layer trained by gradient descent, one batch per epoch."""
    size, rows = data["layer_size"], data["batch_size"]
    weights = _drawn(size, size)
    loss = 0.0
    for _ in range(data["epochs"]):
        x, targets = _drawn(rows, size), _drawn(rows, size)
        error = np.tanh(x @ weights) - targets
        loss = float((error**2).mean())
        weights -= 0.01 * x.T @ error / rows
    return {"weights_hash": _hashed(weights), "loss": loss}


def network_protection(data: Data) -> dict[str, object]:
    """A hash chain over the blocks."""
    chain = ""
    for block in data["blocks"]:
        chain = hashlib.sha256(f"{chain}{block['height']}{block['hash']}".encode()).hexdigest()
    return {"blocks_validated": len(data["blocks"]), "chain_hash": chain}


def data_validation(data: Data) -> dict[str, object]:
    """Records of random numbers, hashed and checked one by one."""
    records = _drawn(data["records"], 4)
    valid = [bool(np.isfinite(record).all()) and len(_hashed(record)) == 64 for record in records]
    return {"integrity_score": sum(valid) / len(valid)}


def inference(data: Data) -> dict[str, object]:
    """Two layers forward."""
    size = data["input_size"]
    hidden = np.maximum(_drawn(data["batch_size"], size) @ _drawn(size, size), 0)
    return {"output_hash": _hashed(hidden @ _drawn(size, _WIDTH))}


def federated_learning(data: Data) -> dict[str, object]:
    """Ten steps of least squares on local rows."""
    rows = data["local_data_size"]
    x, targets, weights = _drawn(rows, _WIDTH), _drawn(rows, _WIDTH), _drawn(_WIDTH, _WIDTH)
    for _ in range(10):
        weights -= 0.01 * x.T @ (x @ weights - targets) / rows
    return {"weights_hash": _hashed(weights)}


def gradient_compute(data: Data) -> dict[str, object]:
    """One forward and one backward pass."""
    weights = [_drawn(*shape) for shape in pairwise(data["layer_dims"])]
    values = [_drawn(32, data["layer_dims"][0])]
    for matrix in weights:
        values.append(np.tanh(values[-1] @ matrix))
    error, found = values[-1] - _drawn(*values[-1].shape), []
    for matrix, below in zip(reversed(weights), reversed(values[:-1]), strict=True):
        found.append(below.T @ error)
        error = error @ matrix.T * (1 - below**2)
    return {"gradient_hash": _hashed(*found)}


def matrix_ops(data: Data) -> dict[str, object]:
    """A chain of products with one factor."""
    size = data["matrix_size"]
    factor, current = _drawn(size, size), _drawn(size, size)
    for _ in range(data["operations"]):
        current = factor @ current
    return {"result_hash": _hashed(current)}


def matrix_multiply(data: Data) -> dict[str, object]:
    """One product, with its mean and deviation."""
    product = _drawn(data["size"], data["size"]) @ _drawn(data["size"], data["size"])
    return {"checksum": _hashed(product), "mean": float(product.mean()), "std": float(product.std())}


def model_inference(data: Data) -> dict[str, object]:
    """Two layers and a softmax."""
    hidden = np.maximum(
        _drawn(data["batch_size"], data["input_dim"]) @ _drawn(data["input_dim"], data["hidden_dim"]), 0
    )
    odds = np.exp(hidden @ _drawn(data["hidden_dim"], data["output_dim"]) * 0.01)
    odds /= odds.sum(axis=1, keepdims=True)
    return {"checksum": _hashed(odds), "predictions": odds.argmax(axis=1).tolist()}


def data_hash(data: Data) -> dict[str, object]:
    """SHA-256 applied repeatedly to its own output."""
    current = _RNG.bytes(data["size"])
    for _ in range(data["iterations"]):
        current = hashlib.sha256(current).digest()
    return {"final_hash": current.hex(), "iterations": data["iterations"]}


def tensor_reduce(data: Data) -> dict[str, object]:
    """Sum, mean and extremes of a tensor."""
    tensor = _drawn(*data["dims"])
    figures = (tensor.sum(), tensor.mean(), tensor.max(), tensor.min())
    return {"checksum": _hashed(tensor), "figures": [float(figure) for figure in figures]}


ORIGINAL: dict[str, Callable[[Data], dict[str, object]]] = {
    work.__name__: work
    for work in (
        fraud_detection,
        model_training,
        network_protection,
        data_validation,
        inference,
        federated_learning,
        gradient_compute,
        matrix_ops,
        matrix_multiply,
        model_inference,
        data_hash,
        tensor_reduce,
    )
}
