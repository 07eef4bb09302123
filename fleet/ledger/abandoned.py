"""Sessions that were left open, or requested, by miners that a start does not want any more."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from fleet.domain.saved_state import AbandonedSession
from fleet.ledger import schema
from fleet.ledger.session_requests import session_requests
from fleet.ledger.start_state import common_state, open_jobs, saved_miner
from fleet.ledger.statements import read_all


def abandoned_sessions(
    connection: Connection, server: int, wanted: Collection[str], now_ms: int
) -> list[AbandonedSession]:
    """Jobs and sessions left open at a server by miners that are not among `wanted`, at `now_ms`, UTC milliseconds."""
    sessions, miners = schema.sessions, schema.miners
    open_at_end = (sessions.c.miner == miners.c.id) & sessions.c.closed_at.is_(None)
    query = (
        select(miners.c.id, miners.c.miner_id, sessions.c.session_id, session_requests.c.requested_at)
        .outerjoin(sessions, open_at_end)
        .outerjoin(session_requests, session_requests.c.miner == miners.c.id)
        .where(miners.c.server == server)
        .where(sessions.c.session_id.is_not(None) | session_requests.c.requested_at.is_not(None))
    )
    rows = [row for row in read_all(connection, query) if row.miner_id not in wanted]
    if not rows:
        return []
    state = common_state(connection, server)
    return [
        AbandonedSession(
            miner_id=row.miner_id,
            session_id=row.session_id or "",
            requested=row.requested_at is not None,
            open_jobs=open_jobs(connection, row.id, row.miner_id),
            saved=saved_miner(connection, state, row.miner_id, now_ms),
        )
        for row in rows
    ]
