"""The ledger of one coordinator: the jobs assigned, their outcomes and the payments.

One file: it is the only interface to the ledger, and delegates most calls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, insert, select

from fleet.domain.causes import Loss
from fleet.domain.effects import LimitLearnt, Write
from fleet.domain.jobs import JobState
from fleet.domain.saved_state import AbandonedSession, Prior, SavedMiner
from fleet.domain.wall_clock import Jump, wall_ms
from fleet.errors import LedgerBusy, LedgerError
from fleet.ledger import schema
from fleet.ledger.abandoned import abandoned_sessions
from fleet.ledger.ban import kept_ban_s
from fleet.ledger.clock import note_jumps
from fleet.ledger.estimates import last_advice
from fleet.ledger.kept_work import NOTHING_KEPT, Keeping
from fleet.ledger.miner_names import name_miners
from fleet.ledger.new_rows import server_row
from fleet.ledger.proof.heads import Head
from fleet.ledger.proof.seals import sealed
from fleet.ledger.rate_limit import kept_limit, spent_ages_s
from fleet.ledger.runs import Runs
from fleet.ledger.start_state import common_state, saved_miner
from fleet.ledger.statements import key_conditions, read_all, run
from fleet.ledger.storage.connection import LedgerLink
from fleet.ledger.storage.file import sqlite_file
from fleet.ledger.storage.holder import reader
from fleet.ledger.storage.places import log_bytes
from fleet.ledger.writer import Writer
from fleet.money.scopes import Scope, Scopes, Standing, stamp

#: size in bytes above which SQLite's write-ahead log is reported; a checkpoint is due every 4 MB
_LOG_LIMIT_BYTES = 64_000_000


class Ledger:
    """Keeps the records of one server's miners, for the one thread that writes. A failed write changes nothing."""

    def __init__(
        self,
        engine: Engine,
        server_name: str,
        *,
        simulated: bool = False,
        now_ms: Callable[[], int] = wall_ms,
        jumps: Callable[[], Sequence[Jump]] = tuple,
        keeping: Keeping = NOTHING_KEPT,
    ) -> None:
        self._engine = engine
        self._now_ms = now_ms
        self._jumps = jumps
        #: jumps taken from the clock and not written yet
        self._noted: list[Jump] = []
        self._link = LedgerLink(engine, claims=server_name)
        self._beside = LedgerLink(engine)
        self._row: dict[str, Any] = {"simulated": simulated}
        self._name = server_name
        self._keeping = keeping
        self._writer: Writer | None = None
        self._link.write(self._know_server)
        self._runs = Runs(self._server, self._rows)
        self._link.watch()
        self._beside.connect()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; nothing is pending."""
        self._link.close()
        self._beside.close()
        self._engine.dispose()
        self._link.unwatch()

    def commit(self, writes: Sequence[Write]) -> None:
        """Write the rows of one turn of the coordinator's loop in one transaction.

        Raises LedgerError when the disk is full, the database is gone, or a row contradicts another: nothing is written
        then. Raises LedgerLost when the file was deleted, replaced or cut off; its contents are saved beside it if
        possible.
        """
        if not writes:
            return
        try:
            now_ms = self._now_ms()
            self._noted += self._jumps()
            self._link.write(lambda connection: self._write(connection, writes, now_ms, self._noted))
            self._noted = []
        except LedgerError as exc:
            # its cache may hold rows of the transaction that was rolled back
            self._writer = None
            if not isinstance(exc, LedgerBusy):
                self._link.check()
            raise
        # checked after the commit, so that the saved copy includes this turn
        self._link.check()

    def last_entry_at(self) -> int:
        """When the newest entry was booked, in UTC milliseconds by the clock of that time; 0 without entries."""
        entries = schema.entries
        rows = self._rows(select(entries.c.booked_at).order_by(entries.c.id.desc()).limit(1))
        return int(rows[0][0]) if rows else 0

    def _write(self, connection: Connection, writes: Sequence[Write], now_ms: int, jumps: Sequence[Jump]) -> None:
        self._writing(connection).write(writes, now_ms)
        if jumps:
            note_jumps(connection, jumps)

    def find(self, job_id: str) -> Prior | None:
        """The record of a job that a server assigns; None for an unknown one."""
        with self._link.reading() as connection:
            return self._prior(connection, job_id)

    def find_beside(self, job_id: str) -> Prior | None:
        """As `find`, on a separate connection while another thread commits."""
        with self._beside.reading() as connection:
            return self._prior(connection, job_id)

    def saved_miner(self, miner_id: str) -> SavedMiner:
        """The stored state of a miner, as a starting coordinator needs it. Creates the miner's row when it is new."""
        (saved,) = self.saved_miners([miner_id])
        return saved

    def saved_miners(self, miner_ids: Sequence[str]) -> Iterator[SavedMiner]:
        """As `saved_miner`, of one miner after the other."""
        with self._link.reading() as connection:
            only = miner_ids[0] if len(miner_ids) == 1 else None
            state = common_state(connection, self._server, only)
            if new := [one for one in miner_ids if one not in state.miners]:
                for one in new:
                    self._writing(connection).miner(one)
                state = common_state(connection, self._server, only)
            for miner_id in miner_ids:
                yield saved_miner(connection, state, miner_id, self._now_ms())

    def name_miners(self, given: Mapping[str, str], taken: Collection[str] = ()) -> dict[str, str]:
        """Name all miners of this server, those of this start as `given`, none as `taken`. Returns miner id → name.

        Creates the rows of miners that are new. Raises LedgerError as `commit` does.
        """
        names: dict[str, str] = {}

        def name(connection: Connection) -> None:
            names.update(name_miners(connection, self._server, given, taken))

        self._link.write(name)
        return names

    def abandoned_sessions(self, wanted: Collection[str]) -> list[AbandonedSession]:
        """Jobs and sessions left open, or sessions requested, by miners that are not among `wanted`."""
        with self._link.reading() as connection:
            return abandoned_sessions(connection, self._server, wanted, self._now_ms())

    def quiet_s(self) -> float:
        """Seconds since a session at this server last started or sent a heartbeat; infinite when none ever did."""
        sessions, miners = schema.sessions, schema.miners
        query = select(func.max(sessions.c.beat_at)).join(miners, miners.c.id == sessions.c.miner)
        beat_at = self._rows(query.where(miners.c.server == self._server))[0][0]
        return math.inf if beat_at is None else max(0.0, (self._now_ms() - beat_at) / 1000)

    def rate_limit(self) -> LimitLearnt | None:
        """The server's limit as refusals have shown it lately; None where none did."""
        with self._link.reading() as connection:
            return kept_limit(connection, self._server, self._now_ms())

    def spent_ages_s(self, window_s: float, heartbeat_s: float) -> Sequence[float]:
        """How many seconds ago each request of the last `window_s` was sent, as far as the ledger shows."""
        with self._link.reading() as connection:
            return spent_ages_s(connection, self._server, window_s, heartbeat_s, self._now_ms())

    def ban_s(self) -> float | None:
        """Seconds until a server that has banned this address may be called again; None where no ban is known."""
        with self._link.reading() as connection:
            return kept_ban_s(connection, self._server, self._now_ms())

    def advice(self) -> str:
        """The advice that the last run left, as JSON; empty where there is none."""
        with self._link.reading() as connection:
            return last_advice(connection, self._server)

    def begin_run(self, run_id: str) -> int:
        """Record the counters and sums at the start of a run of the farm. Returns the start in UTC milliseconds."""
        known = self._runs.row(run_id)
        if known is not None:
            return int(known.started_at)
        row = sealed(schema.runs, {"run_id": run_id, "started_at": self._now_ms(), **self._runs.beginning()})

        def begin(connection: Connection) -> None:
            connection.execute(insert(schema.runs), row)

        self._link.write(begin)
        return int(row["started_at"])

    def scopes(self, run_id: str, miner_ids: Sequence[str]) -> Scopes:
        """Jobs and sums of the run, of the whole ledger, and of these miners since their base."""
        run, ledger = self.run_and_ledger(run_id)
        return Scopes(run=run, ledger=ledger, since_base=self._runs.since_base(miner_ids))

    def run_and_ledger(self, run_id: str) -> tuple[Scope, Scope]:
        """Jobs and sums of the run and of the whole ledger, from a few rows."""
        return self._runs.run_and_ledger(run_id)

    def standings(self) -> dict[str, Standing]:
        """The time of the server's last answer for each miner id."""
        return self._runs.standings()

    def kind_sums(self, miner_ids: Sequence[str]) -> dict[str, Decimal]:
        """NNET booked for these miners since their base, by kind of entry."""
        return self._runs.kind_sums(miner_ids)

    def log_grown(self, limit_bytes: int = _LOG_LIMIT_BYTES) -> str:
        """A warning that SQLite's write-ahead log exceeds the limit, and which program causes it; empty below it."""
        file = sqlite_file(self._engine.url)
        if file is None:
            return ""
        size = log_bytes(file)
        if size <= limit_bytes:
            return ""
        grown = f"the ledger's write-ahead log has grown to {size / 1e6:.0f} MB"
        return f"{grown}, since {reader(file)} keeps a read transaction open"

    def heads(self) -> list[Head]:
        """The head of each server's chain."""
        at = stamp(self._now_ms()) or ""
        return [Head(server=row.name, entries=row.seq, hash=row.hash.hex(), at=at) for row in self._rows(_HEADS)]

    def hash_of(self, server: str, entry: int) -> str | None:
        """The hash of a server's entry by its number, in hex; None where there is none."""
        found = self._rows(_HASH, {"name": server, "seq": entry})
        return found[0].hash.hex() if found and found[0].hash else None

    def open_count(self) -> int:
        """The number of open jobs at this server."""
        return self._runs.open_count()

    def _know_server(self, connection: Connection) -> None:
        self._server = server_row(connection, self._name, self._row)

    def _writing(self, connection: Connection) -> Writer:
        """The writer for this connection; a new connection gets a new writer."""
        if self._writer is None or self._writer.connection is not connection:
            self._writer = Writer(connection, self._server, self._keeping)
        return self._writer

    def _prior(self, connection: Connection, job_id: str) -> Prior | None:
        found = run(connection, _FIND, [{"key_server": self._server, "key_job_id": job_id}])
        if not found:
            return None
        state, attempt, loss, miner_id = found[0]
        return Prior(
            state=JobState(state), attempt=attempt, miner_id=miner_id, loss=None if loss is None else Loss(loss)
        )

    def _rows(self, query: Any, values: dict[str, Any] | None = None) -> list[Any]:
        with self._link.reading() as connection:
            return read_all(connection, query, values)


_jobs = schema.jobs.c
_FIND = (
    select(_jobs.state, _jobs.attempt, _jobs.loss, schema.miners.c.miner_id)
    .join(schema.miners, schema.miners.c.id == _jobs.miner)
    .where(*key_conditions(schema.jobs, ("server", "job_id")))
)
_HEADS = select(schema.servers.c.name, schema.chains.c.seq, schema.chains.c.hash).join(
    schema.chains, schema.chains.c.server == schema.servers.c.id
)
_HASH = (
    select(schema.entries.c.hash)
    .join(schema.servers, schema.servers.c.id == schema.entries.c.server)
    .where(schema.servers.c.name == bindparam("name"), schema.entries.c.seq == bindparam("seq"))
)
