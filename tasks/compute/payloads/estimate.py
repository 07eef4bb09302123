"""The cost of a job, estimated from its sizes alone, and the limits for one job."""

from __future__ import annotations

from typing import NamedTuple

from tasks.errors import PayloadError

#: maximum size of the arrays alive at once in one job
MAX_MEMORY_BYTES = 256 * 2**20
#: maximum work of one job: about 1.5 s on a core of 100 GFLOP/s, about 15 s on one of 10 GFLOP/s
MAX_FLOPS = 150_000_000_000

#: cost of one numpy call beside its arithmetic (2 µs), in flops
CALL_FLOPS = 200_000
#: cost of drawing one element, or of one pass over it (about 1 ns), in flops
ELEMENT_FLOPS = 100
#: bytes of a float32
FLOAT_BYTES = 4


class Estimate(NamedTuple):
    """The cost of one job, a little above the measured one."""

    #: floating-point operations at the speed of a matrix product; slower work counts as the flops of the same time
    flops: int
    #: bytes of the arrays that are alive at once
    memory_bytes: int

    def admit(self, field: str, value: object) -> None:
        """Refuse a job that is too large for one worker process.

        Parameters:
            field: the field with the most influence on the cost, for the error.
            value: that field's value.

        Raises:
            PayloadError: more than `MAX_MEMORY_BYTES` or `MAX_FLOPS`.
        """
        if self.memory_bytes > MAX_MEMORY_BYTES:
            bound = f"small enough for {MAX_MEMORY_BYTES:,} bytes in all (this takes {self.memory_bytes:.3g})"
            raise PayloadError(field, value, bound)
        if self.flops > MAX_FLOPS:
            bound = f"small enough for {MAX_FLOPS:,} operations in all (this takes {self.flops:.3g})"
            raise PayloadError(field, value, bound)
