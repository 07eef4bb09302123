"""What a payment rests on: digests of what was sent and answered, and who computed it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """SHA-256 of the bytes of a request's body and of its answer's; empty where there was no body."""

    sent: bytes = b""
    answered: bytes = b""
    #: how many requests the call took; the digests are the last one's
    requests: int = 1

    @classmethod
    def of(cls, sent: bytes | None, answered: bytes, *, requests: int = 1) -> Exchange:
        """The digests of two bodies as they crossed the wire."""
        return cls(
            sent=hashlib.sha256(sent).digest() if sent else b"",
            answered=hashlib.sha256(answered).digest(),
            requests=requests,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Digests are SHA-256, 32 bytes, or empty where there is nothing to digest."""

    #: the call that the payment rests on
    exchange: Exchange = field(default_factory=Exchange)
    #: the Celery node that computed the job
    worker: str = ""
    kernel_version: str = ""
    #: of the job's `data`
    input_digest: bytes = b""
    #: of the `result` that was submitted
    result_digest: bytes = b""


def json_digest(value: Mapping[str, Any]) -> bytes:
    """SHA-256 of a JSON object's one text: keys sorted, no spaces, ASCII, floats by repr."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).digest()
