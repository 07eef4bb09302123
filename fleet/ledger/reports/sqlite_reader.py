"""Reads a SQLite ledger for a report without SQLAlchemy, which takes longer to import than the report to run."""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from fleet.errors import LedgerBusy, LedgerError
from fleet.ledger.storage.holder import LOCKED, writer
from fleet.ledger.storage.mounts import unchanging
from fleet.ledger.storage.places import LedgerPlace
from fleet.ledger.storage.version import EMPTY, check_there, check_version

#: gives the rows of one SELECT
Rows = Callable[[str], list[tuple[Any, ...]]]
#: the ledger that is read at one moment, and what reads it
_HELD: ContextVar[tuple[LedgerPlace, Rows] | None] = ContextVar("held", default=None)


def fetch_all(place: LedgerPlace, statement: str) -> list[tuple[Any, ...]]:
    """The rows of one SELECT, whether or not a farm is writing at the time.

    Raises LedgerError when the ledger is missing, can't be read, or has another release's schema.
    """
    held = _HELD.get()
    if held is not None and held[0] == place:
        return held[1](statement)
    with _opened(place) as rows:
        return rows(statement)


@contextmanager
def one_moment(place: LedgerPlace) -> Iterator[None]:
    """Within the block, all that `fetch_all` reads of this ledger is its state at one moment. Raises as it does."""
    with _opened(place) as rows:
        before = _HELD.set((place, rows))
        try:
            yield
        finally:
            _HELD.reset(before)


@contextmanager
def _opened(place: LedgerPlace) -> Iterator[Rows]:
    """What reads rows in one transaction of a ledger of this release's schema."""
    if place.file is None:
        with importlib.import_module("fleet.ledger.storage.engine").one_state(place.url) as rows:
            yield rows
        return
    check_there(place.file)
    try:
        with closing(_connect(place.file)) as connection:
            connection.execute("BEGIN")
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").fetchone():
                raise LedgerError(EMPTY)
            found = connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
            check_version(found[0] if found else None)
            yield lambda statement: connection.execute(statement).fetchall()
    except sqlite3.Error as exc:
        if getattr(exc, "sqlite_errorcode", 0) & 0xFF in LOCKED:
            raise LedgerBusy(f"the ledger {place.file} can't be read: it is locked by {writer(place.file)}") from exc
        raise LedgerError(f"the ledger {place.file} can't be read: {exc}") from exc


def copy_ledger(file: Path, copy: Path) -> None:
    """Copy a ledger of any schema, also while a farm writes it. Raises LedgerError when it can't be read."""
    check_there(file)
    try:
        with closing(_connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except sqlite3.Error as exc:
        raise LedgerError(f"the ledger {file} can't be copied: {exc}") from exc


def schema_of(file: Path) -> int:
    """The schema of a ledger's file. Raises LedgerError for one that is not a ledger."""
    try:
        with closing(_connect(file)) as connection:
            found = connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
    except sqlite3.Error as exc:
        raise LedgerError(f"the ledger {file} can't be read: {exc}") from exc
    if found is None or not str(found[0]).isdecimal():
        raise LedgerError(EMPTY)
    return int(found[0])


def sqlite_version() -> tuple[int, int, int]:
    """The version of the SQLite library that this Python uses, for reports and coordinators alike."""
    major, minor, patch = sqlite3.sqlite_version_info
    return major, minor, patch


def _connect(file: Path) -> sqlite3.Connection:
    """A read-only connection that creates no database; it may write the write-ahead log's index beside the file."""
    how = "mode=ro&immutable=1" if unchanging(file) else "mode=rw"
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True)
    connection.execute("PRAGMA query_only=ON")
    return connection
