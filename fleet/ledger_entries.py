"""The ledger's entries: booked, chained, summed and settled inside a transaction that the ledger holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fleet import schema
from fleet.chain import SETTLES_SEPARATOR, Link, genesis, link_hash
from fleet.effects import AllConfirmed, Booked, Confirmed
from fleet.models import ZERO, Entry, EntryKind

HOUR_MS = 3_600_000
#: ids in one IN (…)
_CHUNK = 500

#: miner row, kind, job type, hour
_SumKey = tuple[int, str, str, int]
_SUM_COLUMNS = ("miner", "kind", "job_type", "hour")
#: columns of `entries` that a Link holds under the same name
_LINKED = tuple(field.name for field in fields(Link) if field.name not in {"miner_id", "confirmed"})


class Entries:
    """Appends to the chain of one server, and keeps the sums. `miner` gives a miner's row by its id."""

    def __init__(self, connection: Connection, server: int, miner: Callable[[str], int]) -> None:
        self._connection = connection
        self._server = server
        self._miner = miner
        upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        self._upsert_sums, self._upsert_chain = put(upsert, schema.sums), put(upsert, schema.chains)
        self._head: tuple[int, bytes] | None = None
        #: what the current hour's rows hold, so that adding to them needs no reading
        self._sums: dict[_SumKey, tuple[int, int, Decimal]] = {}
        self._hour = 0

    def book(self, writes: Sequence[Booked], now_ms: int) -> None:
        """Append payments, and settle the entries that they take back."""
        booked = [write.entry for write in writes]
        rows: list[dict[str, Any]] = []
        settled: list[tuple[list[int], int]] = []
        for entry in booked:
            earlier = self._seqs(entry.settles, rows) if entry.settles else []
            rows.append(self._append(entry, earlier, now_ms))
            if earlier:
                settled.append((earlier, rows[-1]["seq"]))
        self._insert(rows)
        self._add_sums(booked, now_ms // HOUR_MS)
        for seqs, by in settled:
            self._settle(seqs, by, confirmed=False)

    def confirm(self, writes: Sequence[Confirmed], now_ms: int) -> None:
        """Append a confirmation of the named jobs' unconfirmed entries; nothing where there are none."""
        table = schema.entries
        for write in writes:
            for chunk in _chunks(write.job_ids):
                where = (table.c.server == self._server, table.c.job_id.in_(chunk))
                self._confirm_where(where, write.evidence, now_ms)

    def confirm_all(self, writes: Sequence[AllConfirmed], now_ms: int) -> None:
        """Append a confirmation of all entries of a miner since its base that are still unconfirmed."""
        table, miners = schema.entries, schema.miners
        for write in writes:
            miner = self._miner(write.miner_id)
            base = self._connection.execute(select(miners.c.base_entry).where(miners.c.id == miner)).scalar()
            self._confirm_where((table.c.miner == miner, table.c.id > (base or 0)), write.evidence, now_ms)

    def _confirm_where(self, where: Iterable[Any], evidence: str, now_ms: int) -> None:
        table, miners = schema.entries, schema.miners
        query = (
            select(table.c.seq, miners.c.miner_id)
            .join(miners, miners.c.id == table.c.miner)
            .where(table.c.confirmed.is_(False), table.c.settled_by.is_(None), *where)
            .order_by(table.c.seq)
        )
        seqs: dict[str, list[int]] = defaultdict(list)
        for found in self._connection.execute(query):
            seqs[found.miner_id].append(found.seq)
        for miner_id, earlier in seqs.items():
            entry = Entry(
                miner_id=miner_id,
                kind=EntryKind.CONFIRMATION,
                amount=ZERO,
                confirmed=True,
                session_id="",
                evidence=evidence,
            )
            row = self._append(entry, earlier, now_ms)
            self._insert([row])
            self._settle(earlier, row["seq"], confirmed=True)

    def _append(self, entry: Entry, settles: Sequence[int], now_ms: int) -> dict[str, Any]:
        """The next row of the chain."""
        seq, before = self._last()
        proof = entry.proof
        link = Link(
            seq=seq + 1,
            miner_id=entry.miner_id,
            kind=entry.kind.value,
            job_id=entry.job_id,
            job_type=entry.job_type,
            session_id=entry.session_id,
            amount=str(entry.amount),
            confirmed=entry.confirmed,
            evidence=entry.evidence,
            booked_at=now_ms,
            sent=proof.exchange.sent or None,
            answered=proof.exchange.answered or None,
            worker=proof.worker or None,
            kernel_version=proof.kernel_version or None,
            input_digest=proof.input_digest or None,
            result_digest=proof.result_digest or None,
            settles=SETTLES_SEPARATOR.join(map(str, settles)) or None,
        )
        self._head = (link.seq, link_hash(before, link))
        row = {name: getattr(link, name) for name in _LINKED}
        return row | {
            "miner": self._miner(entry.miner_id),
            "server": self._server,
            "confirmed": entry.confirmed,
            "hash": self._head[1],
        }

    def _insert(self, rows: Sequence[dict[str, Any]]) -> None:
        self._connection.execute(insert(schema.entries), rows)
        seq, last = self._last()
        self._connection.execute(self._upsert_chain, {"server": self._server, "seq": seq, "hash": last})

    def _last(self) -> tuple[int, bytes]:
        """Number and hash of the last entry; the chain's beginning when there is none."""
        if self._head is None:
            table = schema.chains
            row = self._connection.execute(select(table).where(table.c.server == self._server)).first()
            name = select(schema.servers.c.name).where(schema.servers.c.id == self._server)
            self._head = (row.seq, row.hash) if row else (0, genesis(str(self._connection.execute(name).scalar_one())))
        return self._head

    def _seqs(self, job_ids: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[int]:
        """Numbers of the entries of these jobs, some of which may wait in `rows`."""
        table = schema.entries
        found = [row["seq"] for row in rows if row["job_id"] in job_ids]
        for chunk in _chunks(job_ids):
            query = select(table.c.seq).where(table.c.server == self._server, table.c.job_id.in_(chunk))
            found += [row.seq for row in self._connection.execute(query)]
        return sorted(found)

    def _settle(self, seqs: Sequence[int], by: int, *, confirmed: bool) -> None:
        table, sums = schema.entries, schema.sums
        values: dict[str, Any] = {"settled_by": by} | ({"confirmed": True} if confirmed else {})
        for chunk in _chunks(seqs):
            where = (table.c.server == self._server, table.c.seq.in_(chunk))
            rows = self._connection.execute(select(table).where(*where)).all()
            self._connection.execute(update(table).where(*where).values(**values))
            for row in rows:
                key = (row.miner, row.kind, row.job_type, row.booked_at // HOUR_MS)
                self._sums.pop(key, None)
                self._connection.execute(
                    update(sums)
                    .where(*(sums.c[name] == value for name, value in zip(_SUM_COLUMNS, key, strict=True)))
                    .values(unconfirmed=sums.c.unconfirmed - 1)
                )

    def _add_sums(self, booked: Sequence[Entry], hour: int) -> None:
        added: dict[_SumKey, list[Entry]] = defaultdict(list)
        for entry in booked:
            added[self._miner(entry.miner_id), entry.kind.value, entry.job_type, hour].append(entry)
        rows = []
        for key, group in added.items():
            payments, unconfirmed, amount = self._sum(key)
            payments += len(group)
            unconfirmed += sum(not entry.confirmed for entry in group)
            amount = sum((entry.amount for entry in group), amount)
            self._sums[key] = (payments, unconfirmed, amount)
            values = {"payments": payments, "unconfirmed": unconfirmed, "amount": str(amount)}
            rows.append(dict(zip(_SUM_COLUMNS, key, strict=True)) | values)
        self._connection.execute(self._upsert_sums, rows)
        if hour != self._hour:
            # the sums of hours that are over change no more
            self._hour = hour
            self._sums = {key: value for key, value in self._sums.items() if key[3] >= hour}

    def _sum(self, key: _SumKey) -> tuple[int, int, Decimal]:
        if key not in self._sums:
            columns = dict(zip(_SUM_COLUMNS, key, strict=True))
            where = [schema.sums.c[name] == value for name, value in columns.items()]
            row = self._connection.execute(select(schema.sums).where(*where)).first()
            self._sums[key] = (row.payments, row.unconfirmed, Decimal(row.amount)) if row else (0, 0, ZERO)
        return self._sums[key]


def put(upsert: Callable[..., Any], table: Any) -> Any:
    """The row as it is now, whether it was there or not."""
    statement = upsert(table)
    changing = [column.name for column in table.columns if not column.primary_key]
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={name: statement.excluded[name] for name in changing}
    )


def _chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
