"""What an audit may excuse, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fleet.domain.causes import Loss


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """What a fault may cause without breaking a law."""

    #: causes for which jobs may end unpaid
    losses: frozenset[Loss] = frozenset()
    #: whether the server leaves outcomes unknown, so that submissions are repeated
    answers_lost: bool = False
    #: when the server forgot, Unix seconds: what it paid in lost answers before can't be proved any more
    forgotten_at: float | None = None


NOTHING = Allowed()
#: causes for which the farm drops jobs on purpose under any fault: those jobs came without a fetch
LEFT = frozenset({Loss.LEFT, Loss.OVERLOAD, Loss.CROWDED})
#: Jobs that come with a heartbeat have a deadline and can't be declined. A stop of more than a minute misses it.
LATE = Allowed(losses=frozenset({Loss.EXPIRED}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a drained farm shows for the jobs since the last verdict."""

    jobs: int
    #: jobs that ended unpaid without an excuse, or were paid and not booked, each with its history
    lost: tuple[str, ...]
    #: completed kernel runs of a job after its first
    computed_twice: int
    #: jobs submitted again although the outcome of the submission was known
    sent_twice: tuple[str, ...]
    #: jobs submitted again because the outcome was unknown
    sent_again: int
    #: difference between book and ledger in NNET, without what is unprovable or a rounding of float sums
    difference: Decimal
    #: jobs that ended unpaid for a cause that the fault explains
    excused: int
    #: NNET paid in answers that were lost before the server forgot, so that nothing proves it; not part of `difference`
    unprovable: Decimal

    @property
    def flawed(self) -> bool:
        """Whether any law was broken."""
        return bool(self.lost or self.sent_twice or self.difference)
