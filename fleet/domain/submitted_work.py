"""What was submitted for a job, and what it was computed from, so that the job can be computed again. A value only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmittedWork:
    """A job with the result that was submitted last.

    Data and result are canonical JSON (keys sorted, no spaces, ASCII, floats by repr): the text that is digested for
    the proof of a payment is the one that is kept.
    """

    #: the server's id of the job
    job_id: str
    job_type: str
    #: the server's `data`
    data_json: str
    result_json: str
    kernel_version: str = ""
    #: what the worker stated of its host that decides on a result's last bits; empty if unknown
    kind: tuple[str, ...] = ()
    #: whether the result was cut to its required fields
    mended: bool = False

    @property
    def input_digest(self) -> bytes:
        """SHA-256 of the data."""
        return hashlib.sha256(self.data_json.encode()).digest()

    @property
    def result_digest(self) -> bytes:
        """SHA-256 of the result."""
        return hashlib.sha256(self.result_json.encode()).digest()

    @property
    def data(self) -> Mapping[str, Any]:
        """The server's `data`, read from its JSON."""
        found: dict[str, Any] = json.loads(self.data_json)
        return found

    @property
    def result(self) -> Mapping[str, Any]:
        """The result, read from its JSON."""
        found: dict[str, Any] = json.loads(self.result_json)
        return found
