"""`tensor_reduce`: a tensor to draw and reduce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Self

from tasks.compute.payloads import fields
from tasks.compute.payloads.estimate import CALL_FLOPS, ELEMENT_FLOPS, FLOAT_BYTES, Estimate

MAX_AXES = 8
MAX_AXIS = 2**24


@dataclass(frozen=True, kw_only=True, slots=True)
class TensorReduce:
    """The shape of the tensor."""

    #: length of each axis
    dims: tuple[int, ...] = (100, 100, 100)

    def __post_init__(self) -> None:
        fields.sequence("dims", self.dims, 1, MAX_AXES)
        for index, length in enumerate(self.dims):
            fields.whole(f"dims[{index}]", length, 1, MAX_AXIS)
        self.estimate.admit("dims", str(self.dims))

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: `dims` is of the wrong type or out of bounds, or the tensor is too large.
        """
        dims: Any = fields.given(data, "dims", (100, 100, 100))
        fields.sequence("dims", dims, 1, MAX_AXES)
        return cls(dims=tuple(dims))

    @property
    def estimate(self) -> Estimate:
        """Cost: each element is drawn and passed over five times."""
        elements = prod(self.dims)
        flops = 10 * CALL_FLOPS + 8 * elements * ELEMENT_FLOPS
        return Estimate(flops=flops, memory_bytes=3 * elements * FLOAT_BYTES)
