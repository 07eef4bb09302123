"""The phases of a miner at its server, and the calls that lead from one to the next."""

from __future__ import annotations

from enum import StrEnum

from fleet.domain.calls import CallKind


class Phase(StrEnum):
    """The phases of a miner at its server, in order."""

    UNREGISTERED = "unregistered"
    REGISTERED = "registered"
    MINING = "mining"
    #: the session is stopped, and the last totals are still to be requested
    STOPPED = "stopped"
    DONE = "done"


#: phase without a session → the call that leads to the next phase
NEXT_CALL = {
    Phase.UNREGISTERED: CallKind.REGISTER,
    Phase.REGISTERED: CallKind.START_SESSION,
    Phase.STOPPED: CallKind.TOTALS,
}
