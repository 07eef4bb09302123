"""Sessions that were left open by miners that a start does not want any more."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from fleet.domain.saved_state import AbandonedSession
from fleet.ledger import schema
from fleet.ledger.start_state import common_state, open_jobs, saved_miner
from fleet.ledger.statements import read_all


def abandoned_sessions(
    connection: Connection, server: int, wanted: Collection[str], beat_before: int | None, now_ms: int
) -> list[AbandonedSession]:
    """Jobs and sessions left open at a server by miners that are not among `wanted`.

    With `beat_before`, only sessions count whose last heartbeat was not later. Both times are UTC milliseconds.
    """
    sessions, miners = schema.sessions, schema.miners
    query = (
        select(miners.c.id, miners.c.miner_id, sessions.c.session_id)
        .join(miners, miners.c.id == sessions.c.miner)
        .where(miners.c.server == server, sessions.c.closed_at.is_(None))
    )
    if beat_before is not None:
        query = query.where(sessions.c.beat_at <= beat_before)
    rows = [row for row in read_all(connection, query) if row.miner_id not in wanted]
    if not rows:
        return []
    state = common_state(connection, server)
    return [
        AbandonedSession(
            miner_id=row.miner_id,
            session_id=row.session_id,
            open_jobs=open_jobs(connection, row.id, row.miner_id),
            saved=saved_miner(connection, state, row.miner_id, now_ms),
        )
        for row in rows
    ]
