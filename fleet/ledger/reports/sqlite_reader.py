"""A ledger read for a report without SQLAlchemy, which takes longer to load than such a report to make."""

from __future__ import annotations

import importlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from fleet.errors import LedgerBusy, LedgerError
from fleet.ledger.holder import LOCKED, writer
from fleet.ledger.places import LedgerPlace
from fleet.ledger.version import EMPTY, check_there, check_version


def fetch_all(place: LedgerPlace, statement: str) -> list[tuple[Any, ...]]:
    """What one SELECT finds, whether a farm writes meanwhile or not.

    Raises LedgerError when the ledger isn't there, can't be read, or is of another release's schema.
    """
    if place.file is None:
        rows: list[tuple[Any, ...]] = importlib.import_module("fleet.ledger.engine").fetch_all(place.url, statement)
        return rows
    check_there(place.file)
    try:
        with closing(_connect(place.file)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").fetchone():
                raise LedgerError(EMPTY)
            found = connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
            check_version(found[0] if found else None)
            return connection.execute(statement).fetchall()
    except sqlite3.Error as exc:
        if getattr(exc, "sqlite_errorcode", 0) & 0xFF in LOCKED:
            raise LedgerBusy(f"the ledger {place.file} can't be read: it is locked by {writer(place.file)}") from exc
        raise LedgerError(f"the ledger {place.file} can't be read: {exc}") from exc


def _connect(file: Path) -> sqlite3.Connection:
    """A connection that makes no file and changes nothing; the write-ahead log's index beside the file it may write."""
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)
    connection.execute("PRAGMA query_only=ON")
    return connection
