"""Creates the entries when a miner is paid, and sums them beside the server's totals for comparison. Pure."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.effects import Booked, Notice, NoticeKind
from fleet.domain.jobs import Entry, Job
from fleet.domain.proof import Proof
from fleet.domain.saved_state import SavedMiner
from fleet.domain.session_effects import OffsetSet
from fleet.money.float_sums import same
from fleet.money.session_sum import SessionSum

_NO_PROOF = Proof()


class Books:
    """Sums of one miner's entries. Amounts are exact NNET. A server's sums are compared with a float's tolerance."""

    def __init__(self, miner_id: str, saved: SavedMiner) -> None:
        self.miner_id = miner_id
        #: NNET booked for this miner at this server
        self.booked = saved.booked
        self.payments = saved.payments
        #: the base: the server's total from which differences are counted, and the NNET booked at that moment
        self.base_total = saved.base_total
        self.base_booked = saved.base_booked
        #: the last total that the server stated
        self.stated_total: Decimal | None = None
        session = saved.session
        self.session_id = session.session_id if session else ""
        #: the server's sum for the running session
        self.sum = SessionSum.of(session) if session else SessionSum(None)

    @property
    def since_base(self) -> Decimal:
        """NNET booked since the base."""
        return self.booked - self.base_booked

    def missing(self, total: Decimal, base: Decimal) -> Decimal:
        """Server minus ledger since the base, in NNET; zero if they differ by no more than a float sum can lose."""
        booked = base + self.since_base
        return ZERO if same(total, booked, self.payments) else total - booked

    def rebase(self, total: Decimal) -> None:
        """Count differences from this total and this moment."""
        self.stated_total = self.base_total = total
        self.base_booked = self.booked

    def book(
        self,
        kind: EntryKind,
        amount: Decimal,
        confirmed: bool,
        evidence: str,
        job: Job | None = None,
        proof: Proof = _NO_PROOF,
        *,
        job_id: str | None = None,
        settles: tuple[str, ...] = (),
    ) -> Booked:
        """Add a payment and return its row."""
        self.booked += amount
        self.payments += 1
        self.sum.booked(amount)
        return Booked(
            entry=Entry(
                miner_id=self.miner_id,
                kind=kind,
                amount=amount,
                confirmed=confirmed,
                session_id=self.session_id,
                job_id=job.job_id if job and kind is EntryKind.JOB else job_id,
                job_type=job.job_type if job else "",
                evidence=evidence,
                proof=proof,
                settles=settles,
            )
        )

    def unlearn(self) -> OffsetSet:
        """Forget the session's last sum, so that the next one is only learnt. Returns the row that records this."""
        self.sum.learn(None)
        return OffsetSet(miner_id=self.miner_id, session_id=self.session_id, offset=None)

    def notice(self, kind: NoticeKind, text: str, amount: Decimal | None = None) -> Notice:
        """A notice about this miner's money."""
        return Notice(kind=kind, miner_id=self.miner_id, text=text, amount=amount, total=self.booked)
