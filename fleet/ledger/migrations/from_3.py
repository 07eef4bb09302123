"""From version 3 to 4: the entries are indexed by miner, and ids and job histories are encoded compactly."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

_UUID_CHARACTERS = 36
#: the letter for each state in a job's history
_LETTERS = {
    "assigned": "a",
    "dispatched": "d",
    "computed": "c",
    "submitting": "s",
    "accepted": "p",
    "already_completed": "y",
    "rejected": "r",
    "expired": "x",
    "quarantined": "q",
}
_INDEX = text("CREATE INDEX IF NOT EXISTS entries_miner ON entries (miner, kind)")
#: how the ids and histories of a SQLite ledger change; outside SQLite, ids stay text
_SQLITE = (
    "UPDATE jobs SET job_id = small_id(job_id), session_id = small_id(session_id)",
    "UPDATE entries SET job_id = small_id(job_id), session_id = small_id(session_id)",
    "UPDATE sessions SET session_id = small_id(session_id)",
    "UPDATE jobs SET events = small_history(events, assigned_at)",
)
_HISTORIES = text("SELECT server, job_id, events, assigned_at FROM jobs WHERE events IS NOT NULL")
_HISTORY = text("UPDATE jobs SET events = :events WHERE server = :server AND job_id = :job_id")


def step(connection: Connection) -> None:
    """Index the entries by miner, and encode ids and histories compactly."""
    connection.execute(_INDEX)
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.driver_connection
        raw.create_function("small_id", 1, _small_id, deterministic=True)
        raw.create_function("small_history", 2, _small_history, deterministic=True)
        for statement in _SQLITE:
            connection.execute(text(statement))
        return
    for server, job_id, events, assigned_at in connection.execute(_HISTORIES).all():
        values = {"server": server, "job_id": job_id, "events": _small_history(events, assigned_at)}
        connection.execute(_HISTORY, values)


def _small_id(value: str | None) -> str | bytes | None:
    """The 16 bytes of a UUID in lower case with dashes; anything else unchanged."""
    if value is None or len(value) != _UUID_CHARACTERS:
        return value
    try:
        raw = bytes.fromhex(value.replace("-", ""))
    except ValueError:
        return value
    digits = raw.hex()
    spelt = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return raw if spelt == value else value


def _small_history(events: str | None, assigned_ms: int) -> str | None:
    """A history in version 3's notation, "UTC-ms state attempt", converted to version 4's."""
    if events is None:
        return None
    spelt = []
    for event in events.split(","):
        ms, _, rest = event.strip().partition(" ")
        state, _, attempt = rest.partition(" ")
        if ms.isdigit() and attempt.isdigit():
            spelt.append(f"{_LETTERS[state]}{int(attempt)}.{max(0, int(ms) - assigned_ms)}")
    return ",".join(spelt)
