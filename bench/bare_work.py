"""The minimal work of each kernel, written directly in numpy and hashlib.

It draws the same numbers with the same generator and does the same arithmetic; SHA-256 runs over the result's bytes. It
leaves out what turns that into a result: canonical -0.0 and NaN, domains, shapes and names, figures beyond the required
ones.

One file: the bare work of one kernel is a few lines, and the table at the end names all of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from itertools import pairwise
from math import prod, sqrt
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tasks.compute.kernels.named_model import named_model
from tasks.compute.kernels.payment_graph import on_cycle
from tasks.compute.payloads.blocks import NetworkProtection
from tasks.compute.payloads.bytestrings import DataHash
from tasks.compute.payloads.layers import GradientCompute, Inference, ModelInference, ModelTraining
from tasks.compute.payloads.matrices import MatrixMultiply, MatrixOps
from tasks.compute.payloads.records import DataValidation
from tasks.compute.payloads.tensors import TensorReduce
from tasks.compute.payloads.transactions import FraudDetection
from tasks.compute.payloads.weights import FederatedLearning

Array = NDArray[np.float32]
Bare = Callable[[Any, Generator], dict[str, object]]

HASH = re.compile(r"[0-9a-f-]{8,}")


def drawn(rng: Generator, shape: tuple[int, ...], scale: float = 1.0) -> Array:
    """Uniform float32 numbers, each drawn from 16 random bits."""
    words = rng.bit_generator.random_raw(-(-prod(shape) // 4)).view(np.int16)[: prod(shape)]
    return np.multiply(words, scale / 2**15, dtype=np.float32).reshape(shape)


def layers(rng: Generator, dims: tuple[int, ...]) -> list[Array]:
    """One random weight matrix per layer."""
    return [drawn(rng, shape, sqrt(3 / shape[0])) for shape in pairwise(dims)]


def hashed(*arrays: NDArray[Any]) -> str:
    """SHA-256 over the arrays' bytes."""
    state = hashlib.sha256()
    for array in arrays:
        state.update(array.data)
    return state.hexdigest()


def fraud_detection(payload: FraudDetection, _rng: Generator) -> dict[str, object]:
    """Robust z-scores, logistic scores, counts of addresses, a search for cycles."""
    amounts = np.array(payload.amounts)
    logs = np.log1p(amounts)
    half = len(logs) // 2
    logs -= np.sort(logs)[half]
    np.abs(logs, out=logs)
    scores = 1.0 / (1.0 + np.exp(4.0 - logs / np.sort(logs)[half] - (np.fmod(amounts, 100.0) == 0.0)))
    unique = len(set(payload.senders)), len(set(payload.receivers))
    cycles = any(on_cycle(payload.senders, payload.receivers))
    flagged = [index for index, score in enumerate(scores.tolist()) if score >= 0.5]
    return {"results_hash": hashed(scores), "found": (unique, cycles, flagged)}


def network_protection(payload: NetworkProtection, _rng: Generator) -> dict[str, object]:
    """One pass over the blocks."""
    seen: set[int | str | None] = set()
    good, before = 0, None
    state = hashlib.sha256()
    for height, block_hash in zip(payload.heights, payload.hashes, strict=True):
        follows = before is None or height == before + 1
        good += bool(follows and height not in seen and block_hash not in seen and HASH.fullmatch(block_hash))
        seen.add(height)
        seen.add(block_hash.lower())
        state.update(f"{height}{block_hash}".encode())
        before = height
    return {"blocks_validated": good, "chain_hash": state.hexdigest()}


def data_validation(payload: DataValidation, rng: Generator) -> dict[str, object]:
    """Four columns drawn, corrupted and checked."""
    count = payload.records
    words = rng.bit_generator.random_raw(count).view(np.uint16).astype(np.int64).reshape(4, count)
    kind = np.where(words[3] % 32 == 0, words[3] // 32 % 5, -1)
    columns = np.arange(count), np.cumsum(words[0] % 60), words[1] / 100.0, words[2]
    columns[2][kind == 1] = np.nan
    columns[2][kind == 2] -= 2**16
    columns[0][kind == 3] -= 1
    columns[1][kind == 4] -= 2**40
    sums = _mixed(*columns)
    columns[3][kind == 0] ^= 1
    failed = sums != _mixed(*columns)
    failed |= ~np.isfinite(columns[2])
    failed |= columns[2] < 0
    failed |= columns[0] != np.arange(count)
    failed |= columns[1] < np.maximum.accumulate(columns[1])
    return {"integrity_score": 1 - np.count_nonzero(failed) / count, "records_hash": hashed(*columns, sums)}


def _mixed(*columns: NDArray[Any]) -> NDArray[np.uint64]:
    state = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        state ^= column.view(np.uint64)
        state *= np.uint64(0x9E3779B97F4A7C15)
    return state


def model_training(payload: ModelTraining, rng: Generator) -> dict[str, object]:
    """Forward pass, backward pass and step in each epoch."""
    size, rows = payload.layer_size, payload.batch_size
    first, second = layers(rng, (size, size, size))
    (teacher,) = layers(rng, (size, size))
    x = drawn(rng, (rows, size))
    targets = x @ teacher
    rate = np.float32(-1e-3)
    by_first, by_second = np.empty_like(first), np.empty_like(second)
    for _ in range(payload.epochs):
        hidden = np.tanh(x @ first)
        error = hidden @ second
        error -= targets
        np.matmul(hidden.T, error, out=by_second)
        np.matmul(x.T, (error @ second.T) * (1 - hidden * hidden), out=by_first)
        by_first *= rate
        by_second *= rate
        first += by_first
        second += by_second
    error = np.tanh(x @ first) @ second - targets
    return {"weights_hash": hashed(first, second), "loss": float(np.vdot(error, error))}


def inference(payload: Inference, rng: Generator) -> dict[str, object]:
    """Two products with a cached model."""
    (first, second), _ = named_model(payload.model_id, payload.dims)
    hidden = drawn(rng, (payload.batch_size, payload.input_size)) @ first
    return {"output_hash": hashed(np.tanh(hidden, out=hidden) @ second)}


def federated_learning(payload: FederatedLearning, rng: Generator) -> dict[str, object]:
    """Rows drawn, Gram matrix, ten steps."""
    rows, (inputs, outputs) = payload.local_data_size, payload.shape
    teacher, start = drawn(rng, (inputs, outputs)), drawn(rng, (inputs, outputs))
    x = drawn(rng, (rows, inputs))
    answers = x @ teacher + drawn(rng, (rows, outputs), 0.05)
    gram: Array = x.T @ x
    aim: Array = x.T @ answers
    rate = np.float32(1e-3)
    weights: Array = start
    for _ in range(10):
        weights = weights - rate * (gram @ weights - aim)
    losses = []
    for matrix in (start, weights):
        error = x @ matrix - answers
        losses.append(float(np.vdot(error, error)))
    return {"weights_hash": hashed(weights), "losses": losses}


def gradient_compute(payload: GradientCompute, rng: Generator) -> dict[str, object]:
    """One forward and one backward pass."""
    dims = payload.layer_dims
    weights = layers(rng, dims)
    values = [drawn(rng, (32, dims[0]))]
    error = -drawn(rng, (32, dims[-1]))
    for matrix in weights[:-1]:
        values.append(np.tanh(values[-1] @ matrix))
    error += values[-1] @ weights[-1]
    found = []
    for matrix, below in zip(reversed(weights), reversed(values), strict=True):
        found.append(below.T @ error)
        if below is not values[0]:
            error = (error @ matrix.T) * (1 - below * below)
    return {"gradient_hash": hashed(*found)}


def matrix_ops(payload: MatrixOps, rng: Generator) -> dict[str, object]:
    """The products."""
    size = payload.matrix_size
    factor, current = drawn(rng, (size, size), sqrt(3 / size)), drawn(rng, (size, size))
    for _ in range(payload.operations):
        current = factor @ current
    return {"result_hash": hashed(current)}


def matrix_multiply(payload: MatrixMultiply, rng: Generator) -> dict[str, object]:
    """The product, its mean and deviation."""
    shape = payload.size, payload.size
    product = drawn(rng, shape) @ drawn(rng, shape)
    checksum = hashed(product)
    mean, std = float(product.mean(dtype=np.float64)), float(product.std(dtype=np.float64))
    return {"checksum": checksum, "shape": shape, "mean": mean, "std": std}


def model_inference(payload: ModelInference, rng: Generator) -> dict[str, object]:
    """Two products with a cached model and a softmax."""
    (first, second), _ = named_model("model_inference", payload.dims)
    odds = np.tanh(drawn(rng, (payload.batch_size, payload.input_dim)) @ first) @ second
    odds -= odds.max(axis=1, keepdims=True)
    np.exp(odds, out=odds)
    odds /= odds.sum(axis=1, keepdims=True)
    predictions, confidence = odds.argmax(axis=1).tolist(), float(odds.max(axis=1).mean())
    return {"checksum": hashed(odds), "predictions": predictions, "confidence": confidence}


def data_hash(payload: DataHash, rng: Generator) -> dict[str, object]:
    """The chain of hashes."""
    current = rng.bit_generator.random_raw(-(-payload.size // 8)).tobytes()[: payload.size]
    for _ in range(payload.iterations):
        current = hashlib.sha256(current).digest()
    return {"final_hash": current.hex()}


def tensor_reduce(payload: TensorReduce, rng: Generator) -> dict[str, object]:
    """The reductions."""
    tensor = drawn(rng, payload.dims)
    total = float(tensor.sum(dtype=np.float64))
    checksum = hashed(tensor)
    return {"sum": total, "max": float(tensor.max()), "min": float(tensor.min()), "checksum": checksum}


#: job types whose data is complete, so that no generator has to be seeded
NOTHING_DRAWN = frozenset({"fraud_detection", "network_protection"})

BARE: dict[str, Bare] = {
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
