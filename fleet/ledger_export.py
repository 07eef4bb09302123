"""A ledger's entries for bookkeeping: UTC times, exact amounts, digests in hex."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Engine, select
from sqlalchemy.exc import DatabaseError

from fleet import schema
from fleet.errors import LedgerError
from fleet.payments import EntryKind

#: rows read at once
_BATCH = 2000

#: the columns of an export, in order; all are text
COLUMNS = (
    "server",
    "entry",
    "booked_at",
    "miner_id",
    "kind",
    "amount_nnet",
    "status",
    "job_id",
    "job_type",
    "session_id",
    "worker",
    "kernel_version",
    "evidence",
    "settles",
    "settled_by",
    "input_sha256",
    "result_sha256",
    "sent_sha256",
    "answered_sha256",
    "hash",
)


def entries(engine: Engine) -> Iterator[tuple[str, ...]]:
    """Every entry of every server in the order of its chain, as texts under `COLUMNS`.

    Times are ISO 8601 in UTC to the millisecond, amounts exact decimals without an exponent. `status` is confirmed,
    unconfirmed, or taken back. Raises LedgerError when the ledger can't be read.
    """
    table, miners, servers = schema.entries, schema.miners, schema.servers
    query = (
        select(table, miners.c.miner_id, servers.c.name)
        .join(miners, miners.c.id == table.c.miner)
        .join(servers, servers.c.id == table.c.server)
        .order_by(table.c.server, table.c.seq)
        .execution_options(yield_per=_BATCH)
    )
    try:
        with engine.connect() as connection:
            for row in connection.execute(query):
                yield (
                    row.name,
                    str(row.seq),
                    utc(row.booked_at),
                    row.miner_id,
                    row.kind,
                    plain(row.amount),
                    status(confirmed=row.confirmed, settled_by=row.settled_by, kind=row.kind),
                    row.job_id or "",
                    row.job_type,
                    row.session_id,
                    row.worker or "",
                    row.kernel_version or "",
                    row.evidence,
                    row.settles or "",
                    str(row.settled_by or ""),
                    *(
                        _hex(digest)
                        for digest in (row.input_digest, row.result_digest, row.sent, row.answered, row.hash)
                    ),
                )
    except DatabaseError as exc:
        raise LedgerError(f"the ledger can't be read: {exc.orig}") from exc


def status(*, confirmed: bool, settled_by: int | None, kind: str) -> str:
    """How sure an entry is."""
    if kind == EntryKind.CONFIRMATION.value:
        return "confirmation"
    if confirmed:
        return "confirmed"
    return "unconfirmed" if settled_by is None else "taken back"


def utc(ms: int) -> str:
    """UTC milliseconds since 1970 as ISO 8601."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(amount: str) -> str:
    """An amount as the ledger spells it, without an exponent."""
    return format(Decimal(amount), "f")


def _hex(digest: bytes | None) -> str:
    return digest.hex() if digest else ""
