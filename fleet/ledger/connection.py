"""The connection by which the ledger is read and written: made again after it broke, its commits never in doubt."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from fleet.errors import LedgerBusy, LedgerLost
from fleet.ledger.file import LedgerFile, sqlite_file
from fleet.ledger.server_claim import claim
from fleet.ledger.trouble import passes, translated

_NUMBER = text("SELECT txid_current()")
_STATUS = text("SELECT txid_status(:number)")


class LedgerLink:
    """One connection of `engine`, for one thread at a time; with `claims` it holds that server's ledger against others.

    Every method raises LedgerBusy for trouble that passes and LedgerError for all other trouble with the database.
    """

    def __init__(self, engine: Engine, claims: str | None = None) -> None:
        self._engine = engine
        self._claims = claims
        #: SQLite's file
        self._file = sqlite_file(engine.url)
        self._connection: Connection | None = None
        self._watched: LedgerFile | None = None
        #: number of the transaction whose commit was cut off before its answer
        self._in_doubt: int | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of its own."""
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction for what is read together."""
        with translated("the ledger can't be read", self._file), self._mended(), self._open().begin() as transaction:
            yield transaction.connection

    def write(self, body: Callable[[Connection], None]) -> None:
        """Run `body` in one transaction, which is written as a whole or not at all.

        After LedgerBusy it can be called again with the same body: one that was committed after all is not run twice.
        """
        with translated("the ledger can't be written", self._file), self._mended():
            connection = self._open()
            if self._in_doubt is not None and self._was_committed(connection, self._in_doubt):
                self._in_doubt = None
                return
            with connection.begin():
                number = None if self.is_sqlite else int(connection.execute(_NUMBER).scalar_one())
                self._in_doubt = None
                body(connection)
                self._in_doubt = number
            self._in_doubt = None

    def connect(self) -> None:
        """Open the database now: later another file may be where it was."""
        with self.reading() as connection:
            connection.exec_driver_sql("SELECT 1 FROM meta")

    def watch(self) -> None:
        """From now on look at SQLite's file before each write; call it when the file is there."""
        if self._file is not None:
            self._watched = LedgerFile(self._file)

    def check(self) -> None:
        """Raise LedgerLost when the file is not what it was; what it held is saved then, as far as it can be."""
        flaw = self._watched.flaw() if self._watched is not None else None
        if flaw is None or self._watched is None:
            return
        connection = self._open()
        saved = self._watched.rescue(connection)
        connection.rollback()
        raise LedgerLost(f"{flaw} while the farm ran; {saved}")

    def close(self) -> None:
        """Give the connection back; nothing is pending."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def unwatch(self) -> None:
        """Watch the file no more: no connection has it open."""
        if self._watched is not None:
            self._watched.close()

    def _open(self) -> Connection:
        if self._connection is None:
            connection = self._engine.connect()
            if self._claims is not None and not self.is_sqlite:
                self._claim(connection, self._claims)
            self._connection = connection
        return self._connection

    @staticmethod
    def _claim(connection: Connection, server: str) -> None:
        """The ledger is held by this connection's session, which is closed when it can't be."""
        try:
            claim(connection, server)
        except BaseException:
            connection.invalidate()
            connection.close()
            raise

    @contextmanager
    def _mended(self) -> Iterator[None]:
        """After trouble with a server of databases the next use begins with a new connection."""
        try:
            yield
        except DBAPIError as exc:
            if passes(exc) and not self.is_sqlite:
                self._drop()
            raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # what is broken can't be closed in order
            with contextlib.suppress(SQLAlchemyError):
                connection.invalidate()
            with contextlib.suppress(SQLAlchemyError):
                connection.close()

    @staticmethod
    def _was_committed(connection: Connection, number: int) -> bool:
        with connection.begin():
            status = connection.execute(_STATUS, {"number": number}).scalar()
        if status == "in progress":
            raise LedgerBusy("the ledger can't be written: the database still ends an earlier transaction")
        return status == "committed"
