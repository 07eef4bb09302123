"""One coordinator per server in a PostgreSQL ledger, by an advisory lock that ends with its connection."""

from __future__ import annotations

import hashlib
import os
import socket
import time

from sqlalchemy import Connection, text

from fleet.errors import LedgerLocked

#: namespace of the advisory locks, combined with the hash of a server's name to avoid other programs' locks
_OURS = 0x6E66
#: how long to wait for a killed coordinator's connection to end, and the pause between tries, in seconds
_PATIENCE_S, _PAUSE_S = 3.0, 0.2
_TAKE = text("SELECT pg_try_advisory_lock(:ours, :server)")
_HOLDER = text("""
    SELECT application_name, host(client_addr) AS address FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted
    AND classid = CAST(:ours AS oid) AND objid = CAST(:server AS oid) AND pg_locks.database =
        (SELECT oid FROM pg_database WHERE datname = current_database())
""")


def application_name() -> str:
    """This process's name to the database and to other coordinators."""
    return f"coordinator {os.getpid()} on {socket.gethostname()}"[:63]


def claim(connection: Connection, server: str) -> None:
    """Lock a server's ledger for as long as this connection lives.

    Raises LedgerLocked, with the name of the process, when another connection holds the lock.
    """
    key = int.from_bytes(hashlib.sha256(server.encode()).digest()[:4], signed=True)
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        with connection.begin():
            if connection.execute(_TAKE, {"ours": _OURS, "server": key}).scalar():
                return
            found = connection.execute(_HOLDER, {"ours": _OURS, "server": key % 2**32}).first()
        if time.monotonic() > deadline:
            other = "another process" if found is None else f"{found.application_name} (from {found.address or 'here'})"
            raise LedgerLocked(f"the ledger of {server} is held by {other}; stop it, or give this one another ledger")
        time.sleep(_PAUSE_S)
