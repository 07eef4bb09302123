"""From version 5 to 6: a miner gets a name, which everything shows in place of its id."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text


def step(connection: Connection) -> None:
    """Add the miners' names, which the next start of the coordinator fills in."""
    if "name" not in {found["name"] for found in inspect(connection).get_columns("miners")}:
        connection.execute(text("ALTER TABLE miners ADD COLUMN name VARCHAR DEFAULT '' NOT NULL"))
