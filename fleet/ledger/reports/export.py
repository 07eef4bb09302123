"""Exports a ledger's entries for bookkeeping: UTC times, exact amounts, digests in hex."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, bindparam, func, select

from fleet.domain.amounts import EntryKind
from fleet.domain.miner_names import IdHider
from fleet.ledger import schema
from fleet.ledger.miner_names import stored_names
from fleet.ledger.storage.trouble import reading

#: number of rows read at once
_BATCH = 2000

#: the columns of an export, in order; all are text
COLUMNS = (
    "server",
    "entry",
    "booked_at",
    "miner",
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
#: the column with the miners' ids, which stands after "miner" if it is asked for
ID_COLUMN = "miner_id"


def columns(*, ids: bool) -> tuple[str, ...]:
    """The columns of an export, with or without the miners' ids."""
    after = COLUMNS.index("miner") + 1
    return (*COLUMNS[:after], ID_COLUMN, *COLUMNS[after:]) if ids else COLUMNS


def count(engine: Engine) -> int:
    """The number of entries of all servers. Raises LedgerError when the ledger can't be read."""
    return int(_read(engine, select(func.count()).select_from(schema.entries))[0][0])


def entries(engine: Engine, *, ids: bool = False) -> Iterator[tuple[str, ...]]:
    """Every entry of every server in the order of its chain, as texts under `columns`, as of the moment of the call.

    Times are ISO 8601 in UTC to the millisecond, amounts exact decimals without an exponent. `status` is confirmed,
    unconfirmed, or taken back. The rows are read in pages, each in its own transaction, so a stalled reader holds no
    transaction open and the coordinator's write-ahead log does not grow. Unless `ids` are asked for, the server's words
    show miners' names where it put their ids.

    Raises LedgerError when the ledger can't be read.
    """
    chains, servers = schema.chains, schema.servers
    hide = str if ids else IdHider(stored_names(engine))
    heads = select(servers.c.id, servers.c.name, chains.c.seq).join(chains, chains.c.server == servers.c.id)
    for server in _read(engine, heads.order_by(servers.c.id)):
        last = 0
        while page := _read(engine, _PAGE, {"server": server.id, "after": last, "last": server.seq}):
            for row in page:
                yield _texts(server.name, row, server.seq, hide, ids=ids)
            last = page[-1].seq


_PAGE = (
    select(schema.entries, schema.miners.c.name.label("miner_name"), schema.miners.c.miner_id)
    .join(schema.miners, schema.miners.c.id == schema.entries.c.miner)
    .where(
        schema.entries.c.server == bindparam("server"),
        schema.entries.c.seq > bindparam("after"),
        schema.entries.c.seq <= bindparam("last"),
    )
    .order_by(schema.entries.c.seq)
    .limit(_BATCH)
)


def _read(engine: Engine, query: Any, values: dict[str, Any] | None = None) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(query, values).all())


def _texts(server: str, row: Any, last: int, hide: Callable[[str], str], *, ids: bool) -> tuple[str, ...]:
    """The cells of an entry as of the time when `last` was the newest one, ignoring later settlements.

    `hide` removes the ids from text that may be the server's.
    """
    settled_by, confirmed = row.settled_by, row.confirmed
    if settled_by is not None and settled_by > last:
        settled_by, confirmed = None, False
    digests = (row.input_digest, row.result_digest, row.sent, row.answered, row.hash)
    return (
        server,
        str(row.seq),
        utc(row.booked_at),
        row.miner_name,
        *((row.miner_id,) if ids else ()),
        row.kind,
        decimal_text(row.amount),
        status(confirmed=confirmed, settled_by=settled_by, kind=row.kind),
        hide(row.job_id or ""),
        hide(row.job_type),
        hide(row.session_id),
        row.worker or "",
        row.kernel_version or "",
        hide(row.evidence),
        row.settles or "",
        str(settled_by or ""),
        *map(_hex, digests),
    )


def status(*, confirmed: bool, settled_by: int | None, kind: str) -> str:
    """How certain an entry is: confirmed, unconfirmed, or taken back."""
    if kind == EntryKind.CONFIRMATION.value:
        return "confirmation"
    if confirmed:
        return "confirmed"
    return "unconfirmed" if settled_by is None else "taken back"


def utc(ms: int) -> str:
    """UTC milliseconds since 1970 as ISO 8601."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def decimal_text(amount: str) -> str:
    """An amount in the ledger's notation, rewritten without an exponent."""
    return format(Decimal(amount), "f")


def _hex(digest: bytes | None) -> str:
    return digest.hex() if digest else ""
