"""What was submitted for a job, as the ledger kept it, beside what the ledger's chain says of it."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, Engine, select

from fleet.domain.submitted_work import SubmittedWork
from fleet.errors import LedgerError
from fleet.ledger import schema
from fleet.ledger.kept_work import kept_work
from fleet.ledger.storage.trouble import reading
from fleet.ledger.work_blocks import unpacked

_SERVERS, _JOBS, _ENTRIES = schema.servers.c, schema.jobs.c, schema.entries.c


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted:
    """What was submitted for one job."""

    #: the server's name in the ledger, and its name in the ids that workers saw (empty for the only one)
    server: str
    shown_server: str
    work: SubmittedWork
    #: the worker that computed it; empty if unknown
    worker: str
    #: the state in which the job ended
    state: str
    #: whether the entry in the ledger's chain has the digests of these data and this result; None without an entry
    proven: bool | None


def of_job(engine: Engine, job_id: str, account: str | None = None) -> list[Submitted]:
    """What is kept of the job with this id, at the server of this account or at each; empty if nothing is.

    Raises LedgerError when the ledger can't be read, or what it keeps is damaged.
    """
    query = (
        select(_JOBS.server, _JOBS.finished_at, _SERVERS.name)
        .join(schema.servers, _SERVERS.id == _JOBS.server)
        # the index of jobs begins with the server
        .where(_JOBS.server.in_(select(_SERVERS.id)), _JOBS.job_id == job_id)
    )
    with reading(engine) as connection:
        rows = [row for row in connection.execute(query).all() if account in {None, row.name}]
        found = [_in_blocks(connection, row.server, row.finished_at, job_id) for row in rows]
    return [one for one in found if one is not None]


def newest(engine: Engine, count: int, account: str | None = None) -> list[Submitted]:
    """The last `count` jobs that ended, newest first, or all that are kept. Raises LedgerError as `of_job` does."""
    with reading(engine) as connection:
        return list(_first(connection, _places(connection, account, count), count))


def sample(engine: Engine, count: int, account: str | None = None, rng: random.Random | None = None) -> list[Submitted]:
    """`count` jobs drawn from all that are kept, or all of them. Raises LedgerError as `of_job` does."""
    draw = rng or random.Random()
    with reading(engine) as connection:
        places = _places(connection, account)
        total = sum(place.jobs for place in places)
        chosen: dict[int, list[int]] = {}
        ends = list(accumulate(place.jobs for place in places))
        for number in sorted(draw.sample(range(total), min(count, total))):
            index = bisect_right(ends, number)
            chosen.setdefault(index, []).append(number - ends[index])
        found = [_of_block(connection, places[index], numbers) for index, numbers in chosen.items()]
        return [one for of_block in found for one in of_block]


def _places(connection: Connection, account: str | None, most: int | None = None) -> Sequence[Any]:
    """Where the work of each commit is kept, newest first, at most so many of them."""
    query = (
        select(kept_work.c.server, kept_work.c.position, kept_work.c.jobs)
        .order_by(kept_work.c.ended_at.desc(), kept_work.c.position.desc())
        .limit(most)
    )
    if account is not None:
        query = query.where(kept_work.c.server.in_(select(_SERVERS.id).where(_SERVERS.name == account)))
    return connection.execute(query).all()


def _first(connection: Connection, places: Sequence[Any], count: int) -> Iterator[Submitted]:
    for place in places:
        if count <= 0:
            return
        numbers = range(place.jobs)[::-1][:count]
        yield from _of_block(connection, place, numbers)
        count -= len(numbers)


def _of_block(connection: Connection, place: Any, numbers: Sequence[int]) -> Iterator[Submitted]:
    """The jobs with these numbers in one row."""
    query = select(kept_work.c.content).where(
        kept_work.c.server == place.server, kept_work.c.position == place.position
    )
    block = unpacked(connection.execute(query).scalar_one())
    if len(block.works) != place.jobs:
        raise LedgerError(f"kept work is damaged: {len(block.works)} jobs in place of {place.jobs}")
    for number in numbers:
        yield _with_proof(connection, place.server, block.server, block.works[number])


def _in_blocks(connection: Connection, server: int, ended_at: int | None, job_id: str) -> Submitted | None:
    """The job among those that ended at this moment."""
    query = (
        select(kept_work.c.content)
        .where(kept_work.c.server == server, kept_work.c.ended_at == ended_at)
        # a job may end twice in one turn
        .order_by(kept_work.c.position.desc())
    )
    for content in connection.execute(query).scalars():
        block = unpacked(content)
        for work in reversed(block.works):
            if work.job_id == job_id:
                return _with_proof(connection, server, block.server, work)
    return None


def _with_proof(connection: Connection, server: int, shown_server: str, work: SubmittedWork) -> Submitted:
    job = connection.execute(
        select(_JOBS.worker, _JOBS.state, _SERVERS.name)
        .join(schema.servers, _SERVERS.id == _JOBS.server)
        .where(_JOBS.server == server, _JOBS.job_id == work.job_id)
    ).first()
    if job is None:
        raise LedgerError(f"kept work is damaged: the ledger has no job {work.job_id!r:.100}")
    entry = connection.execute(
        select(_ENTRIES.input_digest, _ENTRIES.result_digest).where(
            _ENTRIES.server == server, _ENTRIES.job_id == work.job_id
        )
    ).first()
    proven = None
    if entry is not None and entry.input_digest and entry.result_digest:
        proven = (entry.input_digest, entry.result_digest) == (work.input_digest, work.result_digest)
    return Submitted(
        server=job.name,
        shown_server=shown_server,
        work=work,
        worker=job.worker or "",
        state=job.state,
        proven=proven,
    )
