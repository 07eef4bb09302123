"""`network_protection`: the blocks to check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tasks.compute.payloads import fields
from tasks.compute.payloads.estimate import CALL_FLOPS, ELEMENT_FLOPS, Estimate
from tasks.errors import PayloadError

MAX_BLOCKS = 10_000
MAX_HEIGHT = 2**63 - 1
MAX_HASH_CHARACTERS = 128

_DEFAULT_RANGE = (0, 9)


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkProtection:
    """Blocks as columns. An absent height is None and an absent hash is empty; the kernel reports both as invalid.

    `data` holds `blocks`, or in older releases `block_range: [first, last]`, both ends included. Where both are
    present, the blocks are used.
    """

    #: height of each block, in the given order
    heights: tuple[int | None, ...] = ()
    #: hash of each block
    hashes: tuple[str, ...] = ()
    #: heights of the blocks to draw, both ends included, where the job gives no blocks
    block_range: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if len(self.heights) != len(self.hashes):
            raise ValueError("columns differ in length")
        for index, height in enumerate(self.heights):
            if height is not None:
                fields.whole(f"blocks[{index}].height", height, 0, MAX_HEIGHT)
        for index, block_hash in enumerate(self.hashes):
            fields.text(f"blocks[{index}].hash", block_hash, MAX_HASH_CHARACTERS)
        if self.block_range is not None:
            _check_range(self.block_range)

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`.

        Raises:
            PayloadError: a field is of the wrong type or out of bounds.
        """
        blocks = fields.given(data, "blocks", None)
        if blocks is None:
            block_range: Any = fields.given(data, "block_range", _DEFAULT_RANGE)
            fields.sequence("block_range", block_range, 2, 2)
            return cls(block_range=tuple(block_range))
        fields.sequence("blocks", blocks, 0, MAX_BLOCKS)
        for index, block in enumerate(blocks):
            fields.record(f"blocks[{index}]", block)
        return cls(
            heights=tuple([block.get("height") for block in blocks]),
            hashes=tuple([fields.given(block, "hash", "") for block in blocks]),
        )

    @property
    def synthetic(self) -> bool:
        """Whether the blocks are to be drawn, since the job gives only their heights."""
        return self.block_range is not None

    @property
    def estimate(self) -> Estimate:
        """Cost, linear in the number of blocks, which are checked in Python."""
        n = len(self.heights) if self.block_range is None else self.block_range[1] - self.block_range[0] + 1
        return Estimate(flops=10 * CALL_FLOPS + n * 50 * ELEMENT_FLOPS * 10, memory_bytes=n * 1000)


def _check_range(block_range: tuple[int, int]) -> None:
    first, last = block_range
    fields.whole("block_range[0]", first, 0, MAX_HEIGHT)
    fields.whole("block_range[1]", last, 0, MAX_HEIGHT)
    if not 0 <= last - first < MAX_BLOCKS:
        raise PayloadError("block_range", f"{first}..{last}", f"ascending, of at most {MAX_BLOCKS} blocks")
