"""What was submitted for a job, and what it was computed from, so that the job can be computed again. A value only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmittedWork:
    """A job with the result that was submitted last."""

    #: the server's id of the job
    job_id: str
    job_type: str
    #: the server's `data`, as received
    data: Mapping[str, Any]
    result: Mapping[str, Any]
    kernel_version: str = ""
    #: what the worker stated of its host that decides on a result's last bits; empty if unknown
    kind: tuple[str, ...] = ()
    #: whether the result was cut to its required fields
    mended: bool = False
