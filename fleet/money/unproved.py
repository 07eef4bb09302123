"""What a miner's money rests on beside receipts: payments that nothing confirmed, answers that were lost. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.jobs import Account, Finding, Totals
from fleet.money.float_sums import rounding, same
from fleet.money.reconcile import Case, Claim

#: unconfirmed payments that are remembered one by one; older ones count with the rest
_MAX_CLAIMS = 1000


class Claims:
    """Gathers what may explain a difference between the server's total and the ledger since the base."""

    def __init__(self, account: Account) -> None:
        self._claims = dict(account.claims[-_MAX_CLAIMS:])
        self._lost = dict(account.lost_answers[-_MAX_CLAIMS:])
        self._base_jobs = account.base_jobs
        #: Unix second at which the server made the record that the base is in; None while it has not told
        self._registered_at = account.base_registered_at
        self._jobs = account.jobs_since_base
        self._counts_reports = account.counts_reports
        self._beats = 0
        #: heartbeats since the last sum that was weighed
        self._beats_unheard = 0
        #: those before a sum that had nothing to be compared with
        self._beats_lost = 0
        #: one of a coordinator that died may still be under way, until the next one's first is answered
        self._inherited = account.session is not None
        self._foreign_session = False
        #: the base may count what the session's next sum brings: the reward of a heartbeat whose answer was lost
        self._base_in_doubt = account.session is not None and account.session.base_in_doubt
        self._counted_twice = account.session.counted_twice if account.session else ZERO

    @property
    def may_count_twice(self) -> bool:
        """Whether a session's sum brought what the base may count already: the next total tells."""
        return bool(self._counted_twice)

    @property
    def counts_reports(self) -> bool:
        """Whether the server was seen to pay for jobs that a heartbeat reports, which it then counts again."""
        return self._counts_reports

    def paid(self, job_id: str, amount: Decimal, *, confirmed: bool) -> None:
        """A job was booked."""
        self._jobs += 1
        self._lost.pop(job_id, None)
        if not confirmed:
            self._claims[job_id] = amount
            if len(self._claims) > _MAX_CLAIMS:
                del self._claims[next(iter(self._claims))]

    def proved(self, job_ids: Iterable[str]) -> None:
        """Another sum of the server counts these payments."""
        for job_id in job_ids:
            self._claims.pop(job_id, None)

    def answer_lost(self, job_id: str, reward: Decimal) -> None:
        """A job was given up after a submission that nothing answered."""
        self._lost[job_id] = reward
        if len(self._lost) > _MAX_CLAIMS:
            del self._lost[next(iter(self._lost))]

    def reopened(self, job_id: str) -> None:
        """The server gives a job again: it was not paid, whatever became of the answer."""
        self._lost.pop(job_id, None)

    def beat(self) -> None:
        """A heartbeat was answered."""
        self._beats += 1
        self._beats_lost += self._inherited
        self._inherited = False

    def beat_unheard(self) -> None:
        """A heartbeat brought what nothing told of, unless a later sum does."""
        self._beats_unheard += 1

    def sum_learnt(self) -> None:
        """A session's sum was the first to be compared with: what heartbeats brought up to it is in it, unseen."""
        self._beats_lost += self._beats_unheard + 1
        self._beats_unheard = 0
        self._base_in_doubt = False

    def sum_weighed(self, reward: Decimal) -> bool:
        """A session's sum told all that came since the one before, `reward` NNET of it beyond jobs.

        Whether the server is seen for the first time to pay for jobs that a heartbeat reports.
        """
        rewarded = bool(reward)
        self._beats_unheard = 0
        self._counted_twice += reward if self._base_in_doubt else ZERO
        self._base_in_doubt = False
        new = rewarded and not self._counts_reports
        self._counts_reports |= rewarded
        return new

    def session_began(self) -> None:
        """A session began, or one that the ledger does not know: no older sum brings anything."""
        self._base_in_doubt = False

    def foreign_session(self) -> None:
        """A session was running that this farm had not started."""
        self._foreign_session = True

    def same_record(self, registered_at: int | None) -> bool | None:
        """Whether a total is in the record that the base is in; None where the server does not tell its age."""
        if registered_at is None or self._registered_at is None:
            return None
        return registered_at == self._registered_at

    def dated(self, registered_at: int) -> None:
        """The record that the base is in was made then."""
        self._registered_at = registered_at

    def case(self, totals: Totals, missing: Decimal, *, payments: int, fell: bool) -> Case:
        """All that is known when the server states its totals, `missing` NNET more than was booked since the base."""
        jobs = totals.total_jobs
        extra = None if jobs is None or self._base_jobs is None else jobs - self._base_jobs - self._jobs
        return Case(
            missing=missing,
            tolerance=rounding(totals.total_rewards, payments),
            fell=fell,
            same_record=self.same_record(totals.registered_at),
            claims=tuple(self._claims.items()),
            lost=tuple(self._lost.items()),
            extra_jobs=extra,
            jobs=self._jobs,
            counts_reports=self._counts_reports,
            beats_lost=self._beats_lost + self._beats_unheard + self._inherited,
            beats=self._beats,
            foreign_session=self._foreign_session,
            counted_twice=self._counted_twice,
        )

    def lost(self, job_ids: Iterable[str]) -> list[Claim]:
        """Those of these jobs whose answer was lost, with what they would have paid."""
        return [(job_id, self._lost[job_id]) for job_id in job_ids if job_id in self._lost]

    def taken_back(self, finding: Finding, tolerance: Decimal) -> tuple[str, ...]:
        """The unconfirmed payments that a finding proves were not made."""
        amounts = [self._claims[job_id] for job_id in finding.job_ids if job_id in self._claims]
        whole = finding.amount < 0 and abs(sum(amounts, finding.amount)) <= tolerance
        return finding.job_ids if whole else ()

    def settled(self, job_ids: Iterable[str], *, booked: int, extra_jobs: int, all_proved: bool) -> None:
        """A finding is booked, `booked` jobs of it by themselves: what it used up explains nothing any more."""
        self._jobs += booked
        for job_id in job_ids:
            self._lost.pop(job_id, None)
            self._claims.pop(job_id, None)
        if all_proved:
            self._claims.clear()
        if self._base_jobs is not None:
            self._base_jobs += extra_jobs
        self.agreed()

    def agreed(self) -> None:
        """The totals are what was booked: nothing that was lost on the way here explains a later difference."""
        self._beats = self._beats_lost = self._beats_unheard = 0
        self._foreign_session = False
        self._counted_twice = ZERO

    def rebase(self, totals: Totals, *, in_session: bool) -> None:
        """Everything counts from these totals; `in_session` when the next sum is compared with an older one."""
        self._base_in_doubt = in_session and (bool(self._beats_unheard) or self._inherited)
        self._base_jobs, self._jobs, self._registered_at = totals.total_jobs, 0, totals.registered_at
        self._claims.clear()
        self._lost.clear()
        self.agreed()


def fell(total: Decimal, before: Decimal | None, payments: int) -> bool:
    """Whether a total is below one that was stated before, by more than a float sum can lose."""
    return before is not None and total < before and not same(total, before, payments)
