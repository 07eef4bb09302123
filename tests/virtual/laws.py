"""The laws that hold at every step of a schedule: I1 conservation, I2 money, I3 submission, write before act.

One file: each law needs what the others saw of the same jobs and calls.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from fleet.broker.disguise import of_server
from fleet.broker.results import Results
from fleet.coordinator.inbox import Event
from fleet.domain.answers import Receipt, Registration, Totals
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.causes import OF_WALLET, Difference
from fleet.domain.effects import BalanceSeen, BaseSet, Booked, Dispatch, Found, JobMoved, JobOpened, Write
from fleet.domain.events import AbandonedSessionStopped
from fleet.domain.jobs import FINAL, Entry, JobState
from fleet.errors import CallError, JobCompleted, JobUnknown, Refused
from fleet.ledger.ledger import Ledger
from fleet.ledger.run_ids import run_at
from fleet.simulator.faultkinds import FaultKind
from tests.virtual.check_laws import CheckLaws
from tests.virtual.plan import Plan
from tests.virtual.server import Arrival, Server
from tests.virtual.session_laws import SessionLaws
from tests.virtual.timeline import Timeline


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


class SteeringLaws(Protocol):
    """The laws of controls, whichever server they concern."""

    def committed(self, server: str, writes: Sequence[Write]) -> None:
        """Rows of this server were written to the ledger."""

    def sent(self, call: Call, now: float, *, open_jobs: bool) -> None:
        """A call is sent."""


class Laws:
    """Checks the laws at every step, and records what `tests.virtual.final_laws` needs after the drain."""

    def __init__(self, plan: Plan, timeline: Timeline, server: Server, *, name: str = "") -> None:
        """`name` is the server's where there are several; `plan` is that server's."""
        self.plan = plan
        self._name = name
        self.resent = 0
        #: whether jobs or receipts may state another amount than the one paid
        self.lies = any(fault.kind in {FaultKind.RECEIPT_REWARD, FaultKind.JOB_REWARD} for fault in plan.faults)
        #: Whether receipts may state a wrong amount. Only a later total can correct it, and that may come too late.
        self.receipts_lie = any(fault.kind is FaultKind.RECEIPT_REWARD for fault in plan.faults)
        self._timeline = timeline
        self.server = server
        self._rows: dict[str, Row] = {}
        self._beats: dict[str, float] = {}
        self._read: list[Reply] = []
        self._results: set[bytes] = set()
        self._booked: dict[str, Decimal] = defaultdict(Decimal)
        self._entries = 0
        #: NNET that the ledger says has left each wallet
        self.left: dict[str, Decimal] = defaultdict(Decimal)
        #: miner → when the last request whose answer stated its total was sent, and its balance
        self.total_asked: dict[str, float] = {}
        self.balance_asked: dict[str, float] = {}
        #: miner → the same for the first total of the current record: the answer that showed a forgetting, or that set
        #: the base. Nothing proves what was paid before in lost answers.
        self.record_from: dict[str, float] = {}
        #: miner → when the last stop of its session was sent, answered or given up
        self.stopped: dict[str, float] = {}
        self.sessions = SessionLaws(self.hold)
        #: miner → when it was last registered
        self._registered: dict[str, float] = {}
        self.checks = CheckLaws(self.hold)
        #: who steers the farm, if anyone does
        self.steered: SteeringLaws | None = None
        server.watch = self._arrived

    def born(self) -> None:
        """A coordinator starts. Whatever the last one had under way stays unanswered."""
        self._read.clear()
        self._results.clear()
        self._beats.clear()
        self.checks.born()
        for row in self._rows.values():
            row.in_flight = row.outcome_known = False

    def committed(self, writes: Sequence[Write]) -> None:
        """Rows were written to the ledger."""
        mended = {write.job_id for write in writes if isinstance(write, JobMoved) and self._mends(write)}
        for reply in self._read:
            self._note(reply)
            self._ended(reply, mended)
        self._read.clear()
        self._results.clear()
        self.sessions.committed(writes)
        if self.steered is not None:
            self.steered.committed(self._name, writes)
        for write in writes:
            if isinstance(write, Booked):
                self._book(write.entry)
            elif isinstance(write, Found):
                self._find(write)
            elif isinstance(write, BalanceSeen):
                self.server.watched.add(write.miner_id)
            elif isinstance(write, BaseSet):
                # totals are compared from the first base on, so nothing proves earlier payments in lost answers
                asked = max(self.total_asked.get(write.miner_id, 0.0), self._registered.get(write.miner_id, 0.0))
                self.record_from.setdefault(write.miner_id, asked)
            elif isinstance(write, JobOpened):
                self._open(write)
            elif isinstance(write, JobMoved):
                row = self._rows[write.job_id]
                self.hold(
                    write.attempt >= row.attempt,
                    f"I4: {write.job_id} is at attempt {write.attempt} after attempt {row.attempt}",
                )
                row.state, row.attempt = write.state, write.attempt
                row.sends, row.mended = write.sends, write.mended

    def _book(self, entry: Entry) -> None:
        """At no moment does the ledger hold more than the server has paid."""
        if self.lies:
            return
        self._entries += 1
        booked = self._booked[entry.miner_id] = self._booked[entry.miner_id] + entry.amount
        paid = self.server.simulator.book.total(entry.miner_id)
        self.hold(
            booked <= paid + rounding(paid, self._entries),
            f"I2: {entry.miner_id} was paid {paid} by now, and the ledger says {booked} with {entry}",
        )
        self.hold(
            entry.amount >= -rounding(paid, self._entries),
            f"I2: {-entry.amount} NNET are taken back from {entry.miner_id}, which the server paid: {entry.evidence}",
        )

    def _find(self, write: Found) -> None:
        """The cause that the ledger gives for a difference is the true one."""
        if write.finding.kind is Difference.FORGOTTEN:
            self.record_from[write.miner_id] = self.total_asked.get(write.miner_id, -math.inf)
        forgot = self.server.forgotten_at is not None
        if write.finding.kind is Difference.SENT:
            self.left[write.miner_id] -= write.finding.amount
            left, stolen = self.left[write.miner_id], Decimal(self.server.stolen[write.miner_id])
            words = f"I2: {left} NNET are said to have left the wallet of {write.miner_id}, {stolen} did"
            self.hold(self.lies or left <= stolen + WALLET_ROUNDING, words)
        after_loss = write.finding.kind in OF_WALLET - {Difference.SENT}
        self.hold(forgot or self.lies or not after_loss, f"I2: {write.finding}")
        known = write.finding.kind is not Difference.UNKNOWN and (
            forgot or write.finding.kind is not Difference.FORGOTTEN
        )
        self.hold(self.lies or known, f"I2: a difference of {write.miner_id} is called {write.finding}")

    def _mends(self, write: JobMoved) -> bool:
        return write.mended and not (write.job_id in self._rows and self._rows[write.job_id].mended)

    def read(self, events: Iterable[Event]) -> None:
        """The loop has taken these events, whose effects this turn commits."""
        for event in events:
            if isinstance(event, Reply):
                self._read.append(event)
            elif isinstance(event, AbandonedSessionStopped):
                self.stopped[event.session.miner_id] = self._timeline.now
            elif isinstance(event, Results):
                self._results.update(event.entries)

    def _note(self, reply: Reply) -> None:
        """Note when what an answer stated was asked, once its effects are written: a death before that forgets it."""
        miner_id = reply.call.spec.miner_id
        if isinstance(reply.outcome, Totals):
            self.total_asked[miner_id] = reply.sent_at
            if reply.outcome.balance is not None:
                self.balance_asked[miner_id] = reply.sent_at
        elif reply.call.kind is CallKind.STOP_SESSION:
            self.stopped[miner_id] = reply.sent_at
        elif isinstance(reply.outcome, Registration):
            self._registered[miner_id] = reply.sent_at

    def sent(self, call: Call, now: float) -> None:
        """A call is sent."""
        if self.steered is not None:
            of_miner = (row for row in self._rows.values() if row.miner_id == call.spec.miner_id)
            self.steered.sent(call, now, open_jobs=any(row.state not in FINAL for row in of_miner))
        if call.kind is CallKind.HEARTBEAT:
            before = self._beats.get(call.session_id)
            words = f"calm: heartbeats {now - (before or 0):.1f} s apart in session {call.session_id}"
            self.hold(before is None or now - before >= 29.9, words)
            self._beats[call.session_id] = now
        self.sessions.sent(call)
        if call.kind is not CallKind.SUBMIT:
            return
        row = self._rows.get(call.job_id)
        self.hold(row is not None, f"write down first: job {call.job_id} is submitted and not in the ledger")
        assert row is not None
        self.hold(row.state is JobState.SUBMITTING, f"write down first: {call.job_id} is sent while {row.state.value}")
        self.hold(not row.in_flight, f"I3: {call.job_id} is sent while a submission of it is under way")
        self.hold(not row.outcome_known, f"I3: {call.job_id} is sent although its outcome is known")
        self.checks.sent(call, row.sends)
        row.in_flight = True
        self.resent += row.sends > 1

    def dispatched(self, order: Dispatch) -> None:
        """A job is dispatched to the workers."""
        row = self._rows.get(order.message.job_id)
        known = row is not None and row.state not in FINAL
        self.hold(known, f"write down first: job {order.message.job_id} is dispatched and not open in the ledger")
        assert row is not None
        self.hold(
            row.attempt in {order.message.attempt, order.message.attempt - 1},
            f"write down first: attempt {order.message.attempt} of {order.message.job_id} is dispatched, "
            f"the ledger knows {row.attempt}",
        )

    def acknowledged(self, entries: Sequence[bytes]) -> None:
        """Results are removed from the stream."""
        early = self._results & set(entries)
        self.hold(not early, f"write down first: {len(early)} results leave the stream before they are committed")

    def _open(self, write: JobOpened) -> None:
        before = self._rows.get(write.job.job_id)
        row = Row(miner_id=write.miner_id, state=write.state, attempt=write.attempt)
        if before is not None:
            self.hold(write.reopened, f"I1: job {write.job.job_id} is opened twice")
            row.arrived, row.in_flight = before.arrived, before.in_flight
        self._rows[write.job.job_id] = row

    def _arrived(self, arrival: Arrival) -> None:
        self.sessions.arrived(arrival)
        if arrival.endpoint != "submit-result":
            return
        job_id, result = arrival.body["task_id"], arrival.body["result"]
        row = self._rows.get(job_id)
        self.hold(row is not None, f"write down first: job {job_id} is submitted and not in the ledger")
        assert row is not None
        row.arrived += 1
        marks = [value for name, value in result.items() if name != "error" and " by " in str(value)]
        wrong = [mark for mark in marks if mark != f"{of_server(self._name, job_id)} by {row.miner_id}"]
        self.hold(not wrong, f"I4: {job_id} of {row.miner_id} is submitted with the result of {wrong}")

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

    def conserved(self, ledger: Ledger) -> None:
        """I1: at any moment, every job ever assigned is either open or in exactly one final state."""
        counts = ledger.run_and_ledger(run_at("virtual", self._name))[0].jobs
        rest = counts["assigned"] - counts["open"] - sum(counts[state.value] for state in FINAL)
        self.hold(rest == 0, f"I1: {counts} do not add up")
        self.hold(min(counts.values()) >= 0, f"I1: {counts} holds a negative count")

    def hold(self, law: bool, text: str) -> None:
        """Raise BrokenLawError with this text unless the law holds."""
        if not law:
            self._timeline.trace(f"BROKEN {text}")
            raise BrokenLawError(text)


#: possible error of all differences between a schedule's balances
WALLET_ROUNDING = Decimal("1e-9")


def rounding(paid: Decimal, entries: int) -> Decimal:
    """Possible error of all entries that were derived from float sums."""
    return Decimal(math.ulp(float(max(paid, Decimal(1))))) * (entries + 2) * 4
