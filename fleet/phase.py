"""Where a miner stands with its server."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """How far a miner is with the server."""

    UNREGISTERED = "unregistered"
    REGISTERED = "registered"
    MINING = "mining"
    #: the session is stopped, the last totals are not asked yet
    STOPPED = "stopped"
    DONE = "done"
