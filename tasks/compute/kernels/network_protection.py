"""`network_protection`: whether blocks are well-formed, continuous and unique."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from numpy.random import Generator

from tasks.compute.digest import canonical, digest
from tasks.compute.kernels.draws import words16
from tasks.compute.payloads.blocks import NetworkProtection

#: maximum number of invalid blocks that a result lists
MAX_LISTED = 16

_HASH = re.compile(r"(?:0x)?[0-9a-f]+(?:-[0-9a-f]+)*", re.IGNORECASE | re.ASCII)
_LEAST_HASH_CHARACTERS = 8
_HASH_BYTES = 8

Heights = Sequence[int | None]


def network_protection(payload: NetworkProtection, rng: Generator) -> dict[str, object]:
    """Check each of n blocks against the ones before it. A block without a fault is validated.

    `missing_height`: the block has none. `height_gap`: its height isn't the previous one plus 1 (the first block may
    have any, and so may one after a block without a height). `duplicate_height`, `duplicate_hash`: seen in an earlier
    block (hashes without regard to case). `malformed_hash`: anything but hex digits, in groups joined by "-" as the
    servers cut them, optionally after 0x, at least 8 characters. The checks depend only on the blocks and use only
    integers and strings. Where the job gives only heights, the hashes are drawn, with 16 digits. No blocks validate as
    0.

    Returns:
        `blocks_validated`, `blocks_checked` (n), `invalid` (of the first 16 invalid blocks: `index` and `reasons`),
        `invalid_count`, `chain_hash` (over all heights and hashes), `synthetic`.
    """
    heights, hashes = _drawn(payload.block_range, rng) if payload.block_range else (payload.heights, payload.hashes)
    findings = _findings(heights, hashes)
    invalid = [{"index": index, "reasons": reasons} for index, reasons in enumerate(findings) if reasons]
    return {
        "blocks_validated": len(findings) - len(invalid),
        "blocks_checked": len(findings),
        "invalid": invalid[:MAX_LISTED],
        "invalid_count": len(invalid),
        "chain_hash": digest("network_protection", canonical([heights, hashes])),
        "synthetic": payload.synthetic,
    }


def _findings(heights: Heights, hashes: Sequence[str]) -> list[list[str]]:
    """The faults of each block."""
    found = []
    seen_heights: set[int] = set()
    seen_hashes: set[str] = set()
    before: int | None = None
    for height, block_hash in zip(heights, hashes, strict=True):
        reasons = _height_reasons(height, before, seen_heights)
        folded = block_hash.lower()
        if len(block_hash) < _LEAST_HASH_CHARACTERS or not _HASH.fullmatch(block_hash):
            reasons.append("malformed_hash")
        elif folded in seen_hashes:
            reasons.append("duplicate_hash")
        found.append(reasons)
        seen_hashes.add(folded)
        if height is not None:
            seen_heights.add(height)
        before = height
    return found


def _height_reasons(height: int | None, before: int | None, seen: set[int]) -> list[str]:
    if height is None:
        return ["missing_height"]
    reasons = []
    if before is not None and height != before + 1:
        reasons.append("height_gap")
    if height in seen:
        reasons.append("duplicate_height")
    return reasons


def _drawn(block_range: tuple[int, int], rng: Generator) -> tuple[Heights, Sequence[str]]:
    first, last = block_range
    heights = range(first, last + 1)
    nonce = words16(rng, _HASH_BYTES).tobytes()
    hashes = [hashlib.sha256(nonce + height.to_bytes(8, "little")).hexdigest()[: 2 * _HASH_BYTES] for height in heights]
    return list(heights), hashes
