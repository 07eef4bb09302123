"""The history of one job, as the ledger recorded it.

One file: a job is found by the beginning of its id, and its history read, by the same queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, LargeBinary, String, and_, cast, func, select, type_coerce

from fleet.ledger import schema
from fleet.ledger.column_types import life
from fleet.ledger.reports.export import decimal_text, status, utc
from fleet.ledger.storage.trouble import reading

#: hexadecimal digits in a UUID
_DIGITS = 32
#: numbers of digits after which a UUID has a dash
_DASHED = frozenset({8, 12, 16, 20})
_HEX = re.compile(rf"[0-9a-f]{{1,{_DIGITS}}}")
#: all jobs, with the names of their miners and servers; the index of jobs begins with the server
_JOBS = (
    select(schema.jobs, schema.miners.c.name.label("miner_name"), schema.servers.c.name)
    .join(schema.miners, schema.miners.c.id == schema.jobs.c.miner)
    .join(schema.servers, schema.servers.c.id == schema.jobs.c.server)
    .where(schema.jobs.c.server.in_(select(schema.servers.c.id)))
)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobStep:
    """A state that a job entered, and when."""

    #: UTC, ISO 8601; the time of the coordinator's turn that wrote it
    at: str
    state: str
    attempt: int
    #: milliseconds since the previous step
    after_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """All that the ledger holds about one job."""

    server: str
    #: the miner's name
    miner: str
    #: the job's columns that are not empty, by name
    job: dict[str, Any]
    steps: tuple[JobStep, ...]
    #: its entries and those that settled them, in order
    entries: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A job whose id starts with the text that was searched for."""

    job_id: str
    server: str
    #: the miner's name
    miner: str
    job_type: str
    state: str
    #: UTC, ISO 8601
    assigned_at: str


def explain(engine: Engine, job_id: str) -> list[Life]:
    """The histories of a job id, one for each server that assigned it; none when the ledger has no such job.

    Raises LedgerError when the ledger can't be read.
    """
    with reading(engine) as connection:
        return [_life(connection, row) for row in connection.execute(_JOBS.where(schema.jobs.c.job_id == job_id)).all()]


def find(engine: Engine, wanted: str, limit: int, account: str | None = None) -> tuple[list[Life], list[Match]]:
    """The histories of the job whose id is `wanted`, or alone begins with it; else the jobs that do, at most `limit`.

    At the server of this account, if one is named. Raises LedgerError when the ledger can't be read.
    """
    lives, found = explain(engine, wanted), list[Match]()
    if not lives:
        found = [one for one in matches(engine, wanted, limit) if account in {None, one.server}]
        if len({one.job_id for one in found}) == 1:
            lives, found = explain(engine, found[0].job_id), []
    return [life for life in lives if account in {None, life.server}], found


def matches(engine: Engine, beginning: str, limit: int) -> list[Match]:
    """Jobs whose ids start with `beginning`, newest first, at most `limit` of them.

    Raises LedgerError when the ledger can't be read.
    """
    query = _JOBS.order_by(schema.jobs.c.assigned_at.desc(), schema.jobs.c.job_id).limit(limit)
    with reading(engine) as connection:
        for begins in _conditions(beginning, connection.dialect.name):
            found = connection.execute(query.where(begins)).all()
            if found:
                return [_match(row) for row in found]
    return []


def _match(row: Any) -> Match:
    return Match(
        job_id=row.job_id,
        server=row.name,
        miner=row.miner_name,
        job_type=row.job_type,
        state=row.state,
        assigned_at=utc(row.assigned_at),
    )


def _conditions(beginning: str, dialect: str) -> Iterator[ColumnElement[bool]]:
    """Conditions that find an id by its beginning.

    SQLite stores most ids as 16 bytes, which an index finds, and others as text.
    """
    column = schema.jobs.c.job_id
    spelt = cast(column, String).startswith(beginning, autoescape=True)
    if dialect != "sqlite":
        yield spelt
        return
    digits = beginning.replace("-", "")
    if _HEX.fullmatch(digits) and as_uuid(digits).startswith(beginning):
        lowest, highest = (bytes.fromhex(digits.ljust(_DIGITS, fill)) for fill in "0f")
        yield type_coerce(column, LargeBinary).between(lowest, highest)
    yield and_(func.typeof(column) == "text", spelt)


def as_uuid(digits: str) -> str:
    """Any number of hexadecimal digits, with dashes where a UUID has them."""
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return "-".join(part for part in parts if part) + ("-" if len(digits) in _DASHED else "")


def _life(connection: Connection, row: Any) -> Life:
    known = {
        "job_id": row.job_id,
        "job_type": row.job_type,
        "session_id": row.session_id,
        "origin": row.road,
        "state": row.state,
        "stated_nnet": decimal_text(row.reward),
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
        miner=row.miner_name,
        job={name: value for name, value in known.items() if value is not None},
        steps=tuple(_steps(row.events or "", row.assigned_at)),
        entries=tuple(_entries(connection, row.server, row.job_id)),
    )


def _steps(events: str, assigned_ms: int) -> list[JobStep]:
    steps: list[JobStep] = []
    before = 0
    for event in life(events):
        at = utc(assigned_ms + event.after_ms)
        steps.append(JobStep(at=at, state=event.state.value, attempt=event.attempt, after_ms=event.after_ms - before))
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
            "amount_nnet": decimal_text(row.amount),
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
