"""`federated_learning`: the initial weights of a training round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

from tasks.compute.payloads import fields
from tasks.compute.payloads.estimate import CALL_FLOPS, ELEMENT_FLOPS, FLOAT_BYTES, Estimate
from tasks.errors import PayloadError

MAX_SIDE = 1024
MAX_LOCAL_ROWS = 100_000
MAX_WEIGHT = 1e6

#: `(inputs, outputs)` of the model when the server sends no weights
DEFAULT_SHAPE = (32, 10)
#: gradient steps in one local round
LOCAL_STEPS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class FederatedLearning:
    """Global weights `(d, c)`, or None for the server's first round, and the number of local rows to learn from."""

    #: the weights' rows, all of the same length; None means seeded ones of `DEFAULT_SHAPE`
    global_weights: tuple[tuple[float, ...], ...] | None = None
    #: number of local rows, which are drawn
    local_data_size: int = 1000

    def __post_init__(self) -> None:
        fields.whole("local_data_size", self.local_data_size, 1, MAX_LOCAL_ROWS)
        if self.global_weights is not None:
            _check_matrix(self.global_weights)
        self.estimate.admit("local_data_size", self.local_data_size)

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: a field is of the wrong type or out of bounds, the matrix is ragged or too large.
        """
        weights: Any = fields.given(data, "global_weights", None)
        if weights is not None:
            fields.sequence("global_weights", weights, 1, MAX_SIDE)
            for index, row in enumerate(weights):
                fields.sequence(f"global_weights[{index}]", row, 1, MAX_SIDE)
            weights = tuple([tuple(row) for row in weights])
        return cls(global_weights=weights, local_data_size=fields.given(data, "local_data_size", 1000))

    @property
    def shape(self) -> tuple[int, int]:
        """The model's inputs and outputs, `(d, c)`."""
        if self.global_weights is None:
            return DEFAULT_SHAPE
        return len(self.global_weights), len(self.global_weights[0])

    @property
    def estimate(self) -> Estimate:
        """Cost: drawing the local rows, their Gram matrix, and the steps on it."""
        n, (d, c) = self.local_data_size, self.shape
        elements = n * d + 3 * n * c + 2 * d * d + 6 * d * c
        products = 2 * n * d * d + 8 * n * d * c + 2 * LOCAL_STEPS * d * d * c
        flops = 60 * CALL_FLOPS + products + 3 * elements * ELEMENT_FLOPS
        return Estimate(flops=flops, memory_bytes=elements * FLOAT_BYTES)


def _check_matrix(rows: tuple[tuple[float, ...], ...]) -> None:
    columns = len(rows[0])
    for index, row in enumerate(rows):
        if len(row) != columns:
            bound = f"as long as the first row ({columns})"
            raise PayloadError(f"global_weights[{index}]", fields.seen(row), bound)
        if not set(map(type, row)) <= {int, float} or not all(map(_is_weight, row)):
            _refuse_weight(index, row)


def _is_weight(value: float) -> bool:
    return -MAX_WEIGHT <= value <= MAX_WEIGHT


def _refuse_weight(index: int, row: tuple[float, ...]) -> None:
    for column, value in enumerate(row):
        if type(value) not in (int, float) or (type(value) is float and not isfinite(value)) or not _is_weight(value):
            bound = f"a number in -{MAX_WEIGHT:g}..{MAX_WEIGHT:g}"
            raise PayloadError(f"global_weights[{index}][{column}]", fields.seen(value), bound)
