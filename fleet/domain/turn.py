"""The writes, dispatches and calls of one turn of the loop. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet.domain.calls import Call
from fleet.domain.effects import Dispatch, Notice, Write

#: a time that never comes
NEVER = float("inf")


@dataclass(kw_only=True, slots=True)
class Turn:
    """The effects of one turn's events. Writes are committed first; dispatches and calls follow."""

    writes: list[Write] = field(default_factory=list)
    dispatches: list[Dispatch] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    #: monotonic time of the next turn if nothing happens earlier
    wake_at: float = NEVER
