"""Checks of the ledger's tables against each other: copies must agree, and every row must have an owner.

One file: each check is one comparison, and together they are what `fleet ledger verify` promises beside the chain.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, literal, or_, select

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.calendar import HOUR_MS
from fleet.domain.jobs import FINAL, OPEN, PAID, JobState
from fleet.ledger import schema
from fleet.ledger.column_types import LETTERS
from fleet.ledger.host_sums import HostKey
from fleet.ledger.jobs import ASSIGNED

#: counters that seal the findings: their number, and a checksum over all of them
FINDINGS, FINDINGS_SEAL = "findings", "findings seal"
#: bits of the checksum: PostgreSQL's integer has 32, one of them for the sign
_SEAL_BITS = 31
_SEALED = ("miner", "found_at", "kind", "amount", "evidence", "job_ids")

#: miner id, kind of entry, job type, hour
SumKey = tuple[str, str, str, int]
#: jobs and NNET, the contents of one row of `host_sums`
HostBucket = tuple[int, Decimal]
_NO_JOBS: HostBucket = (0, ZERO)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """The contents of one row of `sums`."""

    payments: int = 0
    unconfirmed: int = 0
    amount: Decimal = ZERO

    def plus(self, amount: Decimal, *, unconfirmed: bool) -> Bucket:
        """This bucket with one more entry added."""
        return Bucket(
            payments=self.payments + 1, unconfirmed=self.unconfirmed + unconfirmed, amount=self.amount + amount
        )


def findings_seal(before: int, row: dict[str, Any]) -> int:
    """The checksum of the findings after one more row of them."""
    fields = json.dumps([before, *(row[name] for name in _SEALED)])
    return int.from_bytes(hashlib.sha256(fields.encode()).digest()) >> (256 - _SEAL_BITS)


def findings_of(connection: Connection, server: int) -> list[dict[str, Any]]:
    """The findings about a server's miners, oldest first."""
    table, miners = schema.findings, schema.miners
    query = select(table).join(miners, miners.c.id == table.c.miner).where(miners.c.server == server)
    return [row._asdict() for row in connection.execute(query.order_by(table.c.id))]


def disagreements(
    connection: Connection, server: int, sums: dict[SumKey, Bucket], hosts: dict[HostKey, HostBucket]
) -> Iterator[str]:
    """A sentence for each disagreement between a server's tables; `sums` and `hosts` are computed from its entries."""
    yield from _sums(connection, server, sums)
    yield from _host_sums(connection, server, hosts)
    yield from _counters(connection, server)
    yield from _paid_jobs(connection, server)
    yield from _losses(connection, server)
    yield from _findings(connection, server)
    yield from _positions(connection, server)


def strays(connection: Connection) -> Iterator[str]:
    """A sentence for each kind of row that belongs to no server or no miner."""
    known = {"server": select(schema.servers.c.id), "miner": select(schema.miners.c.id)}
    for table in schema.metadata.sorted_tables:
        for column in ("server", "miner"):
            if column in table.c and table.name != "runs":
                query = select(func.count()).select_from(table).where(table.c[column].not_in(known[column]))
                count = connection.execute(query).scalar_one()
                if count:
                    yield f"{count} rows of {table.name} belong to no {column} that the ledger knows"


def _sums(connection: Connection, server: int, made: dict[SumKey, Bucket]) -> Iterator[str]:
    table, miners = schema.sums, schema.miners
    query = select(table, miners.c.miner_id).join(miners, miners.c.id == table.c.miner)
    kept = {
        (row.miner_id, row.kind, row.job_type, row.hour): Bucket(
            payments=row.payments, unconfirmed=row.unconfirmed, amount=_decimal(row.amount)
        )
        for row in connection.execute(query.where(miners.c.server == server))
    }
    wrong = [key for key in made.keys() | kept.keys() if made.get(key, Bucket()) != kept.get(key, Bucket())]
    yield from _named("the stored sums differ from its entries", {miner for miner, *_ in wrong})


def _host_sums(connection: Connection, server: int, made: dict[HostKey, HostBucket]) -> Iterator[str]:
    table = schema.host_sums
    kept = {
        (row.host, row.job_type, row.hour): (row.jobs, _decimal(row.amount))
        for row in connection.execute(select(table).where(table.c.server == server))
    }
    wrong = {key[0] for key in made.keys() | kept.keys() if made.get(key, _NO_JOBS) != kept.get(key, _NO_JOBS)}
    yield from _named("the stored sums of this host differ from the entries", wrong)


def _counters(connection: Connection, server: int) -> Iterator[str]:
    jobs, counters = schema.jobs, schema.counters
    states = select(jobs.c.state, func.count().label("n")).where(jobs.c.server == server).group_by(jobs.c.state)
    found = Counter({row.state: row.n for row in connection.execute(states)})
    kept = _kept_counters(connection, server)
    made = {ASSIGNED: found.total()} | {state.value: found[state.value] for state in FINAL}
    ended = jobs.c.state.in_([state.value for state in FINAL])
    going = jobs.c.state.in_([state.value for state in OPEN])
    odd = (ended & jobs.c.finished_at.is_(None)) | (going & jobs.c.finished_at.is_not(None)) | ~(ended | going)
    odd_ones = select(jobs.c.job_id).where(jobs.c.server == server, odd)
    yield from _named("its state does not match whether it has ended", connection.execute(odd_ones).scalars())
    for name, count in made.items():
        if kept.get(name, 0) != count:
            yield f"{counters.name}: {kept.get(name, 0)} jobs {name.replace('_', ' ')}, but {count} rows of jobs say so"


def _paid_jobs(connection: Connection, server: int) -> Iterator[str]:
    jobs, entries = schema.jobs, schema.entries
    mine = jobs.c.server == server
    paid = select(jobs.c.job_id).where(mine, jobs.c.state == JobState.ACCEPTED.value)
    booked = select(entries.c.job_id).where(entries.c.server == server, entries.c.job_id.is_not(None))
    unpaid = connection.execute(paid.where(jobs.c.job_id.not_in(booked))).scalars().all()
    yield from _named("is paid, but has no entry", unpaid)
    of_jobs = select(entries.c.job_id).where(entries.c.server == server, entries.c.kind == EntryKind.JOB.value)
    same = (jobs.c.server == entries.c.server) & (jobs.c.job_id == entries.c.job_id)
    # a server may assign a paid job's id again for a job of another type: then the row has the newer type
    again = or_(*(jobs.c.events.like(f"%{LETTERS[state]}%,%") for state in PAID))
    retyped = (jobs.c.job_type != entries.c.job_type) & ~again
    lost = of_jobs.outerjoin(jobs, same).where(jobs.c.job_id.is_(None) | (jobs.c.miner != entries.c.miner) | retyped)
    yield from _named("has an entry, but the job is missing", connection.execute(lost).scalars().all())


def _losses(connection: Connection, server: int) -> Iterator[str]:
    jobs, losses, miners = schema.jobs, schema.losses, schema.miners
    made: dict[tuple[str, str, int], tuple[int, Decimal]] = defaultdict(lambda: (0, ZERO))
    lost = (
        select(miners.c.miner_id, jobs.c.loss, jobs.c.finished_at, jobs.c.reward)
        .join(miners, miners.c.id == jobs.c.miner)
        .where(jobs.c.server == server, jobs.c.loss.is_not(None), jobs.c.finished_at.is_not(None))
    )
    for row in connection.execute(lost):
        key = (row.miner_id, row.loss, row.finished_at // HOUR_MS)
        count, amount = made[key]
        made[key] = (count + 1, amount + _decimal(row.reward))
    query = select(losses, miners.c.miner_id).join(miners, miners.c.id == losses.c.miner)
    kept = {
        (row.miner_id, row.loss, row.hour): (row.jobs, _decimal(row.amount))
        for row in connection.execute(query.where(miners.c.server == server))
    }
    wrong = {key[0] for key in made.keys() | kept.keys() if made.get(key, (0, ZERO)) != kept.get(key, (0, ZERO))}
    yield from _named("the stored losses differ from its jobs", wrong)


def _findings(connection: Connection, server: int) -> Iterator[str]:
    kept, found = _kept_counters(connection, server), findings_of(connection, server)
    seal = 0
    for row in found:
        seal = findings_seal(seal, row)
    if not {FINDINGS, FINDINGS_SEAL} <= kept.keys():
        yield f"findings: counters has no row {FINDINGS!r} or {FINDINGS_SEAL!r} that seals them"
    elif (kept[FINDINGS], kept[FINDINGS_SEAL]) != (len(found), seal):
        yield f"findings: the {len(found)} that are there are not the {kept[FINDINGS]} that were written"


def _positions(connection: Connection, server: int) -> Iterator[str]:
    """Entries have rising ids, and a miner's base and a session's last heartbeat name one of them."""
    entries, miners, sessions = schema.entries.c, schema.miners, schema.sessions
    before = func.lag(entries.id).over(order_by=entries.seq).label("before")
    ids = select(entries.id, before).where(entries.server == server).subquery()
    if connection.execute(select(ids.c.id).where(ids.c.id <= ids.c.before).limit(1)).first():
        yield "entries: their ids are not in the order in which they were booked"
    known = select(entries.id).union_all(select(literal(0)))
    bases = select(miners.c.miner_id).where(miners.c.server == server, miners.c.base_entry.not_in(known))
    yield from _named("its base names an entry that is missing", connection.execute(bases).scalars())
    beats = select(miners.c.miner_id).join(sessions, sessions.c.miner == miners.c.id)
    beats = beats.where(miners.c.server == server, sessions.c.beat_entry.not_in(known)).distinct()
    yield from _named("a session names an entry that is missing", connection.execute(beats).scalars())


def _kept_counters(connection: Connection, server: int) -> dict[str, int]:
    table = schema.counters
    query = select(table.c.name, table.c.value).where(table.c.server == server)
    return {row.name: row.value for row in connection.execute(query)}


def _named(problem: str, who: Iterable[str]) -> Iterator[str]:
    """A line for each of the first few names, and one line for all others."""
    names = sorted(map(str, who))
    for name in names[:_MOST_NAMED]:
        yield f"{name}: {problem}"
    if len(names) > _MOST_NAMED:
        yield f"and {len(names) - _MOST_NAMED} more: {problem}"


_MOST_NAMED = 20


def _decimal(text: str) -> Decimal:
    """An amount as stored; NaN, which equals nothing, where the text is not a number."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("NaN")
