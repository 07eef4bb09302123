"""Migrations of older ledgers to this release's schema, step by step, in one transaction after a copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, case, insert, inspect, select, text, update
from sqlalchemy.schema import CreateColumn, CreateIndex

from fleet.domain.causes import Loss
from fleet.domain.jobs import JobState
from fleet.ledger import schema
from fleet.ledger.chain import Link, genesis, link_hash
from fleet.ledger.column_types import begun, packed
from fleet.ledger.version import SCHEMA_VERSION

HOUR_MS = 3_600_000
_LINKED = tuple(field.name for field in fields(Link) if field.name != "miner_id")

#: columns added in version 2
_NEW_IN_2: dict[Table, tuple[str, ...]] = {
    schema.miners: ("base_jobs", "stated_total", "stated_at", "verdict"),
    schema.jobs: ("loss", "events"),
    schema.entries: (
        "seq",
        "sent",
        "answered",
        "worker",
        "kernel_version",
        "input_digest",
        "result_digest",
        "settles",
        "settled_by",
        "hash",
    ),
}
#: columns that hold ids
_IDS: dict[Table, tuple[str, ...]] = {
    schema.jobs: ("job_id", "session_id"),
    schema.entries: ("job_id", "session_id"),
    schema.sessions: ("session_id",),
}
#: causes of a loss, by the start of the text that version 1 wrote for it; then by the job's state
_LOSS_BY_CAUSE = (
    ("server forgot", Loss.FORGOTTEN),
    ("answer lost", Loss.ANSWER_LOST),
    ("drained", Loss.DRAINED),
    ("Invalid result format", Loss.BAD_FORMAT),
    ("PayloadError", Loss.PAYLOAD),
    ("unknown job type", Loss.PAYLOAD),
    ("TimeLimitExceeded", Loss.TIME_LIMIT),
    ("SoftTimeLimitExceeded", Loss.TIME_LIMIT),
    ("WorkerLostError", Loss.WORKER_LOST),
)
#: tables and columns added in version 5, as they were in that version
_HABITS = """
    CREATE TABLE IF NOT EXISTS habits (
        server INTEGER NOT NULL REFERENCES servers (id), name VARCHAR NOT NULL, seen_at {moment} NOT NULL,
        PRIMARY KEY (server, name)
    ){rowid}
"""
_NEW_IN_5 = (
    ("miners", "stated_booked", "TEXT"),
    ("miners", "asked_at", "{moment}"),
    ("runs", "server", "INTEGER"),
    ("runs", "sums", "TEXT"),
)
_SEEN_HABITS = """
    INSERT INTO habits (server, name, seen_at)
    SELECT server, 'pays reported jobs', min(booked_at) FROM entries
    WHERE kind = 'heartbeat' AND evidence = 'rewards_earned of the session rose beyond its jobs'
    GROUP BY server
"""
_LOSS_BY_STATE = {"rejected": Loss.REFUSED, "expired": Loss.EXPIRED, "quarantined": Loss.KERNEL}


def migrate(engine: Engine, found: int) -> None:
    """Migrate a ledger of version `found` to this release's schema, all or nothing.

    A SQLite file is first copied to `<name>.v<found>.bak`. Another database is for its administrator to back up.
    """
    if engine.dialect.name == "sqlite" and engine.url.database:
        _copy(engine, Path(engine.url.database), found)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # otherwise the driver would commit each change of a table separately
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        for version in range(found, SCHEMA_VERSION):
            STEPS[version](connection)
        connection.execute(update(schema.meta).where(schema.meta.c.name == "schema").values(value=str(SCHEMA_VERSION)))
        connection.commit()


def _copy(engine: Engine, path: Path, found: int) -> None:
    """Copy the whole file, including its write-ahead log. The copy gets its name only once it is complete."""
    copy = path.with_name(f"{path.name}.v{found}.bak")
    unfinished = copy.with_name(f"{copy.name}.part")
    unfinished.unlink(missing_ok=True)
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM INTO ?", (str(unfinished),))
    unfinished.replace(copy)


def _from_1(connection: Connection) -> None:
    """Chain the entries, give lost jobs a cause, and create the tables of losses and findings."""
    _add_columns(connection, _NEW_IN_2)
    for table in (schema.chains, schema.losses, schema.findings):
        table.create(connection)
    _chain(connection)
    _name_losses(connection)
    for table in _NEW_IN_2:
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index, if_not_exists=True))


def _from_2(connection: Connection) -> None:
    """Add the age of a miner's record. Clear the sums of open sessions, which were counted differently."""
    _add_columns(connection, {schema.miners: ("base_registered_at",)})
    connection.execute(update(schema.sessions).values(offset_nnet=None))


def _from_3(connection: Connection) -> None:
    """Index the entries by miner, and encode ids and histories compactly. Outside SQLite ids stay text."""
    for index in schema.entries.indexes:
        connection.execute(CreateIndex(index, if_not_exists=True))
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        raw.create_function("small_id", 1, lambda text: None if text is None else packed(text), deterministic=True)
        raw.create_function("small_life", 2, _small_life, deterministic=True)
        for table, names in _IDS.items():
            changes = ", ".join(f"{name} = small_id({name})" for name in names)
            connection.execute(text(f"UPDATE {table.name} SET {changes}"))  # noqa: S608 - names of our own
        connection.execute(text("UPDATE jobs SET events = small_life(events, assigned_at)"))
        return
    jobs = schema.jobs
    query = select(jobs.c.server, jobs.c.job_id, jobs.c.events, jobs.c.assigned_at)
    for row in connection.execute(query.where(jobs.c.events.is_not(None))).all():
        where = (jobs.c.server == row.server, jobs.c.job_id == row.job_id)
        connection.execute(update(jobs).where(*where).values(events=_small_life(row.events, row.assigned_at)))


def _from_4(connection: Connection) -> None:
    """Add the habits of servers, the time of each stated total, and the sums at the start of a run."""
    moment = "INTEGER" if connection.dialect.name == "sqlite" else "BIGINT"
    connection.execute(text(_HABITS.format(moment=moment, rowid=_rowid(connection))))
    for table, column, kind in _NEW_IN_5:
        if column not in {found["name"] for found in inspect(connection).get_columns(table)}:
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column} {kind.format(moment=moment)}"))
    connection.execute(text("UPDATE miners SET asked_at = stated_at"))
    connection.execute(text("UPDATE miners SET stated_at = NULL WHERE stated_total IS NULL"))
    connection.execute(text(_SEEN_HABITS))


def _rowid(connection: Connection) -> str:
    return " WITHOUT ROWID" if connection.dialect.name == "sqlite" else ""


def _small_life(events: str | None, assigned_ms: int) -> str | None:
    """A history in version 3's notation, "UTC-ms state attempt", converted to version 4's."""
    if events is None:
        return None
    spelt = []
    for event in events.split(","):
        ms, _, rest = event.strip().partition(" ")
        state, _, attempt = rest.partition(" ")
        if ms.isdigit() and attempt.isdigit():
            spelt.append(f"{begun(JobState(state), int(attempt))}{max(0, int(ms) - assigned_ms)}")
    return ",".join(spelt)


def _add_columns(connection: Connection, columns: Mapping[Table, Sequence[str]]) -> None:
    for table, names in columns.items():
        for name in names:
            column = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {column}"))


def _chain(connection: Connection) -> None:
    """Number and hash the entries of version 1, which has no digests of requests and answers."""
    table, miners = schema.entries, schema.miners
    for server in connection.execute(select(schema.servers)).all():
        seq, head = 0, genesis(server.name)
        query = (
            select(table, miners.c.miner_id)
            .join(miners, miners.c.id == table.c.miner)
            .where(table.c.server == server.id)
        )
        for row in connection.execute(query.order_by(table.c.id)).all():
            seq += 1
            link = Link(miner_id=row.miner_id, **{name: getattr(row, name) for name in _LINKED} | {"seq": seq})
            head = link_hash(head, link)
            connection.execute(update(table).where(table.c.id == row.id).values(seq=seq, hash=head))
        if seq:
            connection.execute(insert(schema.chains).values(server=server.id, seq=seq, hash=head))


def _name_losses(connection: Connection) -> None:
    jobs = schema.jobs
    lost = jobs.c.state.in_(_LOSS_BY_STATE)
    by_cause: list[Any] = [(jobs.c.cause.startswith(start), loss.value) for start, loss in _LOSS_BY_CAUSE]
    by_state: list[Any] = [(jobs.c.state == state, loss.value) for state, loss in _LOSS_BY_STATE.items()]
    connection.execute(update(jobs).where(lost).values(loss=case(*by_cause, *by_state)))
    sums: dict[tuple[int, str, int], tuple[int, Decimal]] = {}
    for row in connection.execute(select(jobs.c.miner, jobs.c.loss, jobs.c.finished_at, jobs.c.reward).where(lost)):
        key = (row.miner, row.loss, (row.finished_at or 0) // HOUR_MS)
        count, amount = sums.get(key, (0, Decimal(0)))
        sums[key] = (count + 1, amount + Decimal(row.reward))
    for (miner, loss, hour), (count, amount) in sums.items():
        values = {"miner": miner, "loss": loss, "hour": hour, "jobs": count, "amount": str(amount)}
        connection.execute(insert(schema.losses).values(**values))


#: the step from each version to the next
STEPS: dict[int, Callable[[Connection], None]] = {1: _from_1, 2: _from_2, 3: _from_3, 4: _from_4}
