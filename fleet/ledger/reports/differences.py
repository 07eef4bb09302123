"""Differences between the booked amounts and the servers' totals, as of the last comparison."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, select

from fleet.domain.amounts import ZERO
from fleet.domain.causes import Difference
from fleet.ledger import schema
from fleet.ledger.reports.export import utc
from fleet.ledger.storage.trouble import reading
from fleet.money.readable import reading_order


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """One difference with its explanation."""

    found_at: str
    kind: Difference
    #: NNET, the server's figure minus the ledger's
    amount: Decimal
    evidence: str
    job_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One miner's booked and stated amounts since the same moment, in NNET; times in ISO 8601, UTC."""

    server: str
    miner: str
    miner_id: str
    #: the base: when the server's total was first seen or last started over; None before
    since: str | None
    #: all that the ledger has booked for the miner
    ledger: Decimal
    #: amount booked since the base
    booked: Decimal
    unconfirmed: Decimal
    #: amount that the server paid since the base, by its latest answer; None where that stated no total
    stated: Decimal | None
    #: amount booked between the base and that answer; None where unknown
    booked_then: Decimal | None
    #: when the server last stated a total
    answered_at: str | None
    #: when it was last asked, and the result of the comparison
    asked_at: str | None
    verdict: str
    #: NNET in the wallet by the last answer that stated it, and when that was; None where none did
    wallet: Decimal | None
    wallet_at: str | None
    #: sum of the differences without an explanation
    unexplained: Decimal
    findings: tuple[Explained, ...]


def comparisons(engine: Engine, shown: Callable[[int, int], object] = lambda _, __: None) -> list[Comparison]:
    """All miners of a ledger in order of server and name. Raises LedgerError when it can't be read.

    `shown` gets how many miners are read, and how many there are.
    """
    miners, servers = schema.miners, schema.servers
    query = select(miners, servers.c.name.label("server_name")).join(servers, servers.c.id == miners.c.server)
    with reading(engine) as connection:
        rows = sorted(connection.execute(query), key=lambda row: (row.server_name, reading_order(row.name)))
        found = []
        for number, row in enumerate(rows):
            shown(number, len(rows))
            found.append(_comparison(connection, row))
        return found


def _comparison(connection: Connection, row: Any) -> Comparison:
    entries, sums = schema.entries, schema.sums
    total = sum(
        (Decimal(one.amount) for one in connection.execute(select(sums.c.amount).where(sums.c.miner == row.id))), ZERO
    )
    waiting = select(entries.c.amount).where(
        entries.c.miner == row.id,
        entries.c.id > (row.base_entry or 0),
        entries.c.confirmed.is_(False),
        entries.c.settled_by.is_(None),
    )
    known = row.stated_total is not None and row.base_total is not None
    answered = known and (row.asked_at is None or row.stated_at >= row.asked_at)
    found = _findings(connection, row.id)
    base_at = row.base_at or 0
    return Comparison(
        server=row.server_name,
        miner=row.name,
        miner_id=row.miner_id,
        since=None if row.base_at is None else utc(row.base_at),
        ledger=total,
        booked=total - Decimal(row.base_booked or 0),
        unconfirmed=sum((Decimal(one.amount) for one in connection.execute(waiting)), ZERO),
        stated=Decimal(row.stated_total) - Decimal(row.base_total) if answered else None,
        booked_then=Decimal(row.stated_booked) if answered and row.stated_booked is not None else None,
        answered_at=None if row.stated_at is None else utc(row.stated_at),
        asked_at=None if row.asked_at is None else utc(row.asked_at),
        verdict=row.verdict or "not compared yet",
        wallet=None if row.balance is None else Decimal(row.balance),
        wallet_at=None if row.balance_at is None else utc(row.balance_at),
        unexplained=sum(
            (abs(one.amount) for at, one in found if one.kind is Difference.UNKNOWN and at >= base_at), ZERO
        ),
        findings=tuple(one for _, one in found),
    )


def _findings(connection: Connection, miner: int) -> list[tuple[int, Explained]]:
    table = schema.findings
    rows = connection.execute(select(table).where(table.c.miner == miner).order_by(table.c.id))
    return [
        (
            row.found_at,
            Explained(
                found_at=utc(row.found_at),
                kind=Difference(row.kind),
                amount=Decimal(row.amount),
                evidence=row.evidence,
                job_ids=tuple(json.loads(row.job_ids)),
            ),
        )
        for row in rows
    ]
