"""The ledger's database connection: it reconnects after a failure and leaves no commit in doubt."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from fleet.errors import LedgerBusy, LedgerLost
from fleet.ledger.storage.file import LedgerFile, sqlite_file
from fleet.ledger.storage.server_claim import claim
from fleet.ledger.storage.trouble import passes, translated

_NUMBER = text("SELECT txid_current()")
#: A transaction that a crash of the database lost has a number that was not given out yet, and no status.
_STATUS = text(
    "SELECT CASE WHEN :number < txid_snapshot_xmax(txid_current_snapshot()) THEN txid_status(:number) ELSE 'lost' END"
)


class LedgerLink:
    """One connection of `engine`, for one thread at a time. With `claims` it locks that server's ledger.

    Every method raises LedgerBusy for a temporary problem and LedgerError for any other problem with the database.
    """

    def __init__(self, engine: Engine, claims: str | None = None) -> None:
        self._engine = engine
        self._claims = claims
        #: the SQLite file; None for any other database
        self._file = sqlite_file(engine.url)
        self._connection: Connection | None = None
        self._watched: LedgerFile | None = None
        #: number of a transaction whose commit got no answer
        self._in_doubt: int | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction for reads that must see the same state."""
        with translated("the ledger can't be read", self._file), self._mended(), self._open().begin() as transaction:
            yield transaction.connection

    def write(self, body: Callable[[Connection], None]) -> None:
        """Run `body` in one transaction, which is written in full or not at all.

        After LedgerBusy, call it again with the same body: if the earlier commit succeeded after all, the body is not
        run twice.
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
        """Open the database now; a different file may be at its path later."""
        with self.reading() as connection:
            connection.exec_driver_sql("SELECT 1 FROM meta")

    def watch(self) -> None:
        """Start checking SQLite's file before each write. Call it once the file exists."""
        if self._file is not None:
            self._watched = LedgerFile(self._file)

    def check(self) -> None:
        """Raise LedgerLost when the file was deleted, replaced or cut off, after saving its contents if possible."""
        flaw = self._watched.flaw() if self._watched is not None else None
        if flaw is None or self._watched is None:
            return
        connection = self._open()
        saved = self._watched.rescue(connection)
        connection.rollback()
        raise LedgerLost(f"{flaw} while the farm ran; {saved}")

    def close(self) -> None:
        """Close the connection; no transaction is pending."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def unwatch(self) -> None:
        """Stop checking the file, which no connection has open any more."""
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
        """Lock the server's ledger for this connection's session, or close the connection."""
        try:
            claim(connection, server)
        except BaseException:
            connection.invalidate()
            connection.close()
            raise

    @contextmanager
    def _mended(self) -> Iterator[None]:
        """After an error on a database server, make the next use start with a new connection."""
        try:
            yield
        except DBAPIError as exc:
            if passes(exc) and not self.is_sqlite:
                self._drop()
            raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # closing a broken connection may raise, too
            with contextlib.suppress(SQLAlchemyError):
                connection.invalidate()
            with contextlib.suppress(SQLAlchemyError):
                connection.close()

    @staticmethod
    def _was_committed(connection: Connection, number: int) -> bool:
        with connection.begin():
            status = connection.execute(_STATUS, {"number": number}).scalar()
        if status == "in progress":
            raise LedgerBusy("the ledger can't be written: the database is still ending an earlier transaction")
        return status == "committed"
