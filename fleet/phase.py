"""Where a miner stands with its server, and the ways on which it speaks with it."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """How far a miner is with the server."""

    UNREGISTERED = "unregistered"
    REGISTERED = "registered"
    MINING = "mining"
    #: the session is stopped, the last totals are not asked yet
    STOPPED = "stopped"
    DONE = "done"


class Lane(Enum):
    """The two ways to the server."""

    MAIN = "main"
    SIDE = "side"
