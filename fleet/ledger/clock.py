"""Jumps of the clock that dates a ledger's entries, stored in the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection

from fleet.domain.wall_clock import JUMPS_ROW, Jump, read_jumps
from fleet.ledger.meta import store, stored

#: number of jumps kept; the oldest are dropped
_MOST = 100


def note_jumps(connection: Connection, jumps: Sequence[Jump]) -> None:
    """Add jumps to those that the ledger has stored."""
    pairs = [*read_jumps(stored(connection, JUMPS_ROW)), *jumps][-_MOST:]
    store(connection, JUMPS_ROW, json.dumps([[jump.from_ms, jump.to_ms] for jump in pairs]))
