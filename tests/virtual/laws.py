"""The laws of every schedule: I1 conservation, I2 money, I3 submission, and that acts are written before they are
done."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, select

from fleet.broker.results import Results
from fleet.coordinator.inbox import Event
from fleet.coordinator.scheduler import Farm
from fleet.domain.amounts import BY_SESSION_SUM, EntryKind
from fleet.domain.answers import Receipt, Registration, SessionSummary, Totals
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.causes import OF_WALLET, Difference
from fleet.domain.effects import BalanceSeen, BaseSet, Booked, Dispatch, Found, JobMoved, JobOpened, Write
from fleet.domain.jobs import FINAL, Entry, JobState
from fleet.errors import CallError, JobCompleted, JobUnknown, Refused
from fleet.ledger import schema
from fleet.ledger.ledger import Ledger
from fleet.miner.phase import Phase
from fleet.simulator.book import PaymentKind
from fleet.simulator.faultkinds import FaultKind
from tests.virtual.plan import Plan
from tests.virtual.server import Arrival, Server
from tests.virtual.timeline import EPOCH_S, Timeline


class BrokenLawError(AssertionError):
    """A law does not hold; the message begins with its name."""


@dataclass(kw_only=True, slots=True)
class Row:
    """A job's state as committed to the ledger."""

    miner_id: str
    state: JobState
    attempt: int
    sends: int = 0
    mended: bool = False
    #: number of submissions that reached the server
    arrived: int = 0
    #: whether this coordinator has a submission under way
    in_flight: bool = False
    #: whether the last answer to a submission stated the job's outcome
    outcome_known: bool = False


class Laws:
    """Checks the laws at every step, and the final ledger at the end."""

    def __init__(self, plan: Plan, timeline: Timeline, server: Server) -> None:
        self.plan = plan
        self.resent = 0
        #: whether jobs or receipts may state another amount than the one paid
        self._lies = any(fault.kind in {FaultKind.RECEIPT_REWARD, FaultKind.JOB_REWARD} for fault in plan.faults)
        #: Whether receipts may state a wrong amount. Only a later total can correct it, and that may come too late.
        self._receipts_lie = any(fault.kind is FaultKind.RECEIPT_REWARD for fault in plan.faults)
        self._timeline = timeline
        self._server = server
        self._rows: dict[str, Row] = {}
        self._beats: dict[str, float] = {}
        self._read: list[Reply] = []
        self._results: set[bytes] = set()
        self._booked: dict[str, Decimal] = defaultdict(Decimal)
        self._entries = 0
        #: NNET that the ledger says has left each wallet
        self._left: dict[str, Decimal] = defaultdict(Decimal)
        #: miner → when the last request whose answer stated its total was sent
        self._total_asked: dict[str, float] = {}
        #: miner → the same for the first total of the current record: the answer that showed a forgetting, or that set
        #: the base. Nothing proves what was paid before in lost answers.
        self._record_from: dict[str, float] = {}
        #: miner → when the last stop of its session that was answered was sent
        self._stopped: dict[str, float] = {}
        #: miner → when it was last registered
        self._registered: dict[str, float] = {}
        server.watch = self._arrived

    # -- every step -------------------------------------------------------------------------------------------------

    def born(self) -> None:
        """A coordinator starts. Whatever the last one had under way stays unanswered."""
        self._read.clear()
        self._results.clear()
        self._beats.clear()
        for row in self._rows.values():
            row.in_flight = row.outcome_known = False

    def committed(self, writes: Sequence[Write]) -> None:
        """Rows were written to the ledger."""
        mended = {write.job_id for write in writes if isinstance(write, JobMoved) and self._mends(write)}
        for reply in self._read:
            self._ended(reply, mended)
        self._read.clear()
        self._results.clear()
        for write in writes:
            if isinstance(write, Booked):
                self._book(write.entry)
            elif isinstance(write, Found):
                self._find(write)
            elif isinstance(write, BalanceSeen):
                self._server.watched.add(write.miner_id)
            elif isinstance(write, BaseSet):
                # totals are compared from the first base on, so nothing proves earlier payments in lost answers
                asked = max(self._total_asked.get(write.miner_id, 0.0), self._registered.get(write.miner_id, 0.0))
                self._record_from.setdefault(write.miner_id, asked)
            elif isinstance(write, JobOpened):
                self._open(write)
            elif isinstance(write, JobMoved):
                row = self._rows[write.job_id]
                self._hold(
                    write.attempt >= row.attempt,
                    f"I4: {write.job_id} is at attempt {write.attempt} after attempt {row.attempt}",
                )
                row.state, row.attempt = write.state, write.attempt
                row.sends, row.mended = write.sends, write.mended

    def _book(self, entry: Entry) -> None:
        """At no moment does the ledger hold more than the server has paid."""
        if self._lies:
            return
        self._entries += 1
        booked = self._booked[entry.miner_id] = self._booked[entry.miner_id] + entry.amount
        paid = self._server.simulator.book.total(entry.miner_id)
        self._hold(
            booked <= paid + _rounding(paid, self._entries),
            f"I2: {entry.miner_id} was paid {paid} by now, and the ledger says {booked} with {entry}",
        )
        self._hold(
            entry.amount >= -_rounding(paid, self._entries),
            f"I2: {-entry.amount} NNET are taken back from {entry.miner_id}, which the server paid: {entry.evidence}",
        )

    def _find(self, write: Found) -> None:
        """The cause that the ledger gives for a difference is the true one."""
        if write.finding.kind is Difference.FORGOTTEN:
            self._record_from[write.miner_id] = self._total_asked.get(write.miner_id, -math.inf)
        forgot = self._server.forgotten_at is not None
        if write.finding.kind is Difference.SENT:
            self._left[write.miner_id] -= write.finding.amount
            left, stolen = self._left[write.miner_id], Decimal(self._server.stolen[write.miner_id])
            words = f"I2: {left} NNET are said to have left the wallet of {write.miner_id}, {stolen} did"
            self._hold(self._lies or left <= stolen + _WALLET_ROUNDING, words)
        after_loss = write.finding.kind in OF_WALLET - {Difference.SENT}
        self._hold(forgot or self._lies or not after_loss, f"I2: {write.finding}")
        known = write.finding.kind is not Difference.UNKNOWN and (
            forgot or write.finding.kind is not Difference.FORGOTTEN
        )
        self._hold(self._lies or known, f"I2: a difference of {write.miner_id} is called {write.finding}")

    def _mends(self, write: JobMoved) -> bool:
        return write.mended and not (write.job_id in self._rows and self._rows[write.job_id].mended)

    def read(self, events: Iterable[Event]) -> None:
        """The loop has taken these events, whose effects this turn commits."""
        for event in events:
            if isinstance(event, Reply):
                self._read.append(event)
                if isinstance(event.outcome, Totals):
                    self._total_asked[event.call.spec.miner_id] = event.sent_at
                elif isinstance(event.outcome, SessionSummary):
                    self._stopped[event.call.spec.miner_id] = event.sent_at
                elif isinstance(event.outcome, Registration):
                    self._registered[event.call.spec.miner_id] = event.sent_at
            elif isinstance(event, Results):
                self._results.update(event.entries)

    def sent(self, call: Call, now: float) -> None:
        """A call is sent."""
        if call.kind is CallKind.HEARTBEAT:
            before = self._beats.get(call.session_id)
            self._hold(
                before is None or now - before >= 29.9,
                f"calm: heartbeats {now - (before or 0):.1f} s apart in session {call.session_id}",
            )
            self._beats[call.session_id] = now
        if call.kind is not CallKind.SUBMIT:
            return
        row = self._rows.get(call.job_id)
        self._hold(row is not None, f"write down first: job {call.job_id} is submitted and not in the ledger")
        assert row is not None
        self._hold(row.state is JobState.SUBMITTING, f"write down first: {call.job_id} is sent while {row.state.value}")
        self._hold(not row.in_flight, f"I3: {call.job_id} is sent while a submission of it is under way")
        self._hold(not row.outcome_known, f"I3: {call.job_id} is sent although its outcome is known")
        row.in_flight = True
        self.resent += row.sends > 1

    def dispatched(self, order: Dispatch) -> None:
        """A job is dispatched to the workers."""
        row = self._rows.get(order.message.job_id)
        known = row is not None and row.state not in FINAL
        self._hold(known, f"write down first: job {order.message.job_id} is dispatched and not open in the ledger")
        assert row is not None
        self._hold(
            row.attempt in {order.message.attempt, order.message.attempt - 1},
            f"write down first: attempt {order.message.attempt} of {order.message.job_id} is dispatched, "
            f"the ledger knows {row.attempt}",
        )

    def acknowledged(self, entries: Sequence[bytes]) -> None:
        """Results are removed from the stream."""
        early = self._results & set(entries)
        self._hold(not early, f"write down first: {len(early)} results leave the stream before they are committed")

    def _open(self, write: JobOpened) -> None:
        before = self._rows.get(write.job.job_id)
        row = Row(miner_id=write.miner_id, state=write.state, attempt=write.attempt)
        if before is not None:
            self._hold(write.reopened, f"I1: job {write.job.job_id} is opened twice")
            row.arrived, row.in_flight = before.arrived, before.in_flight
        self._rows[write.job.job_id] = row

    def _arrived(self, arrival: Arrival) -> None:
        if arrival.endpoint != "submit-result":
            return
        job_id, result = arrival.body["task_id"], arrival.body["result"]
        row = self._rows.get(job_id)
        self._hold(row is not None, f"write down first: job {job_id} is submitted and not in the ledger")
        assert row is not None
        row.arrived += 1
        marks = [value for value in result.values() if isinstance(value, str) and " by " in value]
        wrong = [mark for mark in marks if mark != f"{job_id} by {row.miner_id}"]
        self._hold(not wrong, f"I4: {job_id} of {row.miner_id} is submitted with the result of {wrong}")

    def _ended(self, reply: Reply, mended: set[str]) -> None:
        call = reply.call
        error = reply.outcome if isinstance(reply.outcome, CallError) else None
        if call.kind is CallKind.HEARTBEAT and error is not None:
            # it was refused before it counted, or its session is closed
            self._beats.pop(call.session_id, None)
        if call.kind is not CallKind.SUBMIT:
            return
        row = self._rows.get(call.job_id)
        if row is None:
            return
        row.in_flight = False
        over = isinstance(reply.outcome, Receipt) or isinstance(error, JobCompleted | JobUnknown | Refused)
        row.outcome_known = over and call.job_id not in mended

    # -- the whole --------------------------------------------------------------------------------------------------

    def conserved(self, ledger: Ledger) -> None:
        """I1: at any moment, every job ever assigned is either open or in exactly one final state."""
        counts = ledger.run_counts("virtual")
        rest = counts["assigned"] - counts["open"] - sum(counts[state.value] for state in FINAL)
        self._hold(rest == 0, f"I1: {counts} do not add up")
        self._hold(min(counts.values()) >= 0, f"I1: {counts} holds a negative count")

    def ended(self, ledger: Ledger, farm: Farm, engine: Engine) -> None:
        """After the drain nothing is open, and each miner's ledger holds what the server paid."""
        self.conserved(ledger)
        self._hold(ledger.open_count() == 0, f"I1: {ledger.open_count()} jobs are open after the drain")
        with engine.connect() as connection:
            entries = connection.execute(select(schema.entries, schema.miners.c.miner_id).join(schema.miners)).all()
            jobs = {row.job_id: row for row in connection.execute(select(schema.jobs)).all()}
            sums = connection.execute(select(schema.sums, schema.miners.c.miner_id).join(schema.miners)).all()
        for miner_id, miner in farm.miners.items():
            mine = [entry for entry in entries if entry.miner_id == miner_id]
            booked = sum((Decimal(entry.amount) for entry in mine), Decimal(0))
            summed = sum((Decimal(row.amount) for row in sums if row.miner_id == miner_id), Decimal(0))
            self._hold(booked == summed, f"I2: {miner_id}'s entries are {booked}, their sums {summed}")
            self._hold(
                booked == miner.account.booked, f"I2: {miner_id}'s account holds {miner.account.booked}, not {booked}"
            )
            # The faults are over, so only a limit of requests or a forgotten contributor may keep the total from being
            # read. Random refusals make the farm believe in a limit of one or two requests, which takes some windows to
            # correct.
            over_at = min(self._stopped.get(miner_id, math.inf), self.plan.mining_s)
            asked = self._total_asked.get(miner_id, 0.0) >= over_at or miner.phase is not Phase.DONE
            refused = any(fault.kind is FaultKind.REFUSED for fault in self.plan.faults)
            excused = self.plan.server_limit < 5000 or self.plan.forgets or refused
            self._hold(asked or excused, f"I2: {miner_id}'s total is not read after the drain")
            self._wallet(miner_id, compared=miner.compared)
            self._money(miner_id, booked, mine, jobs, miner.account.unexplained)

    def _wallet(self, miner_id: str, *, compared: bool) -> None:
        """The ledger reports what left a wallet whose balance it knew, if the server states balances until the end."""
        # the balance of a miner that stays closed is not requested again
        looked = self._total_asked.get(miner_id, 0.0) >= self._server.stolen_at.get(miner_id, 0.0)
        seen = compared and looked and miner_id in self._server.watched and not self._lies and not self.plan.forgets
        left, stolen = self._left[miner_id], Decimal(self._server.stolen_late[miner_id])
        words = f"I2: {stolen} NNET left the wallet of {miner_id}, and {left} are said to have"
        self._hold(not seen or left >= stolen - _WALLET_ROUNDING, words)

    def _money(
        self, miner_id: str, booked: Decimal, entries: list[Any], jobs: dict[str, Any], unexplained: Decimal
    ) -> None:
        simulator = self._server.simulator
        paid = simulator.book.total(miner_id)
        by_job = {entry.job_id: Decimal(entry.amount) for entry in entries if entry.kind == EntryKind.JOB.value}
        receipts = {entry.job_id: Decimal(entry.amount) for entry in entries if not entry.evidence and entry.job_id}
        unproved = Decimal(0)
        total_at = EPOCH_S + self._total_asked.get(miner_id, -math.inf)
        record_at = EPOCH_S + self._record_from.get(miner_id, -math.inf)
        for index, row in simulator.book.rows(miner=miner_id):
            # payments that no total could have counted when it was read
            at = float(str(row["at"]))
            before = index < (self._server.forgotten_at or 0) or at < record_at or at >= total_at
            if row["kind"] == PaymentKind.HEARTBEAT.value:
                # the first sum of an adopted session may include heartbeats that were paid before in lost answers
                unproved += Decimal(str(row["amount"])) if self.plan.forgets or before else 0
                continue
            amount = Decimal(str(row["amount"]))
            job_id = simulator.world.jobs.job_id(int(str(row["job_id"])))
            if job_id in receipts and not self._lies:
                self._hold(receipts[job_id] == amount, f"I2: {job_id} paid {amount}, its receipt is {receipts[job_id]}")
            if job_id not in by_job:
                known = jobs.get(job_id)
                self._hold(
                    known is not None and known.state in {JobState.EXPIRED.value, JobState.ALREADY_COMPLETED.value},
                    f"I2: {job_id} was paid and the ledger says {known.state if known else 'nothing'}",
                )
                unproved += amount if before else 0
        self._heartbeats(miner_id, entries)
        difference = paid - booked
        # A payment without a receipt is booked as its job stated it, until a total is read and compared with a base
        # from before the payment.
        total_ms, record_ms = total_at * 1000, record_at * 1000
        unread = self._lies and any(
            not entry.confirmed and not record_ms <= entry.booked_at < total_ms for entry in entries
        )
        # if the server may have created a new record, a shortfall is reported, not corrected
        shortfall = unexplained if self._lies else Decimal(0)
        # an entry derived from two float sums is only as exact as they are
        by_sums = any(entry.kind == EntryKind.ADJUSTMENT.value or entry.evidence == BY_SESSION_SUM for entry in entries)
        rounding = _rounding(paid, len(entries)) if by_sums or shortfall else Decimal(0)
        self._hold(
            self._receipts_lie or unread or -rounding - shortfall <= difference <= unproved + rounding,
            f"I2: {miner_id} was paid {paid} and the ledger says {booked}: {difference} NNET missing, "
            f"{unproved} of it unprovable",
        )

    def _heartbeats(self, miner_id: str, entries: list[Any]) -> None:
        """No more is booked for heartbeats than was paid, unless an answer stated a wrong amount."""
        book = self._server.simulator.book
        rows = [row for _, row in book.rows(miner=miner_id) if row["kind"] == PaymentKind.HEARTBEAT.value]
        paid = sum((Decimal(str(row["amount"])) for row in rows), Decimal(0))
        mine = [Decimal(entry.amount) for entry in entries if entry.kind == EntryKind.HEARTBEAT.value]
        booked = sum(mine, Decimal(0))
        self._hold(
            self._lies or booked <= paid * (1 + Decimal(2) ** -40),
            f"I2: {miner_id}'s heartbeats were paid {paid} and booked {booked}",
        )

    def _hold(self, law: bool, text: str) -> None:
        if not law:
            self._timeline.trace(f"BROKEN {text}")
            raise BrokenLawError(text)


#: possible error of all differences between a schedule's balances
_WALLET_ROUNDING = Decimal("1e-9")


def _rounding(paid: Decimal, entries: int) -> Decimal:
    """Possible error of all entries that were derived from float sums."""
    return Decimal(math.ulp(float(max(paid, Decimal(1))))) * (entries + 2) * 4
