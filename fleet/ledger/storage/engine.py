"""Opening a ledger: checks its schema version, migrates older ones, and explains why a ledger can't be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, insert, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from fleet.errors import LedgerError, LedgerLost
from fleet.ledger import all_tables, schema
from fleet.ledger.migrations.run import ProgressShown, migrate, unseen
from fleet.ledger.storage.file import sqlite_file
from fleet.ledger.storage.mounts import networked, read_only_disk, unchanging
from fleet.ledger.storage.server_claim import application_name
from fleet.ledger.storage.trouble import translated
from fleet.ledger.storage.version import EMPTY, SCHEMA_VERSION, check_there, check_version, is_older

#: PostgreSQL drivers that accept libpq's settings
_LIBPQ = frozenset({"psycopg", "psycopg2"})
#: how long SQLite itself waits for a lock; the coordinator tries again after that
_WRITER_WAITS_MS, _READER_WAITS_MS = 1000, 5000
#: size in bytes to which SQLite truncates its write-ahead log once it has no readers
_LOG_BYTES = 16 << 20


def shown_url(url: str) -> str:
    """A ledger's address without its password: the file's path or the URL."""
    target = make_url(url)
    return target.database or ":memory:" if target.get_backend_name() == "sqlite" else target.render_as_string()


def open_engine(url: str, *, read_only: bool = False, shown: ProgressShown = unseen) -> Engine:
    """An engine for a ledger of this release's schema. A new ledger is created and an older one migrated.

    `shown` gets how far the migration is.

    Raises LedgerError for a malformed URL, a folder that can't be written, a full disk, a corrupt file, or a newer
    schema. With `read_only` nothing is created or migrated, and a missing or older ledger is an error; each transaction
    reads one consistent state of a ledger that is being written.
    """
    target = _target(url)
    file = sqlite_file(target)
    try:
        with translated(f"the ledger {target.render_as_string()} can't be used", file):
            if target.get_backend_name() == "sqlite":
                engine = _sqlite(url, Path(target.database) if target.database else None, read_only=read_only)
            else:
                level = {"isolation_level": "REPEATABLE READ"} if read_only else {}
                engine = create_engine(url, connect_args=_connecting(target), **level)
            if file is not None and not read_only:
                _check_whole(engine, file)
            _check_version(engine, read_only=read_only, shown=shown)
    except NoSuchModuleError as exc:
        raise LedgerError(f"FLEET_LEDGER_URL can't be used: SQLAlchemy knows no {target.drivername}") from exc
    except ArgumentError as exc:
        raise LedgerError("FLEET_LEDGER_URL can't be used: write a file as sqlite:////its/absolute/path") from exc
    except ModuleNotFoundError as exc:
        raise LedgerError(f"the ledger {target.render_as_string()} needs the package {exc.name}: install it") from exc
    except ImportError as exc:
        # psycopg is installed without libpq
        raise LedgerError(f"the ledger {target.render_as_string()} can't be opened: {exc}") from exc
    return engine


def stored_version(url: str) -> str | None:
    """The schema version that a PostgreSQL ledger states, None without one. Raises LedgerError as `open_engine`."""
    target = _target(url)
    with translated(f"the ledger {target.render_as_string()} can't be used"):
        engine = create_engine(url, connect_args=_connecting(target))
        try:
            with engine.connect() as connection:
                if not inspect(connection).has_table("meta"):
                    return None
                query = select(schema.meta.c.value).where(schema.meta.c.name == "schema")
                return connection.execute(query).scalar()
        finally:
            engine.dispose()


def open_beside(url: str) -> Engine:
    """An engine that writes to an existing ledger of this release's schema, beside the coordinator that uses it.

    Raises LedgerError where there is none, and for a ledger of another schema.
    """
    open_engine(url, read_only=True).dispose()
    target = _target(url)
    if target.get_backend_name() == "sqlite":
        if target.database and read_only_disk(Path(target.database)):
            raise LedgerError(f"the ledger {target.database} is on a disk that can only be read: mount it for writing")
        return _sqlite(url, Path(target.database) if target.database else None, read_only=False)
    return create_engine(url, connect_args=_connecting(target))


@contextmanager
def one_state(url: str) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    """What gives the rows of a SELECT, all in one transaction. Raises LedgerError as `open_engine` does, and when the
    ledger can't be read."""
    with open_engine(url, read_only=True).connect() as connection, translated("the ledger can't be read"):
        yield lambda statement: [tuple(row) for row in connection.execute(text(statement))]


def _target(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as exc:
        # make_url's own message may quote part of the password
        words = "it is not a URL like postgresql+psycopg://user:password@host:5432/name"
        raise LedgerError(f"FLEET_LEDGER_URL can't be used: {words}") from exc


def _sqlite(url: str, path: Path | None, *, read_only: bool) -> Engine:
    if path is None:
        return create_engine(url, poolclass=StaticPool)
    if read_only:
        check_there(path)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        remote = networked(path.parent)
        if remote is not None:
            raise LedgerError(
                f"the ledger {path} lies on {remote}, where locks are unreliable: "
                "put FLEET_STATE_DIR on a local disk, or name a PostgreSQL ledger with FLEET_LEDGER_URL"
            )
    engine = create_engine(_unchanging(path) if read_only and unchanging(path) else url)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        if read_only:
            cursor.execute(f"PRAGMA busy_timeout={_READER_WAITS_MS}")
            cursor.execute("PRAGMA query_only=ON")
        else:
            cursor.execute(f"PRAGMA busy_timeout={_WRITER_WAITS_MS}")
            # WAL with NORMAL loses no commit when the process is killed. A power cut may lose the last ones; the
            # server's "Task already completed" and totals restore them.
            mode = cursor.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            if mode != "wal":
                raise LedgerError(
                    f"the ledger {path} can't have a write-ahead log, its journal mode stays {mode!r}: "
                    "put FLEET_STATE_DIR on a local disk"
                )
            cursor.execute("PRAGMA synchronous=NORMAL")
            # frees what the log grew by while an idle reader held it open
            cursor.execute(f"PRAGMA journal_size_limit={_LOG_BYTES}")
        cursor.close()

    if read_only:
        # the driver begins no transaction before a SELECT
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _unchanging(path: Path) -> URL:
    """The URL by which SQLite reads a file on a read-only disk, without the index of a log that it would write."""
    how = {"mode": "ro", "immutable": "1", "uri": "true"}
    return URL.create("sqlite", database=path.absolute().as_uri(), query=how)


def _connecting(target: URL) -> dict[str, Any]:
    """The name that a connection gives itself and its keepalive settings; the URL's own settings take precedence."""
    if target.get_driver_name() not in _LIBPQ:
        return {}
    given = {
        "application_name": application_name(),
        "connect_timeout": 2,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    return {name: value for name, value in given.items() if name not in target.query}


def _check_whole(engine: Engine, file: Path) -> None:
    """Raise LedgerLost when a page of the file is damaged, since anything written to it may be lost, too."""
    with engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise LedgerLost(f"the ledger {file} is damaged: {' '.join(str(found).split())}; restore a backup")


def _check_version(engine: Engine, *, read_only: bool, shown: ProgressShown) -> None:
    with engine.begin() as connection:
        if not inspect(connection).has_table("meta"):
            if read_only:
                raise LedgerError(EMPTY)
            all_tables.create(connection)
            connection.execute(insert(schema.meta).values(name="schema", value=str(SCHEMA_VERSION)))
        found = connection.execute(select(schema.meta.c.value).where(schema.meta.c.name == "schema")).scalar()
    if found is not None and is_older(found) and not read_only:
        migrate(engine, int(found), shown)
    else:
        check_version(found)
