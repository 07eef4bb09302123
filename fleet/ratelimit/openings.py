"""Which miners are brought in first where a server's limit can't carry all of them. Pure."""

from __future__ import annotations

from fleet.domain.calls import Urgency
from fleet.ratelimit.governor import Governor


class Openings:
    """A registered miner's session is opened before another one registers, and as many as can be kept alive.

    Without it, thousands of miners register for minutes before the first of them has a session; and once all of them
    have one, heartbeats alone take more than the limit, and no result is ever submitted.
    """

    def __init__(self) -> None:
        #: miners that were registered, or are about to be
        self._inside: set[str] = set()

    @property
    def inside(self) -> int:
        """How many miners were brought in."""
        return len(self._inside)

    def urgency(self, miner_id: str, urgency: Urgency) -> Urgency:
        """How urgent the miner's call is: the first of a miner that is not in yet waits for those of the others."""
        return Urgency.REOPENING if urgency is Urgency.OPENING and miner_id in self._inside else urgency

    def has_room(self, governor: Governor) -> bool:
        """Whether the limit carries the heartbeats of one more miner."""
        return len(self._inside) < governor.carries

    def began(self, miner_id: str) -> None:
        """The miner registers."""
        self._inside.add(miner_id)

    def failed(self, miner_id: str) -> None:
        """The miner could not register: another one may have its place."""
        self._inside.discard(miner_id)
