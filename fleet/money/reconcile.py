"""Explains why a server's total of a miner differs from what was booked. Pure.

A total counts from a base: a moment at which the server stated its total and the booked sum was known. What a
difference proves depends on what else is known: which answers were lost, how many jobs the server counts, whether a
heartbeat's answer went missing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.causes import Difference
from fleet.domain.jobs import Finding

#: job id and NNET
Claim = tuple[str, Decimal]

#: with more candidates than this, only single ones and all of them together are tried
_MAX_SUBSET = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """Everything known about one miner since its base when the server states a total."""

    #: NNET, server minus ledger; zero if they differ by no more than a float sum can lose
    missing: Decimal
    #: NNET by which two equal sums may differ
    tolerance: Decimal = ZERO
    #: whether the total is below one that the server stated before
    fell: bool = False
    #: whether the total comes from the same record of the miner as the base; None if the server does not say
    same_record: bool | None = None
    #: payments that no answer stated, booked at the reward stated by the job
    claims: Sequence[Claim] = ()
    #: jobs given up after a submission whose answer was lost, with the reward that each would have paid
    lost: Sequence[Claim] = ()
    #: number of jobs that the server counts beyond those booked; None if it does not say
    extra_jobs: int | None = None
    #: number of jobs booked
    jobs: int = 0
    #: whether the server also counts jobs that a heartbeat reports, so that it may count each job twice
    counts_reports: bool = False
    #: number of heartbeats whose answer was lost or could not be compared
    beats_lost: int = 0
    #: number of heartbeats that were answered
    beats: int = 0
    #: whether a session was running that this farm had not started
    foreign_session: bool = False
    #: NNET that a session's sum added after the base, and that the base may already count
    counted_twice: Decimal = ZERO

    @property
    def low(self) -> bool:
        """Whether the total is below what the server stated before, or below what was booked."""
        return self.fell or self.missing < 0


def classify(case: Case) -> Finding | None:
    """The kind of a difference and its explanation, or None if there is nothing to explain."""
    if case.same_record is False:
        return _forgotten(case, "the server has a new record of the miner")
    if case.fell:
        return _forgotten(case, "the server's total is below what it stated before")
    if not case.missing:
        return _confirmed(case)
    return _surplus(case) if case.missing > 0 else _shortfall(case)


def starts_new_base(finding: Finding) -> bool:
    """Whether this finding starts a new base without booking anything, since the old base is no longer valid."""
    return finding.kind is Difference.FORGOTTEN or (
        finding.amount < 0 and finding.kind in {Difference.UNKNOWN, Difference.HEARTBEAT}
    )


def matching(claims: Sequence[Claim], amount: Decimal, tolerance: Decimal) -> tuple[Claim, ...] | None:
    """The fewest claims that add up to `amount`, or None if none do."""
    sizes = range(1, len(claims) + 1) if len(claims) <= _MAX_SUBSET else (1, len(claims))
    for size in sizes:
        for subset in itertools.combinations(claims, size):
            if abs(_sum(subset) - amount) <= tolerance:
                return subset
    return None


def _confirmed(case: Case) -> Finding | None:
    if not case.claims:
        return None
    return Finding(
        kind=Difference.CONFIRMED,
        amount=ZERO,
        evidence=f"the totals agree with {_sum(case.claims)} NNET of {len(case.claims)} unconfirmed payments in them",
        job_ids=_ids(case.claims),
    )


def _surplus(case: Case) -> Finding:
    """Explain why the server paid more than was booked."""
    extra = case.extra_jobs
    found = matching(case.lost, case.missing, case.tolerance)
    if found is not None and (extra is None or case.counts_reports or extra >= len(found)):
        return _of(case, Difference.ANSWER_LOST, f"{len(found)} submissions without an answer were paid", found)
    if extra is not None and 0 < extra <= len(case.lost) and not case.counts_reports:
        words = f"the server counts {extra} more jobs, whose answers were lost; it paid other amounts than they stated"
        return _of(case, Difference.ANSWER_LOST, words, case.lost)
    if extra is not None and extra > (case.jobs if case.counts_reports or case.beats_lost else 0):
        words = f"the server counts {extra} more jobs than this farm submitted under the id"
        return _of(case, Difference.OTHER_CLIENT, words)
    if case.claims and extra == 0 and not case.beats_lost:
        words = "payments without an answer differ from what their jobs stated"
        return _of(case, Difference.ANSWER_LOST, words, case.claims)
    if case.beats_lost or (extra == 0 and case.beats):
        words = (
            f"{case.beats_lost} heartbeats without an answer"
            if case.beats_lost
            else f"paid for none of the jobs, in the time of {case.beats} heartbeats"
        )
        return _of(case, Difference.HEARTBEAT, words)
    if case.counts_reports and extra is not None and 0 < extra <= case.jobs:
        words = f"this server pays for jobs that heartbeats report, and counts {extra} of them again"
        return _of(case, Difference.HEARTBEAT, words)
    if case.foreign_session:
        return _of(case, Difference.OTHER_CLIENT, "a session was running that this farm had not started")
    return _of(case, Difference.UNKNOWN, "no known cause explains it")


def _shortfall(case: Case) -> Finding:
    """Explain why the server paid less than was booked.

    An unconfirmed payment rests on the server's word that the job is completed, and on the reward that the job stated.
    It is reversed or corrected only if the server still has the record that counted it, or counts as many jobs. A
    record that the server silently created again lacks the payments before it, which looks the same.
    """
    extra = None if case.counts_reports else case.extra_jobs
    in_base = bool(case.counted_twice) and -case.missing <= case.counted_twice + case.tolerance
    found = matching(case.claims, -case.missing, case.tolerance) if case.same_record else None
    if found is not None and extra in {None, -len(found)} and not (in_base and extra is None):
        words = f"{len(found)} payments booked without an answer were not made"
        return _of(case, Difference.ANSWER_LOST, words, found)
    if in_base:
        words = f"the base counts it, as do the {case.counted_twice} NNET that the session's sum stated after the base"
        return _of(case, Difference.HEARTBEAT, words)
    if -case.missing > _sum(case.claims) + case.tolerance:
        return _forgotten(case, "the server's total lacks payments that it had confirmed")
    if extra == 0 or case.same_record:
        words = "payments without an answer differ from what their jobs stated"
        return _of(case, Difference.ANSWER_LOST, words, case.claims)
    if extra is not None and extra < 0:
        return _forgotten(case, f"the server counts {-extra} jobs less than it had completed")
    return _of(case, Difference.UNKNOWN, "no known cause explains it")


def _forgotten(case: Case, words: str) -> Finding:
    rest = f"; {_sum(case.claims)} NNET of {len(case.claims)} unconfirmed payments stay so" if case.claims else ""
    return _of(case, Difference.FORGOTTEN, words + rest, case.claims)


def _of(case: Case, kind: Difference, evidence: str, claims: Sequence[Claim] = ()) -> Finding:
    return Finding(kind=kind, amount=case.missing, evidence=evidence, job_ids=_ids(claims))


def _sum(claims: Sequence[Claim]) -> Decimal:
    return sum((amount for _, amount in claims), ZERO)


def _ids(claims: Sequence[Claim]) -> tuple[str, ...]:
    return tuple(job_id for job_id, _ in claims)
