"""`matrix_ops` and `matrix_multiply`: square matrices to draw and multiply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tasks.compute.payloads import fields
from tasks.compute.payloads.estimate import CALL_FLOPS, ELEMENT_FLOPS, FLOAT_BYTES, Estimate

MAX_MATRIX_SIZE = 4096
MAX_OPERATIONS = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class MatrixOps:
    """`operations` products of `(matrix_size, matrix_size)` float32 matrices."""

    #: number of rows and of columns
    matrix_size: int = 256
    #: number of products
    operations: int = 3

    def __post_init__(self) -> None:
        fields.whole("matrix_size", self.matrix_size, 1, MAX_MATRIX_SIZE)
        fields.whole("operations", self.operations, 0, MAX_OPERATIONS)
        self.estimate.admit("operations", self.operations)

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: a field is of the wrong type or out of bounds, or the products take too long.
        """
        return cls(
            matrix_size=fields.given(data, "matrix_size", 256),
            operations=fields.given(data, "operations", 3),
        )

    @property
    def estimate(self) -> Estimate:
        """Cost: 2n³ flops per product; four matrices."""
        return _products(self.matrix_size, self.operations)


@dataclass(frozen=True, kw_only=True, slots=True)
class MatrixMultiply:
    """One product of two `(size, size)` float32 matrices."""

    #: number of rows and of columns
    size: int = 100

    def __post_init__(self) -> None:
        fields.whole("size", self.size, 1, MAX_MATRIX_SIZE)
        self.estimate.admit("size", self.size)

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: `size` is of the wrong type or out of bounds.
        """
        return cls(size=fields.given(data, "size", 100))

    @property
    def estimate(self) -> Estimate:
        """Cost: 2n³ flops; four matrices."""
        return _products(self.size, 1)


def _products(size: int, count: int) -> Estimate:
    elements = size * size
    flops = 10 * CALL_FLOPS + 6 * elements * ELEMENT_FLOPS + count * (2 * size * elements + CALL_FLOPS)
    return Estimate(flops=flops, memory_bytes=4 * elements * FLOAT_BYTES)
