"""The laws that hold after the drain: nothing is open, and each miner's ledger holds what the server paid."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, func, select

from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.amounts import BY_SESSION_SUM, EntryKind
from fleet.domain.jobs import JobState
from fleet.ledger import schema
from fleet.ledger.ledger import Ledger
from fleet.miner.phase import Phase
from fleet.simulator.book import PaymentKind
from fleet.simulator.faultkinds import FaultKind
from tests.virtual.laws import WALLET_ROUNDING, Laws, rounding
from tests.virtual.timeline import EPOCH_S

_LAST_CLOSED = (
    select(schema.miners.c.miner_id, func.max(schema.sessions.c.closed_at).label("at"))
    .join(schema.miners, schema.miners.c.id == schema.sessions.c.miner)
    .group_by(schema.miners.c.miner_id)
)


class FinalLaws:
    """Checks the ledger after the drain, by what `laws` saw on the way."""

    def __init__(self, laws: Laws) -> None:
        self._laws = laws

    def check(self, ledger: Ledger, farm: Farm, engine: Engine) -> None:
        """After the drain nothing is open, and each miner's ledger holds what the server paid."""
        self._laws.conserved(ledger)
        with engine.connect() as connection:
            entries = connection.execute(select(schema.entries, schema.miners.c.miner_id).join(schema.miners)).all()
            rows = connection.execute(select(schema.jobs, schema.miners.c.miner_id).join(schema.miners)).all()
            closed = {row.miner_id: row.at for row in connection.execute(_LAST_CLOSED)}
            sums = connection.execute(select(schema.sums, schema.miners.c.miner_id).join(schema.miners)).all()
        # another server may have jobs of the same ids
        jobs = {row.job_id: row for row in rows if row.miner_id in farm.miners}
        left = [job_id for job_id, row in jobs.items() if row.finished_at is None]
        self._laws.hold(not left, f"I1: {len(left)} jobs are open after the drain")
        laws = self._laws
        laws.sessions.at_end(laws.server, laws.plan, farm, engine)
        for miner_id, miner in farm.miners.items():
            mine = [entry for entry in entries if entry.miner_id == miner_id]
            booked = sum((Decimal(entry.amount) for entry in mine), Decimal(0))
            summed = sum((Decimal(row.amount) for row in sums if row.miner_id == miner_id), Decimal(0))
            self._laws.hold(booked == summed, f"I2: {miner_id}'s entries are {booked}, their sums {summed}")
            self._laws.hold(
                booked == miner.account.booked, f"I2: {miner_id}'s account holds {miner.account.booked}, not {booked}"
            )
            # The faults are over, so only a limit of requests or a forgotten contributor may keep the total from being
            # read. Random refusals make the farm believe in a limit of one or two requests, which takes some windows to
            # correct.
            # the session of a miner that was left out for a while is stopped by none of its own calls
            closed_at = math.inf if closed.get(miner_id) is None else closed[miner_id] / 1000 - EPOCH_S
            over_at = min(self._laws.stopped.get(miner_id, math.inf), closed_at, self._laws.plan.mining_s)
            asked = self._laws.total_asked.get(miner_id, 0.0) >= over_at or miner.phase is not Phase.DONE
            refused = any(fault.kind is FaultKind.REFUSED for fault in self._laws.plan.faults)
            excused = self._laws.plan.server_limit < 5000 or self._laws.plan.forgets or refused
            self._laws.hold(asked or excused, f"I2: {miner_id}'s total is not read after the drain")
            self._wallet(miner_id, compared=miner.compared)
            self._money(miner_id, booked, mine, jobs, miner.account.unexplained)

    def _wallet(self, miner_id: str, *, compared: bool) -> None:
        """The ledger reports what left a wallet whose balance it knew, if the server states balances until the end."""
        # the balance of a miner that stays closed is not requested again
        looked = self._laws.balance_asked.get(miner_id, 0.0) >= self._laws.server.stolen_at.get(miner_id, 0.0)
        seen = (
            compared
            and looked
            and miner_id in self._laws.server.watched
            and not self._laws.lies
            and not self._laws.plan.forgets
        )
        left, stolen = self._laws.left[miner_id], Decimal(self._laws.server.stolen_late[miner_id])
        words = f"I2: {stolen} NNET left the wallet of {miner_id}, and {left} are said to have"
        self._laws.hold(not seen or left >= stolen - WALLET_ROUNDING, words)

    def _money(
        self, miner_id: str, booked: Decimal, entries: list[Any], jobs: dict[str, Any], unexplained: Decimal
    ) -> None:
        paid = self._laws.server.simulator.book.total(miner_id)
        unproved = self._unproved(miner_id, entries, jobs)
        self._heartbeats(miner_id, entries)
        difference = paid - booked
        # A payment without a receipt is booked as its job stated it, until a total is read and compared with a base
        # from before the payment.
        total_ms, record_ms = (1000 * moment for moment in self._compared(miner_id))
        unread = self._laws.lies and any(
            not entry.confirmed and not record_ms <= entry.booked_at < total_ms for entry in entries
        )
        # if the server may have created a new record, a shortfall is reported, not corrected
        shortfall = unexplained if self._laws.lies else Decimal(0)
        # an entry derived from two float sums is only as exact as they are
        by_sums = any(entry.kind == EntryKind.ADJUSTMENT.value or entry.evidence == BY_SESSION_SUM for entry in entries)
        margin = rounding(paid, len(entries)) if by_sums or shortfall else Decimal(0)
        self._laws.hold(
            self._laws.receipts_lie or unread or -margin - shortfall <= difference <= unproved + margin,
            f"I2: {miner_id} was paid {paid} and the ledger says {booked}: {difference} NNET missing, "
            f"{unproved} of it unprovable",
        )

    def _unproved(self, miner_id: str, entries: list[Any], jobs: dict[str, Any]) -> Decimal:
        """NNET that was paid in lost answers and that no total proves. Each job must be booked as it was paid."""
        simulator = self._laws.server.simulator
        by_job = {entry.job_id for entry in entries if entry.kind == EntryKind.JOB.value}
        receipts = {entry.job_id: Decimal(entry.amount) for entry in entries if not entry.evidence and entry.job_id}
        unproved = Decimal(0)
        total_at, record_at = self._compared(miner_id)
        for index, row in simulator.book.rows(miner=miner_id):
            # payments that no total could have counted when it was read
            at = float(str(row["at"]))
            before = index < (self._laws.server.forgotten_at or 0) or at < record_at or at >= total_at
            if row["kind"] == PaymentKind.HEARTBEAT.value:
                # the first sum of an adopted session may include heartbeats that were paid before in lost answers
                unproved += Decimal(str(row["amount"])) if self._laws.plan.forgets or before else 0
                continue
            amount = Decimal(str(row["amount"]))
            job_id = simulator.world.jobs.job_id(int(str(row["job_id"])))
            if job_id in receipts and not self._laws.lies:
                self._laws.hold(
                    receipts[job_id] == amount, f"I2: {job_id} paid {amount}, its receipt is {receipts[job_id]}"
                )
            if job_id not in by_job:
                known = jobs.get(job_id)
                self._laws.hold(
                    known is not None and known.state in {JobState.EXPIRED.value, JobState.ALREADY_COMPLETED.value},
                    f"I2: {job_id} was paid and the ledger says {known.state if known else 'nothing'}",
                )
                unproved += amount if before else 0
        return unproved

    def _compared(self, miner_id: str) -> tuple[float, float]:
        """When the miner's last total and the first one of its current record were requested, in Unix seconds."""
        total_at = self._laws.total_asked.get(miner_id, -math.inf)
        return EPOCH_S + total_at, EPOCH_S + self._laws.record_from.get(miner_id, -math.inf)

    def _heartbeats(self, miner_id: str, entries: list[Any]) -> None:
        """No more is booked for heartbeats than was paid, unless an answer stated a wrong amount."""
        book = self._laws.server.simulator.book
        rows = [row for _, row in book.rows(miner=miner_id) if row["kind"] == PaymentKind.HEARTBEAT.value]
        paid = sum((Decimal(str(row["amount"])) for row in rows), Decimal(0))
        mine = [Decimal(entry.amount) for entry in entries if entry.kind == EntryKind.HEARTBEAT.value]
        booked = sum(mine, Decimal(0))
        self._laws.hold(
            self._laws.lies or booked <= paid * (1 + Decimal(2) ** -40),
            f"I2: {miner_id}'s heartbeats were paid {paid} and booked {booked}",
        )
