"""Sorts database errors: temporary ones, which the coordinator waits out, and all others, which end it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from fleet.errors import LedgerBusy, LedgerError
from fleet.ledger.storage.holder import LOCKED, writer

#: SQLSTATE classes and codes of PostgreSQL for: no connection, a conflict between transactions, no room, a held lock, a
#: shutdown
_POSTGRES_PASSES = ("08", "40", "53300", "55P03", "57P")
#: driver messages for a connection that was refused or cut off before the server could send a SQLSTATE
_NO_CONNECTION = (
    "connection refused",
    "server closed the connection",
    "connection is closed",
    "connection timeout",
    "the connection is lost",
    "consuming input failed",
    "could not connect",
    "no such file or directory",
    "the database system is",
    "too many clients",
    "terminating connection",
)


def passes(exc: DBAPIError) -> bool:
    """Whether the same statement may succeed later without anyone's help."""
    cause = exc.orig
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return bool(code & 0xFF in LOCKED)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_POSTGRES_PASSES)
    said = str(cause).lower()
    return exc.connection_invalidated or any(words in said for words in _NO_CONNECTION)


@contextmanager
def translated(what: str, file: Path | None = None) -> Iterator[None]:
    """Turn the block's database errors into LedgerBusy when they are temporary, otherwise into LedgerError.

    `what` begins the message, such as "the ledger can't be read". Data that makes no sense, as after damage to the
    file, is also a LedgerError. The message names the program that has locked `file`, the SQLite ledger's file, where
    it is known.
    """
    try:
        yield
    except DBAPIError as exc:
        if not passes(exc):
            raise LedgerError(f"{what}: {_one_line(exc.orig)}") from exc
        reason = _one_line(exc.orig) if file is None else f"it is locked by {writer(file)}"
        raise LedgerBusy(f"{what}: {reason}") from exc
    except (ValueError, ArithmeticError) as exc:
        # malformed text, an amount that is not a number, an unknown state
        raise LedgerError(f"{what}: it holds data that no farm wrote: {exc}; restore a backup") from exc


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for reading. Raises LedgerError when the ledger can't be read."""
    with translated("the ledger can't be read"), engine.connect() as connection:
        yield connection


def _one_line(cause: BaseException | None) -> str:
    return " ".join(str(cause).split())
