"""Keeps what was submitted for the newest jobs of a server, so that `fleet replay` can compute them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from fleet.domain.submitted_work import SubmittedWork
from fleet.ledger import schema
from fleet.ledger.statements import KEY, key_conditions, run
from fleet.ledger.work_blocks import packed

#: one row for the jobs that ended in one commit
kept_work = Table(
    "kept_work",
    schema.metadata,
    Column("server", ForeignKey("servers.id"), primary_key=True, autoincrement=False),
    #: bytes that were ever kept for the server, with this row's; so the newest N bytes are the rows above a number
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    #: when the jobs ended, as in `jobs.finished_at`
    Column("ended_at", schema.Moment, nullable=False),
    Column("jobs", Integer, nullable=False),
    #: as in `fleet.ledger.work_blocks`
    Column("content", LargeBinary, nullable=False),
)
#: finds a job's row by when the job ended
Index("kept_work_ended", kept_work.c.server, kept_work.c.ended_at)
MEGABYTE = 1_000_000
#: bytes beyond what is allowed at which old rows are removed, and most bytes that one commit removes
_STEP, _MOST_AT_ONCE = 1 << 20, 4 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeping:
    """How much submitted work is kept."""

    #: bytes for each server; 0 keeps none, and removes what was kept
    most_bytes: int = 0
    #: the server's name in the ids that workers see; empty for the only one
    server: str = ""


#: for ledgers that nobody replays
NOTHING_KEPT = Keeping()


class KeptWork:
    """Keeps one server's submitted work, within the open transaction."""

    def __init__(self, connection: Connection, server: int, keeping: Keeping) -> None:
        self._connection, self._server, self._keeping = connection, server, keeping
        #: positions of the oldest and the newest row, 0 without any; None until they are read
        self._ends: tuple[int, int] | None = None

    def add(self, works: Sequence[SubmittedWork], now_ms: int) -> None:
        """Keep this work of jobs that end at `now_ms`, and remove the oldest of what is too much."""
        first, last = self._ends or (self._position(_FIRST), self._position(_LAST))
        rows = []
        for content, jobs in packed(self._keeping.server, works) if self._keeping.most_bytes else ():
            last += len(content)
            first = first or last
            row = {"server": self._server, "position": last, "ended_at": now_ms, "jobs": jobs, "content": content}
            rows.append(row)
        if rows:
            run(self._connection, _ADD, rows)
        self._ends = (self._shortened(first, last), last)

    def _shortened(self, first: int, last: int) -> int:
        """Remove the oldest rows, a bounded number at once, if too much is kept. Returns the oldest position."""
        most = self._keeping.most_bytes
        least = last - most
        if not first or first > least - (_STEP if most else 0):
            return first
        up_to = min(least, first + _MOST_AT_ONCE)
        run(self._connection, _REMOVE, [{f"{KEY}server": self._server, "up_to": up_to}])
        return self._position(_FIRST)

    def _position(self, query: Any) -> int:
        ((found,),) = run(self._connection, query, [{f"{KEY}server": self._server}])
        return int(found or 0)


_OF_SERVER = key_conditions(kept_work, ("server",))
_ADD = insert(kept_work)
_FIRST = select(func.min(kept_work.c.position)).where(*_OF_SERVER)
_LAST = select(func.max(kept_work.c.position)).where(*_OF_SERVER)
_REMOVE = delete(kept_work).where(*_OF_SERVER, kept_work.c.position <= bindparam("up_to"))
