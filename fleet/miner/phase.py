"""Where a miner stands with its server."""

from __future__ import annotations

from enum import StrEnum

from fleet.domain.calls import CallKind


class Phase(StrEnum):
    """How far a miner is with the server."""

    UNREGISTERED = "unregistered"
    REGISTERED = "registered"
    MINING = "mining"
    #: the session is stopped, the last totals are not asked yet
    STOPPED = "stopped"
    DONE = "done"


#: what leads from a phase without a session to the next one
NEXT_CALL = {
    Phase.UNREGISTERED: CallKind.REGISTER,
    Phase.REGISTERED: CallKind.START_SESSION,
    Phase.STOPPED: CallKind.TOTALS,
}
