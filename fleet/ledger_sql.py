"""Statements of the ledger in the forms that recur, made once each: making one costs more than running it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Update

#: what the name of a key's column has before it as a parameter
KEY = "key_"


@cache
def reading(table: Table, key: tuple[str, ...], columns: tuple[str, ...] = ()) -> Select[Any]:
    """These columns, or all, of the rows with a key, whose parts are the parameters `key_<column>`."""
    wanted = select(*(table.c[name] for name in columns)) if columns else select(table)
    return wanted.where(*matching(table, key))


@cache
def setting(table: Table, key: tuple[str, ...]) -> Update:
    """The row with a key gets what the parameters named as its columns say."""
    return update(table).where(*matching(table, key))


def matching(table: Table, key: Sequence[str]) -> list[Any]:
    """What selects the rows with a key, whose parts are the parameters `key_<column>`."""
    return [table.c[name] == bindparam(f"{KEY}{name}") for name in key]


@cache
def putting(dialect: str, table: Table) -> Any:
    """The row as it is now, whether it was there or not."""
    statement = inserting(dialect, table)
    changing = [column.name for column in table.columns if not column.primary_key]
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={name: statement.excluded[name] for name in changing}
    )


def inserting(dialect: str, table: Table) -> Any:
    """An insert that may say what a conflict means, in the words of `dialect`."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
