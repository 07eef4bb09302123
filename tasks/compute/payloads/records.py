"""`data_validation`: the number of records to draw and check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tasks.compute.payloads import fields
from tasks.compute.payloads.estimate import CALL_FLOPS, ELEMENT_FLOPS, Estimate

MAX_RECORDS = 1_000_000
_RECORD_BYTES = 160


@dataclass(frozen=True, kw_only=True, slots=True)
class DataValidation:
    """The number of records, `n`; 0 records count as intact."""

    #: number of records
    records: int = 100

    def __post_init__(self) -> None:
        fields.whole("records", self.records, 0, MAX_RECORDS)

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: `records` is of the wrong type or out of bounds.
        """
        return cls(records=fields.given(data, "records", 100))

    @property
    def estimate(self) -> Estimate:
        """Cost, linear in the number of records."""
        flops = 60 * CALL_FLOPS + self.records * 60 * ELEMENT_FLOPS
        return Estimate(flops=flops, memory_bytes=self.records * _RECORD_BYTES)
