"""`data_hash`: a chain of SHA-256 over drawn bytes."""

from __future__ import annotations

import hashlib

from numpy.random import Generator

from tasks.compute.kernels.draws import words16
from tasks.compute.payloads.bytestrings import DataHash


def data_hash(payload: DataHash, rng: Generator) -> dict[str, object]:
    """`d₁ = SHA-256(data)`, `dₖ₊₁ = SHA-256(dₖ)` of the 32 bytes; the last of `iterations`.

    `data` is `size` drawn bytes; 0 bytes are allowed. Plain SHA-256 without a domain, so that anyone can check it by
    hand.

    Returns:
        `final_hash` in hex, `data_hash` (d₁), `iterations`, `size`, `synthetic` (always true).
    """
    data = words16(rng, -(-payload.size // 2)).tobytes()[: payload.size]
    sha256 = hashlib.sha256
    first = current = sha256(data).digest()
    for _ in range(payload.iterations - 1):
        current = sha256(current).digest()
    return {
        "final_hash": current.hex(),
        "data_hash": first.hex(),
        "iterations": payload.iterations,
        "size": payload.size,
        "synthetic": True,
    }
