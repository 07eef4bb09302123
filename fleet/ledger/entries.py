"""Books payments: appends entries to the chain, sums them, and settles unconfirmed ones, in the open transaction.

One file: booking, chaining and settling change an entry and its sums together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.calendar import HOUR_MS
from fleet.domain.effects import AllConfirmed, Booked, Confirmed
from fleet.domain.jobs import Entry
from fleet.ledger import schema
from fleet.ledger.host_sums import HostSums
from fleet.ledger.proof.chain import SETTLES_SEPARATOR, Link, genesis, link_hash
from fleet.ledger.statements import KEY, key_conditions, run, select_by_key, update_by_key, upsert

#: maximum number of ids in one IN (…)
_CHUNK = 500

#: miner row, kind, job type, hour
_SumKey = tuple[int, str, str, int]
_SUM_COLUMNS = ("miner", "kind", "job_type", "hour")
#: columns of `entries` that are fields of a Link under the same name
_LINKED = tuple(field.name for field in fields(Link) if field.name not in {"miner_id", "confirmed"})

_ADD = insert(schema.entries)
_CHAIN = select_by_key(schema.chains, ("server",))
_SERVER_NAME = select_by_key(schema.servers, ("id",), ("name",))
_BASE_ENTRY = select_by_key(schema.miners, ("id",), ("base_entry",))
_SUM = select_by_key(schema.sums, _SUM_COLUMNS, ("payments", "unconfirmed", "amount"))
_LESS_UNCONFIRMED = update_by_key(schema.sums, _SUM_COLUMNS).values(unconfirmed=schema.sums.c.unconfirmed - 1)
_SET_ENTRY = update_by_key(schema.entries, ("server", "seq"))
_OF_JOBS = (
    *key_conditions(schema.entries, ("server",)),
    schema.entries.c.job_id.in_(bindparam("jobs", expanding=True)),
)
_SEQS = select(schema.entries.c.seq).where(*_OF_JOBS)
_SETTLED = select_by_key(schema.entries, ("server",)).where(schema.entries.c.seq.in_(bindparam("seqs", expanding=True)))
_WAITING = (
    select(schema.entries.c.seq, schema.miners.c.miner_id)
    .join(schema.miners, schema.miners.c.id == schema.entries.c.miner)
    .where(schema.entries.c.confirmed.is_(False), schema.entries.c.settled_by.is_(None))
    .order_by(schema.entries.c.seq)
)
#: unconfirmed entries of certain jobs, and of a miner since its base
_UNCONFIRMED = _WAITING.where(*_OF_JOBS)
_UNCONFIRMED_SINCE = _WAITING.where(
    *key_conditions(schema.entries, ("miner",)), schema.entries.c.id > bindparam("base")
)


class Entries:
    """Appends entries to one server's chain and keeps the sums. `miner` returns a miner's row by its id."""

    def __init__(self, connection: Connection, server: int, miner: Callable[[str], int]) -> None:
        self._connection = connection
        self._server = server
        self._miner = miner
        dialect = connection.dialect.name
        self._put_sums, self._put_chain = upsert(dialect, schema.sums), upsert(dialect, schema.chains)
        self._head: tuple[int, bytes] | None = None
        #: contents of the current hour's rows, so that adding to them needs no reading
        self._sums: dict[_SumKey, tuple[int, int, Decimal]] = {}
        self._hour = 0
        self._hosts = HostSums(connection, server)

    def book(self, writes: Sequence[Booked], now_ms: int) -> None:
        """Append payments and settle the entries that they take back."""
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
        self._hosts.add(booked, now_ms // HOUR_MS)
        for seqs, by in settled:
            self._settle(seqs, by, confirmed=False)

    def confirm(self, writes: Sequence[Confirmed], now_ms: int) -> None:
        """Append one entry that confirms the named jobs' unconfirmed entries, if there are any."""
        for write in writes:
            for chunk in _chunks(write.job_ids):
                self._confirm_found(_UNCONFIRMED, {"key_server": self._server, "jobs": chunk}, write.evidence, now_ms)

    def confirm_all(self, writes: Sequence[AllConfirmed], now_ms: int) -> None:
        """Append one entry that confirms all of a miner's entries since its base that are still unconfirmed."""
        for write in writes:
            miner = self._miner(write.miner_id)
            base = self._connection.execute(_BASE_ENTRY, {"key_id": miner}).scalar() or 0
            self._confirm_found(_UNCONFIRMED_SINCE, {"key_miner": miner, "base": base}, write.evidence, now_ms)

    def _confirm_found(self, query: Any, values: dict[str, Any], evidence: str, now_ms: int) -> None:
        seqs: dict[str, list[int]] = defaultdict(list)
        for found in self._connection.execute(query, values):
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
        """The next row of the chain, from its fields."""
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
        run(self._connection, _ADD, rows)
        seq, last = self._last()
        run(self._connection, self._put_chain, [{"server": self._server, "seq": seq, "hash": last}])

    def _last(self) -> tuple[int, bytes]:
        """Number and hash of the last entry; 0 and the genesis hash when there is none."""
        if self._head is None:
            row = self._connection.execute(_CHAIN, {"key_server": self._server}).first()
            self._head = (row.seq, row.hash) if row else (0, genesis(self._name()))
        return self._head

    def _name(self) -> str:
        return str(self._connection.execute(_SERVER_NAME, {"key_id": self._server}).scalar_one())

    def _seqs(self, job_ids: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[int]:
        """Numbers of the entries of these jobs, including entries in `rows` that are not written yet."""
        found = [row["seq"] for row in rows if row["job_id"] in job_ids]
        for chunk in _chunks(job_ids):
            found += self._connection.execute(_SEQS, {"key_server": self._server, "jobs": chunk}).scalars()
        return sorted(found)

    def _settle(self, seqs: Sequence[int], by: int, *, confirmed: bool) -> None:
        values: dict[str, Any] = {"settled_by": by} | ({"confirmed": True} if confirmed else {})
        for chunk in _chunks(seqs):
            rows = self._connection.execute(_SETTLED, {"key_server": self._server, "seqs": chunk}).all()
            each = [{"key_server": self._server, "key_seq": seq} | values for seq in chunk]
            self._connection.execute(_SET_ENTRY, each)
            keys = [(row.miner, row.kind, row.job_type, row.booked_at // HOUR_MS) for row in rows]
            for key in keys:
                self._sums.pop(key, None)
            self._connection.execute(_LESS_UNCONFIRMED, [_sum_key(key) for key in keys])

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
        run(self._connection, self._put_sums, rows)
        if hour != self._hour:
            # sums of earlier hours change no more
            self._hour = hour
            self._sums = {key: value for key, value in self._sums.items() if key[3] >= hour}

    def _sum(self, key: _SumKey) -> tuple[int, int, Decimal]:
        if key not in self._sums:
            found = run(self._connection, _SUM, [_sum_key(key)])
            payments, unconfirmed, amount = found[0] if found else (0, 0, ZERO)
            self._sums[key] = (payments, unconfirmed, Decimal(amount))
        return self._sums[key]


def _sum_key(key: _SumKey) -> dict[str, Any]:
    return {f"{KEY}{name}": part for name, part in zip(_SUM_COLUMNS, key, strict=True)}


def _chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
