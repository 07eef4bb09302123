"""What a farm did not earn, and why: exact sums by cause."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Engine, select
from sqlalchemy.exc import DatabaseError

from fleet import schema
from fleet.causes import Loss
from fleet.errors import LedgerError
from fleet.models import ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """Jobs of one miner that were not paid for one cause."""

    server: str
    miner_id: str
    cause: Loss
    jobs: int
    #: NNET that the server had stated for them
    amount: Decimal


def losses(engine: Engine) -> list[Lost]:
    """Losses of all servers by miner and cause, in this order; raises LedgerError when the ledger can't be read."""
    table, miners, servers = schema.losses, schema.miners, schema.servers
    query = (
        select(table, miners.c.miner_id, servers.c.name)
        .join(miners, miners.c.id == table.c.miner)
        .join(servers, servers.c.id == miners.c.server)
    )
    jobs: dict[tuple[str, str, str], int] = defaultdict(int)
    amounts: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
    try:
        with engine.connect() as connection:
            for row in connection.execute(query):
                key = (row.name, row.miner_id, row.loss)
                jobs[key] += row.jobs
                amounts[key] += Decimal(row.amount)
    except DatabaseError as exc:
        raise LedgerError(f"the ledger can't be read: {exc.orig}") from exc
    return [
        Lost(server=key[0], miner_id=key[1], cause=Loss(key[2]), jobs=count, amount=amounts[key])
        for key, count in sorted(jobs.items())
        if count
    ]
