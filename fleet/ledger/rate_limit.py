"""Keeps what a restarted coordinator needs of the server's rate limit: the learnt limit, and the requests spent.

A start that knows neither sends a burst of requests, which are refused, and its heartbeats wait for a whole window.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from fleet.domain.amounts import EntryKind
from fleet.domain.effects import LimitLearnt
from fleet.ledger import schema
from fleet.ledger.meta import store, stored
from fleet.ledger.start_state import read_all
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


def spent_ages_s(connection: Connection, server: int, window_s: float, now_ms: int) -> Sequence[float]:
    """How many seconds ago each request of the last `window_s` was sent, as far as payments show: two for each job."""
    since = now_ms - window_s * 1000
    ages = []
    for (booked_at,) in read_all(connection, _PAID, {"server": server}):
        if not since < booked_at <= now_ms:
            break
        ages += [(now_ms - booked_at) / 1000] * 2
    return ages


def _row(server: int) -> str:
    return f"rate_limit {server}"
