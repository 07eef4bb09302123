"""What a check of one job on several hosts found. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A job that was to be checked has been decided, or one of its hosts was found to be wrong before."""

    job_id: str
    #: hosts that agreed on the result, and hosts that gave another one
    agreed: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    #: the host whose result is taken although no other host could compute the job; empty for none
    unchecked: str = ""
    #: whether the job was given up, since hosts disagree and no other could decide
    disputed: bool = False
    #: kernel time beyond that of the result that is taken, in milliseconds
    extra_ms: float = 0.0
