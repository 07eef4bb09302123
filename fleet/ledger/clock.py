"""Jumps of the clock that dates a ledger's entries, stored in the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from fleet.domain.wall_clock import JUMPS_ROW, Jump, read_jumps
from fleet.ledger import schema

#: number of jumps kept; the oldest are dropped
_MOST = 100


def note_jumps(connection: Connection, jumps: Sequence[Jump]) -> None:
    """Add jumps to those that the ledger has stored."""
    meta = schema.meta
    known = connection.execute(select(meta.c.value).where(meta.c.name == JUMPS_ROW)).scalar()
    pairs = [*read_jumps(known), *jumps][-_MOST:]
    value = json.dumps([[jump.from_ms, jump.to_ms] for jump in pairs])
    if known is None:
        connection.execute(insert(meta).values(name=JUMPS_ROW, value=value))
    else:
        connection.execute(update(meta).where(meta.c.name == JUMPS_ROW).values(value=value))
