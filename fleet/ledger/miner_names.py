"""The names of a server's miners in the ledger, which reports show in place of their ids."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, select

from fleet.domain.miner_names import distinct_names
from fleet.ledger.schema import miners
from fleet.ledger.seals import change
from fleet.ledger.trouble import reading


def stored_names(engine: Engine) -> dict[str, str]:
    """Miner id → name, of all servers. Raises LedgerError when the ledger can't be read."""
    with reading(engine) as connection:
        return {row.miner_id: row.name for row in connection.execute(select(miners.c.miner_id, miners.c.name))}


def name_miners(connection: Connection, server: int, given: Mapping[str, str]) -> dict[str, str]:
    """Name all miners of a server, and return miner id → name. Their rows must exist.

    `given` maps the ids of this start's miners to their names in the settings, "" where they have none. Other miners
    keep their names, unless one of these takes it.
    """
    rows = connection.execute(
        select(miners.c.id, miners.c.miner_id, miners.c.name).where(miners.c.server == server).order_by(miners.c.id)
    ).all()
    taken = set(filter(None, given.values()))
    wanted = [(row.miner_id, given.get(row.miner_id, "" if row.name in taken else row.name)) for row in rows]
    names = distinct_names(wanted)
    changed = [{"key_id": row.id, "name": names[row.miner_id]} for row in rows if row.name != names[row.miner_id]]
    if changed:
        change(connection, miners, ("id",), changed)
    return names
