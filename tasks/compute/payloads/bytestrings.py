"""`data_hash`: bytes to draw and hash repeatedly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tasks.compute.payloads import fields
from tasks.compute.payloads.estimate import CALL_FLOPS, ELEMENT_FLOPS, Estimate

MAX_BYTES = 64 * 2**20
MAX_ITERATIONS = 3_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class DataHash:
    """The number of bytes and of hash iterations."""

    #: length of the data, in bytes
    size: int = 10_000
    #: how many times SHA-256 is applied
    iterations: int = 1_000

    def __post_init__(self) -> None:
        fields.whole("size", self.size, 0, MAX_BYTES)
        fields.whole("iterations", self.iterations, 1, MAX_ITERATIONS)

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: a field is of the wrong type or out of bounds.
        """
        return cls(size=fields.given(data, "size", 10_000), iterations=fields.given(data, "iterations", 1_000))

    @property
    def estimate(self) -> Estimate:
        """Cost: the data once, then 32 bytes per iteration."""
        flops = 5 * CALL_FLOPS + 4 * self.size * ELEMENT_FLOPS + self.iterations * CALL_FLOPS // 4
        return Estimate(flops=flops, memory_bytes=2 * self.size)
