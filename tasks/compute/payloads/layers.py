"""`gradient_compute`, `model_training`, `inference`, `model_inference`: a network's layer sizes.

One file: four job types share the rules for layer sizes and their costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import mul
from typing import Any, Self

from tasks.compute.payloads import fields
from tasks.compute.payloads.estimate import CALL_FLOPS, ELEMENT_FLOPS, FLOAT_BYTES, Estimate

MAX_WIDTH = 8192
MAX_LAYERS = 32
MAX_BATCH = 8192
MAX_EPOCHS = 10_000
MAX_MODEL_ID_CHARACTERS = 128

#: rows that `gradient_compute` draws, since its `data` has no batch size
GRADIENT_BATCH = 32
#: width of the hidden and of the output layer of an `inference` model, since its `data` has none
INFERENCE_HIDDEN = 64
INFERENCE_OUTPUTS = 16

_DEFAULT_DIMS = (128, 64, 32)


@dataclass(frozen=True, kw_only=True, slots=True)
class GradientCompute:
    """A network whose layers have the widths `layer_dims`.

    Older releases give only a `size`: the widths are then size, size/2 and size/4 (rounded down, at least 1), which for
    128 is the newer releases' network. Where both are present, `layer_dims` is used.
    """

    #: width of the input, of each hidden layer and of the output
    layer_dims: tuple[int, ...] = _DEFAULT_DIMS

    def __post_init__(self) -> None:
        fields.sequence("layer_dims", self.layer_dims, 2, MAX_LAYERS)
        for index, width in enumerate(self.layer_dims):
            fields.whole(f"layer_dims[{index}]", width, 1, MAX_WIDTH)
        self.estimate.admit("layer_dims", str(self.layer_dims))

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: a field is of the wrong type or out of bounds, or the network is too large.
        """
        dims: Any = fields.given(data, "layer_dims", None)
        if dims is None:
            size: Any = fields.given(data, "size", _DEFAULT_DIMS[0])
            fields.whole("size", size, 1, MAX_WIDTH)
            return cls(layer_dims=(size, max(1, size // 2), max(1, size // 4)))
        fields.sequence("layer_dims", dims, 2, MAX_LAYERS)
        return cls(layer_dims=tuple(dims))

    @property
    def estimate(self) -> Estimate:
        """Cost: three products per layer."""
        return _backpropagation(self.layer_dims, GRADIENT_BATCH, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelTraining:
    """Full-batch training of a network layer_size → layer_size → layer_size."""

    #: width of every layer
    layer_size: int = 128
    #: rows of the batch
    batch_size: int = 32
    #: number of steps; 0 only measures the loss
    epochs: int = 10

    def __post_init__(self) -> None:
        fields.whole("layer_size", self.layer_size, 1, MAX_WIDTH)
        fields.whole("batch_size", self.batch_size, 1, MAX_BATCH)
        fields.whole("epochs", self.epochs, 0, MAX_EPOCHS)
        self.estimate.admit("epochs", self.epochs)

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: a field is of the wrong type or out of bounds, or the training takes too long.
        """
        return cls(
            layer_size=fields.given(data, "layer_size", 128),
            batch_size=fields.given(data, "batch_size", 32),
            epochs=fields.given(data, "epochs", 10),
        )

    @property
    def dims(self) -> tuple[int, int, int]:
        """Width of input, hidden layer and output."""
        return self.layer_size, self.layer_size, self.layer_size

    @property
    def estimate(self) -> Estimate:
        """Cost: three products per layer and epoch."""
        return _backpropagation(self.dims, self.batch_size, self.epochs + 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inference:
    """A batch through the model named by `model_id`.

    Older releases give only a `size`, which is used as `input_size` unless that is present.
    """

    #: the model's name; the same name and input size always give the same weights
    model_id: str = "default"
    #: width of the input
    input_size: int = 64
    #: rows of the batch
    batch_size: int = 16

    def __post_init__(self) -> None:
        fields.text("model_id", self.model_id, MAX_MODEL_ID_CHARACTERS)
        fields.whole("input_size", self.input_size, 1, MAX_WIDTH)
        fields.whole("batch_size", self.batch_size, 1, MAX_BATCH)
        self.estimate.admit("batch_size", self.batch_size)

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: a field is of the wrong type or out of bounds.
        """
        return cls(
            model_id=fields.given(data, "model_id", "default"),
            input_size=_input_size(data),
            batch_size=fields.given(data, "batch_size", 16),
        )

    @property
    def dims(self) -> tuple[int, int, int]:
        """Width of input, hidden layer and output."""
        return self.input_size, INFERENCE_HIDDEN, INFERENCE_OUTPUTS

    @property
    def estimate(self) -> Estimate:
        """Cost: one product per layer."""
        return _forward(self.dims, self.batch_size)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelInference:
    """A batch through a classifier input_dim → hidden_dim → output_dim."""

    #: rows of the batch
    batch_size: int = 32
    #: width of the input
    input_dim: int = 512
    #: width of the hidden layer
    hidden_dim: int = 256
    #: number of classes
    output_dim: int = 10

    def __post_init__(self) -> None:
        fields.whole("batch_size", self.batch_size, 1, MAX_BATCH)
        fields.whole("input_dim", self.input_dim, 1, MAX_WIDTH)
        fields.whole("hidden_dim", self.hidden_dim, 1, MAX_WIDTH)
        fields.whole("output_dim", self.output_dim, 1, MAX_WIDTH)
        self.estimate.admit("hidden_dim", self.hidden_dim)

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: a field is of the wrong type or out of bounds, or the network is too large.
        """
        return cls(
            batch_size=fields.given(data, "batch_size", 32),
            input_dim=fields.given(data, "input_dim", 512),
            hidden_dim=fields.given(data, "hidden_dim", 256),
            output_dim=fields.given(data, "output_dim", 10),
        )

    @property
    def dims(self) -> tuple[int, int, int]:
        """Width of input, hidden layer and output."""
        return self.input_dim, self.hidden_dim, self.output_dim

    @property
    def estimate(self) -> Estimate:
        """Cost: one product per layer."""
        return _forward(self.dims, self.batch_size)


def _input_size(data: Mapping[str, object]) -> Any:
    size = data.get("input_size")
    if size is None:
        size = data.get("size")
        if size is None:
            return 64
        fields.whole("size", size, 1, MAX_WIDTH)
    return size


def _forward(dims: tuple[int, ...], batch: int) -> Estimate:
    weights = sum(map(mul, dims, dims[1:]))
    units = batch * sum(dims)
    flops = 10 * len(dims) * CALL_FLOPS + 2 * batch * weights + (2 * weights + 12 * units) * ELEMENT_FLOPS
    return Estimate(flops=flops, memory_bytes=(2 * weights + 4 * units) * FLOAT_BYTES)


def _backpropagation(dims: tuple[int, ...], batch: int, steps: int) -> Estimate:
    weights = sum(map(mul, dims, dims[1:]))
    units = batch * sum(dims)
    one = 12 * len(dims) * CALL_FLOPS + 6 * batch * weights + (3 * weights + 4 * units) * ELEMENT_FLOPS
    drawn = (3 * weights + 2 * units) * ELEMENT_FLOPS
    return Estimate(flops=drawn + steps * one, memory_bytes=(5 * weights + 8 * units) * FLOAT_BYTES)
