"""Keeps what a restarted coordinator needs of the server's rate limit: the learnt limit, and the requests spent.

A start that knows neither sends a burst of requests, which are refused, and its heartbeats wait for a whole window.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from fleet.domain.amounts import EntryKind
from fleet.domain.effects import LimitLearnt
from fleet.domain.jobs import JobOrigin
from fleet.ledger import schema
from fleet.ledger.meta import store, stored
from fleet.ledger.statements import read_all
from fleet.ledger.stored_facts import read_limit

#: an older limit is learnt again
_GOOD_MS = 7 * 24 * 3_600_000
#: most payments that are counted
_MOST = 20_000

_PAID = (
    select(schema.entries.c.booked_at)
    .where(schema.entries.c.server == bindparam("server"), schema.entries.c.kind == EntryKind.JOB.value)
    .order_by(schema.entries.c.seq.desc())
    .limit(_MOST)
)

_FETCHED = (
    select(schema.jobs.c.assigned_at)
    .join(schema.miners, schema.miners.c.id == schema.jobs.c.miner)
    .where(
        schema.miners.c.server == bindparam("server"),
        schema.jobs.c.finished_at.is_(None),
        schema.jobs.c.road == JobOrigin.FETCHED.value,
    )
    .limit(_MOST)
)
_SESSIONS = (
    select(schema.sessions.c.opened_at, schema.sessions.c.beat_at)
    .join(schema.miners, schema.miners.c.id == schema.sessions.c.miner)
    .where(schema.miners.c.server == bindparam("server"), schema.sessions.c.beat_at > bindparam("since"))
    .limit(_MOST)
)


def keep_limit(connection: Connection, server: int, learnt: LimitLearnt, now_ms: int) -> None:
    """Write down what the server's refusals have shown."""
    value = {"requests": learnt.requests, "window_s": learnt.window_s, "learnt_at": now_ms}
    store(connection, _row(server), json.dumps(value))


def kept_limit(connection: Connection, server: int, now_ms: int) -> LimitLearnt | None:
    """The limit that was learnt last; None if it is unknown, too old or unreadable, since other programs write here."""
    kept = read_limit(stored(connection, _row(server)))
    if kept is None or not 0 <= now_ms - kept.learnt_at <= _GOOD_MS:
        return None
    possible = kept.requests >= 1 and kept.window_s > 0
    return LimitLearnt(requests=kept.requests, window_s=kept.window_s) if possible else None


def spent_ages_s(
    connection: Connection, server: int, window_s: float, heartbeat_s: float, now_ms: int
) -> Sequence[float]:
    """How many seconds ago each request of the last `window_s` was sent, as far as the ledger shows.

    A paid job took two requests, an open one its fetch, and a session two to open and one each `heartbeat_s`. What was
    refused, or in flight when the coordinator died, is not known.
    """
    since = now_ms - window_s * 1000
    sent_at: list[float] = []
    for (booked_at,) in read_all(connection, _PAID, {"server": server}):
        if not since < booked_at <= now_ms:
            break
        sent_at += [booked_at] * 2
    sent_at += [assigned_at for (assigned_at,) in read_all(connection, _FETCHED, {"server": server})]
    for opened_at, beat_at in read_all(connection, _SESSIONS, {"server": server, "since": since}):
        # its first sign of life is its opening, a moment later than that began
        beats = round((beat_at - opened_at) / (heartbeat_s * 1000))
        beats = min(beats, math.ceil((beat_at - since) / (heartbeat_s * 1000)))
        sent_at += [opened_at, opened_at, *(beat_at - number * heartbeat_s * 1000 for number in range(beats))]
    return [(now_ms - at) / 1000 for at in sorted(sent_at, reverse=True) if since < at <= now_ms]


def _row(server: int) -> str:
    return f"rate_limit {server}"
