"""Writes the rows of sessions, from the request for one to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from fleet.domain.effects import SessionBeat, SessionClosed, SessionOpened
from fleet.domain.session_effects import OffsetSet, SessionDenied, SessionRequested
from fleet.ledger import schema
from fleet.ledger.new_rows import last_entry, row_id
from fleet.ledger.proof.seals import change
from fleet.ledger.session_requests import record_requests, settle_requests


class Sessions:
    """Writes the sessions of one server's miners; `miner` gives the row of a miner id. Times are UTC milliseconds."""

    def __init__(self, connection: Connection, miner: Callable[[str], int]) -> None:
        self._connection = connection
        self._miner = miner

    def request(self, writes: Sequence[SessionRequested], now_ms: int) -> None:
        """Record that sessions are requested, whose outcome is not known yet."""
        record_requests(self._connection, [self._miner(write.miner_id) for write in writes], now_ms)

    def deny(self, writes: Sequence[SessionDenied], _now_ms: int) -> None:
        """Record that no session was opened for the last request."""
        self._settle(writes)

    def open(self, writes: Sequence[SessionOpened], now_ms: int) -> None:
        """Add the sessions that are new, and open again those that are there."""
        for write in writes:
            key = {"miner": self._miner(write.miner_id), "session_id": write.session_id}
            values = {"opened_at": now_ms, "beat_at": now_ms, "beat_entry": last_entry(self._connection)}
            row_id(self._connection, schema.sessions, key, values)
        rows = [
            self._session(write) | {"closed_at": None, "cause": None, "offset_nnet": _optional(write.offset)}
            for write in writes
        ]
        self._set_sessions(rows)
        self._settle(writes)

    def beat(self, writes: Sequence[SessionBeat], now_ms: int) -> None:
        """Record answered heartbeats."""
        last = last_entry(self._connection)
        counted = [
            self._session(write) | {"beat_at": now_ms, "beat_entry": last, "offset_nnet": _optional(write.offset)}
            for write in writes
            if write.counted
        ]
        uncounted = [self._session(write) | {"beat_at": now_ms} for write in writes if not write.counted]
        for rows in filter(None, (counted, uncounted)):
            self._set_sessions(rows)

    def close(self, writes: Sequence[SessionClosed], now_ms: int) -> None:
        """Record the ends of sessions."""
        self._set_sessions([self._session(write) | {"closed_at": now_ms, "cause": write.cause} for write in writes])

    def set_offsets(self, writes: Sequence[OffsetSet], _now_ms: int) -> None:
        """Record what the server's sums count beyond the ledger."""
        rows = [self._session(write) | {"offset_nnet": _optional(write.offset)} for write in writes]
        self._set_sessions(rows)

    def _settle(self, writes: Sequence[SessionOpened | SessionDenied]) -> None:
        settle_requests(self._connection, [self._miner(write.miner_id) for write in writes])

    def _session(self, write: SessionOpened | SessionBeat | SessionClosed | OffsetSet) -> dict[str, Any]:
        return {"key_miner": self._miner(write.miner_id), "key_session_id": write.session_id}

    def _set_sessions(self, rows: Sequence[Mapping[str, Any]]) -> None:
        change(self._connection, schema.sessions, ("miner", "session_id"), rows)


def _optional(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
