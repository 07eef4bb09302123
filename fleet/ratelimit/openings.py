"""Decides which miners are brought in first if the server's limit can't carry all of them. Pure."""

from __future__ import annotations

from fleet.domain.calls import Urgency
from fleet.ratelimit.governor import Governor


class Openings:
    """Opens a registered miner's session before another miner registers, and admits only as many as can be kept alive.

    Without this rule, thousands of miners register for minutes before the first of them has a session. Once all of them
    have one, their heartbeats alone exceed the limit, and no result is ever submitted.
    """

    def __init__(self) -> None:
        #: miners that are registered or about to register
        self._inside: set[str] = set()

    @property
    def inside(self) -> int:
        """Number of miners that were brought in."""
        return len(self._inside)

    def urgency(self, miner_id: str, urgency: Urgency) -> Urgency:
        """The urgency of the miner's call: a new miner's registration waits for calls of miners already brought in."""
        return Urgency.REOPENING if urgency is Urgency.OPENING and miner_id in self._inside else urgency

    def has_room(self, governor: Governor) -> bool:
        """Whether the limit carries the heartbeats of one more miner."""
        return len(self._inside) < governor.carries

    def began(self, miner_id: str) -> None:
        """Record that the miner is registering."""
        self._inside.add(miner_id)

    def failed(self, miner_id: str) -> None:
        """Record that the miner could not register, so that another one may take its place."""
        self._inside.discard(miner_id)
