"""A ledger read back against its own chain and sums, offline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal

from sqlalchemy import Connection, Engine, select

from fleet import schema
from fleet.chain import Link, Stored, Verdict, check, genesis
from fleet.ledger_trouble import translated
from fleet.payments import ZERO, EntryKind

_LINKED = tuple(field.name for field in fields(Link) if field.name not in {"miner_id", "confirmed"})
#: rows read at once
_BATCH = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerVerdict:
    """What became of checking one server's entries."""

    server: str
    verdict: Verdict
    #: exact sum of the entries that were read, in NNET
    booked: Decimal
    #: miners whose kept sums are not those of their entries
    wrong_sums: tuple[str, ...]
    #: the hash that was looked for is in this chain
    has_head: bool

    @property
    def right(self) -> bool:
        """Whether everything is as it was booked."""
        return self.verdict.flaw is None and not self.wrong_sums


def verify(engine: Engine, head: str | None = None) -> list[ServerVerdict]:
    """Check each server's chain to the first row that does not fit, and the sums that reports are made from.

    `head` is a hash to look for, hex, as an earlier check gave it.

    Raises LedgerError when the ledger can't be read.
    """
    with translated("the ledger can't be read"), engine.connect() as connection, connection.begin():
        servers = connection.execute(select(schema.servers).order_by(schema.servers.c.id)).all()
        return [_verify(connection, row.id, row.name, head) for row in servers]


def _verify(connection: Connection, server: int, name: str, wanted: str | None) -> ServerVerdict:
    head = connection.execute(select(schema.chains).where(schema.chains.c.server == server)).first()
    booked: dict[str, Decimal] = defaultdict(Decimal)
    verdict = check(name, _stored(connection, server, booked), (head.seq, head.hash) if head else (0, genesis(name)))
    wrong: list[str] = []
    if verdict.flaw is None:
        kept = _kept_sums(connection, server)
        wrong = [miner for miner in sorted(booked.keys() | kept.keys()) if booked[miner] != kept.get(miner, ZERO)]
    return ServerVerdict(
        server=name,
        verdict=verdict,
        booked=sum(booked.values(), ZERO),
        wrong_sums=tuple(wrong),
        has_head=wanted is not None and _has_hash(connection, server, wanted),
    )


def _stored(connection: Connection, server: int, booked: dict[str, Decimal]) -> Iterator[Stored]:
    """The rows in the order of the chain; adds what is read to `booked`."""
    table, miners = schema.entries, schema.miners
    query = (
        select(table, miners.c.miner_id.label("name"))
        .outerjoin(miners, miners.c.id == table.c.miner)
        .where(table.c.server == server)
        .order_by(table.c.seq, table.c.id)
        .execution_options(yield_per=_BATCH)
    )
    for row in connection.execute(query):
        confirmed = bool(row.confirmed)
        link = Link(
            miner_id=row.name or "",
            # a confirmation came later, and is an entry of its own
            confirmed=confirmed and row.settled_by is None,
            **{name: getattr(row, name) for name in _LINKED} | {"seq": row.seq or 0},
        )
        booked[link.miner_id] += Decimal(row.amount) if row.kind != EntryKind.CONFIRMATION.value else ZERO
        yield Stored(link=link, confirmed=confirmed, settled_by=row.settled_by, hash=row.hash)


def _has_hash(connection: Connection, server: int, wanted: str) -> bool:
    table = schema.entries
    try:
        digest = bytes.fromhex(wanted)
    except ValueError:
        return False
    found = connection.execute(select(table.c.id).where(table.c.server == server, table.c.hash == digest)).first()
    return found is not None


def _kept_sums(connection: Connection, server: int) -> dict[str, Decimal]:
    sums, miners = schema.sums, schema.miners
    kept: dict[str, Decimal] = defaultdict(Decimal)
    query = select(miners.c.miner_id, sums.c.amount).join(miners, miners.c.id == sums.c.miner)
    for row in connection.execute(query.where(miners.c.server == server)):
        kept[row.miner_id] += Decimal(row.amount)
    return kept
