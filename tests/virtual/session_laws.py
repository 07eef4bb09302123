"""The laws of requests for sessions: each is written down before it is sent, and none is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Engine, select

from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.calls import Call, CallKind
from fleet.domain.effects import SessionOpened, Write
from fleet.domain.session_effects import SessionDenied, SessionRequested
from fleet.ledger import schema
from fleet.ledger.session_requests import session_requests
from fleet.simulator.faultkinds import FaultKind
from tests.virtual.plan import Plan
from tests.virtual.server import Arrival, Server

#: shortest drain, in seconds, that outlasts the waits after failures before it
_LONG_DRAIN_S = 300.0
_OPEN_SESSIONS = (
    select(schema.miners.c.miner_id, schema.sessions.c.session_id)
    .join(schema.miners, schema.miners.c.id == schema.sessions.c.miner)
    .where(schema.sessions.c.closed_at.is_(None))
)
#: what the fault `no_session` says, and the sessions that the farm has closed since the server said so
_NONE_ACTIVE = "No active session. Start a session first."
_DENIED_SESSIONS = select(schema.sessions.c.session_id).where(schema.sessions.c.cause == _NONE_ACTIVE)
_REQUESTED = select(schema.miners.c.miner_id).join(session_requests, session_requests.c.miner == schema.miners.c.id)


class SessionLaws:
    """Checks the requests for sessions of one server's miners."""

    def __init__(self, hold: Callable[[bool, str], None]) -> None:
        self._hold = hold
        #: miners with a session that is requested and has no outcome, by the ledger
        self._requested: set[str] = set()
        #: miners whose request of a dead coordinator arrived after the next one had settled it
        self._late: set[str] = set()

    def committed(self, writes: Sequence[Write]) -> None:
        """Rows were written to the ledger."""
        for write in writes:
            if isinstance(write, SessionRequested):
                self._requested.add(write.miner_id)
            elif isinstance(write, SessionOpened | SessionDenied):
                self._requested.discard(write.miner_id)

    def sent(self, call: Call) -> None:
        """A call is sent."""
        if call.kind is CallKind.START_SESSION:
            miner_id = call.spec.miner_id
            known = miner_id in self._requested
            self._hold(known, f"write down first: {miner_id}'s session is requested and not in the ledger")

    def arrived(self, arrival: Arrival) -> None:
        """A request reached the server."""
        if arrival.endpoint == "start-session" and arrival.body["contributor_id"] not in self._requested:
            self._late.add(arrival.body["contributor_id"])

    def at_end(self, server: Server, plan: Plan, farm: Farm, engine: Engine) -> None:
        """The server holds no session of the farm that the ledger does not know: as open, or as requested.

        The farm believes a server that says of a session that there is none. Where that was false, and the farm ended
        before it asked for the next session and was given this one, the session is left to end by itself.
        """
        lies = any(fault.kind is FaultKind.NO_SESSION for fault in plan.faults)
        with engine.connect() as connection:
            denied = {row.session_id for row in connection.execute(_DENIED_SESSIONS)} if lies else set[str]()
            known = {(row.miner_id, row.session_id) for row in connection.execute(_OPEN_SESSIONS)}
            requested = {row.miner_id for row in connection.execute(_REQUESTED)}
        # an answer from a cache may name another session than the one that runs
        stale = any(fault.kind is FaultKind.STALE for fault in plan.faults)
        for one in server.simulator.world.sessions.values():
            miner_id = one.contributor_id
            if not one.active or stale or miner_id in self._late or one.session_id in denied:
                continue
            words = f"sessions: {one.session_id} of {miner_id} is open at the server, and the ledger"
            self._hold(miner_id in requested or (miner_id, one.session_id) in known, f"{words} does not know of it")
            # a drain that has time for it, at a server that takes calls, finds out what became of each request
            brief = plan.drain_s < _LONG_DRAIN_S or plan.server_limit < 5000
            found = miner_id not in requested or miner_id not in farm.miners
            self._hold(found or brief, f"{words} still only knows that one was requested")
