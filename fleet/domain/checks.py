"""What is decided about checking a result, and what a check on several hosts found. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Screened(Enum):
    """What becomes of a result that a host computed."""

    #: it is submitted
    TAKEN = auto()
    #: another host computes the job, too, before it is submitted
    CHECKED = auto()
    #: it waits: enough results of its host are under check, and what they show decides about it
    HELD = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A job that was to be checked has been decided, or one of its hosts was found to be wrong before."""

    job_id: str
    #: hosts that agreed on the result, and hosts that gave another one
    agreed: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    #: the host that answered first; the others could tell that they may be checking a result
    first: str = ""
    #: the host whose result is taken although no other host could compute the job; empty for none
    unchecked: str = ""
    #: whether the job was given up, since hosts disagree and no other could decide
    disputed: bool = False
    #: kernel time beyond that of the result that is taken, in milliseconds
    extra_ms: float = 0.0
