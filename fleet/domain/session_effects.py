"""Effects about a session that is not known to be open, or whose sum is not understood: rows to write. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionRequested:
    """A session is requested of the server next. Until the outcome is recorded, one may be open without a known id."""

    miner_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionDenied:
    """The server has opened no session for the last request."""

    miner_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OffsetSet:
    """A session's `offset` changed: NNET in the server's sum that this ledger did not book, None until learnt again."""

    miner_id: str
    session_id: str
    offset: Decimal | None
