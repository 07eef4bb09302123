"""The life of one job as the ledger wrote it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DatabaseError

from fleet import schema
from fleet.errors import LedgerError
from fleet.ledger_compact import life
from fleet.ledger_export import plain, status, utc


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A state that a job entered."""

    #: UTC, ISO 8601; the time of the turn of the coordinator's loop that wrote it
    at: str
    state: str
    attempt: int
    #: milliseconds since the step before
    after_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """All that the ledger knows of one job."""

    server: str
    miner_id: str
    #: columns of the job that say something, by name
    job: dict[str, Any]
    steps: tuple[Step, ...]
    #: its entries, and those that settled them, in order
    entries: tuple[dict[str, Any], ...]


def explain(engine: Engine, job_id: str) -> list[Life]:
    """The lives of a job id at each server that gave it; none when no ledger row has it.

    Raises LedgerError when the ledger can't be read.
    """
    jobs, miners, servers = schema.jobs, schema.miners, schema.servers
    query = (
        select(jobs, miners.c.miner_id, servers.c.name)
        .join(miners, miners.c.id == jobs.c.miner)
        .join(servers, servers.c.id == jobs.c.server)
        .where(jobs.c.job_id == job_id)
    )
    try:
        with engine.connect() as connection:
            return [_life(connection, row) for row in connection.execute(query).all()]
    except DatabaseError as exc:
        raise LedgerError(f"the ledger can't be read: {exc.orig}") from exc


def _life(connection: Connection, row: Any) -> Life:
    known = {
        "job_id": row.job_id,
        "job_type": row.job_type,
        "session_id": row.session_id,
        "road": row.road,
        "state": row.state,
        "stated_nnet": plain(row.reward),
        "attempts": row.attempt,
        "failed_attempts": row.strikes,
        "submissions": row.sends,
        "mended": row.mended,
        "worker": row.worker,
        "kernel_version": row.kernel_version,
        "compute_ms": row.compute_ms,
        "loss": row.loss,
        "cause": row.cause,
    }
    return Life(
        server=row.name,
        miner_id=row.miner_id,
        job={name: value for name, value in known.items() if value is not None},
        steps=tuple(_steps(row.events or "", row.assigned_at)),
        entries=tuple(_entries(connection, row.server, row.job_id)),
    )


def _steps(events: str, assigned_ms: int) -> list[Step]:
    steps: list[Step] = []
    before = 0
    for event in life(events):
        at = utc(assigned_ms + event.after_ms)
        steps.append(Step(at=at, state=event.state.value, attempt=event.attempt, after_ms=event.after_ms - before))
        before = event.after_ms
    return steps


def _entries(connection: Connection, server: int, job_id: str) -> list[dict[str, Any]]:
    table = schema.entries
    own = connection.execute(select(table).where(table.c.server == server, table.c.job_id == job_id)).all()
    settlers = [row.settled_by for row in own if row.settled_by is not None]
    later = connection.execute(select(table).where(table.c.server == server, table.c.seq.in_(settlers))).all()
    return [
        {
            "entry": row.seq,
            "booked_at": utc(row.booked_at),
            "kind": row.kind,
            "amount_nnet": plain(row.amount),
            "status": status(confirmed=row.confirmed, settled_by=row.settled_by, kind=row.kind),
            "evidence": row.evidence,
            **{
                f"{name}_sha256": digest.hex()
                for name, digest in (
                    ("input", row.input_digest),
                    ("result", row.result_digest),
                    ("sent", row.sent),
                    ("answered", row.answered),
                )
                if digest
            },
            "hash": row.hash.hex() if row.hash else "",
        }
        for row in sorted([*own, *later], key=lambda row: row.seq or 0)
    ]
