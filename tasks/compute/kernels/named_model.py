"""Weights derived from a model's name: the same name and widths give the same model on every host."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from tasks.compute.digest import seed
from tasks.compute.kernels.draws import generator
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.perceptron import Array, drawn_weights

#: largest model that is kept, in parameters (1 MiB of float32); larger ones are drawn again for each job
MAX_KEPT_PARAMETERS = 2**18
_KEPT_MODELS = 32

Model = tuple[tuple[Array, ...], str]


def named_model(name: str, dims: tuple[int, ...]) -> Model:
    """The weights of the model, read-only, one matrix `(dims[k], dims[k+1])` per layer, and their digest.

    At most 32 models of at most 1 MiB are kept, which saves time and never changes the weights.
    """
    if sum(rows * columns for rows, columns in pairwise(dims)) > MAX_KEPT_PARAMETERS:
        return _drawn(name, dims)
    return _kept(name, dims)


def _drawn(name: str, dims: tuple[int, ...]) -> Model:
    weights = drawn_weights(generator(seed(f"model/{name}")), dims)
    for matrix in weights:
        matrix.flags.writeable = False
    return tuple(weights), fingerprint("model", *weights)


_kept = lru_cache(maxsize=_KEPT_MODELS)(_drawn)
