"""Verifies a ledger offline against its own chain, sums and kept heads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from sqlalchemy import Connection, Engine, select

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.calendar import HOUR_MS
from fleet.ledger import schema
from fleet.ledger.cross_checks import Bucket, HostBucket, SumKey, disagreements, strays
from fleet.ledger.host_sums import HostKey
from fleet.ledger.proof.chain import ChainVerdict, Link, Stored, check, genesis
from fleet.ledger.proof.heads import HEADS_FILE, Head
from fleet.ledger.proof.seals import broken_seals
from fleet.ledger.storage.trouble import reading
from tasks.host.host_names import host_of

_LINKED = tuple(field.name for field in fields(Link) if field.name not in {"miner_id", "confirmed"})
#: number of rows read at once
_BATCH = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerVerdict:
    """The result of checking one server's entries."""

    server: str
    verdict: ChainVerdict
    #: exact sum of the entries that were read, in NNET
    booked: Decimal
    #: sentences on tables that don't fit the entries, the jobs or the heads kept elsewhere
    problems: tuple[str, ...]
    #: whether the requested hash is in this chain
    has_head: bool

    @property
    def right(self) -> bool:
        """Whether everything is as it was booked."""
        return self.verdict.flaw is None and not self.problems


def verify(
    engine: Engine,
    head: str | None = None,
    kept: Sequence[Head] = (),
    seen: Callable[[Iterator[Stored]], Iterator[Stored]] = lambda rows: rows,
) -> list[ServerVerdict]:
    """Check each server's chain up to the first entry that does not fit, and all tables against each other.

    `head` is a hash to look for, in hex, from an earlier check. `kept` are the heads that the farm saved in a separate
    file. A server that is missing from the ledger but has a kept head gets a verdict, too. `seen` passes the entries
    on, and may count them.

    Raises LedgerError when the ledger can't be read.
    """
    with reading(engine) as connection, connection.begin():
        servers = connection.execute(select(schema.servers).order_by(schema.servers.c.id)).all()
        verdicts = [_verify(connection, (row.id, row.name), head, kept, seen) for row in servers]
        known = {row.name for row in servers}
        gone = {one.server for one in kept if one.entries and one.server not in known}
        lost = [_nothing_of(name, f"{HEADS_FILE} lists entries, but the ledger has none") for name in sorted(gone)]
        stray = (*strays(connection), *broken_seals(connection))
        return [*verdicts, *lost, *([_nothing_of("the ledger", *stray)] if stray else [])]


def _nothing_of(name: str, *problems: str) -> ServerVerdict:
    empty = ChainVerdict(entries=0, head=genesis(name).hex())
    return ServerVerdict(server=name, verdict=empty, booked=ZERO, problems=problems, has_head=False)


def _verify(
    connection: Connection,
    of: tuple[int, str],
    wanted: str | None,
    kept: Sequence[Head],
    seen: Callable[[Iterator[Stored]], Iterator[Stored]],
) -> ServerVerdict:
    server, name = of
    head = connection.execute(select(schema.chains).where(schema.chains.c.server == server)).first()
    sums: dict[SumKey, Bucket] = defaultdict(Bucket)
    hosts: dict[HostKey, HostBucket] = defaultdict(lambda: (0, ZERO))
    hashes: dict[int, str] = {}
    wanted_seqs = {one.entries for one in kept if one.server == name}
    rows = seen(_stored(connection, server, (sums, hosts), hashes, wanted_seqs))
    verdict = check(name, rows, (head.seq, head.hash or b"") if head else (0, genesis(name)))
    problems: list[str] = []
    if verdict.flaw is None:
        problems = [*_unlike(name, kept, hashes), *disagreements(connection, server, sums, hosts)]
    return ServerVerdict(
        server=name,
        verdict=verdict,
        booked=sum((bucket.amount for bucket in sums.values()), ZERO),
        problems=tuple(problems),
        has_head=wanted is not None and _has_hash(connection, server, wanted),
    )


def _unlike(name: str, kept: Sequence[Head], hashes: Mapping[int, str]) -> Iterator[str]:
    """A sentence on the first kept head of a server that is not in its chain."""
    for one in kept:
        if one.server == name and one.entries and hashes.get(one.entries) != one.hash:
            what = "another one" if one.entries in hashes else "missing"
            yield f"entry {one.entries} is {what}, by the head that {HEADS_FILE} kept at {one.at}"
            return


def _stored(
    connection: Connection,
    server: int,
    made: tuple[dict[SumKey, Bucket], dict[HostKey, HostBucket]],
    hashes: dict[int, str],
    wanted: Collection[int],
) -> Iterator[Stored]:
    """The entries in the order of the chain. Adds them to the sums `made`, and the `wanted` hashes to `hashes`."""
    table, miners = schema.entries, schema.miners
    sums, hosts = made
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
            # a later confirmation is a separate entry
            confirmed=confirmed and row.settled_by is None,
            **{name: getattr(row, name) for name in _LINKED} | {"seq": row.seq or 0},
        )
        yield Stored(link=link, confirmed=confirmed, settled_by=row.settled_by, hash=row.hash)
        # the check has already ended at an entry that does not fit
        if row.seq in wanted:
            hashes[row.seq] = row.hash.hex()
        if row.kind != EntryKind.CONFIRMATION.value:
            key = (link.miner_id, link.kind, link.job_type, link.booked_at // HOUR_MS)
            waits = not confirmed and row.settled_by is None
            sums[key] = sums[key].plus(Decimal(row.amount), unconfirmed=waits)
        if row.kind == EntryKind.JOB.value and row.worker:
            of_host = (host_of(row.worker), link.job_type, link.booked_at // HOUR_MS)
            jobs, amount = hosts[of_host]
            hosts[of_host] = (jobs + 1, amount + Decimal(row.amount))


def _has_hash(connection: Connection, server: int, wanted: str) -> bool:
    table = schema.entries
    try:
        digest = bytes.fromhex(wanted)
    except ValueError:
        return False
    found = connection.execute(select(table.c.id).where(table.c.server == server, table.c.hash == digest)).first()
    return found is not None
