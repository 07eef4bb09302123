"""Compares the totals that the server states with one miner's books, and books what a difference proves. Pure."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.answers import Totals
from fleet.domain.causes import Difference
from fleet.domain.effects import AllConfirmed, BaseSet, Effect, Found, JobRecovered, NoticeKind, RecordDated
from fleet.domain.jobs import Finding
from fleet.domain.proof import Exchange, Proof
from fleet.money.books import Books
from fleet.money.reconcile import Case, classify, starts_new_base
from fleet.money.unproved import Claims, fell
from fleet.money.wallet import Wallet

_UNKNOWN_PAST = (
    "the server has paid this miner before, but this ledger has no record of it: "
    "if another ledger has one, stop, and restore that ledger or set FLEET_STATE_DIR to its folder"
)

#: without the amount, so that the output sums up the lines of a farm
_FORGOTTEN = "the server forgot what it paid this miner: it stays booked, and the comparison starts over"


class TotalsComparison:
    """Compares stated totals with the books. Amounts are exact NNET; a server's sums have a float's tolerance."""

    def __init__(self, books: Books, claims: Claims, wallet: Wallet, unexplained: Decimal) -> None:
        self._books = books
        self._claims = claims
        self._wallet = wallet
        #: NNET of unexplained differences since the base
        self.unexplained = unexplained

    def may_lag(self, totals: Totals) -> bool:
        """Whether a total is below what was stated or booked, as in a copy of the server's books that lags behind."""
        case = self._case(totals)
        if case is None:
            return fell(totals.total_rewards, self._books.stated_total, self._books.payments)
        return case.same_record is not False and case.low

    def paid_nothing(self, totals: Totals | None) -> bool:
        """Whether the total is zero although the server had paid before: it can't contain an unresolved job."""
        base = self._books.base_total
        if totals is None or totals.total_rewards or base is None:
            return False
        return base + self._books.since_base > 0 and not self._claims.same_record(totals.registered_at)

    def compare(self, totals: Totals, exchange: Exchange) -> list[Effect]:
        """Compare the server's totals with the ledger, at a moment when nothing is under way.

        A difference is classified, and what it proves about payments is booked as an adjustment with that class.
        """
        case, total = self._case(totals), totals.total_rewards
        if case is None:
            return [*self._unknown_past(total), self.rebase(totals)]
        self._books.stated_total = total
        finding = classify(case)
        dated = self._dated(case, totals.registered_at)
        if finding is None:
            self._claims.agreed()
            return dated
        if starts_new_base(finding):
            return self._new_base(finding, totals)
        if not finding.amount:
            return [*dated, *self._explained(finding, 0, case.extra_jobs)]
        return [*dated, *self._adjust(finding, case, total, Proof(exchange=exchange))]

    def _new_base(self, finding: Finding, totals: Totals) -> list[Effect]:
        """Count from these totals. The entries stay, since nothing proves which payment was not made."""
        base = self.rebase(totals)
        if finding.kind is Difference.FORGOTTEN:
            self._wallet.forgotten()
        if finding.kind is Difference.HEARTBEAT:
            return [self._found(finding), base]
        words = f"the server's total fell to {totals.total_rewards} NNET"
        if finding.kind is Difference.UNKNOWN:
            words = f"the server counts {-finding.amount} NNET less than was booked, and nothing explains it"
            self.unexplained = -finding.amount
        return [self._found(finding), base, self._books.notice(NoticeKind.ANOMALY, words)]

    def forgotten(self) -> list[Effect]:
        """The effects of a known contributor being registered as new; none if it was never paid."""
        self._wallet.forgotten()
        if self._books.base_total is None or not self._books.since_base:
            return []
        since_base, base = self._books.since_base, self._books.base_total
        evidence = f"it registered the miner as new; {since_base} NNET since its total of {base} stay booked"
        finding = Finding(kind=Difference.FORGOTTEN, amount=-self._books.since_base, evidence=evidence)
        return [self._found(finding), self._books.notice(NoticeKind.ANOMALY, _FORGOTTEN)]

    def rebase(self, totals: Totals) -> BaseSet:
        in_session = self._books.sum.offset is not None
        self._books.rebase(totals.total_rewards)
        self.unexplained = ZERO
        self._claims.rebase(totals, in_session=in_session)
        return BaseSet(
            miner_id=self._books.miner_id,
            total=totals.total_rewards,
            booked=self._books.booked,
            jobs=totals.total_jobs,
            registered_at=totals.registered_at,
        )

    def _case(self, totals: Totals) -> Case | None:
        """A total together with what was booked and stated; None if there is no base to compare it with."""
        if self._books.base_total is None:
            return None
        before = self._books.base_total if self._books.stated_total is None else self._books.stated_total
        missing = self._books.missing(totals.total_rewards, self._books.base_total)
        low = fell(totals.total_rewards, before, self._books.payments)
        return self._claims.case(totals, missing, payments=self._books.payments, fell=low)

    def _dated(self, case: Case, registered_at: int | None) -> list[Effect]:
        """Record the age of the base's record once the server states it. A complete total is from that record."""
        if registered_at is None or case.same_record is not None or case.low:
            return []
        self._claims.dated(registered_at)
        return [RecordDated(miner_id=self._books.miner_id, registered_at=registered_at)]

    def _adjust(self, finding: Finding, case: Case, total: Decimal, proof: Proof) -> list[Effect]:
        """Book a difference: job by job if lost answers add up to it, else as one adjustment."""
        evidence = (
            f"{finding.kind.value}: {finding.evidence}; the server states {total} NNET since {self._books.base_total}"
        )
        lost = self._claims.lost(finding.job_ids)
        effects: list[Effect] = [JobRecovered(job_id=job_id) for job_id, _ in lost]
        by_job = lost if abs(sum((amount for _, amount in lost), -finding.amount)) <= case.tolerance else []
        for job_id, amount in by_job:
            effects.append(self._books.book(EntryKind.ADJUSTMENT, amount, True, evidence, proof=proof, job_id=job_id))
        if not by_job:
            settles = self._claims.taken_back(finding, case.tolerance)
            effects.append(
                self._books.book(EntryKind.ADJUSTMENT, finding.amount, True, evidence, proof=proof, settles=settles)
            )
        # the session's sum may or may not count this, so the sum is learnt again
        effects.append(self._books.unlearn())
        notice = self._books.notice(NoticeKind.INCOME, f"adjusted: {evidence}", finding.amount)
        return [*effects, notice, *self._explained(finding, len(by_job), case.extra_jobs)]

    def _explained(self, finding: Finding, booked: int, extra_jobs: int | None) -> list[Effect]:
        """Record a finding. If its cause is known, the totals prove all unconfirmed payments."""
        known = finding.kind is not Difference.UNKNOWN
        more = (extra_jobs or 0) - booked
        self._claims.explained(finding.job_ids, booked=booked, extra_jobs=more, all_proved=known)
        if not known:
            self.unexplained += abs(finding.amount)
            return [self._found(finding, more)]
        proved = AllConfirmed(miner_id=self._books.miner_id, evidence="the server's total counts it")
        return [proved, self._found(finding, more)]

    def _unknown_past(self, total: Decimal) -> list[Effect]:
        """A warning if the server has paid a miner of whom the ledger has no entry: it may be the wrong ledger."""
        if not total or self._books.payments:
            return []
        return [self._books.notice(NoticeKind.ANOMALY, _UNKNOWN_PAST)]

    def _found(self, finding: Finding, extra_jobs: int = 0) -> Found:
        return Found(miner_id=self._books.miner_id, finding=finding, extra_jobs=extra_jobs)
