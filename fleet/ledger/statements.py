"""The ledger's recurring SQL statements, each compiled once, since compiling costs more than running it.

Statements that every job needs also bypass SQLAlchemy's execution: it compiles them once, and the driver runs them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Select, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import Update

#: prefix of a key column's name when it is a parameter
KEY = "key_"


@cache
def select_by_key(table: Table, key: tuple[str, ...], columns: tuple[str, ...] = ()) -> Select[Any]:
    """A SELECT of these columns, or all, from the rows with a key, whose parts are the parameters `key_<column>`."""
    wanted = select(*(table.c[name] for name in columns)) if columns else select(table)
    return wanted.where(*key_conditions(table, key))


@cache
def update_by_key(table: Table, key: tuple[str, ...]) -> Update:
    """An UPDATE of the row with a key, which sets the columns named by the other parameters."""
    return update(table).where(*key_conditions(table, key))


def key_conditions(table: Table, key: Sequence[str]) -> list[Any]:
    """Conditions that match the rows with a key. Its parts are the parameters `key_<column>`."""
    return [table.c[name] == bindparam(f"{KEY}{name}") for name in key]


@cache
def upsert(dialect: str, table: Table) -> Any:
    """A statement that inserts a row or replaces the existing one."""
    statement = insert_into(dialect, table)
    changing = [column.name for column in table.columns if not column.primary_key]
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={name: statement.excluded[name] for name in changing}
    )


def insert_into(dialect: str, table: Table) -> Any:
    """An INSERT with support for ON CONFLICT in this dialect."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def read_all(connection: Connection, query: Any, values: dict[str, Any] | None = None) -> list[Any]:
    """The rows of a query with its parameters."""
    return list(connection.execute(query, values).all())


def run(connection: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Run a statement once for each row of parameters, all with the same names, in the open transaction.

    Returns a query's rows as the driver's tuples. Raises SQLAlchemy's errors, as `Connection.execute` does.
    """
    prepared = _prepared(statement, connection.dialect, tuple(rows[0]))
    errors = connection.dialect.loaded_dbapi.Error
    try:
        with closing(connection.connection.cursor()) as cursor:
            if len(rows) == 1:
                cursor.execute(prepared.text, prepared.values(rows[0]))
            else:
                cursor.executemany(prepared.text, [prepared.values(row) for row in rows])
            return list(cursor.fetchall()) if statement.is_select else []
    except errors as exc:
        raise DBAPIError.instance(prepared.text, None, exc, errors, dialect=connection.dialect) from exc


class _Prepared:
    """A compiled statement, and the conversion of a row to its parameters."""

    def __init__(self, statement: Any, dialect: Dialect, names: Sequence[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=names)
        self.text = compiled.string
        #: parameters that the statement sets itself
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        #: name and conversion of each parameter
        self._parameters = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in (compiled.positiontup if compiled.positional else compiled.bind_names.values())
        ]
        self._positional = bool(compiled.positional)

    def values(self, row: Mapping[str, Any]) -> Any:
        """The parameters of one row: a tuple, or a mapping where the driver wants names.

        Raises KeyError when the row lacks one.
        """
        given = {**self._constants, **row}
        values = [convert(given[name]) if convert else given[name] for name, convert in self._parameters]
        if self._positional:
            return tuple(values)
        return {name: value for (name, _), value in zip(self._parameters, values, strict=True)}


_made: dict[tuple[Any, str, tuple[str, ...]], _Prepared] = {}


def _prepared(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> _Prepared:
    key = (statement, f"{dialect.name}+{dialect.driver}", names)
    if key not in _made:
        _made[key] = _Prepared(statement, dialect, names)
    return _made[key]
