"""Job ids that look random but encode the job's number, so that a completed job costs no memory."""

from __future__ import annotations

from hashlib import blake2b

_ID_LENGTH = 36
_VARIANTS = "89ab"


class JobIds:
    """Converts numbers below 2**48 to UUIDs of version 4, and back.

    The tail is a keyed hash of the number. The head is the number masked with a pad derived from the tail. An id that
    this object didn't issue has a wrong tail.
    """

    def __init__(self, seed: int) -> None:
        self._key = blake2b(str(seed).encode(), digest_size=16).digest()

    def issue(self, number: int) -> str:
        """The id of the job with this number (0 … 2**48 − 1)."""
        tail = blake2b(number.to_bytes(6, "big"), key=self._key, digest_size=10, person=b"tail").hexdigest()
        head = f"{number ^ self._pad(tail):012x}"
        variant = _VARIANTS[int(tail[18], 16) & 3]
        return f"{head[:8]}-{head[8:]}-4{tail[:3]}-{variant}{tail[3:6]}-{tail[6:18]}"

    def number(self, job_id: str) -> int | None:
        """The job's number for an id; None where this object did not issue it."""
        if len(job_id) != _ID_LENGTH or not job_id.isascii():
            return None
        tail_start, head = job_id[15:18] + job_id[20:23] + job_id[24:], job_id[:8] + job_id[9:13]
        try:
            number = int(head, 16) ^ self._pad(tail_start)
        except ValueError:
            return None
        return number if self.issue(number) == job_id else None

    def _pad(self, tail: str) -> int:
        return int.from_bytes(blake2b(tail[:18].encode(), key=self._key, digest_size=6, person=b"head").digest(), "big")
