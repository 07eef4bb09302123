"""The proof of a payment: digests of the request and the answer, and the worker that computed the job."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """SHA-256 of the bodies of a request and of its answer; empty if there was no body."""

    sent: bytes = b""
    answered: bytes = b""
    #: number of requests that the call took; the digests are those of the last
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
    """The proof of one payment. Digests are SHA-256, 32 bytes, or empty if there is nothing to digest."""

    #: the call that proves the payment
    exchange: Exchange = field(default_factory=Exchange)
    #: the Celery node that computed the job
    worker: str = ""
    kernel_version: str = ""
    #: digest of the job's `data`
    input_digest: bytes = b""
    #: digest of the `result` that was submitted
    result_digest: bytes = b""
