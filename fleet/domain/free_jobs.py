"""Which jobs that come without a fetch are taken: those that earn more than what they would displace. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.causes import Loss
from fleet.domain.jobs import Job

#: relative change of the wait that makes no difference
_SAME_WAIT = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class FreeJobTerms:
    """What a free job must state to be taken. Without terms, each one is taken."""

    #: NNET that the requests of its submission would earn with other jobs
    requests: Decimal = ZERO
    #: NNET that its time at a worker would earn with other jobs, by job type
    compute: Mapping[str, Decimal] = field(default_factory=dict)
    #: seconds until the workers would have computed it
    wait_s: float = 0.0

    def refusal(self, job: Job) -> Loss | None:
        """Why the job is not taken; None if it is."""
        if job.reward < self.requests:
            return Loss.LEFT
        if job.reward < self.compute.get(job.job_type, ZERO) or job.timeout_s < self.wait_s:
            return Loss.OVERLOAD
        return None

    def alike(self, other: FreeJobTerms, fraction: float) -> bool:
        """Whether no amount differs by more than this fraction, and the wait by not much."""
        mine, others = [self.requests, *self.compute.values()], [other.requests, *other.compute.values()]
        close = all(abs(one - two) <= Decimal(fraction) * min(one, two) for one, two in zip(mine, others, strict=False))
        steady = abs(self.wait_s - other.wait_s) <= _SAME_WAIT * min(self.wait_s, other.wait_s)
        return close and steady and self.compute.keys() == other.compute.keys()
