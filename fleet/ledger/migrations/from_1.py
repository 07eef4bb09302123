"""From version 1 to 2: the entries are chained, lost jobs get a cause, and losses and findings get their tables."""

from __future__ import annotations

import hashlib
import json
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

from sqlalchemy import Connection, Row, text

_HOUR_MS = 3_600_000
#: adds amounts without rounding, or raises
_EXACT = Context(prec=2000, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])

_SQLITE = {"moment": "INTEGER", "bytes": "BLOB", "serial": "INTEGER", "rowid": " WITHOUT ROWID"}
_POSTGRESQL = {"moment": "BIGINT", "bytes": "BYTEA", "serial": "SERIAL", "rowid": ""}
_TABLES = (
    "ALTER TABLE miners ADD COLUMN base_jobs INTEGER",
    "ALTER TABLE miners ADD COLUMN stated_total TEXT",
    "ALTER TABLE miners ADD COLUMN stated_at {moment}",
    "ALTER TABLE miners ADD COLUMN verdict TEXT",
    "ALTER TABLE jobs ADD COLUMN loss VARCHAR",
    "ALTER TABLE jobs ADD COLUMN events TEXT",
    "ALTER TABLE entries ADD COLUMN seq INTEGER",
    "ALTER TABLE entries ADD COLUMN sent {bytes}",
    "ALTER TABLE entries ADD COLUMN answered {bytes}",
    "ALTER TABLE entries ADD COLUMN worker VARCHAR",
    "ALTER TABLE entries ADD COLUMN kernel_version VARCHAR",
    "ALTER TABLE entries ADD COLUMN input_digest {bytes}",
    "ALTER TABLE entries ADD COLUMN result_digest {bytes}",
    "ALTER TABLE entries ADD COLUMN settles TEXT",
    "ALTER TABLE entries ADD COLUMN settled_by INTEGER",
    "ALTER TABLE entries ADD COLUMN hash {bytes}",
    """
    CREATE TABLE chains (
        server INTEGER NOT NULL, seq INTEGER NOT NULL, hash {bytes} NOT NULL,
        PRIMARY KEY (server), FOREIGN KEY (server) REFERENCES servers (id)
    )
    """,
    """
    CREATE TABLE losses (
        miner INTEGER NOT NULL, loss VARCHAR NOT NULL, hour INTEGER NOT NULL,
        jobs INTEGER NOT NULL, amount TEXT NOT NULL,
        PRIMARY KEY (miner, loss, hour), FOREIGN KEY (miner) REFERENCES miners (id)
    ){rowid}
    """,
    """
    CREATE TABLE findings (
        id {serial} NOT NULL, miner INTEGER NOT NULL, found_at {moment} NOT NULL, kind VARCHAR NOT NULL,
        amount TEXT NOT NULL, evidence TEXT NOT NULL, job_ids TEXT NOT NULL,
        PRIMARY KEY (id), FOREIGN KEY (miner) REFERENCES miners (id)
    )
    """,
    "CREATE INDEX findings_miner ON findings (miner)",
)
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS jobs_answer_lost ON jobs (miner) WHERE loss = 'answer lost'",
    "CREATE INDEX IF NOT EXISTS jobs_open ON jobs (miner) WHERE finished_at IS NULL",
    "CREATE UNIQUE INDEX IF NOT EXISTS entries_job ON entries (server, job_id) WHERE job_id IS NOT NULL",
    "CREATE UNIQUE INDEX IF NOT EXISTS entries_seq ON entries (server, seq)",
    "CREATE INDEX IF NOT EXISTS entries_unsettled ON entries (miner) WHERE NOT confirmed AND settled_by IS NULL",
)
_ENTRIES = text("""
    SELECT entries.id, miners.miner_id, entries.kind, entries.job_id, entries.job_type, entries.session_id,
        entries.amount, entries.confirmed, entries.evidence, entries.booked_at
    FROM entries JOIN miners ON miners.id = entries.miner
    WHERE entries.server = :server ORDER BY entries.id
""")
_LINK = text("UPDATE entries SET seq = :seq, hash = :hash WHERE id = :id")
_HEAD = text("INSERT INTO chains (server, seq, hash) VALUES (:server, :seq, :hash)")
#: the cause of a loss, by the start of the text that version 1 wrote for it; then by the job's state
_CAUSES = text("""
    UPDATE jobs SET loss = CASE
        WHEN cause LIKE 'server forgot%' THEN 'server forgot'
        WHEN cause LIKE 'answer lost%' THEN 'answer lost'
        WHEN cause LIKE 'drained%' THEN 'drained'
        WHEN cause LIKE 'Invalid result format%' THEN 'bad format'
        WHEN cause LIKE 'PayloadError%' THEN 'payload refused'
        WHEN cause LIKE 'unknown job type%' THEN 'payload refused'
        WHEN cause LIKE 'TimeLimitExceeded%' THEN 'time limit'
        WHEN cause LIKE 'SoftTimeLimitExceeded%' THEN 'time limit'
        WHEN cause LIKE 'WorkerLostError%' THEN 'worker lost'
        WHEN state = 'rejected' THEN 'refused by server'
        WHEN state = 'expired' THEN 'expired'
        WHEN state = 'quarantined' THEN 'kernel failed'
    END
    WHERE state IN ('rejected', 'expired', 'quarantined')
""")
_LOST = text("""
    SELECT miner, loss, finished_at, reward FROM jobs WHERE state IN ('rejected', 'expired', 'quarantined')
""")
_LOSS = text("INSERT INTO losses (miner, loss, hour, jobs, amount) VALUES (:miner, :loss, :hour, :jobs, :amount)")


def step(connection: Connection) -> None:
    """Chain the entries, give lost jobs a cause, and create the tables of losses and findings."""
    types = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    for statement in _TABLES:
        connection.execute(text(statement.format(**types)))
    _chain(connection)
    _sum_losses(connection)
    for statement in _INDEXES:
        connection.execute(text(statement))


def _chain(connection: Connection) -> None:
    """Number and hash the entries of version 1, which has no digests of requests and answers."""
    for server, name in connection.execute(text("SELECT id, name FROM servers")).all():
        seq, head = 0, hashlib.sha256(f"neonet-fleet/ledger/{name}".encode()).digest()
        for entry in connection.execute(_ENTRIES, {"server": server}).all():
            seq += 1
            head = hashlib.sha256(head + _canonical(seq, entry)).digest()
            connection.execute(_LINK, {"seq": seq, "hash": head, "id": entry.id})
        if seq:
            connection.execute(_HEAD, {"server": server, "seq": seq, "hash": head})


def _canonical(seq: int, entry: Row[tuple[object, ...]]) -> bytes:
    """The bytes of an entry that its hash covers; the last seven fields are those that version 1 does not have."""
    fields = [
        seq,
        entry.miner_id,
        entry.kind,
        entry.job_id,
        entry.job_type,
        entry.session_id,
        entry.amount,
        bool(entry.confirmed),
        entry.evidence,
        entry.booked_at,
        *[None] * 7,
    ]
    return json.dumps(fields, separators=(",", ":")).encode()


def _sum_losses(connection: Connection) -> None:
    """Name the cause of each lost job and sum the lost rewards by miner, cause and hour."""
    connection.execute(_CAUSES)
    sums: dict[tuple[int, str, int], tuple[int, Decimal]] = {}
    for miner, loss, finished_at, reward in connection.execute(_LOST).all():
        key = (miner, loss, (finished_at or 0) // _HOUR_MS)
        count, amount = sums.get(key, (0, Decimal(0)))
        sums[key] = (count + 1, _EXACT.add(amount, Decimal(reward)))
    for (miner, loss, hour), (count, amount) in sums.items():
        values = {"miner": miner, "loss": loss, "hour": hour, "jobs": count, "amount": str(amount)}
        connection.execute(_LOSS, values)
