"""The names of a server's miners in the ledger, which reports show in place of their ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, Engine, insert, select

from fleet.domain.miner_names import distinct_names
from fleet.ledger.proof.seals import change, seal_new
from fleet.ledger.schema import miners
from fleet.ledger.storage.trouble import reading


def stored_names(engine: Engine) -> dict[str, str]:
    """Miner id → name, of all servers. Raises LedgerError when the ledger can't be read."""
    with reading(engine) as connection:
        return {row.miner_id: row.name for row in connection.execute(select(miners.c.miner_id, miners.c.name))}


def name_miners(
    connection: Connection, server: int, given: Mapping[str, str], elsewhere: Collection[str] = ()
) -> dict[str, str]:
    """Name all miners of a server, create the rows of new ones, and return miner id → name.

    `given` maps the ids of this start's miners to their names in the settings, "" where they have none. Other miners
    keep their names, unless one of these takes it, or a miner of another server has it: `elsewhere`.
    """
    rows = connection.execute(
        select(miners.c.id, miners.c.miner_id, miners.c.name).where(miners.c.server == server).order_by(miners.c.id)
    ).all()
    taken = {*filter(None, given.values()), *elsewhere}
    wanted = [(row.miner_id, given.get(row.miner_id, "" if row.name in taken else row.name)) for row in rows]
    new = given.keys() - {row.miner_id for row in rows}
    unknown = ((miner_id, name) for miner_id, name in given.items() if miner_id in new)
    names = distinct_names([*wanted, *unknown], elsewhere)
    changed = [{"key_id": row.id, "name": names[row.miner_id]} for row in rows if row.name != names[row.miner_id]]
    if changed:
        change(connection, miners, ("id",), changed)
    if new:
        _add(connection, server, [miner_id for miner_id in given if miner_id in new], names)
    return names


def _add(connection: Connection, server: int, ids: Sequence[str], names: Mapping[str, str]) -> None:
    """Insert all new miners at once: a farm may begin with a hundred thousand."""
    connection.execute(
        insert(miners), [{"server": server, "miner_id": miner_id, "name": names[miner_id]} for miner_id in ids]
    )
    seal_new(connection, miners, ("server", "miner_id"), [{"key_server": server, "key_miner_id": one} for one in ids])
