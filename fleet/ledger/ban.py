"""What a restarted coordinator has to know of a ban: until when the server refuses all calls from this address.

Each call during a ban costs more of the server's trust, so that a start must not try (docs/protocol-notes.md, 16).
"""

from __future__ import annotations

from sqlalchemy import Connection

from fleet.domain.effects import BanChanged
from fleet.ledger.meta import store, stored
from fleet.ledger.stored_facts import read_ban_s

#: the end of a ban that is over
_NONE = ""


def keep_ban(connection: Connection, server: int, ban: BanChanged, now_ms: int) -> None:
    """Write down when the next call may be made, or that the ban is over."""
    until = _NONE if ban.wait_s is None else str(now_ms + round(ban.wait_s * 1000))
    if until != (stored(connection, _row(server)) or _NONE):
        store(connection, _row(server), until)


def kept_ban_s(connection: Connection, server: int, now_ms: int) -> float | None:
    """Seconds until the next call may be made, 0 if a ban's time is over that no call has probed; None without a ban.

    An unreadable row is no ban, since other programs write here.
    """
    return read_ban_s(stored(connection, _row(server)), now_ms)


def _row(server: int) -> str:
    return f"ban {server}"
