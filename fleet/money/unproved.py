"""Keeps what may explain a difference from the server's total: unconfirmed payments and lost answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.answers import Totals
from fleet.domain.jobs import Finding
from fleet.domain.saved_state import SavedMiner
from fleet.money.float_sums import rounding, same
from fleet.money.reconcile import Case, Claim

#: most unconfirmed payments that are remembered one by one; older ones count with the rest
_MAX_CLAIMS = 1000


class Claims:
    """Unconfirmed payments, lost answers and unpaid heartbeats since the base, as evidence for differences."""

    def __init__(self, saved: SavedMiner) -> None:
        self._claims = dict(saved.claims[-_MAX_CLAIMS:])
        self._lost = dict(saved.lost_answers[-_MAX_CLAIMS:])
        self._base_jobs = saved.base_jobs
        #: when the server created the record that states the base, in Unix seconds; None if not yet stated
        self._registered_at = saved.base_registered_at
        self._jobs = saved.jobs_since_base
        self._counts_reports = saved.counts_reports
        self._beats = 0
        #: number of heartbeats with unknown pay since the last sum that was compared
        self._beats_unanswered = 0
        #: number of heartbeats before a sum that had no earlier one to be compared with; perhaps one of a session that
        #: an earlier coordinator closed without reading the total
        self._beats_lost = int(saved.closed_uncompared)
        #: whether a heartbeat of a dead coordinator may still be under way, until the first one of ours is answered
        self._inherited = saved.session is not None
        self._foreign_session = False
        #: whether the base may already count what the session's next sum brings: the reward of an unanswered heartbeat
        self._base_in_doubt = saved.session is not None and saved.session.base_in_doubt
        self._counted_twice = saved.session.counted_twice if saved.session else ZERO

    @property
    def may_count_twice(self) -> bool:
        """Whether a session's sum brought pay that the base may already count; the next total shows it."""
        return bool(self._counted_twice)

    @property
    def counts_reports(self) -> bool:
        """Whether the server was seen to pay for jobs that a heartbeat reports, and so counts them again."""
        return self._counts_reports

    def paid(self, job_id: str, amount: Decimal, *, confirmed: bool) -> None:
        """Record a booked job."""
        self._jobs += 1
        self._lost.pop(job_id, None)
        if not confirmed:
            self._claims[job_id] = amount
            if len(self._claims) > _MAX_CLAIMS:
                del self._claims[next(iter(self._claims))]

    def proved(self, job_ids: Iterable[str]) -> None:
        """Record that another sum of the server counts these payments."""
        for job_id in job_ids:
            self._claims.pop(job_id, None)

    def answer_lost(self, job_id: str, reward: Decimal) -> None:
        """Record a job that was given up after an unanswered submission."""
        self._lost[job_id] = reward
        if len(self._lost) > _MAX_CLAIMS:
            del self._lost[next(iter(self._lost))]

    def reopened(self, job_id: str) -> None:
        """Record that the server handed out a job again: the job was not paid, whatever happened to the answer."""
        self._lost.pop(job_id, None)

    def beat(self) -> None:
        """Record an answered heartbeat."""
        self._beats += 1
        self._beats_lost += self._inherited
        self._inherited = False

    def beat_unanswered(self) -> None:
        """Record a heartbeat whose pay is unknown unless a later sum shows it."""
        self._beats_unanswered += 1

    def sum_learnt(self) -> None:
        """Record a session's first comparable sum: it contains the pay of the heartbeats so far, which is unknown."""
        self._beats_lost += self._beats_unanswered + 1
        self._beats_unanswered = 0
        self._base_in_doubt = False

    def sum_weighed(self, reward: Decimal) -> bool:
        """Record a sum that showed everything paid since the last one, `reward` NNET of it beyond jobs.

        Returns whether this is the first time that the server was seen to pay for jobs that a heartbeat reports.
        """
        rewarded = bool(reward)
        self._beats_unanswered = 0
        self._counted_twice += reward if self._base_in_doubt else ZERO
        self._base_in_doubt = False
        new = rewarded and not self._counts_reports
        self._counts_reports |= rewarded
        return new

    def session_began(self) -> None:
        """Record that a session began that is not open in the ledger, so that it has no older sum to compare with."""
        self._base_in_doubt = False

    def foreign_session(self) -> None:
        """Record that a session was running that this farm had not started."""
        self._foreign_session = True

    def same_record(self, registered_at: int | None) -> bool | None:
        """Whether a total comes from the same record as the base; None if the server does not state its age."""
        if registered_at is None or self._registered_at is None:
            return None
        return registered_at == self._registered_at

    def dated(self, registered_at: int) -> None:
        """Record when the server created the record that states the base."""
        self._registered_at = registered_at

    def case(self, totals: Totals, missing: Decimal, *, payments: int, fell: bool) -> Case:
        """Everything known when the server states a total `missing` NNET above what was booked since the base."""
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
            beats_lost=self._beats_lost + self._beats_unanswered + self._inherited,
            beats=self._beats,
            foreign_session=self._foreign_session,
            counted_twice=self._counted_twice,
        )

    def lost(self, job_ids: Iterable[str]) -> list[Claim]:
        """Those of these jobs whose answer was lost, with the reward that each would have paid."""
        return [(job_id, self._lost[job_id]) for job_id in job_ids if job_id in self._lost]

    def taken_back(self, finding: Finding, tolerance: Decimal) -> tuple[str, ...]:
        """The unconfirmed payments that a finding proves were not made."""
        amounts = [self._claims[job_id] for job_id in finding.job_ids if job_id in self._claims]
        whole = finding.amount < 0 and abs(sum(amounts, finding.amount)) <= tolerance
        return finding.job_ids if whole else ()

    def explained(self, job_ids: Iterable[str], *, booked: int, extra_jobs: int, all_proved: bool) -> None:
        """Record a booked finding, `booked` of its jobs one by one. What explained it explains no later difference."""
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
        """Record that the totals match the ledger: nothing lost before this explains a later difference."""
        self._beats = self._beats_lost = self._beats_unanswered = 0
        self._foreign_session = False
        self._counted_twice = ZERO

    def rebase(self, totals: Totals, *, in_session: bool) -> None:
        """Count everything from these totals. `in_session` is True if the next sum is compared with an older one."""
        self._base_in_doubt = in_session and (bool(self._beats_unanswered) or self._inherited)
        self._base_jobs, self._jobs, self._registered_at = totals.total_jobs, 0, totals.registered_at
        self._claims.clear()
        self._lost.clear()
        self.agreed()


def fell(total: Decimal, before: Decimal | None, payments: int) -> bool:
    """Whether a total is below an earlier one by more than a float sum can lose."""
    return before is not None and total < before and not same(total, before, payments)
