"""What a farm asks for in a turn of the loop, and what it hears of its dispatches. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet.domain.calls import Call
from fleet.domain.effects import Dispatch, Notice, Write

#: A time that does not come.
NEVER = float("inf")


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """The dispatcher's word on one job: False when it could not be published."""

    job_id: str
    miner_id: str
    attempt: int
    published: bool
    #: nothing was published, since a message of it may still wait in the queue
    waits: bool = False


@dataclass(kw_only=True, slots=True)
class Turn:
    """What the events of a turn ask for. The writes are committed first; only then come dispatches and calls."""

    writes: list[Write] = field(default_factory=list)
    dispatches: list[Dispatch] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    #: monotonic time of the next turn if nothing happens before
    wake_at: float = NEVER
