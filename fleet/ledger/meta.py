"""Facts about the ledger itself: a row of text for each name."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from fleet.ledger.schema import meta


def stored(connection: Connection, name: str) -> str | None:
    """The text that is stored under a name; None where there is none."""
    value: str | None = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()
    return value


def store(connection: Connection, name: str, value: str) -> None:
    """Store a text under a name, in place of the one that is there."""
    if not connection.execute(update(meta).where(meta.c.name == name).values(value=value)).rowcount:
        connection.execute(insert(meta).values(name=name, value=value))
