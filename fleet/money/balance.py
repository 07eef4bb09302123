"""The account of one miner: decides what each answer books, and what a difference from the server's total proves. Pure.

One file: it is the only interface to the money, and delegates to the modules behind it.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.answers import HeartbeatAnswer, Registration, SessionSummary, Totals
from fleet.domain.effects import (
    Booked,
    Effect,
    Found,
    TotalsSeen,
)
from fleet.domain.jobs import Job
from fleet.domain.proof import Exchange, Proof
from fleet.domain.saved_state import OpenSession, SavedMiner
from fleet.money.books import Books
from fleet.money.comparison import TotalsComparison
from fleet.money.session_pay import SessionPay
from fleet.money.session_sum import SessionSum
from fleet.money.unproved import Claims
from fleet.money.wallet import Wallet

_NO_PROOF = Proof()


class MinerAccount:
    """Books payments of one miner. Amounts are exact NNET; a server's sums are compared with a float's tolerance."""

    def __init__(self, miner_id: str, saved: SavedMiner) -> None:
        self._books = Books(miner_id, saved)
        #: whether the server has said that it does not know this contributor
        self.server_forgot = False
        self.wallet = Wallet(self._books, saved.wallet, forgotten=saved.forgotten_since_balance)
        self._claims = Claims(saved)
        self._comparison = TotalsComparison(self._books, self._claims, self.wallet, saved.unexplained)
        self._pay = SessionPay(self._books, self._claims)
        #: the total that the server stated before the start, and the number of payments that it covers
        self._stated_before = (saved.stated_total, saved.payments)

    @property
    def booked(self) -> Decimal:
        """NNET booked for this miner at this server."""
        return self._books.booked

    @property
    def payments(self) -> int:
        """Number of entries in `booked`."""
        return self._books.payments

    @property
    def base_total(self) -> Decimal | None:
        """The base: the server's total from which differences are counted."""
        return self._books.base_total

    @property
    def stated_total(self) -> Decimal | None:
        """The last total that the server stated since the coordinator started."""
        return self._books.stated_total

    @property
    def unexplained(self) -> Decimal:
        """NNET of unexplained differences since the base."""
        return self._comparison.unexplained

    @property
    def may_count_twice(self) -> bool:
        """Whether a session's sum brought pay that the base may already count; the next total shows it."""
        return self._claims.may_count_twice

    @property
    def since_base(self) -> Decimal:
        """NNET booked since the base."""
        return self._books.since_base

    @property
    def before_base(self) -> Decimal:
        """NNET booked before the base, which no comparison counts."""
        return self._books.base_booked

    @property
    def session_offset(self) -> Decimal | None:
        """NNET that the server counts for the session beyond the ledger's entries of it; None until learnt."""
        return self._books.sum.offset

    @property
    def stated_before(self) -> bool:
        """Whether the server stated the total before the start, and nothing was booked since."""
        total, payments = self._stated_before
        return total is not None and payments == self.payments

    @property
    def _last_total(self) -> Decimal | None:
        """The last stated total, if it still holds."""
        if self.stated_total is None and self.stated_before:
            return self._stated_before[0]
        return self.stated_total

    @property
    def server_total(self) -> Decimal | None:
        """NNET that the server says it paid since the base; None if it states no total."""
        total = self._last_total
        return None if total is None or self.base_total is None else total - self.base_total

    @property
    def difference(self) -> Decimal | None:
        """Server minus ledger, in NNET; exactly zero if they differ by no more than the server's float sum can lose."""
        total = self._last_total
        return None if total is None or self.base_total is None else self._books.missing(total, self.base_total)

    def registered(self, registration: Registration, *, unresolved: bool) -> list[Effect]:
        """Set a new base for a new contributor; compare the total of a known one.

        A contributor that the server had forgotten counts as new even if the answer calls it known: then the answer to
        an earlier registration was lost (docs/protocol-notes.md, 1). A total is not compared while a job's outcome is
        unresolved, and a total that may lag is left to the next comparison.
        """
        forgotten, self.server_forgot = self.server_forgot, False
        totals = registration.totals
        if registration.new or forgotten or (unresolved and self._comparison.paid_nothing(totals)):
            return [
                *self._comparison.forgotten(),
                self._comparison.rebase(totals or Totals(total_rewards=ZERO, total_jobs=0)),
            ]
        return [] if totals is None or unresolved or self.may_lag(totals) else self.compare(totals)

    def session_opened(self, session_id: str, known: OpenSession | None, *, adopted: bool) -> None:
        """Switch to another session. A new one's sum starts at zero; that of one left open in the ledger continues."""
        self._books.session_id = session_id
        if known is None:
            self._books.sum = SessionSum(None if adopted else ZERO)
            self._claims.session_began()
        if known is None and adopted:
            self._claims.foreign_session()

    def job_paid(
        self,
        job: Job,
        amount: Decimal,
        confirmed: bool,
        stated_total: Decimal | None,
        *,
        again: bool,
        proof: Proof = _NO_PROOF,
    ) -> Booked:
        """Book a job's reward. `again` is True if this ledger already has a payment for the job."""
        self._claims.paid(job.job_id, amount, confirmed=confirmed)
        self._books.sum.expect(job.job_id, amount, confirmed=confirmed)
        if stated_total is not None:
            self._books.stated_total = stated_total
        kind, evidence = EntryKind.JOB, "" if confirmed else "Task already completed"
        if again:
            kind, evidence = EntryKind.ADJUSTMENT, f"the server paid job {job.job_id} again"
        return self._books.book(kind, amount, confirmed, evidence, job, proof)

    def answer_lost(self, job: Job) -> list[Effect]:
        """Record a job that was given up after an unanswered submission: its reward may have been paid.

        The session's next sum may count the reward. Only a total can tell it from a heartbeat's reward.
        """
        self._claims.answer_lost(job.job_id, job.reward)
        return [self._books.unlearn()]

    def job_reopened(self, job: Job) -> None:
        """Record that a job is open again. Its own receipt will book it, so it explains no total until then."""
        self._claims.reopened(job.job_id)

    def heartbeat_lost(self) -> None:
        """Record that a heartbeat's answer was lost: what the heartbeat paid is unknown."""
        self._claims.beat_unanswered()

    def job_resolved(self, job_id: str) -> list[Effect]:
        """Record that the outcome of a job's submission is known and written down."""
        return self._pay.resolved(job_id)

    def heartbeat(
        self,
        answer: HeartbeatAnswer,
        exchange: Exchange = _NO_PROOF.exchange,
        *,
        unresolved: bool = False,
        waiting: Collection[str] = (),
    ) -> list[Effect]:
        """Book what a heartbeat paid, by the amount in its answer or by the session's sum.

        While a job's outcome is `unresolved`, the sum may count a job that is not booked yet. The sum is then evaluated
        once the last of the `waiting` jobs is resolved, or, if none are named, with a later heartbeat.
        """
        self.wallet.beat()
        return self._pay.heartbeat(answer, exchange, waiting if unresolved else None)

    def session_stopped(self, summary: SessionSummary, exchange: Exchange = _NO_PROOF.exchange) -> list[Effect]:
        """Book what the server's final sum for a session proves."""
        return self._pay.stopped(summary, exchange)

    def may_lag(self, totals: Totals) -> bool:
        """Whether a total is below what was stated or booked, as in a copy of the server's books that lags behind."""
        return self._comparison.may_lag(totals)

    def reconciled(self, totals: Totals, exchange: Exchange) -> list[Effect]:
        """Compare a requested total, and record when it was stated and the result of the comparison."""
        effects = self.compare(totals, exchange)
        found = [effect.finding.kind.value for effect in effects if isinstance(effect, Found)]
        return [*effects, self._seen(totals.total_rewards, found[0] if found else "agrees")]

    def unverifiable(self, reason: str) -> TotalsSeen:
        """The row for a requested total that the server did not state."""
        return self._seen(None, f"unverifiable: {reason}"[:200])

    def _seen(self, total: Decimal | None, verdict: str) -> TotalsSeen:
        return TotalsSeen(miner_id=self._books.miner_id, total=total, verdict=verdict, booked=self.since_base)

    def compare(self, totals: Totals, exchange: Exchange = _NO_PROOF.exchange) -> list[Effect]:
        """Compare the server's totals with the ledger, at a moment when nothing is under way."""
        return self._comparison.compare(totals, exchange)
