"""The ledger's jobs: opened, moved from state to state, counted, and summed by cause when lost.

One file: each move of a job changes its row, its counters and its losses together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection, Text, bindparam, case, cast, func, insert, update
from sqlalchemy.sql.dml import Update

from fleet.domain.amounts import ZERO
from fleet.domain.calendar import HOUR_MS
from fleet.domain.causes import Loss
from fleet.domain.effects import JobMoved, JobOpened, JobRecovered
from fleet.domain.jobs import FINAL, JobState
from fleet.ledger import schema
from fleet.ledger.column_types import begun
from fleet.ledger.proof.seals import seal, sealed
from fleet.ledger.statements import KEY, insert_into, key_conditions, run, select_by_key, update_by_key, upsert
from tasks.compact_json import compact

#: the counter of all jobs ever assigned; the other counters are named after final states
ASSIGNED = "assigned"
#: maximum length of a job's history in characters, since a job may be dispatched again for days; past it only the final
#: event is added
_MAX_EVENTS = 4000
#: placeholder for an event's time, which the SQL statement computes
_PASSED = "@"

_KEY_COLUMNS = ("server", "job_id")
_LOSS_COLUMNS = ("miner", "loss", "hour")


class Jobs:
    """Writes the jobs of one server. `miner` returns a miner's row by its id."""

    def __init__(self, connection: Connection, server: int, miner: Callable[[str], int]) -> None:
        self._connection = connection
        self._server = server
        self._miner = miner
        dialect = connection.dialect.name
        self._add_counters, self._put_losses = _add_counters(dialect), upsert(dialect, schema.losses)

    def open(self, writes: Sequence[JobOpened], now_ms: int) -> None:
        """Write new jobs, and reopen finished ones that the server assigns again."""
        rows = [self._row(write, now_ms) for write in writes if not write.reopened]
        if rows:
            run(self._connection, _ADD, rows)
            self._count({ASSIGNED: len(rows)})
        for write in writes:
            if write.reopened:
                self._reopen(write, now_ms)

    def move(self, writes: Sequence[JobMoved], now_ms: int) -> None:
        """Move jobs to new states, one row a job. A job that ends is counted, and a lost one is added to the losses."""
        moves: dict[str, list[JobMoved]] = defaultdict(list)
        for write in writes:
            moves[write.job_id].append(write)
        ended = [of_one[-1] for of_one in moves.values() if of_one[-1].state in FINAL]
        over = {write.job_id for write in ended}
        for final, statement in ((False, _MOVE_OPEN), (True, _MOVE_FINAL)):
            rows = [
                self._moved_row(of_one, now_ms, final=final)
                for job_id, of_one in moves.items()
                if (job_id in over) is final
            ]
            if rows:
                run(self._connection, statement, rows)
        self._count(Counter(write.state.value for write in ended))
        for lost in ended:
            if lost.loss is not None:
                self._add_loss(self._find(lost.job_id), lost.loss, now_ms // HOUR_MS, 1)

    def recover(self, writes: Sequence[JobRecovered], _now_ms: int) -> None:
        """Record that jobs whose answer was lost were paid after all, and take back their losses."""
        for write in writes:
            row = self._find(write.job_id)
            if row.loss != Loss.ANSWER_LOST.value or row.finished_at is None:
                continue
            self._unlose(row)
            self._count({row.state: -1, JobState.ALREADY_COMPLETED.value: 1})
            paid = {"state": JobState.ALREADY_COMPLETED.value, "loss": None}
            self._connection.execute(_SET_JOB, self._key(write.job_id) | paid)

    def _row(self, write: JobOpened, now_ms: int) -> dict[str, Any]:
        job = write.job
        row = {
            "server": self._server,
            "job_id": job.job_id,
            "miner": self._miner(write.miner_id),
            "session_id": write.session_id,
            "job_type": job.job_type,
            "road": job.origin.value,
            "state": write.state.value,
            "attempt": write.attempt,
            "reward": str(job.reward),
            "timeout_s": float(job.timeout_s),
            "data": _json(job.data),
            "assigned_at": now_ms,
            "events": f"{begun(write.state, write.attempt)}0",
        }
        return sealed(schema.jobs, row)

    def _reopen(self, write: JobOpened, now_ms: int) -> None:
        """Reopen a finished job that the server assigns again, and take back its final state's count and its loss."""
        prior = self._find(write.job.job_id)
        row = self._row(write, now_ms)
        event = f"{begun(write.state, write.attempt)}{max(0, now_ms - prior.assigned_at)}"
        row["events"] = f"{prior.events or ''},{event}"[-_MAX_EVENTS:]
        row["seal"] = seal(schema.jobs, row | {"assigned_at": prior.assigned_at})
        del row["server"], row["job_id"], row["assigned_at"]
        row |= {"finished_at": None, "result": None, "loss": None}
        self._connection.execute(_SET_JOB, self._key(write.job.job_id) | row)
        if JobState(prior.state) in FINAL:
            self._count({prior.state: -1})
            self._unlose(prior)

    def _moved_row(self, moves: Sequence[JobMoved], now_ms: int, *, final: bool) -> dict[str, Any]:
        """One row for all moves of a job at this moment."""
        last = moves[-1]
        by = next((move for move in reversed(moves) if move.worker is not None), last)
        row = {
            **self._key(last.job_id),
            "new_state": last.state.value,
            "new_attempt": last.attempt,
            "new_strikes": last.strikes,
            "new_sends": last.sends,
            "new_mended": last.mended,
            "new_worker": by.worker,
            "new_kernel": by.kernel_version,
            "new_ms": by.compute_ms,
            "new_cause": _latest(move.cause for move in moves),
            "new_events": "".join(f",{begun(move.state, move.attempt)}{_PASSED}" for move in moves),
            "new_now": now_ms,
        }
        if final:
            return row | {"new_loss": last.loss and last.loss.value, "new_finished": now_ms}
        return row | {
            "new_loss": _latest(move.loss and move.loss.value for move in moves),
            "new_result": None if last.result is None else _json(last.result),
        }

    def _find(self, job_id: str) -> Any:
        return self._connection.execute(_FIND, self._key(job_id)).one()

    def _key(self, job_id: str) -> dict[str, Any]:
        return {"key_server": self._server, "key_job_id": job_id}

    def _unlose(self, row: Any) -> None:
        """Take back the count and the loss of a job that had ended unpaid."""
        if row.loss is not None and row.finished_at is not None:
            self._add_loss(row, Loss(row.loss), row.finished_at // HOUR_MS, -1)

    def _add_loss(self, row: Any, loss: Loss, hour: int, count: int) -> None:
        key = dict(zip(_LOSS_COLUMNS, (row.miner, loss.value, hour), strict=True))
        known = self._connection.execute(_LOSS, {f"{KEY}{name}": part for name, part in key.items()}).first()
        jobs, amount = (known.jobs, Decimal(known.amount)) if known else (0, ZERO)
        amount += Decimal(row.reward) * count
        self._connection.execute(self._put_losses, key | {"jobs": jobs + count, "amount": str(amount)})

    def _count(self, changes: Mapping[str, int]) -> None:
        rows = [{"server": self._server, "name": name, "value": change} for name, change in changes.items()]
        if rows:
            run(self._connection, self._add_counters, rows)


@cache
def _add_counters(dialect: str) -> Any:
    """A statement that adds a row's value to a counter, which is created if it is missing."""
    table = schema.counters
    statement = insert_into(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={"value": table.c.value + statement.excluded["value"]}
    )


def _move_job(*, final: bool) -> Update:
    """The statement that moves a job to its next state.

    A final state clears the data, the result and the seal, which nobody reads again.
    """
    table = schema.jobs
    loss: Any = bindparam("new_loss")
    life = func.coalesce(table.c.events, "")
    passed: Any = bindparam("new_now", type_=schema.Moment) - table.c.assigned_at
    # a clock that was set back must not give a negative time
    passed_text = cast(case((passed < 0, 0), else_=passed), Text)
    longer = life + func.replace(bindparam("new_events", type_=Text()), _PASSED, passed_text, type_=Text())
    content: dict[str, Any] = (
        {"finished_at": bindparam("new_finished"), "loss": loss, "events": longer}
        | dict.fromkeys(("data", "result", "seal"))
        if final
        else {
            "result": bindparam("new_result"),
            "loss": func.coalesce(loss, table.c.loss),
            "events": case((func.length(life) < _MAX_EVENTS, longer), else_=life),
        }
    )
    return (
        update(table)
        .where(*key_conditions(table, _KEY_COLUMNS))
        .values(
            state=bindparam("new_state"),
            attempt=bindparam("new_attempt"),
            strikes=bindparam("new_strikes"),
            sends=bindparam("new_sends"),
            mended=bindparam("new_mended"),
            worker=func.coalesce(bindparam("new_worker"), table.c.worker),
            kernel_version=func.coalesce(bindparam("new_kernel"), table.c.kernel_version),
            compute_ms=func.coalesce(bindparam("new_ms"), table.c.compute_ms),
            cause=func.coalesce(bindparam("new_cause"), table.c.cause),
            **content,
        )
    )


_ADD = insert(schema.jobs)
_MOVE_OPEN, _MOVE_FINAL = _move_job(final=False), _move_job(final=True)
_SET_JOB = update_by_key(schema.jobs, _KEY_COLUMNS)
_FIND = select_by_key(
    schema.jobs, _KEY_COLUMNS, ("miner", "state", "reward", "loss", "assigned_at", "finished_at", "events")
)
_LOSS = select_by_key(schema.losses, _LOSS_COLUMNS)


def _latest(words: Iterable[str | None]) -> str | None:
    """The last value that is not None; None leaves a column unchanged."""
    return next((word for word in reversed(list(words)) if word is not None), None)


def _json(value: Mapping[str, Any]) -> str:
    return compact(dict(value))
