"""Where a miner stands with its server, and the ways on which it speaks with it."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Phase(StrEnum):
    """How far a miner is with the server."""

    UNREGISTERED = "unregistered"
    REGISTERED = "registered"
    MINING = "mining"
    #: the session is stopped, the last totals are not asked yet
    STOPPED = "stopped"
    DONE = "done"


class Lane(IntEnum):
    """The two ways to the server."""

    MAIN = 0
    SIDE = 1
